/* The message that the next reply answers, for each conversation. Chosen at a message, shown and sent by the composer. */
import { signal } from "@preact/signals";
import type { Message } from "../api/types";

const quotes = signal<ReadonlyMap<string, Message>>(new Map());

/* Read inside a component or an effect: it follows. */
export function quoteOf(conversation: string): Message | null {
  return quotes.value.get(conversation) ?? null;
}

export function quote(message: Message): void {
  quotes.value = new Map(quotes.peek()).set(message.conversation_id, message);
}

export function dropQuote(conversation: string): void {
  if (!quotes.peek().has(conversation)) return;
  const rest = new Map(quotes.peek());
  rest.delete(conversation);
  quotes.value = rest;
}

/* A quoted message that was taken back in the meantime cannot be answered any more. */
export function followQuote(message: Message): void {
  const chosen = quotes.peek().get(message.conversation_id);
  if (chosen?.id !== message.id) return;
  if (message.unsent) dropQuote(message.conversation_id);
  else quote(message);
}
