/* One message: its frame, quote, reactions, state, and what can be done when it failed. */
import { useState } from "preact/hooks";
import type { Message } from "../../api/types";
import { faultOf } from "../../api/http";
import { clock, exact } from "../../pure/time";
import type { Pending } from "../../pure/merge";
import { channelName } from "../../state/channels";
import { notify } from "../../state/notices";
import { discard, sendAgain } from "../../state/outbox";
import { may } from "../../state/session";
import { messages, retryMessage } from "../../state/thread";
import { text } from "../../text";
import { Button } from "../parts/basic";
import { Confirm } from "../parts/dialog";
import { Icon } from "../parts/icons";
import { MessageBody, Prose } from "./body";
import { summary } from "../../pure/summary";

/* Bubbles of one side that follow each other closely are drawn as one group. */
export interface Placed {
  message: Message;
  first: boolean;
  last: boolean;
}

const GLYPHS: Record<string, string> = {
  queued: "◷",
  sending: "◷",
  waiting: "◷",
  sent: "✓",
  delivered: "✓✓",
  read: "✓✓",
  failed: "⚠",
  unknown: "?",
};

export function StateGlyph({ state }: { state: string }) {
  const glyph = GLYPHS[state];
  if (!glyph) return null;
  const words = text.message.state[state as keyof typeof text.message.state] ?? state;
  return (
    <span class={`glyph ${state}`} title={words} role="img" aria-label={words}>
      {glyph}
    </span>
  );
}

export function MessageView({ placed, channel, contact }: { placed: Placed; channel: string; contact: string }) {
  const { message, first, last } = placed;
  if (message.kind === "system" && message.direction !== "note") {
    return (
      <div class="system-line" data-id={message.id}>
        {message.text ?? text.message.system} · {clock(message.at)}
      </div>
    );
  }
  return (
    <article class={`message ${message.direction}${first ? " first" : ""}${last ? " last" : ""}`} data-id={message.id}>
      <div class="bubble-line">
        <div class={`bubble${message.status === "failed" ? " failed" : ""}${message.unsent ? " is-unsent" : ""}`}>
          {message.direction === "note" && <NoteHead message={message} />}
          <Quote message={message} contact={contact} />
          <MessageBody message={message} channel={channel} />
          <Reactions message={message} contact={contact} />
        </div>
      </div>
      <Meta
        message={message}
        channel={channel}
        show={last || message.edited || message.status === "failed" || message.status === "unknown"}
      />
      {message.direction === "out" && (message.status === "failed" || message.status === "unknown") && (
        <Trouble message={message} />
      )}
    </article>
  );
}

function NoteHead({ message }: { message: Message }) {
  return (
    <div class="note-head">
      <Icon name="note" size={14} />
      {text.message.note}
      {message.author && ` · ${message.author.name}`}
    </div>
  );
}

function Quote({ message, contact }: { message: Message; contact: string }) {
  const to = message.reply_to;
  if (!to || to.story || message.unsent) return null;
  const original = messages.value?.find(
    (one) => one.id === to.message_id || (!!to.external_id && one.external_id === to.external_id),
  );
  const who = original ? (original.direction === "in" ? contact : text.message.replyOwn) : text.message.replyTo;
  const words = to.text ?? (original ? summary(original) : text.message.replyUnknown);
  const jump = () => {
    if (!original) return;
    const place = document.querySelector<HTMLElement>(`[data-id="${CSS.escape(original.id)}"]`);
    place?.scrollIntoView({ block: "center" });
    place?.classList.add("flash");
    window.setTimeout(() => place?.classList.remove("flash"), 1200);
  };
  return (
    <button type="button" class="quote" onClick={jump} disabled={!original}>
      <strong>{who}</strong>
      <span>{words}</span>
    </button>
  );
}

