/* The composer: one for all channels. What a channel limits is shown before it hurts. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { serverNow } from "../../api/http";
import type { Capabilities, Conversation, Tag } from "../../api/types";
import { inspectDraft, measure, trimAscii, type Limit } from "../../pure/bytes";
import { isCaption, judge, type Chip } from "../../pure/filerules";
import type { Pending } from "../../pure/merge";
import { exact } from "../../pure/time";
import { countdown, nextTick, windowState, type WindowState } from "../../pure/window";
import { accountOf, capabilitiesOf, channelName, channelOf } from "../../state/channels";
import { draftOf, keepDraft } from "../../state/drafts";
import { notify } from "../../state/notices";
import { reclaim, send } from "../../state/outbox";
import { dropQuote, quote, quoteOf } from "../../state/quote";
import { isWaiting, left, sendReply, takeBackWish } from "../../state/sending";
import { may } from "../../state/session";
import { noteTyping } from "../../state/typing";
import { chipsOf, putBack, restoreBox, typeOf } from "../../state/uploads";
import { text } from "../../text";
import { Button, Callout, Segments } from "../parts/basic";
import { Icon } from "../parts/icons";
import { attach, AttachTool, Chips, DropPlace, type Target } from "./attach";
import { Editor } from "./editor";
import { QuoteBar } from "./quotebar";
import { keepValues, templateBox, TemplatesDialog, templatesOpen } from "./templates";
import { EmojiTool, FormatTool, Tool } from "./tools";
import { Recorder, VoiceTool, voiceTrouble } from "./voice";

export type Mode = "reply" | "note";
/* Somebody elsewhere on the page wants the composer: a key, the palette, a failed message. */
export const composerAsk = signal<{ mode: Mode; add?: string } | null>(null);

export function askComposer(mode: Mode, add?: string): void {
  composerAsk.value = { mode, add };
}

/* All parts of a message that was not sent come back to where they were made. */
export function editPending(one: Pending): void {
  reclaim(one.clientId);
  const { template } = one;
  if (template) {
    keepValues(one.conversationId, template.name, template.language, template.values);
    putBack(templateBox(one.conversationId, template.name, template.language), one.files ?? []);
    templatesOpen.value = { conversation: one.conversationId, name: template.name, language: template.language };
    return;
  }
  if (one.files?.length) putBack(one.conversationId, one.files);
  if (one.quote) quote(one.quote);
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
  /* Before the next key comes: after "r" one writes, and what is written must not be taken for keys of the page. */
  const called = useRef<Mode | null>(null);
  useLayoutEffect(() => {
    const ask = composerAsk.value;
    if (!ask) return;
    composerAsk.value = null;
    called.current = ask.mode;
    setMode(ask.mode);
    if (ask.add) {
      const joined = [draftOf(id)[ask.mode], ask.add].filter(Boolean).join("\n");
      keepDraft(id, { [ask.mode]: joined });
      setWords(draftOf(id));
    }
  }, [composerAsk.value]);
  useLayoutEffect(() => {
    if (called.current !== mode) return;
    called.current = null;
    area.current?.focus();
  });
  /* A message that waited for its files may leave while other things are done. Before the next key, too: it belongs to the next
     message, and a second Enter must not send the first one again. */
  useLayoutEffect(() => {
    if (left.value?.conversation === id) setWords((was) => ({ ...was, reply: draftOf(id).reply }));
  }, [left.value]);
  return { mode, value: words[mode], write, area };
}

/* A message that is chosen to be quoted wants to be answered at once. */
function useQuote(id: string, can: boolean) {
  const quoted = can ? quoteOf(id) : null;
  useLayoutEffect(() => {
    if (quoted) askComposer("reply");
  }, [quoted?.id]);
  return quoted;
}

export function Composer({ one }: { one: Conversation }) {
  const reach = useWindow(one);
  const [tag, setTag] = useState<Tag | null>(null);
  if (!may("agent"))
    return (
      <footer class="composer">
        <Callout icon="eye">{text.composer.viewer}</Callout>
      </footer>
    );
  return <Writing one={one} reach={reach} tag={tag} onTag={setTag} />;
}

