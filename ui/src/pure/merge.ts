/* Messages reach the page three ways: pages of history, answers to a send, live events. They may
   overtake each other. Here they become one list that does not depend on who came first. */
import type { Conversation, Message } from "../api/types";
import type { Chip } from "./filerules";

export function olderFirst(a: Message, b: Message): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  if (a.seq !== b.seq) return a.seq - b.seq;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/* Live events count up a stamp. A page that was asked for before the event came must not
   put the older state back. */
export class Stamps {
  private now = 0;
  private readonly seen = new Map<string, number>();
  mark(): number {
    return this.now;
  }
  touch(id: string): void {
    this.seen.set(id, ++this.now);
  }
  isStale(id: string, since: number): boolean {
    return (this.seen.get(id) ?? 0) > since;
  }
  clear(): void {
    this.seen.clear();
  }
}

export function mergeMessages(list: Message[], incoming: Message[]): Message[] {
  if (incoming.length === 0) return list;
  const byId = new Map(list.map((message) => [message.id, message]));
  for (const message of incoming) byId.set(message.id, message);
  return spreadRead([...byId.values()].sort(olderFirst));
}

/* A read receipt names one message and means all before it; the event brings only the one. */
function spreadRead(list: Message[]): Message[] {
  let read = false;
  for (let index = list.length - 1; index >= 0; index--) {
    const message = list[index];
    if (message.direction !== "out") continue;
    if (message.status === "read") read = true;
    else if (read && (message.status === "sent" || message.status === "delivered")) list[index] = { ...message, status: "read" };
  }
  return list;
}

/* What this browser has sent and the server has not confirmed yet. */
export interface Pending {
  clientId: string;
  conversationId: string;
  text: string;
  note: boolean;
  tag: string | null;
  overflow: "cut" | "split" | null;
  /* Files that are on the server already, the message it answers, and the template it is: left out where there is none. */
  files?: Chip[];
  quote?: Message | null;
  template?: SentTemplate | null;
  at: string;
  state: "sending" | "waiting" | "failed";
  error: SendFault | null;
}
export interface SentTemplate {
  name: string;
  language: string;
  values: Record<string, string>;
}
export interface SendFault {
  message: string;
  fix: string | null;
  again: boolean;
}

/* The message itself is the receipt: whoever brings it, the pending copy goes. */
export function withoutConfirmed(pending: Pending[], confirmed: Message[]): Pending[] {
  const done = new Set(confirmed.map((message) => message.client_id).filter(Boolean));
  const rest = pending.filter((one) => !done.has(one.clientId));
  return rest.length === pending.length ? pending : rest;
}

/* A conversation's line in the list, after one of its messages changed. */
export function isNews(before: Conversation | undefined, message: Message): boolean {
  if (message.direction !== "in" || message.kind === "missing" || message.unsent) return false;
  return !before?.last_message || message.at >= before.last_message.at;
}
