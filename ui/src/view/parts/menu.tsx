/* A button that opens a list of things to do or to choose; arrows move in it, Escape leaves. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icons";

export interface MenuItem {
  label: string;
  icon?: string;
  onPick?: () => void;
  href?: string;
  checked?: boolean;
  danger?: boolean;
  line?: boolean;
}

function useMenu() {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
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
  return { open, setOpen, root, step, pick };
}

export function Menu({
  label,
  items,
  children,
  class: extra,
  up,
  worded,
}: {
  label: string;
  /* The button shows words: they are its name, so that what is seen can be said; the label follows them. */
  worded?: boolean;
  items: MenuItem[];
  children: ComponentChildren;
  class?: string;
  up?: boolean;
}) {
  const { open, setOpen, root, step, pick } = useMenu();
  return (
    <div class={`menu${extra ? ` ${extra}` : ""}`} ref={root} onKeyDown={open ? step : undefined}>
      <button
        type="button"
        class="menu-button"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={worded ? undefined : label}
        title={label}
        onClick={() => setOpen(!open)}
      >
        {children}
        {worded && <span class="sr-only">, {label}</span>}
      </button>
      {open && (
        <div class={`menu-list${up ? " up" : ""}`} role="menu" aria-label={label}>
          {items.map((item) => (
            <Entry key={item.label} item={item} onPick={pick} />
          ))}
        </div>
      )}
    </div>
  );
}

function Entry({ item, onPick }: { item: MenuItem; onPick: (item: MenuItem) => void }) {
  const inside = (
    <>
      {item.icon && <Icon name={item.icon} />}
      <span>{item.label}</span>
      {item.checked && <Icon name="check" />}
    </>
  );
  const look = `menu-item${item.danger ? " danger" : ""}${item.line ? " line" : ""}`;
  const role = item.checked === undefined ? "menuitem" : "menuitemradio";
  return item.href ? (
    <a class={look} role="menuitem" href={item.href} onClick={() => onPick(item)}>
      {inside}
    </a>
  ) : (
    <button type="button" class={look} role={role} aria-checked={item.checked} onClick={() => onPick(item)}>
      {inside}
    </button>
  );
}
