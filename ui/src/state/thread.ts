/* The messages of the open conversation. */
import { batch, signal } from "@preact/signals";
import { Fault, faultOf, get, post, query } from "../api/http";
import type { Message, Page } from "../api/types";
import { mergeMessages, Stamps } from "../pure/merge";
import { fetchConversation, known } from "./inbox";
import { settle } from "./outbox";
import { followQuote } from "./quote";
import { workspacePath } from "./session";

const PAGE = 50;

export const threadId = signal<string | null>(null);
export const messages = signal<Message[] | null>(null);
export const threadFault = signal<Fault | null>(null);
export const olderLoading = signal(false);
export const complete = signal(false);
/* How many were unread when the conversation was opened: the "New" line stands above them. */
export const unreadAtOpen = signal(0);

let cursor: string | null = null;
let round = 0;
/* Live messages that came before the first page did. */
let early: Message[] = [];
const stamps = new Stamps();

function path(id: string, at: string | null): string {
  return `${workspacePath.peek()}/conversations/${encodeURIComponent(id)}/messages${query({ cursor: at, limit: PAGE })}`;
}

function accept(list: Message[], since: number): void {
  const usable = list.filter((message) => !stamps.isStale(message.id, since));
  messages.value = mergeMessages(mergeMessages(messages.peek() ?? [], usable), early);
  early = [];
  settle(list);
}

export async function openThread(id: string | null): Promise<void> {
  const mine = ++round;
  batch(() => {
    threadId.value = id;
    messages.value = null;
    threadFault.value = null;
    complete.value = false;
    olderLoading.value = false;
    unreadAtOpen.value = id ? (known.peek().get(id)?.unread ?? 0) : 0;
  });
  cursor = null;
  early = [];
  stamps.clear();
  if (!id) return;
  const since = stamps.mark();
  try {
    const missing = !known.peek().has(id);
    const [page] = await Promise.all([get<Page<Message>>(path(id, null)), missing ? fetchConversation(id) : null]);
    if (mine !== round) return;
    batch(() => {
      if (missing) unreadAtOpen.value = known.peek().get(id)?.unread ?? 0;
      accept(page.items, since);
      cursor = page.next_cursor;
      complete.value = cursor === null;
    });
  } catch (error) {
    if (mine === round) threadFault.value = faultOf(error);
  }
}

export async function loadOlder(): Promise<void> {
  const id = threadId.peek();
  if (!id || olderLoading.peek() || cursor === null) return;
  const mine = round;
  const since = stamps.mark();
  olderLoading.value = true;
  try {
    const page = await get<Page<Message>>(path(id, cursor));
    if (mine !== round) return;
    batch(() => {
      accept(page.items, since);
      cursor = page.next_cursor;
      complete.value = cursor === null;
    });
  } catch {
    /* scrolling up again asks again */
  } finally {
    if (mine === round) olderLoading.value = false;
  }
}

/* After a gap: the newest page again, joined to what is there. */
export async function refreshThread(): Promise<void> {
  const id = threadId.peek();
  if (!id) return;
  if (messages.peek() === null) return openThread(id);
  const mine = round;
  const since = stamps.mark();
  try {
    const page = await get<Page<Message>>(path(id, null));
    if (mine !== round) return;
    const shown = messages.peek() ?? [];
    const oldest = page.items[page.items.length - 1];
    /* More was missed than one page holds: what is shown would have a hole in it. */
    if (page.next_cursor && shown.length > 0 && !shown.some((message) => message.id === oldest?.id)) return openThread(id);
    accept(page.items, since);
  } catch {
    /* the stream reports that the server is away */
  }
}

function take(list: Message[]): void {
  settle(list);
  list.forEach(followQuote);
  const mine = list.filter((message) => message.conversation_id === threadId.peek());
  if (mine.length === 0) return;
  const shown = messages.peek();
  if (shown === null) early.push(...mine);
  else messages.value = mergeMessages(shown, mine);
}

export function takeLive(message: Message): void {
  if (message.conversation_id === threadId.peek()) stamps.touch(message.id);
  take([message]);
}

/* An answer is as old as its request: a message that has been sent in the meantime must not be shown as queued again. */
export function expectAnswer(): (answer: Message[]) => void {
  const since = stamps.mark();
  const mine = round;
  return (answer) => {
    const shown = messages.peek() ?? [];
    settle(answer);
    take(
      answer.filter(({ id }) => (mine === round ? !stamps.isStale(id, since) : !shown.some((one) => one.id === id))),
    );
  };
}

/* A failed message, or one whose fate is unknown, sent again because a person said so. */
export async function retryMessage(message: Message): Promise<void> {
  const taken = expectAnswer();
  const answer = await post<Message>(
    `${workspacePath.peek()}/conversations/${encodeURIComponent(message.conversation_id)}/messages/${encodeURIComponent(message.id)}/retry`,
  );
  taken([answer]);
}
