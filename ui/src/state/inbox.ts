/* The conversation list: filter, pages, live changes, counts. */
import { batch, computed, signal } from "@preact/signals";
import { Fault, faultOf, get, patch, query } from "../api/http";
import type { Conversation, Counts, Page } from "../api/types";
import { joinPage, place, type ListFilter } from "../pure/order";
import { Stamps } from "../pure/merge";
import { params } from "./router";
import { may, workspacePath } from "./session";

const PAGE = 50;

export const filter = computed<ListFilter>(() => {
  const asked = params.value.get("status");
  return {
    channel: params.value.get("channel") ?? "",
    status: asked === "done" || asked === "all" ? asked : "open",
    unread: params.value.get("unread") === "1",
    query: params.value.get("q") ?? "",
  };
});
export const openId = computed(() => params.value.get("c"));

export const items = signal<Conversation[] | null>(null);
export const listFault = signal<Fault | null>(null);
export const listLoading = signal(false);
export const counts = signal<Counts | null>(null);
/* The row the keyboard stands on. */
export const cursorId = signal<string | null>(null);
/* Conversations by id, also those that the filter hides: an open thread needs its own. */
export const known = signal<ReadonlyMap<string, Conversation>>(new Map());

let nextCursor: string | null = null;
let round = 0;
const stamps = new Stamps();

export const conversation = computed(() => (openId.value ? (known.value.get(openId.value) ?? null) : null));
export const hasMore = () => nextCursor !== null;

function learn(list: Conversation[]): void {
  const map = new Map(known.peek());
  for (const one of list) map.set(one.id, one);
  known.value = map;
}

function pagePath(cursor: string | null): string {
  const { channel, status, unread, query: q } = filter.peek();
  return `${workspacePath.peek()}/conversations${query({ channel, status, q, unread: unread ? 1 : null, cursor, limit: PAGE })}`;
}

/* What live events changed while the page was under way stays as the events left it. */
function fresh(page: Conversation[], since: number): Conversation[] {
  return page.map((one) => wished(stamps.isStale(one.id, since) ? (known.peek().get(one.id) ?? one) : one));
}

export async function loadList(keep = false): Promise<void> {
  if (!workspacePath.peek()) return;
  const mine = ++round;
  const since = stamps.mark();
  listLoading.value = true;
  if (!keep) {
    items.value = null;
    nextCursor = null;
  }
  try {
    const page = await get<Page<Conversation>>(pagePath(null));
    if (mine !== round) return;
    batch(() => {
      const list = fresh(page.items, since);
      learn(list);
      const shown = items.peek();
      if (keep && shown && nextCursor !== null) items.value = joinPage(shown, list);
      else {
        items.value = list;
        nextCursor = page.next_cursor;
      }
      listFault.value = null;
    });
  } catch (error) {
    if (mine === round) listFault.value = faultOf(error);
  } finally {
    if (mine === round) listLoading.value = false;
  }
}

export async function loadMore(): Promise<void> {
  if (listLoading.peek() || nextCursor === null) return;
  const mine = round;
  const since = stamps.mark();
  listLoading.value = true;
  try {
    const page = await get<Page<Conversation>>(pagePath(nextCursor));
    if (mine !== round) return;
    batch(() => {
      const list = fresh(page.items, since);
      learn(list);
      items.value = joinPage(items.peek() ?? [], list);
      nextCursor = page.next_cursor;
    });
  } catch (error) {
    if (mine === round) listFault.value = faultOf(error);
  } finally {
    if (mine === round) listLoading.value = false;
  }
}

let countTimer = 0;
export function loadCounts(soon = false): void {
  window.clearTimeout(countTimer);
  countTimer = window.setTimeout(
    async () => {
      const base = workspacePath.peek();
      if (!base) return;
      try {
        const found = await get<Counts>(`${base}/conversations/counts`);
        if (workspacePath.peek() === base) counts.value = found;
      } catch {
        /* counts are an extra; the list itself reports faults */
      }
    },
    soon ? 0 : 400,
  );
}

