/* The command palette: everything the page can do, by its name. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Conversation } from "../api/types";
import { channelName, shownChannels } from "../state/channels";
import { conversation } from "../state/inbox";
import { go } from "../state/router";
import { chooseWorkspace, may, me, signOut, theme, workspace } from "../state/session";
import { text } from "../text";
import { Kbd } from "./parts/basic";
import { Dialog } from "./parts/dialog";
import { ChannelIcon, Icon } from "./parts/icons";
import { askComposer } from "./inbox/composer";
import { contactName } from "./inbox/list";
import { doneOrReopen } from "./inbox/thread";

interface Command {
  label: string;
  icon?: string;
  channel?: string;
  keys?: string;
  run: () => void;
}

function onConversation(one: Conversation): Command[] {
  return [
    { label: `${text.keys.reply}: ${contactName(one)}`, icon: "reply", keys: "r", run: () => askComposer("reply") },
    { label: text.keys.note, icon: "note", keys: "n", run: () => askComposer("note") },
    {
      label: one.status === "done" ? text.thread.reopen : text.thread.markDone,
      icon: "check",
      keys: "e",
      run: () => void doneOrReopen(one),
    },
  ];
}

function commands(showHelp: () => void): Command[] {
  const t = text.palette;
  const one = conversation.peek();
  const list: Command[] = one && may("agent") ? onConversation(one) : [];
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
        showHelp();
      },
    },
    { label: text.nav.signOut, icon: "out", run: () => void signOut() },
  );
  return list;
}

export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const all = useMemo(() => commands(onHelp), []);
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
