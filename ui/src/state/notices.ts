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

export function announce(words: string): void {
  spoken.value = words;
}
