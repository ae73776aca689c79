/* The messages themselves. The reader's place is sacred: whatever is added above, below or in between,
   the message under their eye does not move. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Conversation, Message } from "../../api/types";
import { entriesOf, firstUnread, paneAround, sliceOf, STEP, widenDown, widenUp, type Pane } from "../../pure/layout";
import { dayName } from "../../pure/time";
import { now } from "../../state/clock";
import { pending } from "../../state/outbox";
import { complete, loadOlder, messages, olderLoading, unreadAtOpen } from "../../state/thread";
import { text } from "../../text";
import { Icon } from "../parts/icons";
import { MessageMenu, openMenu, replyTo } from "./actions";
import { editPending } from "./composer";
import { target } from "./jump";
import { Lightbox } from "./lightbox";
import { contactName } from "./list";
import { AlbumView, MessageView, PendingView } from "./message";

const NEAR = 700;
const PINNED = 48;
const FLASH = 1400;

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
  const bottom = useRef(0);
  const lastSeen = useRef<string | null>(list[list.length - 1]?.id ?? null);
  const before = useRef({ total: list.length, newest: lastSeen.current, waiting });
  const [pane, setPane] = useState<Pane>({ tail: 0, count: STEP });
  const [away, setAway] = useState(false);
  const anchor = anchorIn(box.current); /* read before the page changes */
  const tail = useRef(0);
  tail.current = pane.tail;

  /* Keeps the end in view. Focus may have scrolled up a moment ago, before its event told: that is the reader's will too. */
  const stick = (): boolean => {
    const element = box.current;
    if (!element || !pinned.current || tail.current > 0) return false;
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (element.scrollTop < bottom.current - 1 && left > PINNED) {
      pinned.current = false;
      return false;
    }
    element.scrollTop = element.scrollHeight;
    bottom.current = element.scrollTop;
    return true;
  };

  useLayoutEffect(() => {
    const newest = list[list.length - 1]?.id ?? null;
    const was = before.current;
    if (waiting > was.waiting) {
      pinned.current = true;
      bottom.current = 0;
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
    if (!stick()) restore(element, anchor);
    if (pinned.current) lastSeen.current = list[list.length - 1]?.id ?? null;
  });
  /* Somebody wants to see one message: it is drawn first if need be, then shown and marked for a moment. */
  useLayoutEffect(() => {
    const index = target.value === null ? -1 : list.findIndex((one) => one.id === target.value);
    if (index < 0) return;
    const [start, end] = sliceOf(list.length, pane);
    pinned.current = false;
    if (index < start || index >= end) {
      setPane(paneAround(list.length, index));
      return;
    }
    const element = box.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(target.value!)}"]`);
    target.value = null;
    element?.scrollIntoView({ block: "center" });
    element?.focus({ preventScroll: true });
    element?.classList.add("flash");
    window.setTimeout(() => element?.classList.remove("flash"), FLASH);
  }, [target.value, list, pane]);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => void stick());
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
    if (pinned.current) bottom.current = element.scrollTop;
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
    bottom.current = 0;
    setAway(false);
    setPane({ tail: 0, count: STEP });
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
  };
  return { box, inner, pane, away, fresh: pinned.current ? 0 : newBelow(list, lastSeen.current), onScroll, toEnd };
}

/* Lines about the conversation are read, but nothing can be done with them. */
function lastStop(list: Message[]): string | null {
  for (let index = list.length - 1; index >= 0; index--) if (!["system", "call"].includes(list[index].kind)) return list[index].id;
  return null;
}

/* With the keyboard on a message: arrows to its neighbours, Enter for what can be done with it, r to answer it. */
function useMessageKeys(list: Message[], one: Conversation) {
  const [at, setAt] = useState<string | null>(null);
  const onFocusIn = (event: FocusEvent) => {
    const id = (event.target as HTMLElement).closest<HTMLElement>("[data-id][tabindex]")?.dataset.id;
    if (id) setAt(id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const here = event.target as HTMLElement;
    if (!here.matches("[data-id][tabindex]") || event.ctrlKey || event.metaKey || event.altKey) return;
    const message = list.find((item) => item.id === here.dataset.id);
    const all = [...here.closest(".messages-inner")!.querySelectorAll<HTMLElement>("[data-id][tabindex]")];
    const index = all.indexOf(here);
    const to = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      all[to]?.focus();
      all[to]?.scrollIntoView({ block: "nearest" });
    } else if (message && (event.key === "Enter" || event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey))) {
      openMenu(message, here);
    } else if (!(message && event.key === "r" && replyTo(message, one))) return;
    event.preventDefault();
  };
  return { at, onFocusIn, onKeyDown };
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
  const drawn = list.slice(start, end);
  const entries = entriesOf(drawn, newId.current || null);
  const keys = useMessageKeys(list, one);
  const tab = keys.at && drawn.some((item) => item.id === keys.at) ? keys.at : lastStop(drawn);
  return (
    <div class="messages-wrap">
      <div class="messages" ref={place.box} onScroll={place.onScroll} tabIndex={0} role="region" aria-label={text.thread.log}>
        <div class="messages-inner" ref={place.inner} onFocusIn={keys.onFocusIn} onKeyDown={keys.onKeyDown}>
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
            ) : entry.type === "album" ? (
              <AlbumView key={entry.key} album={entry} one={one} contact={contact} tab={tab} />
            ) : (
              <MessageView key={entry.key} placed={entry} one={one} contact={contact} tab={tab} />
            ),
          )}
          {place.pane.tail === 0 &&
            own.map((item) => <PendingView key={item.clientId} one={item} channel={one.channel} onEdit={editPending} />)}
        </div>
      </div>
      {(place.fresh > 0 || place.away) && (
        <button type="button" class={`pill bottom${place.fresh > 0 ? "" : " quiet"}`} onClick={place.toEnd}>
          <Icon name="down" />
          {place.fresh > 0 ? text.thread.newMessages(place.fresh) : text.thread.latest}
        </button>
      )}
      <MessageMenu one={one} />
      <Lightbox contact={contact} />
    </div>
  );
}
