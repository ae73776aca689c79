/* Files of what is being written: the ways they come in, and each as a chip that says how far it is. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { MediaRule } from "../../api/types";
import { fileSize, playTime } from "../../pure/amounts";
import { acceptList, type Chip } from "../../pure/filerules";
import { fileKind } from "../../pure/media";
import { announce } from "../../state/notices";
import { addFiles, chipsOf, pictureOf, removeChip, tryUpload, type Added } from "../../state/uploads";
import { text } from "../../text";
import { IconButton } from "../parts/basic";
import { Icon } from "../parts/icons";
import { AudioPlayer } from "../parts/player";
import { ICON_OF } from "./media";
import { Tool } from "./tools";

export interface Target {
  box: string;
  channel: { slug: string; name: string };
  rules: MediaRule[];
}

export function attach(to: Target, files: Added[]): void {
  if (files.length === 0) return;
  addFiles(to.box, files, to.channel, to.rules);
  const bad = chipsOf(to.box).filter((one) => one.state === "refused");
  announce(bad.length ? bad.map((one) => text.files.refused(one.name, one.error ?? "")).join(" ") : text.files.added(files.length));
}

const named = (file: File): Added => ({ file, name: file.name || text.files.unnamed });

/* What is pasted from a screen has no name of its own. */
export function pastedFiles(data: DataTransfer | null): Added[] {
  if (!data || data.types.includes("text/plain")) return [];
  return [...data.files].map((file) => {
    const ending = file.type.split("/")[1]?.replace(/\W.*$/, "") ?? "";
    return /^image\.\w+$/.test(file.name) || !file.name ? { file, name: `${text.files.pasted}.${ending}` } : named(file);
  });
}

/* The system's own file dialog, opened by a button of ours. */
export function useFileDialog(rules: MediaRule[], several: boolean, onFiles: (files: Added[]) => void) {
  const input = useRef<HTMLInputElement>(null);
  const field = (
    <input
      ref={input}
      type="file"
      class="sr-only"
      tabIndex={-1}
      aria-hidden="true"
      multiple={several}
      accept={acceptList(rules)}
      onChange={(event) => {
        onFiles([...(event.currentTarget.files ?? [])].map(named));
        event.currentTarget.value = "";
      }}
    />
  );
  return { field, open: () => input.current?.click() };
}

/* `onDone`: files were chosen; what follows them is the text, or Enter. */
export function AttachTool({ to, why, onDone }: { to: Target; why: string | null; onDone: () => void }) {
  const dialog = useFileDialog(to.rules, true, (files) => {
    attach(to, files);
    onDone();
  });
  return (
    <>
      <Tool icon="clip" label={text.files.attach} why={why} onUse={dialog.open} />
      {dialog.field}
    </>
  );
}


function Face({ one }: { one: Chip }) {
  const [broken, setBroken] = useState(false);
  const url = pictureOf(one);
  const kind = fileKind(one.upload?.mime_type ?? one.mime, one.name);
  if (url && !broken && one.state !== "refused") {
    if (kind === "image") return <img src={url} alt="" onError={() => setBroken(true)} />;
    if (kind === "video") return <video src={url} muted preload="metadata" playsInline onError={() => setBroken(true)} />;
  }
  return <Icon name={ICON_OF[kind]} size={18} />;
}

function stateWords(one: Chip): string {
  const size = one.seconds === null ? fileSize(one.bytes) : `${playTime(one.seconds)} · ${fileSize(one.bytes)}`;
  if (one.state === "sending") return `${size} · ${text.files.sending(Math.round(one.share * 100))}`;
  if (one.state === "waiting") return `${size} · ${one.error ?? text.files.waiting}`;
  return size;
}

function ChipView({ box, one, onGone }: { box: string; one: Chip; onGone?: () => void }) {
  const [broken, setBroken] = useState(false);
  const bad = one.state === "refused" || one.state === "failed";
  const moving = one.state === "sending" || one.state === "waiting";
  const sound = one.voice && one.state !== "refused" ? pictureOf(one) : null;
  const label = one.voice ? text.voice.name : one.name;
  return (
    <li class={`chip ${one.state}${one.voice ? " voice" : ""}`} data-chip={one.state}>
      <span class="chip-face">
        <Face one={one} />
      </span>
      <span class="chip-text">
        <b title={one.name}>{label}</b>
        <span>{stateWords(one)}</span>
      </span>
      {sound && !broken && <AudioPlayer url={sound} label={label} voice={false} onBroken={() => setBroken(true)} />}
      {one.state === "failed" && <IconButton icon="refresh" label={text.common.retry} onClick={() => tryUpload(one.key)} />}
      <IconButton
        icon="close"
        label={moving ? text.files.cancel(label) : text.files.remove(label)}
        onClick={() => {
          removeChip(box, one.key);
          onGone?.();
        }}
      />
      {moving && <progress max={1} value={one.share} aria-label={label} />}
      {bad && <span class="chip-error">{one.error}</span>}
    </li>
  );
}

/* `onGone`: one was removed, and with it the button that had the focus. */
export function Chips({ box, onGone }: { box: string; onGone?: () => void }) {
  const list = chipsOf(box);
  if (list.length === 0) return null;
  return (
    <ul class="chips" aria-label={text.files.list}>
      {list.map((one) => (
        <ChipView key={one.key} box={box} one={one} onGone={onGone} />
      ))}
    </ul>
  );
}

async function dropped(data: DataTransfer): Promise<{ files: Added[]; folder: boolean }> {
  const items = [...data.items].filter((one) => one.kind === "file");
  const files: Added[] = [];
  let folder = false;
  for (const item of items) {
    if (item.webkitGetAsEntry?.()?.isDirectory) folder = true;
    else {
      const file = item.getAsFile();
      if (file) files.push(named(file));
    }
  }
  return { files, folder };
}

/* The whole conversation is the place to drop on: nobody has to aim. `why` says why not, where nothing can be attached. */
export function DropPlace({ to, why, onFolder }: { to: Target; why: string | null; onFolder: () => void }) {
  const [over, setOver] = useState(false);
  const mark = useRef<HTMLDivElement>(null);
  const now = useRef({ to, why, onFolder });
  now.current = { to, why, onFolder };
  useEffect(() => {
    const pane = mark.current?.closest<HTMLElement>(".thread-pane");
    if (!pane) return;
    const holds = (event: DragEvent) => !!event.dataTransfer?.types.includes("Files");
    const enter = (event: DragEvent) => {
      if (!holds(event)) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = now.current.why ? "none" : "copy";
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!pane.contains(event.relatedTarget as Node | null)) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!holds(event)) return;
      event.preventDefault();
      setOver(false);
      if (now.current.why) return;
      void dropped(event.dataTransfer!).then(({ files, folder }) => {
        attach(now.current.to, files);
        if (folder) now.current.onFolder();
      });
    };
    const all: [string, (event: DragEvent) => void][] = [["dragenter", enter], ["dragover", enter], ["dragleave", leave], ["drop", drop]];
    for (const [name, call] of all) pane.addEventListener(name, call as EventListener);
    return () => {
      for (const [name, call] of all) pane.removeEventListener(name, call as EventListener);
    };
  }, []);
  return (
    <div ref={mark} class={`drop-face${over ? " over" : ""}${why ? " not" : ""}`} aria-hidden="true">
      {over && (
        <div>
          <Icon name={why ? "ban" : "clip"} size={28} />
          <strong>{why ?? text.files.drop}</strong>
        </div>
      )}
    </div>
  );
}
