// The simulator's own clock. Message windows, expiries and retries follow it,
// so a test moves a day forward in one call instead of waiting for it.

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Clock {
  #offset = 0;
  #tasks = [];
  #timer = null;

  now() {
    return Date.now() + this.#offset;
  }

  get offset() {
    return this.#offset;
  }

  /** Runs `task` once `ms` of this clock's time have passed; returns a function that calls it off. */
  after(ms, task) {
    const entry = { due: this.now() + ms, task };
    const at = this.#tasks.findIndex((other) => other.due > entry.due);
    this.#tasks.splice(at < 0 ? this.#tasks.length : at, 0, entry);
    this.#arm();
    return () => this.#cancel(entry);
  }

  /** Moves forward, stopping at every task on the way: what is due first happens first, at its own time. */
  async advance(ms) {
    const target = this.now() + ms;
    while (this.#tasks.length > 0 && this.#tasks[0].due <= target) {
      const { due, task } = this.#tasks.shift();
      this.#reach(due);
      await task();
    }
    this.#reach(target);
    this.#arm();
  }

  stop() {
    this.#tasks = [];
    clearTimeout(this.#timer);
  }

  #reach(time) {
    this.#offset += Math.max(0, time - this.now());
  }

  #cancel(entry) {
    const at = this.#tasks.indexOf(entry);
    if (at >= 0) this.#tasks.splice(at, 1);
  }

  #arm() {
    clearTimeout(this.#timer);
    if (this.#tasks.length === 0) return;
    const wait = Math.min(Math.max(0, this.#tasks[0].due - this.now()), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#runDue(), wait);
    this.#timer.unref();
  }

  #runDue() {
    while (this.#tasks.length > 0 && this.#tasks[0].due <= this.now()) this.#tasks.shift().task();
    this.#arm();
  }
}
