/* The composer: one for all channels. What a channel limits is shown before it hurts. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { serverNow } from "../../api/http";
import type { Conversation, Tag } from "../../api/types";
import { inspectDraft, trimAscii, type Draft } from "../../pure/bytes";
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

export function Composer({ one }: { one: Conversation }) {
  const [mode, setMode] = useState<Mode>("reply");
  const [words, setWords] = useState(() => draftOf(one.id));
  const [tag, setTag] = useState<Tag | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const reach = useWindow(one);
  const channel = channelOf(one.channel);
  /* The tag belongs to the time after the window alone: inside it, a plain reply is the right one. */
  const usable = reach.phase === "tag" ? tag : null;
  const value = words[mode];
  const write = (next: string) => {
    setWords({ ...words, [mode]: next });
    keepDraft(one.id, { [mode]: next });
  };
  useEffect(() => {
    const ask = composerAsk.value;
    if (!ask) return;
    composerAsk.value = null;
    setMode(ask.mode);
    if (ask.add) {
      const joined = [draftOf(one.id)[ask.mode], ask.add].filter(Boolean).join("\n");
      keepDraft(one.id, { [ask.mode]: joined });
      setWords(draftOf(one.id));
    }
    requestAnimationFrame(() => area.current?.focus());
  }, [composerAsk.value]);
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

interface EditorProps {
  area: { current: HTMLTextAreaElement | null };
  mode: Mode;
  value: string;
  draft: Draft | null;
  unit: "bytes" | "characters";
  onWrite: (value: string) => void;
  onSubmit: (overflow: "cut" | "split" | null) => void;
}

/* On a touch keyboard Enter is a new line; the button sends. */
const touch = () => window.matchMedia("(pointer: coarse)").matches;

function Editor({ area, mode, value, draft, unit, onWrite, onSubmit }: EditorProps) {
  const over = draft?.level === "over";
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      area.current?.blur();
      return;
    }
    if (event.key !== "Enter" || event.isComposing || event.shiftKey || event.altKey) return;
    if (touch() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    /* Too long: the choice between cutting and splitting is the writer's. */
    if (over) document.getElementById("send-split")?.focus();
    else onSubmit(null);
  };
  return (
    <>
      <div class="editor">
        <div class="editor-grow">
          <div class="editor-mirror" aria-hidden="true">
            {draft?.cutFrom != null ? (
              <>
                {value.slice(0, draft.cutFrom)}
                <mark>{value.slice(draft.cutFrom)}</mark>
              </>
            ) : (
              value
            )}
            {"\n"}
          </div>
          <textarea
            ref={area}
            value={value}
            rows={1}
            dir="auto"
            aria-label={mode === "note" ? text.composer.placeholderNote : text.composer.label}
            placeholder={mode === "note" ? text.composer.placeholderNote : text.composer.placeholder}
            aria-describedby="composer-count"
            enterkeyhint={touch() ? "enter" : "send"}
            onInput={(event) => onWrite(event.currentTarget.value)}
            onKeyDown={onKeyDown}
          />
        </div>
      </div>
      <div class="composer-foot">
        <span class="composer-hint">{mode === "note" ? text.composer.noteHint : text.composer.hint}</span>
        {draft && <Counter draft={draft} unit={unit} />}
        {!over && (
          <Button
            kind="primary"
            small
            icon={mode === "note" ? "note" : "send"}
            disabled={trimAscii(value) === ""}
            onClick={() => onSubmit(null)}
          >
            {mode === "note" ? text.composer.sendNote : text.composer.send}
          </Button>
        )}
      </div>
      {over && (
        <div class="overflow" role="status">
          <span>
            {draft!.refused
              ? text.composer.refused
              : text.composer.overBytes(
                  draft!.count - draft!.max,
                  unit === "bytes" ? text.composer.bytes : text.composer.characters,
                )}
          </span>
          {!draft!.refused && (
            <Button small kind="quiet" onClick={() => onSubmit("cut")}>
              {text.composer.cut}
            </Button>
          )}
          {!draft!.refused && (
            <Button small kind="primary" id="send-split" icon="send" onClick={() => onSubmit("split")}>
              {text.composer.split(draft!.parts)}
            </Button>
          )}
        </div>
      )}
    </>
  );
}

function Counter({ draft, unit }: { draft: Draft; unit: "bytes" | "characters" }) {
  const words = text.composer.counterWords(
    draft.count,
    draft.max,
    unit === "bytes" ? text.composer.bytes : text.composer.characters,
  );
  return (
    <span id="composer-count" class={`counter ${draft.level}`} title={`${words}. ${text.composer.plain}`} aria-label={words}>
      {text.composer.counter(draft.count, draft.max, unit === "bytes" ? " B" : "")}
    </span>
  );
}
