/* What a person does to one message: a reaction, another try at its file. */
import { post, put } from "../api/http";
import type { Message } from "../api/types";
import { workspacePath } from "./session";
import { expectAnswer } from "./thread";

function path(message: Message): string {
  return `${workspacePath.peek()}/conversations/${encodeURIComponent(message.conversation_id)}/messages/${encodeURIComponent(message.id)}`;
}

/* "" takes ours back. */
export async function react(message: Message, emoji: string): Promise<void> {
  const take = expectAnswer();
  take([await put<Message>(`${path(message)}/reaction`, { emoji })]);
}

/* What becomes of it comes as a live event. */
export async function fetchAgain(message: Message, position: number): Promise<void> {
  await post<unknown>(`${path(message)}/attachments/${position}/fetch`);
}
