/* Tells the customer's app that somebody writes, seldom enough to be no burden. Nobody waits for it. */
import { post } from "../api/http";
import { workspacePath } from "./session";

const EVERY = 5000;
const last = new Map<string, number>();

export function noteTyping(conversation: string): void {
  const now = Date.now();
  if (now - (last.get(conversation) ?? 0) < EVERY) return;
  last.set(conversation, now);
  post(`${workspacePath.peek()}/conversations/${encodeURIComponent(conversation)}/typing`).catch(() => {});
}
