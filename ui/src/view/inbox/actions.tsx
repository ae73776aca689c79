/* What can be done with a message: buttons beside it for the mouse, one menu for mouse, finger and keyboard. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Conversation, Message } from "../../api/types";
import { emojiOffer, hasActions, quoteObstacle, reactObstacle, sameEmoji, type Around, type Obstacle } from "../../pure/act";
import { isOneEmoji } from "../../pure/emoji";
import { downloadUrl } from "../../pure/media";
import { kindName } from "../../pure/summary";
import { windowState } from "../../pure/window";
import { capabilitiesOf, channelName } from "../../state/channels";
import { now } from "../../state/clock";
import { notify } from "../../state/notices";
import { quote } from "../../state/quote";
import { may } from "../../state/session";
import { messages } from "../../state/thread";
import { text } from "../../text";
import { Button, IconButton } from "../parts/basic";
import { Icon } from "../parts/icons";
import { askComposer } from "./composer";
import { reactOrTell } from "./reactions";

interface Place {
  id: string;
  from: HTMLElement;
  x: number;
  y: number;
  emoji: boolean;
}
const place = signal<Place | null>(null);

/* Without a point of its own it opens at the element that asked for it. */
export function openMenu(message: Message, from: HTMLElement, at?: { x: number; y: number }): void {
  if (!hasActions(message)) return;
  const box = from.getBoundingClientRect();
  /* The buttons beside a message go with the mouse; the message stays. */
  place.value = { id: message.id, from: from.closest<HTMLElement>("[data-id]") ?? from, x: at?.x ?? box.left, y: at?.y ?? box.bottom + 4, emoji: false };
}

export function aroundOf(one: Conversation): Around {
  return { can: capabilitiesOf(one.channel), agent: may("agent"), phase: windowState(one.window, now.value).phase, canReply: one.can_reply };
}

function reasonOf(obstacle: Obstacle, one: Conversation, cannot: string): string | null {
  switch (obstacle) {
    case null:
      return null;
    case "viewer":
      return text.act.viewer;
    case "note":
      return text.act.note;
    case "notSent":
      return text.act.notSent;
    case "window":
      return text.act.window;
    case "reason":
      return one.cannot_reply_reason ?? text.thread.readOnly;
    default:
      return cannot;
  }
}

export function replyTo(message: Message, one: Conversation): boolean {
  if (quoteObstacle(message, aroundOf(one))) return false;
  quote(message);
  askComposer("reply");
  return true;
}

/* Beside the message while the mouse is over it. Keyboards have the menu: these do not stand in their way. */
export function Tools({ message, one }: { message: Message; one: Conversation }) {
  const around = aroundOf(one);
  const menu = (event: MouseEvent) => openMenu(message, event.currentTarget as HTMLElement);
  return (
    <div class="tools">
      {!reactObstacle(message, around) && <IconButton tabIndex={-1} icon="smile" label={text.act.react} onClick={menu} />}
      {!quoteObstacle(message, around) && <IconButton tabIndex={-1} icon="reply" label={text.act.reply} onClick={() => replyTo(message, one)} />}
      <IconButton tabIndex={-1} icon="dots" label={text.act.menu} onClick={menu} />
    </div>
  );
}

const HOLD = 450;
const SLIP = 10;

