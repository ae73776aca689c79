// A log that forgets its oldest entries, so that a simulator left running for days stays small.

export class Ring {
  #entries = [];
  #bytes = 0;

  constructor({ entries, bytes = Infinity }) {
    this.maxEntries = entries;
    this.maxBytes = bytes;
    this.total = 0;
  }

  push(entry, bytes = 0) {
    this.#entries.push({ entry, bytes });
    this.#bytes += bytes;
    this.total += 1;
    this.#forget();
    return entry;
  }

  /** An entry that is still kept has become larger. */
  grow(entry, bytes) {
    const kept = this.#entries.findLast((one) => one.entry === entry);
    if (!kept) return;
    kept.bytes += bytes;
    this.#bytes += bytes;
    this.#forget();
  }

  #forget() {
    while (this.#entries.length > this.maxEntries || (this.#bytes > this.maxBytes && this.#entries.length > 1)) {
      this.#bytes -= this.#entries.shift().bytes;
    }
  }

  list() {
    return this.#entries.map(({ entry }) => entry);
  }

  last() {
    return this.#entries.at(-1)?.entry ?? null;
  }

  clear() {
    this.#entries = [];
    this.#bytes = 0;
  }
}
