/* Short words at the edge of the page, and words for those who listen. */
import { signal } from "@preact/signals";

export interface Notice {
  id: number;
  words: string;
  bad: boolean;
}
export const notices = signal<Notice[]>([]);
export const spoken = signal("");

let last = 0;

export function notify(words: string, bad = false): void {
  const id = ++last;
  notices.value = [...notices.peek().slice(-2), { id, words, bad }];
  window.setTimeout(() => dismiss(id), bad ? 9000 : 4000);
}

export function dismiss(id: number): void {
  notices.value = notices.peek().filter((one) => one.id !== id);
}

/* Said once: what stays would not be read again when the same words come twice, and would outlive a message that is taken back. */
const SAID_MS = 5000;
let saying = 0;

export function announce(words: string): void {
  window.clearTimeout(saying);
  spoken.value = words;
  if (words) saying = window.setTimeout(() => announce(""), SAID_MS);
}
