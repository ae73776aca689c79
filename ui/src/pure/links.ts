/* Web addresses in what people write, and where they truly lead. */

export interface Link {
  from: number;
  to: number;
  href: string;
}

const LINK = /(?:https?:\/\/|www\.)[^\s<>"]+/gi;
const INSIDE = /[\p{L}\p{N}_.@/-]$/u;
const PAIRS: Record<string, string> = { ")": "(", "]": "[", "}": "{" };

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}

/* What a sentence puts after an address does not belong to it: a full stop, a bracket that was opened before it. */
function endOf(found: string, marks: string): number {
  let end = found.length;
  for (; end > 0; end--) {
    const last = found[end - 1];
    if (PAIRS[last]) {
      const kept = found.slice(0, end);
      if (count(kept, PAIRS[last]) >= count(kept, last)) break;
    } else if (!".,;:!?'’”»…".includes(last) && !marks.includes(last)) break;
  }
  return end;
}

/* `marks`: characters that mean something at an address's end in this text, as a closing * does. */
export function linksIn(text: string, marks = ""): Link[] {
  const links: Link[] = [];
  for (const match of text.matchAll(LINK)) {
    const bare = /^www/i.test(match[0]);
    if (bare && INSIDE.test(text.slice(Math.max(0, match.index! - 2), match.index))) continue;
    const found = match[0].slice(0, endOf(match[0], marks));
    const href = bare ? "https://" + found : found;
    if (hostOf(href)) links.push({ from: match.index!, to: match.index! + found.length, href });
  }
  return links;
}

function parse(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

export function hostOf(url: string | null | undefined): string | null {
  return (url && parse(url)?.host) || null;
}

/* Where an address leads that looks as if it led elsewhere: a name before an @, or letters that only look Latin. Null: it is
   what it seems. */
export function disguised(href: string): string | null {
  const url = parse(href);
  if (!url) return null;
  return url.username || url.password || /(^|\.)xn--/.test(url.hostname) ? url.host : null;
}

/* Only plain web addresses and our own become links: the text comes from strangers. */
export function safeUrl(url: string | null | undefined): string | null {
  if (!url) return null;
  return /^https?:\/\//i.test(url) || /^\/(?![/\\])/.test(url) || url.startsWith("blob:") ? url : null;
}