/* Near: the mouse is over it. Held: a finger stayed on it, which opens the menu and is no click. */
export function useTouched(message: Message) {
  const [near, setNear] = useState(false);
  const hold = useRef({ timer: 0, x: 0, y: 0, held: false });
  const drop = () => window.clearTimeout(hold.current.timer);
  useEffect(() => drop, []);
  return {
    near,
    on: {
      onPointerEnter: (event: PointerEvent) => event.pointerType === "mouse" && setNear(true),
      onPointerLeave: () => {
        setNear(false);
        drop();
      },
      onPointerDown: (event: PointerEvent) => {
        drop();
        hold.current.held = false;
        if (event.pointerType !== "touch" || (event.target as Element).closest("input")) return;
        const from = event.currentTarget as HTMLElement;
        Object.assign(hold.current, { x: event.clientX, y: event.clientY });
        hold.current.timer = window.setTimeout(() => {
          hold.current.held = true;
          openMenu(message, from, { x: hold.current.x, y: hold.current.y });
        }, HOLD);
      },
      onPointerMove: (event: PointerEvent) => Math.hypot(event.clientX - hold.current.x, event.clientY - hold.current.y) > SLIP && drop(),
      onPointerUp: drop,
      onPointerCancel: drop,
      onContextMenu: (event: MouseEvent) => hold.current.held && event.preventDefault(),
      onClickCapture: (event: MouseEvent) => {
        if (!hold.current.held) return;
        hold.current.held = false;
        event.preventDefault();
        event.stopPropagation();
      },
    },
  };
}

async function copyText(words: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(words);
    notify(text.act.copied);
  } catch {
    notify(text.act.copyFailed, true);
  }
}

export function MessageMenu({ one }: { one: Conversation }) {
  const at = place.value;
  const message = at ? messages.value?.find((item) => item.id === at.id) : undefined;
  useEffect(
    () => () => {
      place.value = null;
    },
    [],
  );
  if (!at || !message || !hasActions(message)) return null;
  return <Sheet key={at.id} at={at} message={message} one={one} />;
}

function Sheet({ at, message, one }: { at: Place; message: Message; one: Conversation }) {
  const box = useRef<HTMLDivElement>(null);
  const around = aroundOf(one);
  const channel = channelName(one.channel);
  const noReact = reasonOf(reactObstacle(message, around), one, text.act.cannotReact(channel));
  const noQuote = reasonOf(quoteObstacle(message, around), one, text.act.cannotQuote(channel));
  const close = (back = true) => {
    place.value = null;
    if (back) at.from.focus({ preventScroll: true });
  };
  useLayoutEffect(() => {
    const element = box.current!;
    const { offsetWidth: wide, offsetHeight: high } = element;
    element.style.left = `${Math.max(8, Math.min(at.x, window.innerWidth - wide - 8))}px`;
    element.style.top = `${Math.max(8, at.y + high > window.innerHeight - 8 ? Math.min(at.y, window.innerHeight) - high - 36 : at.y)}px`;
    element.querySelector<HTMLElement>(at.emoji ? "input" : "[role^=menuitem]:not([aria-disabled])")?.focus({ preventScroll: true });
  }, [at]);
  useLayoutEffect(() => {
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) close(false);
    };
    const moved = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) close(false);
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("wheel", moved, { passive: true });
    window.addEventListener("resize", moved);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("wheel", moved);
      window.removeEventListener("resize", moved);
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape" || (event.key === "Tab" && !at.emoji)) {
      event.preventDefault();
      close();
      return;
    }
    const step = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : event.key === "ArrowUp" || event.key === "ArrowLeft" ? -1 : 0;
    if (!step || at.emoji) return;
    event.preventDefault();
    const all = [...box.current!.querySelectorAll<HTMLElement>("[role^=menuitem]")];
    all[(all.indexOf(document.activeElement as HTMLElement) + step + all.length) % all.length]?.focus();
  };
  const send = (emoji: string) => {
    close();
    void reactOrTell(message, emoji);
  };
  return (
    <>
      <div class="sheet-scrim" aria-hidden="true" />
      <div ref={box} class="sheet" role={at.emoji ? "dialog" : "menu"} aria-label={at.emoji ? text.act.react : text.act.menu} onKeyDown={onKeyDown}>
        {at.emoji ? (
          <EmojiField onSend={send} />
        ) : (
          <>
            <EmojiRow message={message} around={around} why={noReact} onSend={send} onMore={() => (place.value = { ...at, emoji: true })} />
            <Item
              icon="reply"
              label={text.act.reply}
              why={noQuote}
              onPick={() => {
                close(false);
                replyTo(message, one);
              }}
            />
            <Item
              icon="copy"
              label={text.act.copyText}
              hidden={!message.text}
              onPick={() => {
                close();
                void copyText(message.text!);
              }}
            />
            <Downloads message={message} onPick={() => close()} />
          </>
        )}
      </div>
    </>
  );
}

