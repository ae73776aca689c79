/* Keys, their help, and the command palette. */
import { signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { channelName, shownChannels } from "../state/channels";
import { conversation, cursorId, neighbour, openId } from "../state/inbox";
import { go, route } from "../state/router";
import { chooseWorkspace, may, me, signOut, theme, workspace } from "../state/session";
import { text } from "../text";
import { Kbd } from "./parts/basic";
import { Dialog } from "./parts/dialog";
import { ChannelIcon, Icon } from "./parts/icons";
import { askComposer } from "./inbox/composer";
import { contactName, conversationHref } from "./inbox/list";
import { closeThread, doneOrReopen } from "./inbox/thread";

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
  if (showing.value === "palette") return <Palette onClose={close} />;
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
        [["Esc"], t.escape],
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

interface Command {
  label: string;
  icon?: string;
  channel?: string;
  keys?: string;
  run: () => void;
}

function commands(): Command[] {
  const t = text.palette;
  const list: Command[] = [];
  const one = conversation.peek();
  if (one && may("agent")) {
    list.push(
      { label: `${text.keys.reply}: ${contactName(one)}`, icon: "reply", keys: "r", run: () => askComposer("reply") },
      { label: text.keys.note, icon: "note", keys: "n", run: () => askComposer("note") },
      {
        label: one.status === "done" ? text.thread.reopen : text.thread.markDone,
        icon: "check",
        keys: "e",
        run: () => void doneOrReopen(one),
      },
    );
  }
  const page = (label: string, icon: string, to: string) => list.push({ label: t.go(label), icon, run: () => go(to) });
  page(text.nav.inbox, "inbox", "/");
  for (const channel of shownChannels.peek()) {
    const name = channelName(channel.slug);
    list.push({ label: t.go(name), channel: channel.slug, run: () => go(`/?channel=${encodeURIComponent(channel.slug)}`) });
  }
  list.push({
    label: text.inbox.search,
    icon: "search",
    keys: "/",
    run: () => {
      go("/");
      requestAnimationFrame(() => document.getElementById("search")?.focus());
    },
  });
  page(text.nav.channels, "plug", "/settings/channels");
  page(text.nav.members, "users", "/settings/members");
  page(text.nav.tokens, "key", "/settings/tokens");
  if (may("admin")) page(text.nav.webhooks, "log", "/settings/webhooks");
  if (me.peek()?.instance_admin) page(text.nav.addons, "puzzle", "/admin/addons");
  for (const other of me.peek()?.workspaces ?? []) {
    if (other.id !== workspace.peek()?.id)
      list.push({
        label: `${text.nav.switchWorkspace}: ${other.name}`,
        icon: "users",
        run: () => {
          chooseWorkspace(other.id);
          go("/");
        },
      });
  }
  for (const look of ["system", "light", "dark"] as const) {
    if (theme.peek() !== look)
      list.push({
        label: `${text.theme.label}: ${text.theme[look]}`,
        icon: look === "dark" ? "moon" : look === "light" ? "sun" : "screen",
        run: () => {
          theme.value = look;
        },
      });
  }
  list.push(
    {
      label: text.keys.title,
      icon: "command",
      keys: "?",
      run: () => {
        showing.value = "help";
      },
    },
    { label: text.nav.signOut, icon: "out", run: () => void signOut() },
  );
  return list;
}

function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const all = useMemo(commands, []);
  const list = useRef<HTMLUListElement>(null);
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const found = all.filter((one) => words.every((word) => one.label.toLocaleLowerCase().includes(word)));
  const run = (one: Command | undefined) => {
    if (one) {
      onClose();
      one.run();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && found.length) {
      event.preventDefault();
      setAt((at + step + found.length) % found.length);
    }
    if (event.key === "Enter") {
      event.preventDefault();
      run(found[at]);
    }
  };
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    <Dialog title={text.palette.title} onClose={onClose} plain>
      <div class="palette">
        <div class="palette-input">
          <Icon name="search" />
          <input
            autofocus
            role="combobox"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant={found.length ? `command-${at}` : undefined}
            aria-label={text.palette.placeholder}
            placeholder={text.palette.placeholder}
            value={typed}
            onInput={(event) => {
              setTyped(event.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={onKeyDown}
          />
        </div>
        <ul id="palette-list" role="listbox" ref={list} aria-label={text.palette.title}>
          {found.map((one, index) => (
            <li
              key={one.label}
              id={`command-${index}`}
              role="option"
              aria-selected={index === at}
              onMouseMove={() => setAt(index)}
              onClick={() => run(one)}
            >
              {one.channel ? <ChannelIcon channel={one.channel} /> : <Icon name={one.icon ?? "right"} />}
              <span>{one.label}</span>
              {one.keys && <Kbd>{one.keys}</Kbd>}
            </li>
          ))}
        </ul>
        {found.length === 0 && <p class="palette-none">{text.palette.none}</p>}
      </div>
    </Dialog>
  );
}