function Reactions({ message, contact }: { message: Message; contact: string }) {
  if (!message.reactions?.length) return null;
  return (
    <div class="reactions">
      {message.reactions.map((one, index) => {
        const who = one.by === "us" ? text.message.us : contact;
        return (
          <span
            key={index}
            class="reaction"
            role="img"
            title={text.message.reactedBy(who, one.reaction)}
            aria-label={text.message.reactedBy(who, one.reaction)}
          >
            {one.emoji || "♥"}
          </span>
        );
      })}
    </div>
  );
}

function Meta({ message, channel, show }: { message: Message; channel: string; show: boolean }) {
  const marks = [
    message.edited && !message.unsent ? text.message.edited : "",
    message.direction === "out" && message.origin === "elsewhere" ? text.message.elsewhere(channelName(channel)) : "",
    message.tag === "HUMAN_AGENT" ? text.message.humanAgent : (message.tag ?? ""),
  ].filter(Boolean);
  if (!show && marks.length === 0 && !message.standby) return null;
  return (
    <div class="meta">
      {message.direction === "out" && message.author && <span class="meta-author">{message.author.name}</span>}
      {marks.map((mark) => (
        <span key={mark}>{mark}</span>
      ))}
      {message.standby && <span title={text.message.standby}>{text.message.standbyShort}</span>}
      <time dateTime={message.at} title={exact(message.at)}>
        {clock(message.at)}
      </time>
      {message.direction === "out" && <StateGlyph state={message.status} />}
    </div>
  );
}

function Trouble({ message }: { message: Message }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const unknown = message.status === "unknown";
  const run = async () => {
    setBusy(true);
    try {
      await retryMessage(message);
      setAsking(false);
    } catch (error) {
      notify(faultOf(error).message, true);
    }
    setBusy(false);
  };
  const offer = may("agent") && (unknown || message.error?.retryable !== false);
  return (
    <div class={`trouble${unknown ? " unknown" : ""}`} role="group">
      <div>
        <strong>{unknown ? text.message.state.unknown : (message.error?.message ?? text.message.state.failed)}</strong>
        <span>{unknown ? text.message.unknownWhy : message.error?.fix}</span>
      </div>
      {offer && (
        <Button small icon="refresh" busy={busy && !asking} onClick={() => (unknown ? setAsking(true) : void run())}>
          {unknown ? text.message.retryUnknown : text.message.retry}
        </Button>
      )}
      {asking && (
        <Confirm
          title={text.message.retryUnknown}
          lines={[text.message.retryUnknownConfirm]}
          go={text.message.retryUnknown}
          danger={false}
          busy={busy}
          onGo={run}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}

/* A message on its way to the server, or stuck on it. Nothing of it is lost: it can be edited again. */
export function PendingView({ one, onEdit }: { one: Pending; onEdit: (one: Pending) => void }) {
  return (
    <article class={`message ${one.note ? "note" : "out"} first last pending`} data-id={one.clientId}>
      <div class="bubble-line">
        <div class={`bubble${one.state === "failed" ? " failed" : ""}`}>
          <Prose>{one.text}</Prose>
        </div>
      </div>
      <div class="meta">
        {one.state === "waiting" && <span>{text.message.state.waiting}</span>}
        <time dateTime={one.at} title={exact(one.at)}>
          {clock(one.at)}
        </time>
        <StateGlyph state={one.state} />
      </div>
      {one.state === "failed" && (
        <div class="trouble" role="alert">
          <div>
            <strong>{one.error?.message ?? text.message.state.failed}</strong>
            <span>{one.error?.fix}</span>
          </div>
          {one.error?.again !== false && (
            <Button small icon="refresh" onClick={() => sendAgain(one.clientId)}>
              {text.message.retry}
            </Button>
          )}
          <Button small kind={one.error?.again === false ? "plain" : "quiet"} onClick={() => onEdit(one)}>
            {text.message.editAgain}
          </Button>
          <Button small kind="quiet" onClick={() => discard(one.clientId)}>
            {text.message.discard}
          </Button>
        </div>
      )}
    </article>
  );
}
