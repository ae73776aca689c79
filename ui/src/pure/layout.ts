/* Turns a list of messages into what is drawn: days, groups, and the line above what is new. */
import type { Message } from "../api/types";
import { isLone } from "./media";
import { dayKey } from "./time";

export type Entry =
  | { type: "day"; key: string; at: string }
  | { type: "new"; key: string }
  | { type: "message"; key: string; message: Message; first: boolean; last: boolean }
  | { type: "album"; key: string; messages: Message[]; first: boolean; last: boolean };

const GROUP_GAP = 5 * 60_000;

function together(a: Message | undefined, b: Message | undefined): boolean {
  return (
    !!a &&
    !!b &&
    a.direction === b.direction &&
    a.kind !== "system" &&
    b.kind !== "system" &&
    (a.author?.id ?? "") === (b.author?.id ?? "") &&
    dayKey(a.at) === dayKey(b.at) &&
    Math.abs(Date.parse(b.at) - Date.parse(a.at)) < GROUP_GAP
  );
}

/* The first of the newest `unread` incoming messages. */
export function firstUnread(list: Message[], unread: number): string | null {
  let left = unread;
  for (let index = list.length - 1; index >= 0 && left > 0; index--) {
    if (list[index].direction === "in" && list[index].kind !== "missing" && --left === 0) return list[index].id;
  }
  return null;
}

/* The echo of a reply can show as typed on the phone until the answer names it as ours. The server then keeps one of the two;
   this page may still hold the other. */
function withoutTwins(list: Message[]): Message[] {
  const ours = new Set(list.filter((one) => one.origin === "inbox" && one.external_id).map((one) => one.external_id));
  const rest = list.filter((one) => one.origin === "inbox" || !one.external_id || !ours.has(one.external_id));
  return rest.length === list.length ? list : rest;
}

export function entriesOf(all: Message[], newId: string | null): Entry[] {
  const list = withoutTwins(all);
  const entries: Entry[] = [];
  let day = "";
  list.forEach((message, index) => {
    const today = dayKey(message.at);
    if (today !== day) entries.push({ type: "day", key: "day-" + today, at: message.at });
    day = today;
    if (message.id === newId) entries.push({ type: "new", key: "new" });
    entries.push({
      type: "message",
      key: message.id,
      message,
      first: message.id === newId || !together(list[index - 1], message),
      last: list[index + 1]?.id === newId || !together(message, list[index + 1]),
    });
  });
  return withAlbums(entries);
}

const ALBUM = 12;

/* Pictures that were sent in a row, each as a message of its own, are shown as the one album that they were. */
function withAlbums(entries: Entry[]): Entry[] {
  const out: Entry[] = [];
  for (const entry of entries) {
    const last = out[out.length - 1];
    const joins = entry.type === "message" && !entry.first && isLone(entry.message);
    if (joins && last?.type === "album" && last.messages.length < ALBUM) {
      last.messages.push(entry.message);
      last.last = entry.last;
    } else if (joins && last?.type === "message" && isLone(last.message)) {
      out[out.length - 1] = { ...last, type: "album", messages: [last.message, entry.message], last: entry.last };
    } else out.push(entry);
  }
  return out;
}

/* The window of messages that is in the page at one time, counted from the newest:
   `tail` newer ones are left out below, `count` are drawn, the rest waits above. */
export interface Pane {
  tail: number;
  count: number;
}
export const STEP = 50;
export const MOST = 250;

export function sliceOf(total: number, pane: Pane): [number, number] {
  const end = Math.max(0, total - pane.tail);
  return [Math.max(0, end - pane.count), end];
}

export function widenUp(total: number, pane: Pane): Pane {
  const count = Math.min(pane.count + STEP, Math.max(STEP, total - pane.tail));
  return count > MOST ? { tail: pane.tail + (count - MOST), count: MOST } : { tail: pane.tail, count };
}

export function widenDown(pane: Pane): Pane {
  const step = Math.min(STEP, pane.tail);
  return { tail: pane.tail - step, count: Math.min(MOST, pane.count + step) };
}

/* Such that the message at `index` is in it, with some around it. */
export function paneAround(total: number, index: number): Pane {
  const end = Math.min(total, index + STEP / 2);
  return { tail: total - end, count: STEP };
}
