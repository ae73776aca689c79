/* The conversation list. Rows have one height, so only those in view are drawn, however many there are. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Conversation } from "../../api/types";
import { keepRow, visibleRows } from "../../pure/order";
import { accounts, channelName, shortWords } from "../../state/channels";
import { draftsShown } from "../../state/drafts";
import { cursorId, filter, hasMore, items, listFault, listLoading, loadList, loadMore, openId } from "../../state/inbox";
import { params, route, withParams } from "../../state/router";
import { may } from "../../state/session";
import { text } from "../../text";
import { Avatar, Button, IconButton, Segments, Time } from "../parts/basic";
import { ChannelIcon, Icon } from "../parts/icons";
import { Empty, FaultView, Skeleton } from "../parts/states";
import { MenuButton } from "./sidebar";
import { phoneNumber } from "../../pure/amounts";
import { kindIcon } from "../../pure/summary";

/* The same number stands in list.css. */
export const ROW = 64;

export function contactName(one: Conversation): string {
  return one.contact.name || contactHandle(one) || text.inbox.unknownContact(channelName(one.channel));
}

/* A telephone number is easier to read in groups. */
export function contactHandle(one: Conversation): string | null {
  return one.contact.handle && phoneNumber(one.contact.handle);
}

export function conversationHref(id: string): string {
  const next = new URLSearchParams(params.peek());
  next.set("c", id);
  return "/?" + next.toString();
}

export function ConversationList() {
  const status = filter.value.unread ? "unread" : filter.value.status;
  const title = filter.value.channel ? channelName(filter.value.channel) : text.inbox.all;
  const choose = (value: string) =>
    withParams({ status: value === "done" || value === "all" ? value : null, unread: value === "unread" ? "1" : null });
  return (
    <section class="list-pane" aria-label={text.inbox.list}>
      <header class="list-head">
        <div class="pane-title">
          <MenuButton />
          {filter.value.channel && <ChannelIcon channel={filter.value.channel} />}
          <h1>{title}</h1>
        </div>
        <SearchBox />
        <Segments
          label={text.thread.status}
          value={status}
          onChange={choose}
          options={[
            { value: "open", label: text.inbox.open },
            { value: "unread", label: text.inbox.unreadOnly },
            { value: "done", label: text.inbox.done },
            { value: "all", label: text.inbox.everything },
          ]}
        />
      </header>
      <ListBody />
    </section>
  );
}

function SearchBox() {
  const [value, setValue] = useState(filter.value.query);
  const timer = useRef(0);
  /* What was typed here goes to the address; only what comes from elsewhere (a link, Back) comes from there. Otherwise a letter or
     a space that is typed while the search begins would be taken away again. */
  const asked = useRef(value);
  useLayoutEffect(() => {
    if (filter.value.query === asked.current) return;
    window.clearTimeout(timer.current);
    asked.current = filter.value.query;
    setValue(filter.value.query);
  }, [filter.value.query]);
  const search = (next: string) => {
    asked.current = next.trim();
    withParams({ q: asked.current || null }, true);
  };
  const apply = (next: string, wait: number) => {
    setValue(next);
    window.clearTimeout(timer.current);
    if (wait) timer.current = window.setTimeout(search, wait, next);
    else search(next);
  };
  return (
    <div class="search">
      <Icon name="search" />
      <input
        id="search"
        type="search"
        value={value}
        placeholder={text.inbox.search}
        aria-label={text.inbox.search}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => apply(event.currentTarget.value, 250)}
        onKeyDown={(event) => {
          if (event.key === "Enter") apply(value, 0);
          if (event.key === "Escape") {
            apply("", 0);
            event.currentTarget.blur();
          }
        }}
      />
      {value ? <IconButton icon="close" label={text.inbox.clearSearch} onClick={() => apply("", 0)} /> : <kbd>/</kbd>}
    </div>
  );
}

function ListBody() {
  if (items.value === null) {
    if (listFault.value) return <FaultView fault={listFault.value} retry={() => void loadList()} />;
    return (
      <div class="list-scroll">
        <Skeleton rows={8} />
      </div>
    );
  }
  if (items.value.length === 0) return <EmptyList />;
  return <Rows />;
}

function EmptyList() {
  const { query, status, unread, channel } = filter.value;
  if (query) {
    const wider = status !== "all" || unread || channel;
    return (
      <Empty
        icon="search"
        title={text.inbox.emptySearch(query)}
        action={
          wider ? (
            <Button onClick={() => withParams({ status: "all", unread: null, channel: null })}>{text.inbox.searchAll}</Button>
          ) : undefined
        }
      >
        {text.inbox.emptySearchDetail}
      </Empty>
    );
  }
  if (unread)
    return (
      <Empty icon="check" title={text.inbox.emptyUnread}>
        {text.inbox.emptyUnreadDetail}
      </Empty>
    );
  if (status === "done")
    return (
      <Empty icon="check" title={text.inbox.emptyDone}>
        {text.inbox.emptyDoneDetail}
      </Empty>
    );
  const connected = accounts.value?.some((one) => !channel || one.channel === channel) ?? true;
  if (!connected) {
    return (
      <Empty
        icon="plug"
        title={text.inbox.noChannel}
        action={
          may("admin") ? (
            <a class="button primary" href="/settings/channels">
              <span>{text.inbox.connect}</span>
            </a>
          ) : undefined
        }
      >
        {may("admin") ? text.inbox.noChannelDetail : text.inbox.noChannelReader}
      </Empty>
    );
  }
  return (
    <Empty icon="inbox" title={text.inbox.empty}>
      {text.inbox.emptyDetail}
    </Empty>
  );
}

