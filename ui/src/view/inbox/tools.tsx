/* The small buttons under the text: each is there when the channel can do it, and says why when it cannot now. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { wrapMark } from "../../pure/markup";
import { notify } from "../../state/notices";
import { text } from "../../text";
import { Icon } from "../parts/icons";

type Area = { current: HTMLTextAreaElement | null };

/* A button that is of no use now stays reachable: pressed, it says why. */
export function Tool({
  icon,
  label,
  why = null,
  pressed,
  onUse,
}: {
  icon: string;
  label: string;
  why?: string | null;
  pressed?: boolean;
  onUse: () => void;
}) {
  return (
    <button
      type="button"
      class="icon-button tool"
      aria-label={label}
      aria-disabled={why ? true : undefined}
      aria-expanded={pressed}
      title={why ? `${label}: ${why}` : label}
      onClick={() => (why ? notify(why) : onUse())}
    >
      <Icon name={icon} />
    </button>
  );
}

/* The browser's own way of typing for somebody else, since it can be undone by Ctrl+Z; where it is not there, the plain one. */
function type(area: HTMLTextAreaElement, from: number, to: number, words: string): void {
  area.focus();
  area.setSelectionRange(from, to);
  const done = words ? document.execCommand("insertText", false, words) : from === to || document.execCommand("delete");
  if (done) return;
  area.setRangeText(words, from, to, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

export function insertWords(area: HTMLTextAreaElement | null, words: string): void {
  if (area) type(area, area.selectionStart, area.selectionEnd, words);
}

export function markWords(area: HTMLTextAreaElement | null, mark: string): void {
  if (!area) return;
  const before = area.value;
  const next = wrapMark({ value: before, start: area.selectionStart, end: area.selectionEnd }, mark);
  let head = 0;
  while (head < before.length && before[head] === next.value[head]) head++;
  let tail = 0;
  const most = Math.min(before.length, next.value.length) - head;
  while (tail < most && before[before.length - 1 - tail] === next.value[next.value.length - 1 - tail]) tail++;
  type(area, head, before.length - tail, next.value.slice(head, next.value.length - tail));
  area.setSelectionRange(next.start, next.end);
}

/* The mark that a key stands for; null: none. */
export function markOf(event: KeyboardEvent): string | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (!event.shiftKey) return key === "b" ? "*" : key === "i" ? "_" : null;
  return key === "x" ? "~" : null;
}

/* A panel over its button; it goes on Escape, and when somebody presses elsewhere. */
function Popup({ icon, label, children }: { icon: string; label: string; children: (close: () => void) => ComponentChildren }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  return (
    <div
      class="popup"
      ref={root}
      onKeyDown={(event) => {
        if (!open || event.key !== "Escape") return;
        event.stopPropagation();
        setOpen(false);
        root.current?.querySelector("button")?.focus();
      }}
    >
      <Tool icon={icon} label={label} pressed={open} onUse={() => setOpen(!open)} />
      {open && children(() => setOpen(false))}
    </div>
  );
}

const MARKS = [
  { mark: "*", label: text.format.bold, keys: "Ctrl+B", look: "bold" },
  { mark: "_", label: text.format.italic, keys: "Ctrl+I", look: "italic" },
  { mark: "~", label: text.format.strike, keys: "Ctrl+Shift+X", look: "strike" },
  { mark: "```", label: text.format.mono, keys: "", look: "mono" },
];

export function FormatTool({ area }: { area: Area }) {
  return (
    <Popup icon="letters" label={text.format.open}>
      {() => (
        <div class="popup-panel marks" role="toolbar" aria-label={text.format.toolbar}>
          {MARKS.map((one) => (
            <button
              key={one.mark}
              type="button"
              class={`icon-button ${one.look}`}
              aria-label={one.label}
              title={one.keys ? `${one.label}  (${one.keys})` : one.label}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => markWords(area.current, one.mark)}
            >
              {one.label[0]}
            </button>
          ))}
        </div>
      )}
    </Popup>
  );
}

const EMOJI = [..."😀😊😂😉😍🥰😎🤔😅😢😭😡😴🤗🙄😳👍👎👌👏🙏💪👋🤝❤🧡💛💚💙💜🖤💔🎉🎁⭐🔥✨💯✅❌❗❓📦🚚📍📞📧🕐"].map((one) => (one === "❤" ? "❤️" : one));
const COLUMNS = 8;
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

export function EmojiTool({ area }: { area: Area }) {
  return (
    <Popup icon="smile" label={text.format.emoji}>
      {(close) => (
        <Emoji
          onPick={(one) => {
            close();
            insertWords(area.current, one);
          }}
        />
      )}
    </Popup>
  );
}

function Emoji({ onPick }: { onPick: (one: string) => void }) {
  const [at, setAt] = useState(0);
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => root.current?.querySelectorAll("button")[at]?.focus(), [at]);
  return (
    <div
      class="popup-panel emoji"
      ref={root}
      role="group"
      aria-label={text.format.emoji}
      onKeyDown={(event) => {
        const step = STEPS[event.key];
        if (!step) return;
        event.preventDefault();
        setAt((now) => (EMOJI[now + step] ? now + step : now));
      }}
    >
      {EMOJI.map((one, index) => (
        <button key={one} type="button" tabIndex={index === at ? 0 : -1} onClick={() => onPick(one)}>
          {one}
        </button>
      ))}
    </div>
  );
}
