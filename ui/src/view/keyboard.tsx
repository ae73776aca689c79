/* The keys, and their help. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { conversation, cursorId, neighbour, openId } from "../state/inbox";
import { go, route } from "../state/router";
import { may, me } from "../state/session";
import { text } from "../text";
import { Kbd } from "./parts/basic";
import { Dialog } from "./parts/dialog";
import { askComposer } from "./inbox/composer";
import { conversationHref } from "./inbox/list";
import { closeThread, doneOrReopen } from "./inbox/thread";
import { Palette } from "./palette";

const showing = signal<"help" | "palette" | null>(null);

function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return !!target?.closest?.("input, textarea, select, [contenteditable], dialog, [role=menu]");
}

function move(step: 1 | -1): void {
  const next = neighbour(step);
  if (!next) return;
  cursorId.value = next.id;
  if (openId.peek()) go(conversationHref(next.id), true);
}

function inboxKey(key: string): boolean {
  const one = conversation.peek();
  switch (key) {
    case "j":
    case "ArrowDown":
      move(1);
      return true;
    case "k":
    case "ArrowUp":
      move(-1);
      return true;
    case "Enter":
      if (!cursorId.peek()) return false;
      go(conversationHref(cursorId.peek()!));
      return true;
    case "r":
      if (one) askComposer("reply");
      return !!one;
    case "n":
      if (one) askComposer("note");
      return !!one;
    case "e":
      if (one && may("agent")) void doneOrReopen(one);
      return !!one;
    case "Escape":
      if (openId.peek()) closeThread();
      return true;
    case "/":
      document.getElementById("search")?.focus();
      return true;
  }
  return false;
}

function onKey(event: KeyboardEvent): void {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (me.peek()) showing.value = showing.peek() === "palette" ? null : "palette";
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event) || !me.peek()) return;
  if (event.key === "?") {
    event.preventDefault();
    showing.value = "help";
    return;
  }
  if (route.peek().path !== "/") return;
  const target = event.target as HTMLElement;
  if (event.key === "Enter" && target.closest("a, button")) return;
  if (event.key.startsWith("Arrow") && target.closest(".messages")) return;
  if (inboxKey(event.key)) event.preventDefault();
}

export function Keyboard() {
  useEffect(() => {
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
  const close = () => {
    showing.value = null;
  };
  if (showing.value === "help") return <Help onClose={close} />;
  if (showing.value === "palette") return <Palette onClose={close} onHelp={() => (showing.value = "help")} />;
  return null;
}

function Help({ onClose }: { onClose: () => void }) {
  const t = text.keys;
  const groups: [string, [string[], string][]][] = [
    [
      t.everywhere,
      [
        [["j"], t.next],
        [["k"], t.previous],
        [["Enter"], t.open],
        [["r"], t.reply],
        [["n"], t.note],
        [["e"], t.done],
        [["/"], t.search],
        [["Ctrl", "K"], t.palette],
        [["?"], t.help],
        [["Esc"], t.escape],
      ],
    ],
    [
      t.inComposer,
      [
        [["Enter"], t.send],
        [["Shift", "Enter"], t.line],
        [["Ctrl", "B"], t.bold],
        [["Ctrl", "I"], t.italic],
        [["Ctrl", "Shift", "X"], t.strike],
        [["Esc"], t.quote],
      ],
    ],
  ];
  return (
    <Dialog title={t.title} onClose={onClose}>
      <div class="dialog-body keys">
        {groups.map(([title, rows]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {rows.map(([keys, words]) => (
                <div key={words + keys}>
                  <dt>{words}</dt>
                  <dd>
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
