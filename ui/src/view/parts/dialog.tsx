/* Dialogs and menus. The browser's own <dialog> brings focus trap, Escape and the top layer. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { text } from "../../text";
import { Fault } from "../../api/http";
import { Button, Callout, IconButton } from "./basic";
import { Icon } from "./icons";

export function Dialog({
  title,
  children,
  onClose,
  wide,
  plain,
}: {
  title: string;
  children: ComponentChildren;
  onClose: () => void;
  wide?: boolean;
  plain?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const box = ref.current!;
    const before = document.activeElement as HTMLElement | null;
    if (!box.open) box.showModal();
    return () => before?.focus?.();
  }, []);
  return (
    <dialog
      ref={ref}
      class={`dialog${wide ? " wide" : ""}`}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div class="dialog-box">
        {!plain && (
          <header class="dialog-head">
            <h2>{title}</h2>
            <IconButton icon="close" label={text.common.close} onClick={onClose} />
          </header>
        )}
        {children}
      </div>
    </dialog>
  );
}

/* What cannot be undone says first what will be gone. */
export function Confirm({
  title,
  lines,
  go,
  danger = true,
  busy,
  fault,
  onGo,
  onClose,
}: {
  title: string;
  lines: string[];
  go: string;
  danger?: boolean;
  busy?: boolean;
  fault?: Fault | null;
  onGo: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        {lines.length === 1 ? (
          <p>{lines[0]}</p>
        ) : (
          <ul class="consequences">
            {lines.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        {fault && (
          <Callout tone="bad" icon="warn">
            {fault.message}
          </Callout>
        )}
      </div>
      <footer class="dialog-foot">
        <Button onClick={onClose}>{text.common.cancel}</Button>
        <Button kind={danger ? "danger" : "primary"} busy={busy} onClick={onGo}>
          {go}
        </Button>
      </footer>
    </Dialog>
  );
}

export interface MenuItem {
  label: string;
  icon?: string;
  onPick?: () => void;
  href?: string;
  checked?: boolean;
  danger?: boolean;
  line?: boolean;
}

export function Menu({
  label,
  items,
  children,
  class: extra,
  up,
}: {
  label: string;
  items: MenuItem[];
  children: ComponentChildren;
  class?: string;
  up?: boolean;
}) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const step = (event: KeyboardEvent) => {
    if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") {
        event.stopPropagation();
        root.current?.querySelector("button")?.focus();
      }
      setOpen(false);
      return;
    }
    const move = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (!move) return;
    event.preventDefault();
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role^=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[(at + move + all.length) % all.length]?.focus();
  };
  const pick = (item: MenuItem) => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
    item.onPick?.();
  };
  return (
    <div class={`menu${extra ? ` ${extra}` : ""}`} ref={root} onKeyDown={open ? step : undefined}>
      <button
        type="button"
        class="menu-button"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={label}
        onClick={() => setOpen(!open)}
      >
        {children}
      </button>
      {open && (
        <div class={`menu-list${up ? " up" : ""}`} role="menu" aria-label={label}>
          {items.map((item) => {
            const inside = (
              <>
                {item.icon && <Icon name={item.icon} />}
                <span>{item.label}</span>
                {item.checked && <Icon name="check" />}
              </>
            );
            const cls = `menu-item${item.danger ? " danger" : ""}${item.line ? " line" : ""}`;
            return item.href ? (
              <a key={item.label} class={cls} role="menuitem" href={item.href} onClick={() => setOpen(false)}>
                {inside}
              </a>
            ) : (
              <button
                key={item.label}
                type="button"
                class={cls}
                role={item.checked === undefined ? "menuitem" : "menuitemradio"}
                aria-checked={item.checked}
                onClick={() => pick(item)}
              >
                {inside}
              </button>
            );
          })}
        </div>
      )}
    </div>
  );
}
