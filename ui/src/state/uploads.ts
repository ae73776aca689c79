/* Files on their way to a message: they go to the server while one still writes, and wait there. A box of files belongs to a
   conversation's reply, or to the header of a template. */
import { signal } from "@preact/signals";
import { del, exists, Fault, faultOf, query, upload } from "../api/http";
import type { MediaRule, MediaType, Upload } from "../api/types";
import { fileSize } from "../pure/amounts";
import { judge, MOST_FILES, type Chip, type Judgement } from "../pure/filerules";
import { text } from "../text";
import { blobOf, dropBlob, holdBlob } from "./blobs";
import { me, workspacePath } from "./session";
import { recall, remember, rememberedKeys } from "./store";

export interface Added {
  file: Blob;
  name: string;
  voice?: boolean;
  seconds?: number;
}

const AT_ONCE = 2;
/* By user and box: who signs in next at this browser does not find what another has attached. */
const boxes = signal<ReadonlyMap<string, Chip[]>>(new Map());
/* Counts what is remembered, so that a list can show it without following every step of an upload. */
const attachVersion = signal(0);
const running = new Map<string, AbortController>();
const timers = new Map<string, number>();
const RELEASE_MS = 30_000;
const pictures = new Map<string, string>();

const place = (box: string) => `files.${me.peek()?.user.id ?? ""}.${box}`;

/* Read inside a component or an effect: it follows. */
export const chipsOf = (box: string): Chip[] => boxes.value.get(place(box)) ?? [];
const peek = (box: string): Chip[] => boxes.peek().get(place(box)) ?? [];
export const underWay = (box: string) => chipsOf(box).some((one) => one.state === "waiting" || one.state === "sending");
export const troubled = (box: string) => chipsOf(box).some((one) => one.state === "refused" || one.state === "failed");
export const typeOf = (one: Chip): MediaType | null => one.upload?.type ?? null;

function store(at: string, list: Chip[], keep = true): void {
  const next = new Map(boxes.peek());
  if (list.length) next.set(at, list);
  else next.delete(at);
  boxes.value = next;
  if (!keep) return;
  remember(at, list.length ? list : null);
  attachVersion.value++;
}

const put = (box: string, list: Chip[]) => store(place(box), list);

function find(key: string): Chip | null {
  for (const list of boxes.peek().values()) {
    const chip = list.find((one) => one.key === key);
    if (chip) return chip;
  }
  return null;
}

/* Progress comes many times a second; it is not worth remembering. */
function change(key: string, to: Partial<Chip>, keep = true): void {
  for (const [at, list] of boxes.peek()) {
    if (!list.some((one) => one.key === key)) continue;
    store(
      at,
      list.map((one) => (one.key === key ? { ...one, ...to } : one)),
      keep,
    );
  }
}

const newKey = () => "f-" + Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36)).join("");

/* Why it cannot be taken, in words; null: it may be. */
export function refusal(judgement: Judgement, bytes: number, channel: string): string | null {
  const t = text.files;
  switch (judgement.verdict) {
    case "empty":
      return t.empty;
    case "type":
      return [t.wrongType(channel), judgement.help].filter(Boolean).join(" ");
    case "size":
      return [
        t.tooLarge(fileSize(bytes), channel, t.types[judgement.as]),
        /\d [KM]B/.test(judgement.help ?? "") ? "" : t.most(fileSize(judgement.most)),
        judgement.help,
      ]
        .filter(Boolean)
        .join(" ");
    default:
      return null;
  }
}

export function addFiles(box: string, files: Added[], channel: { slug: string; name: string }, rules: MediaRule[]): void {
  const list = [...peek(box)];
  for (const { file, name, voice, seconds } of files) {
    const crowded = list.filter((one) => one.state !== "refused").length >= MOST_FILES;
    const error = crowded ? text.files.tooMany(MOST_FILES) : refusal(judge(rules, file.type, file.size), file.size, channel.name);
    const key = newKey();
    list.push({
      key,
      home: workspacePath.peek(),
      name,
      bytes: file.size,
      mime: file.type,
      channel: channel.slug,
      voice: !!voice,
      seconds: seconds ?? null,
      state: error ? "refused" : "waiting",
      share: 0,
      upload: null,
      error,
    });
    pictures.set(key, URL.createObjectURL(file));
    if (!error) holdBlob(key, file);
  }
  put(box, list);
  work();
}

const mine = () => [...boxes.peek()].flatMap(([at, list]) => (me.peek() && at.startsWith(place("")) ? list : []));

function work(): void {
  const all = mine();
  for (const one of all) {
    if (running.size >= AT_ONCE) return;
    if (one.state === "waiting" && !running.has(one.key) && !timers.has(one.key)) void bring(one, 0);
  }
}

