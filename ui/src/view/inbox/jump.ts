/* To a message that may not be loaded yet. */
import { signal } from "@preact/signals";
import { complete, loadOlder, messages, olderLoading, threadId } from "../../state/thread";

/* The list scrolls there as soon as the message stands in it. */
export const target = signal<string | null>(null);

const MOST_PAGES = 20;

function older(): Promise<void> {
  if (!olderLoading.peek()) return loadOlder();
  return new Promise((done) => {
    const stop = olderLoading.subscribe((busy) => {
      if (busy) return;
      queueMicrotask(() => stop());
      done();
    });
  });
}

/* False: it is not in what could be loaded, or the reader went elsewhere. */
export async function jumpTo(id: string): Promise<boolean> {
  const thread = threadId.peek();
  for (let page = 0; threadId.peek() === thread; page++) {
    if (messages.peek()?.some((one) => one.id === id)) {
      target.value = id;
      return true;
    }
    const before = messages.peek()?.length;
    if (complete.peek() || page >= MOST_PAGES) return false;
    await older();
    if (messages.peek()?.length === before) return false;
  }
  return true;
}
