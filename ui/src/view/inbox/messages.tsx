/* The messages themselves. The reader's place is sacred: whatever is added above, below or in between,
   the message under their eye does not move. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Conversation, Message } from "../../api/types";
import { entriesOf, firstUnread, sliceOf, STEP, widenDown, widenUp, type Pane } from "../../pure/layout";
import { dayName } from "../../pure/time";
import { now } from "../../state/clock";
import { pending } from "../../state/outbox";
import { complete, loadOlder, messages, olderLoading, unreadAtOpen } from "../../state/thread";
import { text } from "../../text";
import { Icon } from "../parts/icons";
import { editPending } from "./composer";
import { contactName } from "./list";
import { MessageView, PendingView } from "./message";

const NEAR = 700;
const PINNED = 48;

interface Anchor {
  id: string;
  top: number;
}

function anchorIn(box: HTMLElement | null): Anchor | null {
  if (!box) return null;
  const edge = box.getBoundingClientRect().top;
  for (const element of box.querySelectorAll<HTMLElement>("[data-id]")) {
    const place = element.getBoundingClientRect();
    if (place.bottom > edge) return { id: element.dataset.id!, top: place.top - edge };
  }
  return null;
}

function restore(box: HTMLElement, anchor: Anchor | null): void {
  const element = anchor && box.querySelector<HTMLElement>(`[data-id="${CSS.escape(anchor.id)}"]`);
  if (!element) return;
  const moved = element.getBoundingClientRect().top - box.getBoundingClientRect().top - anchor.top;
  if (Math.abs(moved) >= 1) box.scrollTop += moved;
}

/* How many new ones came in below while the reader was elsewhere. */
function newBelow(list: Message[], lastSeen: string | null): number {
  let count = 0;
  for (let index = list.length - 1; index >= 0 && list[index].id !== lastSeen; index--) {
    if (list[index].direction === "in") count++;
  }
  return count;
}

function usePlace(list: Message[], waiting: number) {
  const box = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const pinned = useRef(true);
  const lastSeen = useRef<string | null>(list[list.length - 1]?.id ?? null);
  const before = useRef({ total: list.length, newest: lastSeen.current, waiting });
  const [pane, setPane] = useState<Pane>({ tail: 0, count: STEP });
  const [away, setAway] = useState(false);
  const anchor = anchorIn(box.current); /* read before the page changes */

  useLayoutEffect(() => {
    const newest = list[list.length - 1]?.id ?? null;
    const was = before.current;
    if (waiting > was.waiting) {
      pinned.current = true;
      setPane((one) => ({ ...one, tail: 0 }));
    }
    const added = list.length - was.total;
    if (added > 0 && newest === was.newest) setPane((one) => widenUp(list.length, one));
    else if (added > 0) setPane((one) => (one.tail > 0 ? { ...one, tail: one.tail + added } : one));
    before.current = { total: list.length, newest, waiting };
  }, [list, waiting]);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (pinned.current && pane.tail === 0) element.scrollTop = element.scrollHeight;
    else restore(element, anchor);
    if (pinned.current) lastSeen.current = list[list.length - 1]?.id ?? null;
  });
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => {
      if (pinned.current && box.current) box.current.scrollTop = box.current.scrollHeight;
    });
    if (inner.current) watch.observe(inner.current);
    if (box.current) watch.observe(box.current);
    /* What was unread when the thread was opened is shown from its beginning. */
    const line = box.current?.querySelector<HTMLElement>(".new-line");
    if (line && box.current && line.offsetTop < box.current.scrollHeight - box.current.clientHeight) {
      pinned.current = false;
      box.current.scrollTop = line.offsetTop - 48;
    }
    return () => watch.disconnect();
  }, []);
  const onScroll = () => {
    const element = box.current;
    if (!element) return; /* the event of a thread that has just been left */
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    pinned.current = left < PINNED && pane.tail === 0;
    if (pinned.current) lastSeen.current = list[list.length - 1]?.id ?? null;
    setAway(left > 300 || pane.tail > 0);
    if (element.scrollTop < NEAR) {
      if (sliceOf(list.length, pane)[0] > 0) setPane(widenUp(list.length, pane));
      else void loadOlder();
    }
    if (left < NEAR && pane.tail > 0) setPane(widenDown(pane));
  };
  const toEnd = () => {
    pinned.current = true;
    setAway(false);
    setPane({ tail: 0, count: STEP });
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  return { box, inner, pane, away, fresh: pinned.current ? 0 : newBelow(list, lastSeen.current), onScroll, toEnd };
}

export function MessageList({ one }: { one: Conversation }) {
  const list = messages.value ?? [];
  const own = pending.value.filter((item) => item.conversationId === one.id);
  const place = usePlace(list, own.length);
  const [start, end] = sliceOf(list.length, place.pane);
  const contact = contactName(one);
  /* The line stays where it was when the thread was opened, however many come after. */
  const newId = useRef<string | null>(null);
  if (newId.current === null) newId.current = firstUnread(list, unreadAtOpen.value) ?? "";
  const entries = entriesOf(list.slice(start, end), newId.current || null);
  return (
    <div class="messages-wrap">
      <div class="messages" ref={place.box} onScroll={place.onScroll} tabIndex={0} role="region" aria-label={text.thread.log}>
        <div class="messages-inner" ref={place.inner}>
          {start === 0 && complete.value && list.length > 0 && <p class="thread-start">{text.thread.start}</p>}
          {olderLoading.value && (
            <p class="thread-start">
              <span class="spinner" /> {text.thread.older}
            </p>
          )}
          {list.length === 0 && own.length === 0 && <p class="thread-start">{text.inbox.noMessages}</p>}
          {entries.map((entry) =>
            entry.type === "day" ? (
              <div key={entry.key} class="day">
                <span>{dayName(entry.at, now.value)}</span>
              </div>
            ) : entry.type === "new" ? (
              <div key={entry.key} class="new-line">
                <span>{text.thread.unreadLine}</span>
              </div>
            ) : (
              <MessageView key={entry.key} placed={entry} channel={one.channel} contact={contact} />
            ),
          )}
          {place.pane.tail === 0 && own.map((item) => <PendingView key={item.clientId} one={item} onEdit={editPending} />)}
        </div>
      </div>
      {(place.fresh > 0 || place.away) && (
        <button type="button" class={`pill bottom${place.fresh > 0 ? "" : " quiet"}`} onClick={place.toEnd}>
          <Icon name="down" />
          {place.fresh > 0 ? text.thread.newMessages(place.fresh) : text.thread.latest}
        </button>
      )}
    </div>
  );
}
