/* The field one writes in: it grows with the text, counts it, and shows where a limit cuts. */
import { trimAscii, type Draft } from "../../pure/bytes";
import { text } from "../../text";
import { Button } from "../parts/basic";
import type { Mode } from "./composer";

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

export function Editor({ area, mode, value, draft, unit, onWrite, onSubmit }: EditorProps) {
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
      {over && <Overflow draft={draft!} unit={unit} onSubmit={onSubmit} />}
    </>
  );
}

function Counter({ draft, unit }: { draft: Draft; unit: "bytes" | "characters" }) {
  const words = text.composer.counterWords(draft.count, draft.max, unitName(unit));
  return (
    <span id="composer-count" class={`counter ${draft.level}`} title={`${words}. ${text.composer.plain}`} aria-label={words}>
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