async function bring(one: Chip, tries: number): Promise<void> {
  const stop = new AbortController();
  running.set(one.key, stop);
  change(one.key, { state: "sending", share: 0, error: null });
  try {
    const blob = await blobOf(one.key);
    if (!blob) throw new Fault(410, text.files.lost, text.files.lost);
    if (stop.signal.aborted) return;
    const answer = await upload<Upload>(
      `${one.home}/uploads${query({ name: one.name, channel: one.channel })}`,
      blob,
      (share) => change(one.key, { share }, false),
      { type: blob.type || "application/octet-stream", signal: stop.signal },
    );
    if (find(one.key)) {
      change(one.key, { state: "ready", share: 1, upload: answer });
      dropBlob(one.key);
    } else void del(`${one.home}/uploads/${encodeURIComponent(answer.id)}`).catch(() => {});
  } catch (error) {
    if (!stop.signal.aborted) stumble(one, faultOf(error), tries);
  } finally {
    if (running.get(one.key) === stop) running.delete(one.key);
    work();
  }
}

function stumble(one: Chip, fault: Fault, tries: number): void {
  if (fault.status === 401) {
    change(one.key, { state: "waiting", share: 0 });
    return;
  }
  if (fault.lost || (fault.passing && tries < 5)) {
    change(one.key, { state: "waiting", share: 0, error: fault.lost ? text.files.offline : fault.message });
    const wait = fault.retryAfter ? fault.retryAfter * 1000 : Math.min(30_000, 1000 * 2 ** tries);
    const timer = window.setTimeout(() => {
      timers.delete(one.key);
      if (find(one.key)?.state === "waiting") void bring(one, tries + 1);
    }, wait);
    timers.set(one.key, timer);
    return;
  }
  change(one.key, { state: fault.passing ? "failed" : "refused", share: 0, error: fault.message });
}

function unschedule(key: string): void {
  window.clearTimeout(timers.get(key));
  timers.delete(key);
}

export function tryUpload(key: string): void {
  unschedule(key);
  change(key, { state: "waiting", error: null });
  work();
}

/* The connection is back, or somebody has signed in again: no need to wait for the timers. */
export function hurryUploads(): void {
  for (const one of mine()) if (one.state === "waiting") unschedule(one.key);
  work();
}

function forget(one: Chip): void {
  unschedule(one.key);
  running.get(one.key)?.abort();
  dropBlob(one.key);
  const picture = pictures.get(one.key);
  /* Not at once: a player or a picture that is just going may still be reading it, and would complain. */
  if (picture) window.setTimeout(() => URL.revokeObjectURL(picture), RELEASE_MS);
  pictures.delete(one.key);
}

/* Takes files back from a message that is not sent after all. */
export function withdraw(list: Chip[]): void {
  for (const one of list) {
    forget(one);
    if (one.upload) void del(pathOf(one)).catch(() => {});
  }
}

export function removeChip(box: string, key: string): void {
  const list = peek(box);
  withdraw(list.filter((one) => one.key === key));
  put(
    box,
    list.filter((one) => one.key !== key),
  );
  work();
}

/* The files leave the box for a message. */
export function takeChips(box: string): Chip[] {
  const list = peek(box).filter((one) => one.state === "ready");
  put(box, []);
  return list;
}

/* And come back from one that was not sent; meanwhile the server may have thrown them away. */
export function putBack(box: string, list: Chip[]): void {
  put(box, [...peek(box), ...list]);
  void verify(list);
}

/* The message is sent: nothing of its files is needed here any more. */
export function releaseChips(list: Chip[]): void {
  list.forEach(forget);
}

/* A picture or film of what is attached: our own copy while there is one, else the server's. */
export function pictureOf(one: Chip): string | null {
  const own = pictures.get(one.key);
  if (own) return own;
  if (one.upload?.preview_url) return one.upload.preview_url;
  return one.upload?.type === "audio" ? `/api/v1${pathOf(one)}/content` : null;
}

const pathOf = (one: Chip) => `${one.home}/uploads/${encodeURIComponent(one.upload?.id ?? "")}`;

async function verify(list: Chip[]): Promise<void> {
  for (const one of list) {
    if (one.upload && (await exists(`${pathOf(one)}/content`)) === false)
      change(one.key, { state: "refused", upload: null, error: text.files.gone });
  }
}

/* What was attached before a reload. What the server has is still there; what was on its way starts again. */
export function restoreBox(box: string): void {
  if (peek(box).length > 0) return;
  const found = recall<Chip[]>(place(box), []);
  if (found.length === 0) return;
  put(
    box,
    found.map((one) => (one.state === "sending" ? { ...one, state: "waiting", share: 0 } : one)),
  );
  void verify(found);
  for (const one of found) {
    void blobOf(one.key).then((blob) => {
      if (!blob || pictures.has(one.key)) return;
      pictures.set(one.key, URL.createObjectURL(blob));
      boxes.value = new Map(boxes.peek());
    });
  }
  work();
}

/* Which files wait in each conversation's draft, also in those that were not opened since the page was loaded. */
export function attachedTo(): Map<string, Chip[]> {
  attachVersion.value;
  const prefix = place("");
  const own = rememberedKeys(prefix).filter((key) => !key.startsWith(place("template.")));
  return new Map(own.map((key) => [key.slice(prefix.length), recall<Chip[]>(key, [])]));
}

/* Leaving the page now would cut these off. They would start again, but the reader should know. */
window.addEventListener("beforeunload", (event) => {
  if (running.size > 0) event.preventDefault();
});
