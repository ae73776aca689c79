/* One message: its frame, quote, reactions, state, and what can be done when it failed. */
import { useRef, useState } from "preact/hooks";
import type { Conversation, Message } from "../../api/types";
import { faultOf } from "../../api/http";
import { clock, exact } from "../../pure/time";
import type { Pending } from "../../pure/merge";
import { channelName, shortWords } from "../../state/channels";
import { notify } from "../../state/notices";
import { discard, sendAgain } from "../../state/outbox";
import { may } from "../../state/session";
import { retryMessage } from "../../state/thread";
import { text } from "../../text";
import { Button } from "../parts/basic";
import { Confirm } from "../parts/dialog";
import { Icon } from "../parts/icons";
import { aroundOf, Tools, useTouched } from "./actions";
import { MessageBody } from "./body";
import { askComposer } from "./composer";
import { Picture } from "./media";
import { PendingBody } from "./pending";
import { Quoted } from "./quoted";
import { Reactions, ReactionTrouble } from "./reactions";
import { hasActions, reactObstacle } from "../../pure/act";
import { stateOf } from "../../pure/media";

/* Bubbles of one side that follow each other closely are drawn as one group. */
export interface Placed {
  message: Message;
  first: boolean;
  last: boolean;
}

export interface Album {
  messages: Message[];
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

interface ViewProps {
  one: Conversation;
  contact: string;
  /* Which message the Tab key comes to; the arrows go on from there. */
  tab: string | null;
}

function spokenName(message: Message, channel: string, contact: string): string {
  const who = message.direction === "in" ? contact : (message.author?.name ?? text.message.us);
  return text.message.labelled(who, shortWords(channel, message), clock(message.at));
}

/* A sticker is its own shape; what is not there to see needs a ground again. */
function isBare(message: Message): boolean {
  return message.kind === "sticker" && !message.unsent && message.attachments.every((one) => stateOf(one) === "kept");
}

export function MessageView({ placed, one, contact, tab }: { placed: Placed } & ViewProps) {
  const { message, first, last } = placed;
  const { near, on } = useTouched(message);
  if ((message.kind === "system" || message.kind === "call") && message.direction !== "note") return <Line message={message} />;
  const mayReact = reactObstacle(message, aroundOf(one)) === null;
  const look = [
    "bubble",
    message.status === "failed" ? "failed" : "",
    message.unsent ? "is-unsent" : "",
    isBare(message) ? "bare" : "",
  ];
  return (
    <article
      class={`message ${message.direction}${first ? " first" : ""}${last ? " last" : ""}`}
      data-id={message.id}
      tabIndex={message.id === tab ? 0 : -1}
      aria-label={spokenName(message, one.channel, contact)}
      {...on}
    >
      <div class="bubble-line">
        <div class={look.filter(Boolean).join(" ")}>
          {message.direction === "note" && <NoteHead message={message} />}
          <Quoted message={message} channel={one.channel} contact={contact} />
          <MessageBody message={message} channel={one.channel} />
          <Reactions message={message} contact={contact} mayReact={mayReact} />
        </div>
        {near && hasActions(message) && message.direction !== "note" && <Tools message={message} one={one} />}
      </div>
      <Meta
        message={message}
        channel={one.channel}
        show={last || message.edited || message.status === "failed" || message.status === "unknown"}
      />
      {message.direction === "out" && (message.status === "failed" || message.status === "unknown") && (
        <Trouble message={message} />
      )}
      <ReactionTrouble message={message} mayReact={mayReact} />
    </article>
  );
}

/* Something about the conversation rather than in it. */
function Line({ message }: { message: Message }) {
  const isCall = message.kind === "call";
  return (
    <div class={`system-line${isCall ? " call" : ""}`} data-id={message.id}>
      {isCall && <Icon name="call" size={14} />}
      <span>
        {message.text || (isCall ? text.message.call : text.message.system)} · <time title={exact(message.at)}>{clock(message.at)}</time>
      </span>
    </div>
  );
}

/* Pictures that were sent in a row. Each is still a message of its own: to jump to, to answer, to react to. */
export function AlbumView({ album, one, contact, tab }: { album: Album } & ViewProps) {
  const { messages, first, last } = album;
  const end = messages[messages.length - 1];
  return (
    <article class={`message ${end.direction}${first ? " first" : ""}${last ? " last" : ""}`} aria-label={text.message.album(messages.length)}>
      <div class="bubble-line">
        <div class="bubble">
          <div class="attachments grid">
            {messages.map((message) => (
              <Tile key={message.id} message={message} one={one} contact={contact} tab={tab} />
            ))}
          </div>
        </div>
      </div>
      <Meta message={end} channel={one.channel} show={last} />
    </article>
  );
}

function Tile({ message, one, contact, tab }: { message: Message } & ViewProps) {
  const { near, on } = useTouched(message);
  return (
    <div class="tile" data-id={message.id} tabIndex={message.id === tab ? 0 : -1} role="group" aria-label={spokenName(message, one.channel, contact)} {...on}>
      <Picture tile message={message} one={message.attachments[0]} />
      {near && <Tools message={message} one={one} />}
    </div>
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
  const box = useRef<HTMLDivElement>(null);
  const unknown = message.status === "unknown";
  const run = async () => {
    setBusy(true);
    try {
      await retryMessage(message);
      setAsking(false);
      /* The button goes, and the focus with it: on to where one writes. Who has gone on in the meantime is left in peace. */
      const at = document.activeElement;
      if (!at || at === document.body || box.current?.contains(at)) askComposer("reply");
    } catch (error) {
      notify(faultOf(error).message, true);
    }
    setBusy(false);
  };
  const offer = may("agent") && (unknown || message.error?.retryable !== false);
  return (
    <div ref={box} class={`trouble${unknown ? " unknown" : ""}`} role="group">
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
export function PendingView({ one, channel, onEdit }: { one: Pending; channel: string; onEdit: (one: Pending) => void }) {
  return (
    <article class={`message ${one.note ? "note" : "out"} first last pending`} data-id={one.clientId}>
      <div class="bubble-line">
        <div class={`bubble${one.state === "failed" ? " failed" : ""}`}>
          <PendingBody one={one} channel={channel} />
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