/* A conversation as the server says it is now. */
export function takeConversation(said: Conversation, live: boolean): void {
  const one = wished(said);
  if (live) stamps.touch(one.id);
  const before = known.peek().get(one.id);
  batch(() => {
    learn([one]);
    const list = items.peek();
    if (list) items.value = place(list, one, filter.peek(), nextCursor === null);
  });
  if (!before || before.unread !== one.unread || before.status !== one.status) loadCounts();
}

export async function fetchConversation(id: string): Promise<void> {
  const since = stamps.mark();
  const one = await get<Conversation>(`${workspacePath.peek()}/conversations/${encodeURIComponent(id)}`);
  if (!stamps.isStale(id, since)) takeConversation(one, false);
}

type Fields = Partial<Pick<Conversation, "status" | "unread">>;
const ask = (id: string, fields: Fields) => patch<Conversation>(`${workspacePath.peek()}/conversations/${encodeURIComponent(id)}`, fields);

/* Done or reopened here, and not yet confirmed. Events and answers that were under way before tell of the time before: they must not
   turn it back under the reader's hand, whose next "e" would then mean the opposite. */
interface Wish {
  status: Conversation["status"];
  before: Conversation["status"];
  /* Something came that says otherwise; it may have been newer than the wish. */
  denied: boolean;
}
const wishes = new Map<string, Wish>();
let asking: Promise<unknown> = Promise.resolve();

/* Not as it was drawn: an event may have come since. Nor does an answer count that an event has overtaken: its own event follows. */
const newest = (one: Conversation) => known.peek().get(one.id) ?? one;

function wished(one: Conversation): Conversation {
  const wish = wishes.get(one.id);
  if (!wish || wish.status === one.status) return one;
  wish.denied = true;
  return { ...one, status: wish.status };
}

export async function toggleDone(one: Conversation): Promise<void> {
  const wish: Wish = { status: one.status === "done" ? "open" : "done", before: wishes.get(one.id)?.before ?? one.status, denied: false };
  wishes.set(one.id, wish);
  takeConversation(newest(one), true);
  wish.denied = false;
  const since = stamps.mark();
  /* In the order in which they were wished: two at once might overtake each other. */
  const answer = asking.then(() => ask(one.id, { status: wish.status }));
  asking = answer.catch(() => {});
  try {
    const said = await answer;
    if (wishes.get(one.id) === wish) wishes.delete(one.id);
    if (!stamps.isStale(one.id, since)) takeConversation(said, true);
    if (wish.denied) void fetchConversation(one.id).catch(() => {});
  } catch (error) {
    if (wishes.get(one.id) === wish) {
      wishes.delete(one.id);
      takeConversation({ ...newest(one), status: wish.before }, true);
    }
    throw error;
  }
}

/* Reading marks as read, if the reader may change anything at all. */
export function markRead(one: Conversation): void {
  if (one.unread === 0 || !may("agent")) return;
  takeConversation({ ...newest(one), unread: 0 }, true);
  const since = stamps.mark();
  ask(one.id, { unread: 0 }).then(
    (said) => {
      if (!stamps.isStale(one.id, since)) takeConversation(said, true);
    },
    () => {
      if (!stamps.isStale(one.id, since)) takeConversation({ ...newest(one), unread: one.unread }, true);
    },
  );
}

export function neighbour(step: 1 | -1): Conversation | null {
  const list = items.peek() ?? [];
  const from = cursorId.peek() ?? openId.peek();
  const at = list.findIndex((one) => one.id === from);
  if (at < 0) return list[0] ?? null;
  return list[Math.min(list.length - 1, Math.max(0, at + step))] ?? null;
}

export function resetInbox(): void {
  round++;
  batch(() => {
    items.value = null;
    known.value = new Map();
    counts.value = null;
    cursorId.value = null;
    listFault.value = null;
    nextCursor = null;
  });
  stamps.clear();
  wishes.clear();
}
