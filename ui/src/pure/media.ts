/* Files of messages: what they are, where they lie, how large they are drawn. */
import type { Attachment, Message } from "../api/types";
import { safeUrl } from "./links";

/* An attachment may come from a server that knows less of it than this page. */
export function stateOf(one: Attachment): Attachment["state"] {
  return one.state ?? "none";
}

/* Where nobody says whether it was spoken or sent as a file: a file has a name. */
export const isVoice = (one: Attachment) => one.voice || !one.file_name;

export function detail(one: Attachment, name: string): string | undefined {
  return one.details?.find((item) => item.name === name)?.value;
}
export function detailAll(one: Attachment, name: string): string[] {
  return (one.details ?? []).filter((item) => item.name === name).map((item) => item.value);
}

/* Kept files lie on this server and nowhere else. */
export function keptUrl(one: Attachment): string | null {
  const url = stateOf(one) === "kept" ? safeUrl(one.url) : null;
  return url && url.startsWith("/") ? url : null;
}
export function downloadUrl(one: Attachment): string | null {
  const url = keptUrl(one);
  return url && url + (url.includes("?") ? "&" : "?") + "download=1";
}

export type FileKind = "pdf" | "sheet" | "slides" | "words" | "archive" | "audio" | "video" | "image" | "code" | "file";
const ENDINGS: [FileKind, RegExp][] = [
  ["pdf", /^pdf$/],
  ["sheet", /^(xlsx?|xlsm|ods|csv|tsv|numbers)$/],
  ["slides", /^(pptx?|odp|key)$/],
  ["words", /^(docx?|odt|rtf|txt|md|pages)$/],
  ["archive", /^(zip|gz|tgz|tar|7z|rar|bz2|xz)$/],
  ["audio", /^(mp3|m4a|ogg|opus|wav|flac|aac|amr)$/],
  ["video", /^(mp4|mov|webm|avi|mkv|3gp)$/],
  ["image", /^(jpe?g|png|gif|webp|avif|heic|svg|bmp|tiff?)$/],
  ["code", /^(json|xml|html?|js|css|ics|vcf)$/],
];
const TYPES: [FileKind, RegExp][] = [
  ["pdf", /^application\/pdf/],
  ["sheet", /spreadsheet|ms-excel|text\/csv/],
  ["slides", /presentation|ms-powerpoint/],
  ["words", /wordprocessing|msword|opendocument\.text|text\/plain|rtf/],
  ["archive", /zip|compressed|x-tar|gzip/],
  ["audio", /^audio\//],
  ["video", /^video\//],
  ["image", /^image\//],
  ["code", /json|xml|text\/html/],
];

/* The bytes' own type first; a name only promises. */
export function fileKind(mime: string | null | undefined, name: string | null | undefined): FileKind {
  const ending = /\.([a-z0-9]{1,5})$/i.exec(name ?? "")?.[1].toLowerCase() ?? "";
  const byType = TYPES.find(([, rule]) => rule.test(mime ?? ""))?.[0];
  const byName = ENDINGS.find(([, rule]) => rule.test(ending))?.[0];
  /* Office files are zip archives to who looks at the bytes alone. */
  if (byType === "archive" && byName && byName !== "archive" && /zip/.test(mime ?? "")) return byName;
  return byType ?? byName ?? "file";
}

export const opensInBrowser = (kind: FileKind, mime: string | null | undefined) =>
  kind === "pdf" || /^text\/plain\b/.test(mime ?? "");

/* A picture's frame, before it is there: as wide as it may be, never higher than is good to read past. */
export function frameOf(width: number | null | undefined, height: number | null | undefined, most = { width: 320, height: 360 }) {
  if (!width || !height) return null;
  const scale = Math.min(1, most.width / width, most.height / height);
  /* Banners and strips are cut at the edge: a line of ten pixels is no picture. */
  return {
    width: Math.round(Math.min(most.width, Math.max(120, width * scale))),
    height: Math.round(Math.min(most.height, Math.max(72, height * scale))),
  };
}

/* ---- albums and the row of pictures to look through ---- */

const VISUAL = new Set(["image", "video"]);
const isVisual = (one: Attachment) => VISUAL.has(one.type) || one.type === "gif";

/* One picture and nothing else to say: it can stand in a grid with its neighbours. */
export function isLone(message: Message): boolean {
  return (
    message.kind === "image" &&
    message.attachments.length === 1 &&
    message.attachments[0].type === "image" &&
    (stateOf(message.attachments[0]) === "kept" || stateOf(message.attachments[0]) === "fetching") &&
    !message.text &&
    !message.unsent &&
    !message.edited &&
    !message.reply_to &&
    !message.tag &&
    !message.standby &&
    message.direction !== "note" &&
    message.reactions.length === 0 &&
    message.status !== "failed" &&
    message.status !== "unknown"
  );
}

export interface Look {
  message: Message;
  one: Attachment;
}

/* All that the lightbox goes through, oldest first. */
export function looksOf(list: Message[]): Look[] {
  return list.flatMap((message) =>
    message.unsent ? [] : message.attachments.filter((one) => isVisual(one) && canLook(one)).map((one) => ({ message, one })),
  );
}
function canLook(one: Attachment): boolean {
  return stateOf(one) === "kept" || (stateOf(one) === "none" && safeUrl(one.url) !== null);
}

export function lookIndex(looks: Look[], message: string, position: number): number {
  return looks.findIndex((look) => look.message.id === message && (look.one.position ?? 0) === position);
}
