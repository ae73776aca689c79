/* The small components that every view is made of. */
import type { ButtonHTMLAttributes, ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { now } from "../../state/clock";
import { ago, exact, relative } from "../../pure/time";
import { text } from "../../text";
import { Icon } from "./icons";

type ButtonProps = {
  kind?: "primary" | "plain" | "quiet" | "danger";
  small?: boolean;
  icon?: string;
  busy?: boolean;
  children?: ComponentChildren;
} & Omit<ButtonHTMLAttributes<HTMLButtonElement>, "icon">;

/* A busy button keeps its place and its focus; it only stops answering. */
export function Button({ kind = "plain", small, icon, busy, children, class: extra, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={`button ${kind}${small ? " small" : ""}${extra ? ` ${extra}` : ""}`}
      aria-busy={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon ? <Icon name={icon} /> : null}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
}

type IconButtonProps = { icon: string; label: string; keys?: string } & Omit<
  ButtonHTMLAttributes<HTMLButtonElement>,
  "icon" | "label"
>;

export function IconButton({ icon, label, keys, class: extra, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={`icon-button${extra ? ` ${extra}` : ""}`}
      aria-label={label}
      title={keys ? `${label}  (${keys})` : label}
    >
      <Icon name={icon} />
    </button>
  );
}

export function Kbd({ children }: { children: ComponentChildren }) {
  return <kbd>{children}</kbd>;
}

/* `said`: inside a sentence, "5 min. ago"; alone in a column the number is enough. */
export function Time({ at, class: extra, said = false }: { at: string | null | undefined; class?: string; said?: boolean }) {
  if (!at) return <span class={extra}>{text.common.never}</span>;
  return (
    <time class={extra} dateTime={at} title={exact(at)}>
      {(said ? ago : relative)(at, now.value)}
    </time>
  );
}

const HUES = 8;
function hueOf(seed: string): number {
  let sum = 7;
  for (let i = 0; i < seed.length; i++) sum = (sum * 31 + seed.charCodeAt(i)) >>> 0;
  return sum % HUES;
}

function initials(name: string): string {
  const words = name
    .replace(/^@/, "")
    .split(/[\s._-]+/)
    .filter(Boolean);
  const first = Array.from(words[0] ?? "?")[0];
  const last = words.length > 1 ? Array.from(words[words.length - 1])[0] : "";
  return (first + last).toLocaleUpperCase();
}

/* Pictures of customers live on other hosts and die after some days: initials stand behind them. */
export function Avatar({
  name,
  seed,
  url,
  size = "m",
}: {
  name: string;
  seed: string;
  url?: string | null;
  size?: "s" | "m" | "l";
}) {
  const [broken, setBroken] = useState<string | null>(null);
  return (
    <span class={`avatar ${size}`} data-hue={hueOf(seed)} aria-hidden="true">
      {/^\+\d/.test(name) ? <Icon name="user" size={size === "l" ? 26 : 16} /> : initials(name)}
      {url && url !== broken && <img src={url} alt="" loading="lazy" referrerpolicy="no-referrer" onError={() => setBroken(url)} />}
    </span>
  );
}

export function Badge({
  tone = "neutral",
  children,
  dot,
}: {
  tone?: "good" | "bad" | "warn" | "neutral" | "accent";
  children: ComponentChildren;
  dot?: boolean;
}) {
  return (
    <span class={`badge ${tone}`}>
      {dot && <i class="dot" aria-hidden="true" />}
      {children}
    </span>
  );
}

export function Copy({ value, label }: { value: string; label: string }) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  const copy = async (event: MouseEvent) => {
    const box = (event.currentTarget as HTMLElement).parentElement?.querySelector("code");
    try {
      await navigator.clipboard.writeText(value);
      setState("done");
    } catch {
      /* Without https there is no clipboard: the value is selected, the person copies. */
      if (box) window.getSelection()?.selectAllChildren(box);
      setState(document.execCommand?.("copy") ? "done" : "failed");
    }
    window.setTimeout(() => setState("idle"), 2000);
  };
  const words = state === "done" ? text.common.copied : state === "failed" ? text.common.copyFailed : text.common.copy;
  return (
    <div class="copy">
      <code aria-label={label}>{value}</code>
      <Button small icon={state === "done" ? "check" : "copy"} onClick={copy} aria-label={`${words}: ${label}`}>
        {words}
      </Button>
    </div>
  );
}

/* Where there is room for an icon only. */
export function CopyIcon({ value, label }: { value: string; label: string }) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setState("done");
    } catch {
      setState("failed");
    }
    window.setTimeout(() => setState("idle"), 2000);
  };
  const words = state === "done" ? text.common.copied : state === "failed" ? text.act.copyFailed : label;
  return <IconButton icon={state === "done" ? "check" : state === "failed" ? "warn" : "copy"} label={words} onClick={() => void copy()} />;
}

export function Callout({
  tone = "neutral",
  icon,
  title,
  children,
  action,
}: {
  tone?: "neutral" | "good" | "bad" | "warn" | "accent";
  icon?: string;
  title?: ComponentChildren;
  children?: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class={`callout ${tone}`} role={tone === "bad" ? "alert" : undefined}>
      {icon && <Icon name={icon} />}
      <div class="callout-body">
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
      {action && <div class="callout-action">{action}</div>}
    </div>
  );
}

export function Segments<T extends string>({
  value,
  options,
  onChange,
  label,
}: {
  value: T;
  options: { value: T; label: string; icon?: string }[];
  onChange: (value: T) => void;
  label: string;
}) {
  return (
    <div class="segments" role="group" aria-label={label}>
      {options.map((one) => (
        <button key={one.value} type="button" aria-pressed={one.value === value} onClick={() => onChange(one.value)}>
          {one.icon && <Icon name={one.icon} />}
          {one.label}
        </button>
      ))}
    </div>
  );
}
