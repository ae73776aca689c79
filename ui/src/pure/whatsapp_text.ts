/* Text as WhatsApp shows it: *bold*, _italic_, ~struck~, `code`, ```code```, "> " quotes, lists with "- ", "* " or "1. ".
   A mark counts only at a word's edge, closed on the same line; what is not closed stays as it was typed. */
import { linksIn } from "./links";

export type Mark = "bold" | "italic" | "strike";
export type Span =
  | { type: "text"; text: string }
  | { type: "link"; text: string; href: string }
  | { type: "code"; text: string }
  | { type: Mark; spans: Span[] };
export type Block =
  | { type: "lines"; spans: Span[] }
  | { type: "quote"; spans: Span[] }
  | { type: "code"; text: string }
  | { type: "list"; ordered: boolean; items: { number: string; spans: Span[] }[] };

const MARKS: Record<string, Mark> = { "*": "bold", _: "italic", "~": "strike" };
const WORD = /[\p{L}\p{N}]/u;

/* The code point that ends before `at`; half of one would be no letter. */
function before(line: string, at: number): string {
  const low = line.charCodeAt(at - 1);
  return low >= 0xdc00 && low <= 0xdfff && at > 1 ? line.slice(at - 2, at) : line.slice(Math.max(0, at - 1), at);
}
const after = (line: string, at: number) => (at < line.length ? String.fromCodePoint(line.codePointAt(at)!) : "");
const isSpace = (char: string) => char === "" || /\s/.test(char);

interface Atom {
  to: number;
  span: Span;
}

/* Code and links are taken first: no mark inside of them means anything. By where they begin. */
function atomsOf(line: string): Map<number, Atom> {
  const atoms = new Map<number, Atom>();
  const taken: [number, number][] = [];
  for (const match of line.matchAll(/```(.+?)```|`+[^`]+`+/g)) {
    const words = match[1] ?? match[0].slice(1, -1);
    if (words.trim() === "" || (match[1] === undefined && words.includes("`"))) continue;
    const to = match.index! + match[0].length;
    atoms.set(match.index!, { to, span: { type: "code", text: words } });
    taken.push([match.index!, to]);
  }
  let at = 0;
  for (const link of linksIn(line, "*_~`")) {
    while (at < taken.length && taken[at][1] <= link.from) at++;
    if (at < taken.length && taken[at][0] < link.to) continue;
    atoms.set(link.from, { to: link.to, span: { type: "link", text: line.slice(link.from, link.to), href: link.href } });
  }
  return atoms;
}

class Line {
  private readonly atoms: Map<number, Atom>;
  /* For each mark and each place, the next place where it can close; one pass, so that no text is slow to read. */
  private readonly closers = new Map<string, Int32Array>();

  constructor(private readonly line: string) {
    this.atoms = atomsOf(line);
    const open = new Uint8Array(line.length);
    for (const [from, { to }] of this.atoms) open.fill(1, from, to);
    for (const mark of Object.keys(MARKS)) {
      if (!line.includes(mark)) continue;
      const next = new Int32Array(line.length + 1).fill(-1);
      for (let at = line.length - 1; at >= 0; at--) next[at] = line[at] === mark && !open[at] && this.closes(at) ? at : next[at + 1];
      this.closers.set(mark, next);
    }
  }

  private opens(at: number): boolean {
    const mark = this.line[at];
    const left = before(this.line, at);
    const right = after(this.line, at + 1);
    return left !== mark && right !== mark && !WORD.test(left) && !isSpace(right);
  }

  private closes(at: number): boolean {
    const mark = this.line[at];
    const left = before(this.line, at);
    const right = after(this.line, at + 1);
    return left !== mark && right !== mark && !isSpace(left) && !WORD.test(right);
  }

  spans(from = 0, to = this.line.length, within = ""): Span[] {
    const out: Span[] = [];
    let plain = from;
    const flush = (at: number) => {
      if (at > plain) out.push({ type: "text", text: this.line.slice(plain, at) });
    };
    for (let at = from; at < to; ) {
      const atom = this.atoms.get(at);
      if (atom && atom.to <= to) {
        flush(at);
        out.push(atom.span);
        plain = at = atom.to;
        continue;
      }
      const mark = this.line[at];
      const close = MARKS[mark] && !within.includes(mark) && this.opens(at) ? (this.closers.get(mark)?.[at + 2] ?? -1) : -1;
      if (close < 0 || close >= to) {
        at++;
        continue;
      }
      flush(at);
      out.push({ type: MARKS[mark], spans: this.spans(at + 1, close, within + mark) });
      plain = at = close + 1;
    }
    flush(to);
    return out;
  }
}

export function spansOf(line: string): Span[] {
  return new Line(line).spans();
}

const LIST = /^(?:([-*]) |(\d{1,3})\. )(?=\S)/;
const QUOTE = /^> (?=\S)/;

function readLines(text: string, blocks: Block[]): void {
  let last: Block | null = null;
  for (const line of text.split("\n")) {
    const item = LIST.exec(line);
    if (item) {
      const ordered = item[2] !== undefined;
      if (last?.type !== "list" || last.ordered !== ordered) blocks.push((last = { type: "list", ordered, items: [] }));
      last.items.push({ number: item[2] ?? "", spans: spansOf(line.slice(item[0].length)) });
      continue;
    }
    const type: "quote" | "lines" = QUOTE.test(line) ? "quote" : "lines";
    const spans = spansOf(type === "quote" ? line.slice(2) : line);
    if (last?.type === type) last.spans.push({ type: "text", text: "\n" }, ...spans);
    else blocks.push((last = { type, spans }));
  }
}

export function readWhatsapp(text: string): Block[] {
  const blocks: Block[] = [];
  let from = 0;
  const rest = (to: number) => {
    /* The line break beside a block is the block's own edge. */
    const words = text.slice(from, to).replace(/^\n/, from > 0 ? "" : "\n");
    const part = to < text.length ? words.replace(/\n$/, "") : words;
    if (part !== "" || (from === 0 && to === text.length)) readLines(part, blocks);
  };
  for (const match of text.matchAll(/```([^`]*\n[^`]*)```/g)) {
    if (match[1].trim() === "") continue;
    rest(match.index!);
    blocks.push({ type: "code", text: match[1].replace(/^\n|\n$/g, "") });
    from = match.index! + match[0].length;
  }
  if (from === 0 || from < text.length) rest(text.length);
  return blocks;
}

const words = (spans: Span[]): string => spans.map((one) => ("spans" in one ? words(one.spans) : one.text)).join("");

/* The same words without their marks: for one line in a list or a quote. */
export function unmarked(text: string): string {
  return readWhatsapp(text)
    .map((one) =>
      one.type === "code"
        ? one.text
        : one.type === "list"
          ? one.items.map((item) => `${one.ordered ? item.number + "." : "•"} ${words(item.spans)}`).join("\n")
          : words(one.spans),
    )
    .join("\n");
}
