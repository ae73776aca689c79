/* The field one writes in: it grows with the text, counts it, and shows where a limit cuts. */
import type { ComponentChildren } from "preact";
import type { Draft } from "../../pure/bytes";
import type { Added } from "../../state/uploads";
import { text } from "../../text";
import { Button } from "../parts/basic";
import { pastedFiles } from "./attach";
import type { Mode } from "./composer";
import { markOf, markWords } from "./tools";

interface EditorProps {
  area: { current: HTMLTextAreaElement | null };
  mode: Mode;
  value: string;
  draft: Draft | null;
  unit: "bytes" | "characters";
  /* The channel carries marks such as *bold*. */
  marked: boolean;
  /* There is something that can be sent now; `waits`: it will go when the files are there. */
  ready: boolean;
  waits: boolean;
  hint: string | null;
  above?: ComponentChildren;
  tools?: ComponentChildren;
  onWrite: (value: string) => void;
  onSubmit: (overflow: "cut" | "split" | null) => void;
  onStopWaiting: () => void;
  /* Returns whether Escape had something to take away. */
  onEscape: () => boolean;
  onFiles: ((files: Added[]) => void) | null;
}

/* On a touch keyboard Enter is a new line; the button sends. */
const touch = () => window.matchMedia("(pointer: coarse)").matches;

export function Editor(props: EditorProps) {
  const { area, mode, value, draft, unit, onWrite, onSubmit } = props;
  const over = draft?.level === "over";
  const onKeyDown = (event: KeyboardEvent) => {
    const mark = props.marked && !event.isComposing ? markOf(event) : null;
    if (mark) {
      event.preventDefault();
      markWords(area.current, mark);
      return;
    }
    if (event.key === "Escape") {
      if (!props.onEscape()) area.current?.blur();
      return;
    }
    if (event.key !== "Enter" || event.isComposing || event.shiftKey || event.altKey) return;
    if (touch() && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    /* Too long: the choice between cutting and splitting is the writer's. */
    if (over) document.getElementById("send-split")?.focus();
    else onSubmit(null);
  };
  const onPaste = (event: ClipboardEvent) => {
    const files = props.onFiles ? pastedFiles(event.clipboardData) : [];
    if (files.length === 0) return;
    event.preventDefault();
    props.onFiles!(files);
  };
  return (
    <>
      <div class="editor">
        {props.above}
        <div class="editor-grow">
          <Mirror value={value} cutFrom={draft?.cutFrom ?? null} />
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
            onPaste={onPaste}
          />
        </div>
      </div>
      <div class="composer-foot">
        {props.tools && (
          <div class="composer-tools" role="group" aria-label={text.composer.tools}>
            {props.tools}
          </div>
        )}
        <span class={`composer-hint${props.hint ? " told" : ""}`}>
          {props.hint ?? (mode === "note" ? text.composer.noteHint : text.composer.hint)}
        </span>
        {draft && <Counter draft={draft} unit={unit} marked={props.marked} />}
        {!over && <SendButton {...props} />}
      </div>
      {over && <Overflow draft={draft!} unit={unit} onSubmit={onSubmit} />}
    </>
  );
}

function SendButton({ mode, ready, waits, onSubmit, onStopWaiting }: EditorProps) {
  if (waits)
    return (
      <span class="button-pair waits">
        <span class="waits-words" role="status">
          <span class="spinner" aria-hidden="true" />
          {text.composer.sends}
        </span>
        <Button small onClick={onStopWaiting}>
          {text.composer.stopWaiting}
        </Button>
      </span>
    );
  return (
    <Button kind="primary" small icon={mode === "note" ? "note" : "send"} disabled={!ready} onClick={() => onSubmit(null)}>
      {mode === "note" ? text.composer.sendNote : text.composer.send}
    </Button>
  );
}

function Counter({ draft, unit, marked }: { draft: Draft; unit: "bytes" | "characters"; marked: boolean }) {
  const words = text.composer.counterWords(draft.count, draft.max, unitName(unit));
  return (
    <span
      id="composer-count"
      class={`counter ${draft.level}`}
      title={marked ? words : `${words}. ${text.composer.plain}`}
      aria-label={words}
    >
      {text.composer.counter(draft.count, draft.max, unit === "bytes" ? " B" : "")}
    </span>
  );
}

/* The same text in the same place under the field: it gives the height, and carries the mark. */
function Mirror({ value, cutFrom }: { value: string; cutFrom: number | null }) {
  const end = cutFrom ?? value.length;
  return (
    <div class="editor-mirror" dir="auto" aria-hidden="true">
      {value.slice(0, end)}
      {cutFrom !== null && <mark>{value.slice(end)}</mark>}
      {"\n"}
    </div>
  );
}

const unitName = (unit: EditorProps["unit"]) => (unit === "bytes" ? text.composer.bytes : text.composer.characters);

/* Neither cutting nor splitting happens by itself: the writer sees the mark and chooses. */
function Overflow({ draft, unit, onSubmit }: Pick<EditorProps, "unit" | "onSubmit"> & { draft: Draft }) {
  if (draft.refused) {
    return (
      <div class="overflow" role="status">
        <span>{text.composer.refused}</span>
      </div>
    );
  }
  return (
    <div class="overflow" role="status">
      <span>{text.composer.overBytes(draft.count - draft.max, unitName(unit))}</span>
      <Button small kind="quiet" onClick={() => onSubmit("cut")}>
        {text.composer.cut}
      </Button>
      <Button small kind="primary" id="send-split" icon="send" onClick={() => onSubmit("split")}>
        {text.composer.split(draft.parts)}
      </Button>
    </div>
  );
}
