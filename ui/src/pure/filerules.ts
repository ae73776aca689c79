/* What can be said about a file before a byte of it is sent. The server looks into the file and is the judge; this only saves
   the wait where its answer is certain. */
import type { MediaRule, MediaType, Upload } from "../api/types";

export const MOST_FILES = 10;

/* A file that is attached to what is being written.
   waiting: for its turn, or for the connection; refused: it will never be taken; failed: it may be tried again. */
export type ChipState = "waiting" | "sending" | "ready" | "refused" | "failed";
export interface Chip {
  key: string;
  home: string; /* the workspace's path: it is brought there, wherever the reader goes meanwhile */
  name: string;
  bytes: number;
  mime: string;
  channel: string;
  voice: boolean;
  seconds: number | null;
  state: ChipState;
  share: number;
  upload: Upload | null;
  error: string | null;
}

/* Browsers and systems have several names for the same thing. */
const ALIAS: Record<string, string> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "audio/x-m4a": "audio/mp4",
  "audio/m4a": "audio/mp4",
  "audio/x-aac": "audio/aac",
  "audio/mp3": "audio/mpeg",
  "audio/x-wav": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/vnd.wave": "audio/wav",
  "video/x-m4v": "video/mp4",
  "application/x-pdf": "application/pdf",
};

export function plainType(type: string): string {
  const bare = type.split(";")[0].trim().toLowerCase();
  return ALIAS[bare] ?? bare;
}

export function takes(rule: MediaRule, type: string): boolean {
  const bare = plainType(type);
  return rule.mime_types.some((one) => plainType(one) === bare);
}

export type Judgement =
  | { verdict: "take"; type: MediaType }
  /* The name of its type says too little: the server will look. */
  | { verdict: "ask" }
  | { verdict: "empty" }
  | { verdict: "type"; help: string | null }
  | { verdict: "size"; most: number; as: MediaType; help: string | null };

const VAGUE = /^(|application\/octet-stream|text\/.*|application\/x-.*)$/;

function nearest(rules: MediaRule[], bare: string): MediaRule | undefined {
  return rules.find((one) => one.type === bare.split("/")[0]) ?? rules.find((one) => one.type === "file");
}

/* A picture that is too large as a picture may still fit as a file, as the server has it. */
export function judge(rules: MediaRule[], type: string, bytes: number): Judgement {
  if (bytes === 0) return { verdict: "empty" };
  const bare = plainType(type);
  const fitting = rules.filter((one) => takes(one, bare));
  const fits = fitting.find((one) => bytes <= one.max_bytes);
  if (fits) return { verdict: "take", type: fits.type };
  if (fitting.length > 0) {
    const largest = fitting.reduce((a, b) => (b.max_bytes > a.max_bytes ? b : a));
    return { verdict: "size", most: largest.max_bytes, as: largest.type, help: fitting[0].help };
  }
  const most = Math.max(0, ...rules.map((one) => one.max_bytes));
  if (bytes > most) return { verdict: "size", most, as: "file", help: null };
  if (VAGUE.test(bare)) return { verdict: "ask" };
  return { verdict: "type", help: nearest(rules, bare)?.help ?? null };
}

/* For the browser's own file dialog: what it offers first. Vague types need their endings to be offered at all. */
export function acceptList(rules: MediaRule[]): string {
  return [...new Set(rules.flatMap((one) => one.mime_types))].join(",");
}

/* Does the text go under the first file, or before it as a message of its own? */
export function isCaption(rules: MediaRule[], first: MediaType | null, length: number): boolean {
  const most = rules.find((one) => one.type === first)?.caption_max ?? 0;
  return length <= most;
}