function EmojiRow({ message, around, why, onSend, onMore }: { message: Message; around: Around; why: string | null; onSend: (emoji: string) => void; onMore: () => void }) {
  const { row, any } = emojiOffer(around.can);
  const own = message.reactions?.find((one) => one.by === "us" && one.status !== "refused")?.emoji;
  if (message.direction === "note") return null;
  if (why) return <Item icon="smile" label={text.act.react} why={why} onPick={() => {}} />;
  return (
    <div class="emoji-row" role="presentation">
      {row.map((emoji) => {
        const chosen = sameEmoji(own, emoji);
        const words = chosen ? text.act.takeBack(emoji) : text.act.reactWith(emoji);
        return (
          <button key={emoji} type="button" role="menuitemcheckbox" aria-checked={chosen} tabIndex={-1} aria-label={words} title={words} onClick={() => onSend(chosen ? "" : emoji)}>
            {emoji}
          </button>
        );
      })}
      {own && !row.some((emoji) => sameEmoji(own, emoji)) && (
        <button type="button" role="menuitemcheckbox" aria-checked tabIndex={-1} aria-label={text.act.takeBack(own)} title={text.act.takeBack(own)} onClick={() => onSend("")}>
          {own}
        </button>
      )}
      {any && (
        <button type="button" class="more" role="menuitem" tabIndex={-1} aria-label={text.act.moreEmoji} title={text.act.moreEmoji} onClick={onMore}>
          <Icon name="plus" />
        </button>
      )}
    </div>
  );
}

/* Every system has its own way to an emoji; a field takes what any of them gives. */
function EmojiField({ onSend }: { onSend: (emoji: string) => void }) {
  const [value, setValue] = useState("");
  const [wrong, setWrong] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    const emoji = value.trim();
    if (isOneEmoji(emoji)) onSend(emoji);
    else setWrong(true);
  };
  return (
    <form class="emoji-field" onSubmit={submit}>
      <div class="input">
        <input
          value={value}
          aria-label={text.act.emojiField}
          aria-invalid={wrong || undefined}
          aria-describedby="emoji-hint"
          autocomplete="off"
          onInput={(event) => {
            setValue(event.currentTarget.value);
            setWrong(false);
          }}
        />
      </div>
      <Button kind="primary" type="submit" disabled={value.trim() === ""}>
        {text.act.reactGo}
      </Button>
      <p id="emoji-hint" class={wrong ? "field-error" : "field-help"} role={wrong ? "alert" : undefined}>
        {wrong ? text.act.emojiWrong : text.act.emojiHint}
      </p>
    </form>
  );
}

function Item({ icon, label, why, hidden, onPick }: { icon: string; label: string; why?: string | null; hidden?: boolean; onPick: () => void }) {
  if (hidden) return null;
  return (
    <button type="button" class="menu-item" role="menuitem" tabIndex={-1} aria-disabled={why ? true : undefined} onClick={why ? undefined : onPick}>
      <Icon name={icon} />
      <span>
        {label}
        {why && <small>{why}</small>}
      </span>
    </button>
  );
}

function Downloads({ message, onPick }: { message: Message; onPick: () => void }) {
  const files = message.attachments.filter((one) => downloadUrl(one));
  return (
    <>
      {files.map((one) => {
        const name = one.file_name || (files.length > 1 ? `${kindName(one.type)} ${one.position + 1}` : "");
        return (
          <a key={one.position} class="menu-item" role="menuitem" tabIndex={-1} href={downloadUrl(one)!} download={one.file_name ?? ""} onClick={onPick}>
            <Icon name="download" />
            <span>{name ? text.media.downloadNamed(name) : text.media.download}</span>
          </a>
        );
      })}
    </>
  );
}
