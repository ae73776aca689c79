/* A labelled input with its help and its error, told to screen readers as one. */
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { text } from "../../text";
import { Button } from "./basic";

export interface FieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  onBlur?: () => void;
  type?: "text" | "password" | "email" | "secret";
  help?: ComponentChildren;
  error?: string | null;
  advice?: string | null;
  optional?: boolean;
  placeholder?: string;
  autocomplete?: string;
  options?: { value: string; label: string }[];
  numeric?: boolean;
  autofocus?: boolean;
  name?: string;
  mono?: boolean;
  /* A small button in the field, where it hides nothing. */
  action?: { label: string; onPick: () => void };
}

export function FormField(props: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  /* The typings tie roles to types; a plain cast keeps one input for all of them. */
  const kind = (props.type === "email" ? "email" : props.type && props.type !== "text" && !shown ? "password" : "text") as "text";
  const hidden = props.type === "password" || props.type === "secret";
  const told = [props.error || props.advice ? `${id}-e` : "", props.help ? `${id}-h` : ""].filter(Boolean).join(" ");
  const common = {
    id,
    name: props.name,
    value: props.value,
    "aria-invalid": !!props.error || undefined,
    "aria-describedby": told || undefined,
    onBlur: props.onBlur,
    onInput: (event: Event) => props.onInput((event.currentTarget as HTMLInputElement | HTMLSelectElement).value),
  };
  return (
    <div class={`field${props.error ? " invalid" : ""}`}>
      <label for={id}>
        {props.label}
        {props.optional && <span class="optional"> {text.channels.optional}</span>}
      </label>
      {props.options ? (
        <select {...common}>
          {props.options.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      ) : (
        <div class="input">
          <input
            {...common}
            type={kind}
            spellcheck={false}
            class={props.mono ? "mono" : undefined}
            autocapitalize="off"
            autocomplete={props.autocomplete ?? (props.type === "secret" ? "off" : undefined)}
            data-1p-ignore={props.type === "secret" ? "" : undefined}
            inputMode={props.numeric ? "numeric" : undefined}
            placeholder={props.placeholder}
            autofocus={props.autofocus}
          />
          {hidden && (
            <Button kind="quiet" small tabIndex={-1} onClick={() => setShown(!shown)}>
              {shown ? text.common.hide : text.common.show}
            </Button>
          )}
          {props.action && !hidden && (
            <Button kind="quiet" small onClick={props.action.onPick}>
              {props.action.label}
            </Button>
          )}
        </div>
      )}
      {props.error ? (
        <p class="field-error" id={`${id}-e`}>
          {props.error}
        </p>
      ) : props.advice ? (
        <p class="field-advice" id={`${id}-e`}>
          {props.advice}
        </p>
      ) : null}
      {props.help && (
        <p class="field-help" id={`${id}-h`}>
          {props.help}
        </p>
      )}
    </div>
  );
}
