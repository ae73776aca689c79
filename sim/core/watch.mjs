// Lets a request wait for something to become true: whoever changes the world
// touches the watch, and each waiting condition is looked at again.

export class Watch {
  #waiting = new Set();
  #listeners = new Set();

  /** Resolves with the first truthy value of `condition`, or with null after `timeoutMs` of real time. */
  until(condition, timeoutMs) {
    const first = condition();
    if (first) return Promise.resolve(first);
    return new Promise((resolve) => {
      const waiter = { condition, resolve };
      waiter.timer = setTimeout(() => this.#settle(waiter, null), timeoutMs);
      this.#waiting.add(waiter);
    });
  }

  /** Something changed; `change` names it for the pages that follow along. */
  touch(change) {
    for (const waiter of this.#waiting) {
      const value = waiter.condition();
      if (value) this.#settle(waiter, value);
    }
    for (const listener of this.#listeners) listener(change);
  }

  /** Calls `listener` at every change until the returned function is called. */
  follow(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop() {
    for (const waiter of this.#waiting) this.#settle(waiter, null);
    this.#listeners.clear();
  }

  #settle(waiter, value) {
    clearTimeout(waiter.timer);
    this.#waiting.delete(waiter);
    waiter.resolve(value);
  }
}