function Writing({
  one,
  reach,
  tag,
  onTag,
}: {
  one: Conversation;
  reach: WindowState;
  tag: Tag | null;
  onTag: (tag: Tag | null) => void;
}) {
  const { mode, value, write, area } = useWords(one.id);
  const channel = channelOf(one.channel);
  const can = capabilitiesOf(one.channel);
  const quoted = useQuote(one.id, can.quote);
  const [recording, setRecording] = useState(false);
  useLayoutEffect(() => restoreBox(one.id), [one.id]);
  const isReply = mode === "reply";
  const barred = obstacle(one, reach, tag);
  const waits = isReply && isWaiting(one.id);
  const chips = isReply ? chipsOf(one.id) : [];
  const limit = isReply ? (channel?.text_limit ?? null) : null;
  const draft = limit ? inspectDraft(value, limit) : null;
  const to: Target = { box: one.id, channel: { slug: one.channel, name: channelName(one.channel) }, rules: can.media };
  const writeOn = (next: string) => {
    write(next);
    takeBackWish(one.id);
    const tells = isReply && can.typing && accountOf(one.account_id)?.typing !== false;
    if (tells && next.trim() && reach.phase !== "tag") noteTyping(one.id);
  };
  const submit = (overflow: "cut" | "split" | null) => {
    const clean = trimAscii(value);
    if (isReply && (barred || !sendable(clean, chips))) return;
    /* The tag belongs to the time after the window alone: inside it, a plain reply is the right one. */
    if (isReply) sendReply(one.id, { text: clean, tag: reach.phase === "tag" && tag ? tag.tag : null, overflow });
    else if (clean) {
      send({ conversationId: one.id, text: clean, note: true, tag: null, overflow: null }, serverNow());
      write("");
    }
    area.current?.focus();
  };
  const sound = can.media.find((rule) => rule.type === "audio");
  return (
    <>
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
          {isReply && !barred && <WindowHint one={one} state={reach} tag={tag} onDrop={() => onTag(null)} />}
        </div>
        {isReply && barred ? (
          <Barred
            one={one}
            state={reach}
            reason={barred}
            tags={channel?.window?.tags ?? []}
            hours={channel?.window?.hours ?? 24}
            templates={can.templates}
            onTag={(next) => {
              onTag(next);
              askComposer("reply");
            }}
          />
        ) : recording && isReply && sound ? (
          <Recorder
            rule={sound}
            onDone={(voice) => {
              attach(to, [{ ...voice, voice: true }]);
              setRecording(false);
              requestAnimationFrame(() => area.current?.focus());
            }}
            onClose={() => setRecording(false)}
          />
        ) : (
          <Editor
            area={area}
            mode={mode}
            value={value}
            draft={draft}
            unit={limit?.unit ?? "characters"}
            marked={isReply && can.text_style === "whatsapp"}
            ready={isReply ? sendable(trimAscii(value), chips) : trimAscii(value) !== ""}
            waits={waits}
            hint={waits ? "" : isReply ? hintOf(chips, trimAscii(value), can, limit) : null}
            above={
              isReply && (
                <>
                  {quoted && <QuoteBar one={one} quoted={quoted} onDrop={() => area.current?.focus()} />}
                  <Chips box={one.id} onGone={() => area.current?.focus()} />
                </>
              )
            }
            tools={<Tools one={one} can={can} chips={chips} isReply={isReply} area={area} to={to} onRecord={() => setRecording(true)} />}
            onWrite={writeOn}
            onSubmit={submit}
            onStopWaiting={() => takeBackWish(one.id)}
            onEscape={() => {
              if (isReply && quoted) dropQuote(one.id);
              return isReply && !!quoted;
            }}
            onFiles={isReply && can.media.length > 0 ? (files) => (alone(chips) ? notify(text.files.alone) : attach(to, files)) : null}
          />
        )}
      </footer>
      <DropPlace to={to} why={dropTrouble(one, can, chips, isReply && !barred && !recording)} onFolder={() => notify(text.files.folder, true)} />
      {templatesOpen.value?.conversation === one.id && <TemplatesDialog one={one} />}
    </>
  );
}

/* A voice message is one on its own. */
const alone = (chips: Chip[]) => chips.some((one) => one.voice);

function sendable(clean: string, chips: Chip[]): boolean {
  return (clean !== "" || chips.length > 0) && !chips.some((one) => one.state === "refused" || one.state === "failed");
}

function dropTrouble(one: Conversation, can: Capabilities, chips: Chip[], now: boolean): string | null {
  if (can.media.length === 0) return text.files.dropNot(channelName(one.channel));
  if (!now) return text.files.dropLater;
  return alone(chips) ? text.files.alone : null;
}

/* What will become of text and files, where that is not plain to see. */
function hintOf(chips: Chip[], clean: string, can: Capabilities, limit: Limit | null): string | null {
  if (chips.length === 0) return null;
  if (chips.some((one) => one.state === "refused" || one.state === "failed")) return text.composer.removeFirst;
  if (clean === "") return null;
  const guess = judge(can.media, chips[0].mime, chips[0].bytes);
  const first = typeOf(chips[0]) ?? (guess.verdict === "take" ? guess.type : "file");
  return isCaption(can.media, first, measure(clean, limit?.unit ?? "characters")) ? text.composer.asCaption : text.composer.asOwn;
}

function Tools({
  one,
  can,
  chips,
  isReply,
  area,
  to,
  onRecord,
}: {
  one: Conversation;
  can: Capabilities;
  chips: Chip[];
  isReply: boolean;
  area: { current: HTMLTextAreaElement | null };
  to: Target;
  onRecord: () => void;
}) {
  const sound = can.media.find((rule) => rule.type === "audio");
  return (
    <>
      {isReply && can.media.length > 0 && <AttachTool to={to} why={alone(chips) ? text.files.alone : null} onDone={() => area.current?.focus()} />}
      {isReply && sound && <VoiceTool why={voiceTrouble(sound) ?? (chips.length > 0 ? text.voice.alone : null)} onUse={onRecord} />}
      <EmojiTool area={area} />
      {isReply && can.text_style === "whatsapp" && <FormatTool area={area} />}
      {isReply && can.templates && (
        <Tool
          icon="template"
          label={text.templates.open}
          onUse={() => {
            templatesOpen.value = { conversation: one.id };
          }}
        />
      )}
    </>
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
  templates,
  onTag,
}: {
  one: Conversation;
  state: WindowState;
  reason: "window" | "reason";
  tags: Tag[];
  hours: number;
  templates: boolean;
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
  const wrote = !!one.window?.closes_at;
  const title = templates ? text.composer.templateOnly : one.channel === "instagram" ? text.composer.closed : text.composer.closedOther;
  return (
    <Callout
      tone="warn"
      icon="clock"
      title={title}
      action={
        templates && (
          <Button
            kind="primary"
            small
            icon="template"
            onClick={() => {
              templatesOpen.value = { conversation: one.id };
            }}
          >
            {text.templates.open}
          </Button>
        )
      }
    >
      <p>
        {!templates ? text.composer.closedDetail(hours) : wrote ? text.composer.templateWhy(hours) : text.composer.templateNever}
      </p>
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
