/* From what stands in the composer to a message. Who presses Send while files are still on their way has said all that is
   needed: the message leaves when the last of them is there, wherever on the page its writer is by then. */
import { effect, signal } from "@preact/signals";
import { serverNow } from "../api/http";
import { keepDraft } from "./drafts";
import { send } from "./outbox";
import { dropQuote, quoteOf } from "./quote";
import { takeChips, troubled, underWay } from "./uploads";

export interface Wish {
  text: string;
  tag: string | null;
  overflow: "cut" | "split" | null;
}

const wishes = signal<ReadonlyMap<string, Wish>>(new Map());
/* The conversation whose words have just left. */
export const left = signal<{ conversation: string } | null>(null);

export const isWaiting = (conversation: string) => wishes.value.has(conversation);

export function takeBackWish(conversation: string): void {
  if (!wishes.peek().has(conversation)) return;
  const rest = new Map(wishes.peek());
  rest.delete(conversation);
  wishes.value = rest;
}

function leave(conversation: string, wish: Wish): void {
  const quoted = quoteOf(conversation);
  const files = takeChips(conversation);
  if (wish.text === "" && files.length === 0) return;
  send({ conversationId: conversation, ...wish, note: false, files, quote: quoted }, serverNow());
  dropQuote(conversation);
  keepDraft(conversation, { reply: "" });
  left.value = { conversation };
}

export function sendReply(conversation: string, wish: Wish): void {
  if (underWay(conversation)) wishes.value = new Map(wishes.peek()).set(conversation, wish);
  else if (!troubled(conversation)) leave(conversation, wish);
}

effect(() => {
  for (const [conversation, wish] of wishes.value) {
    if (underWay(conversation)) continue;
    const bad = troubled(conversation);
    queueMicrotask(() => {
      if (!wishes.peek().has(conversation)) return;
      takeBackWish(conversation);
      if (!bad) leave(conversation, wish);
    });
  }
});
