/* The conversation list: newest activity first, kept in order while live events arrive. */
import type { Conversation } from "../api/types";

export interface ListFilter {
  channel: string;
  status: "open" | "done" | "all";
  unread: boolean;
  query: string;
}

export function newerFirst(a: Conversation, b: Conversation): number {
  if (a.last_activity_at !== b.last_activity_at) return a.last_activity_at < b.last_activity_at ? 1 : -1;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

/* A search is answered by the server alone: what it did not find is not guessed here. */
export function belongs(one: Conversation, filter: ListFilter): boolean {
  if (filter.channel && one.channel !== filter.channel) return false;
  if (filter.status !== "all" && one.status !== filter.status) return false;
  return filter.query === "";
}

/* `complete` says that nothing older waits on the server; otherwise a conversation that
   would stand below the last loaded one is left to its page. */
export function place(list: Conversation[], one: Conversation, filter: ListFilter, complete: boolean): Conversation[] {
  const known = list.some((item) => item.id === one.id);
  const rest = known ? list.filter((item) => item.id !== one.id) : list;
  /* Under "Unread" what is being read stays until the list is asked for again. */
  const stays = filter.query !== "" ? known : belongs(one, filter) && (known || !filter.unread || one.unread > 0);
  if (!stays) return rest;
  const at = rest.findIndex((item) => newerFirst(one, item) < 0);
  if (at >= 0) return [...rest.slice(0, at), one, ...rest.slice(at)];
  return complete || known || rest.length === 0 ? [...rest, one] : rest;
}

/* A page from the server joined to what is already shown. */
export function joinPage(list: Conversation[], page: Conversation[]): Conversation[] {
  const fresh = new Map(page.map((item) => [item.id, item]));
  const kept = list.filter((item) => !fresh.has(item.id));
  return [...kept, ...page].sort(newerFirst);
}

/* Rows of one height: which of them are to be drawn. */
export function visibleRows(top: number, height: number, row: number, count: number, spare = 6): [number, number] {
  const first = Math.max(0, Math.floor(top / row) - spare);
  return [Math.min(first, count), Math.min(count, Math.ceil((top + height) / row) + spare)];
}

/* Where to scroll so that the row under the reader's eye stays where it is. */
export function keepRow(before: string[], after: string[], top: number, row: number): number {
  if (top < row / 2) return top;
  const places = new Map(after.map((id, index) => [id, index]));
  for (let index = Math.floor(top / row); index < before.length; index++) {
    const now = places.get(before[index]);
    if (now !== undefined) return top + (now - index) * row;
  }
  return top;
}
