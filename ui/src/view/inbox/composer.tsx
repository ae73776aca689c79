/* The composer: one for all channels. What a channel limits is shown before it hurts. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { serverNow } from "../../api/http";
import type { Conversation, Tag } from "../../api/types";
import { inspectDraft, trimAscii } from "../../pure/bytes";
import type { Pending } from "../../pure/merge";
import { exact } from "../../pure/time";
import { countdown, nextTick, windowState, type WindowState } from "../../pure/window";
import { channelOf } from "../../state/channels";
import { draftOf, keepDraft } from "../../state/drafts";
import { discard, send } from "../../state/outbox";
import { may } from "../../state/session";
import { text } from "../../text";
import { Button, Callout, Segments } from "../parts/basic";
import { Icon } from "../parts/icons";
import { Editor } from "./editor";

export type Mode = "reply" | "note";
/* Somebody elsewhere on the page wants the composer: a key, the palette, a failed message. */
export const composerAsk = signal<{ mode: Mode; add?: string } | null>(null);

export function askComposer(mode: Mode, add?: string): void {
  composerAsk.value = { mode, add };
}

export function editPending(one: Pending): void {
  discard(one.clientId);
  askComposer(one.note ? "note" : "reply", one.text);
}

function useWindow(one: Conversation): WindowState {
  const [, turn] = useState(0);
  const state = windowState(one.window, serverNow());
  useEffect(() => {
    if (state.phase !== "open" && state.phase !== "tag") return;
    const timer = window.setTimeout(() => turn((n) => n + 1), nextTick(state.left));
    return () => window.clearTimeout(timer);
  });
  return state;
}

/* What is being written, as reply and as note; kept with every key, and taken up from elsewhere. */
function useWords(id: string) {
  const [mode, setMode] = useState<Mode>("reply");
  const [words, setWords] = useState(() => draftOf(id));
  const area = useRef<HTMLTextAreaElement>(null);
  const write = (next: string) => {
    setWords({ ...words, [mode]: next });
    keepDraft(id, { [mode]: next });
  };
  useEffect(() => {
    const ask = composerAsk.value;
    if (!ask) return;
    composerAsk.value = null;
    setMode(ask.mode);
    if (ask.add) {
      const joined = [draftOf(id)[ask.mode], ask.add].filter(Boolean).join("\n");
      keepDraft(id, { [ask.mode]: joined });
      setWords(draftOf(id));
    }
    requestAnimationFrame(() => area.current?.focus());
  }, [composerAsk.value]);
  return { mode, value: words[mode], write, area };
}

export function Composer({ one }: { one: Conversation }) {
  const { mode, value, write, area } = useWords(one.id);
  const [tag, setTag] = useState<Tag | null>(null);
  const reach = useWindow(one);
  const channel = channelOf(one.channel);
  /* The tag belongs to the time after the window alone: inside it, a plain reply is the right one. */
  const usable = reach.phase === "tag" ? tag : null;
  if (!may("agent"))
    return (
      <footer class="composer">
        <Callout icon="eye">{text.composer.viewer}</Callout>
      </footer>
    );
  const limit = mode === "reply" ? (channel?.text_limit ?? null) : null;
  const draft = limit ? inspectDraft(value, limit) : null;
  const barred = mode === "reply" ? obstacle(one, reach, tag) : null;
  const submit = (overflow: "cut" | "split" | null) => {
    const clean = trimAscii(value);
    if (!clean || barred) return;
    send(
      {
        conversationId: one.id,
        text: clean,
        note: mode === "note",
        tag: mode === "reply" && usable ? usable.tag : null,
        overflow,
      },
      serverNow(),
    );
    write("");
    area.current?.focus();
  };
  return (
    <footer class={`composer ${mode}`}>
      <div class="composer-top">
        <Segments
          label={text.composer.label}
          value={mode}
          onChange={(next: Mode) => askComposer(next)}
          options={[
            { value: "reply", label: text.composer.reply },
            { value: "note", label: text.composer.note },
          ]}
        />
        {mode === "reply" && !barred && <WindowHint one={one} state={reach} tag={tag} onDrop={() => setTag(null)} />}
      </div>
      {barred ? (
        <Barred
          one={one}
          state={reach}
          reason={barred}
          tags={channel?.window?.tags ?? []}
          hours={channel?.window?.hours ?? 24}
          onTag={(next) => {
            setTag(next);
            askComposer("reply");
          }}
        />
      ) : (
        <Editor
          area={area}
          mode={mode}
          value={value}
          draft={draft}
          unit={limit?.unit ?? "characters"}
          onWrite={write}
          onSubmit={submit}
        />
      )}
    </footer>
  );
}

/* Why a reply is not possible now; null when it is. */
function obstacle(one: Conversation, state: WindowState, tag: Tag | null): "window" | "reason" | null {
  if (state.phase === "closed" || (state.phase === "tag" && !tag)) return "window";
  return !one.can_reply && state.phase !== "tag" ? "reason" : null;
}

function Barred({
  one,
  state,
  reason,
  tags,
  hours,
  onTag,
}: {
  one: Conversation;
  state: WindowState;
  reason: "window" | "reason";
  tags: Tag[];
  hours: number;
  onTag: (tag: Tag) => void;
}) {
  if (reason === "reason") {
    return (
      <Callout
        tone="warn"
        icon="ban"
        title={text.composer.cannot}
        action={
          may("admin") ? (
            <a class="button plain small" href="/settings/channels">
              <span>{text.composer.settings}</span>
            </a>
          ) : undefined
        }
      >
        {one.cannot_reply_reason ?? text.thread.readOnly}
      </Callout>
    );
  }
  const offer = state.phase === "tag" ? tags : [];
  return (
    <Callout tone="warn" icon="clock" title={one.channel === "instagram" ? text.composer.closed : text.composer.closedOther}>
      <p>{text.composer.closedDetail(hours)}</p>
      {offer.map((tag) => (
        <div key={tag.tag} class="tag-offer">
          <p title={one.window?.tag_until ? exact(one.window.tag_until) : undefined}>
            {text.composer.tagOffer(countdown(state.left))} <b>{tag.label}</b>. {tag.help}
          </p>
          <Button small icon="user" onClick={() => onTag(tag)}>
            {text.composer.useTag(tag.label)}
          </Button>
        </div>
      ))}
    </Callout>
  );
}

function WindowHint({ one, state, tag, onDrop }: { one: Conversation; state: WindowState; tag: Tag | null; onDrop: () => void }) {
  if (state.phase === "open") {
    const soon = state.left < 2 * 3600_000;
    return (
      <span class={`window-hint${soon ? " soon" : ""}`} title={text.composer.closes(exact(one.window!.closes_at!))}>
        <Icon name="clock" size={14} />
        {text.composer.left(countdown(state.left))}
      </span>
    );
  }
  if (state.phase === "tag" && tag) {
    return (
      <span class="window-hint soon" title={tag.help}>
        <Icon name="user" size={14} />
        {text.composer.tagOn(tag.label)} · {text.thread.windowOpen(countdown(state.left))}
        <button type="button" class="link" onClick={onDrop}>
          {text.composer.tagOff}
        </button>
      </span>
    );
  }
  return null;
}
