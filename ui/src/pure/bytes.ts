/* Counting, cutting and splitting text the way the server does, so that the composer
   shows before sending exactly what the customer will get. */

export interface Limit {
  max: number;
  unit: "bytes" | "characters";
}

/* A lone surrogate is sent as U+FFFD, hence three bytes. */
function bytesOf(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

export function measure(text: string, unit: Limit["unit"]): number {
  let sum = 0;
  for (const char of text) sum += unit === "bytes" ? bytesOf(char.codePointAt(0)!) : 1;
  return sum;
}

/* Where, in UTF-16 units, the longest prefix that fits ends. Never inside a code point. */
export function cutIndex(text: string, limit: Limit): number {
  let sum = 0;
  let index = 0;
  for (const char of text) {
    sum += limit.unit === "bytes" ? bytesOf(char.codePointAt(0)!) : 1;
    if (sum > limit.max) return index;
    index += char.length;
  }
  return index;
}

/* The server trims ASCII white space; trimming the same set here keeps both counts equal. */
export function trimAscii(text: string): string {
  return text.replace(/^[ \t\r\n\f\v]+|[ \t\r\n\f\v]+$/g, "");
}

/* Where the first of several messages ends: at a word's end in the second half of what fits, else where the fit ends. The same
   rule as the server's rules_part(), which counts that half in bytes. */
function partIndex(text: string, limit: Limit): number {
  const fits = cutIndex(text, limit);
  if (fits === text.length) return fits;
  let bytes = measure(text.slice(0, fits), "bytes");
  const half = Math.floor(bytes / 2);
  for (let index = fits; bytes > half; ) {
    if (" \n\t".includes(text[index])) return index;
    const units = index > 1 && text.codePointAt(index - 2)! > 0xffff ? 2 : 1;
    index -= units;
    bytes -= bytesOf(text.codePointAt(index)!);
  }
  return fits;
}

export function splitText(text: string, limit: Limit): string[] {
  const parts: string[] = [];
  let rest = trimAscii(text);
  while (rest !== "") {
    let cut = partIndex(rest, limit);
    if (cut === 0) cut = rest.codePointAt(0)! > 0xffff ? 2 : 1;
    const part = trimAscii(rest.slice(0, cut));
    if (part !== "") parts.push(part);
    rest = trimAscii(rest.slice(cut));
  }
  return parts;
}

export interface Draft {
  count: number;
  max: number;
  level: "quiet" | "near" | "over";
  /* Index into the text as typed from which on nothing would arrive; null when all fits. */
  cutFrom: number | null;
  parts: number;
  /* More than the server takes in one request, however it is split. */
  refused: boolean;
}

export const MOST_BYTES = 65_536;

export function inspectDraft(typed: string, limit: Limit): Draft {
  const text = trimAscii(typed);
  const count = measure(text, limit.unit);
  const over = count > limit.max;
  const lead = typed.length - typed.replace(/^[ \t\r\n\f\v]+/, "").length;
  return {
    count,
    max: limit.max,
    level: over ? "over" : count >= limit.max * 0.9 ? "near" : "quiet",
    cutFrom: over ? lead + cutIndex(text, limit) : null,
    parts: over ? splitText(text, limit).length : 1,
    refused: measure(text, "bytes") > MOST_BYTES,
  };
}