/* Keeps the rows in view in place while others move, and says when something came in above. */
function useAnchoredScroll(list: Conversation[]) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [above, setAbove] = useState(false);
  const before = useRef<string[]>([]);
  const key = route.value.path + filter.value.channel + filter.value.status + filter.value.unread + filter.value.query;
  useLayoutEffect(() => {
    before.current = [];
    setAbove(false);
    if (box.current) box.current.scrollTop = 0;
  }, [key]);
  useLayoutEffect(() => {
    const ids = list.map((one) => one.id);
    const element = box.current;
    if (element && before.current.length > 0) {
      const top = keepRow(before.current, ids, element.scrollTop, ROW);
      if (top !== element.scrollTop) element.scrollTop = top;
      if (top > ROW / 2 && ids[0] !== before.current[0]) setAbove(true);
    }
    before.current = ids;
  }, [list]);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    measure();
    return () => watch.disconnect();
  }, []);
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    if (element.scrollTop < ROW / 2) setAbove(false);
    setView({ top: element.scrollTop, height: element.clientHeight });
    if (element.scrollTop + element.clientHeight > element.scrollHeight - ROW * 15 && hasMore()) void loadMore();
  };
  return {
    box,
    view,
    above,
    onScroll,
    toTop: () => {
      box.current?.scrollTo({ top: 0 });
    },
  };
}

function Rows() {
  const list = items.value!;
  const { box, view, above, onScroll, toTop } = useAnchoredScroll(list);
  const [from, to] = visibleRows(view.top, view.height, ROW, list.length);
  const drafts = draftsShown();
  useEffect(() => {
    const at = list.findIndex((one) => one.id === cursorId.value);
    const element = box.current;
    if (at < 0 || !element) return;
    if (at * ROW < element.scrollTop) element.scrollTop = at * ROW;
    else if ((at + 1) * ROW > element.scrollTop + element.clientHeight) element.scrollTop = (at + 1) * ROW - element.clientHeight;
  }, [cursorId.value]);
  return (
    <div class="list-wrap">
      {above && (
        <button type="button" class="pill top" onClick={toTop}>
          <Icon name="up" />
          {text.inbox.newAbove}
        </button>
      )}
      <div class="list-scroll" ref={box} onScroll={onScroll}>
        <ul class="rows" style={{ height: `${list.length * ROW}px` }} aria-label={text.inbox.list}>
          {list.slice(from, to).map((one, index) => (
            <Row
              key={one.id}
              one={one}
              top={(from + index) * ROW}
              at={from + index}
              size={list.length}
              draft={drafts.get(one.id)}
            />
          ))}
        </ul>
        {listLoading.value && hasMore() && (
          <div class="list-more">
            <span class="spinner" />
          </div>
        )}
      </div>
    </div>
  );
}

function Row({ one, top, at, size, draft }: { one: Conversation; top: number; at: number; size: number; draft?: string }) {
  const name = contactName(one);
  const last = one.last_message;
  const open = openId.value === one.id;
  const icon = !draft && last ? kindIcon(last.kind) : null;
  return (
    <li class="row-place" style={{ transform: `translateY(${top}px)` }} aria-setsize={size} aria-posinset={at + 1}>
      <a
        class={`row${one.unread ? " unread" : ""}${cursorId.value === one.id ? " cursor" : ""}`}
        href={conversationHref(one.id)}
        aria-current={open ? "true" : undefined}
        onClick={() => {
          cursorId.value = one.id;
        }}
      >
        <span class="row-avatar">
          <Avatar name={name} seed={one.contact.id} url={one.contact.avatar_url} />
          <span class="row-channel">
            <ChannelIcon channel={one.channel} size={12} label={channelName(one.channel)} />
          </span>
        </span>
        <span class="row-main">
          <span class="row-top">
            <span class="row-name">{name}</span>
            <Time class="row-time" at={one.last_activity_at} />
          </span>
          <span class="row-bottom">
            <span class="row-text">
              {draft ? (
                <b class="row-draft">{text.inbox.draft}</b>
              ) : last?.direction === "out" ? (
                <span class="row-who">{text.inbox.you}</span>
              ) : last?.direction === "note" ? (
                <span class="row-who">{text.inbox.note}</span>
              ) : null}
              {!draft && last?.failed && (
                <span class="row-failed" role="img" aria-label={text.message.state.failed} title={text.message.state.failed}>
                  <Icon name="warn" size={14} />
                </span>
              )}
              {icon && <Icon name={icon} size={14} />}
              {draft ?? (last ? shortWords(one.channel, last) : text.inbox.noMessages)}
            </span>
            {one.unread > 0 && (
              <span class="row-unread" role="img" aria-label={text.inbox.unread(one.unread)}>
                {one.unread > 99 ? "99+" : one.unread}
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
}
