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
    while (this.#entries.length > this.maxEntries || (this.#bytes > this.maxBytes && this.#entries.length > 1)) {
      this.#bytes -= this.#entries.shift().bytes;
    }
    return entry;
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
