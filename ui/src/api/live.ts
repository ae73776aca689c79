/* The live connection. The browser resumes a dropped stream by itself; what it gives up
   (an error status, a sleeping laptop) is taken up here, from the last event that was seen. */

export type LiveState = "connecting" | "open" | "lost";
export interface LiveHandlers {
  onState(state: LiveState): void;
  onHello(again: boolean): void;
  onEvent(name: "message" | "conversation" | "account" | "addon" | "reset", data: unknown): void;
}

const NAMES = ["message", "conversation", "account", "addon", "reset"] as const;
const SLOWEST = 30_000;

export class Live {
  private source: EventSource | null = null;
  private lastId = "";
  private wait = 1000;
  private timer = 0;
  private greeted = false;
  private beat = 0;
  private beatAt = Date.now();

  constructor(
    private readonly path: string,
    private readonly on: LiveHandlers,
  ) {
    this.beat = window.setInterval(this.feelSleep, 5000);
    window.addEventListener("online", this.renew);
    this.open();
  }

  close(): void {
    window.clearInterval(this.beat);
    window.clearTimeout(this.timer);
    window.removeEventListener("online", this.renew);
    this.source?.close();
    this.source = null;
  }

  renew = (): void => {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.open();
  };

  /* A timer that fires far too late means that the machine slept, and the stream is dead
     without anybody having been told. */
  private feelSleep = (): void => {
    const now = Date.now();
    if (now - this.beatAt > 45_000) this.renew();
    this.beatAt = now;
  };

  private open(): void {
    const resume = this.lastId ? `?last_event_id=${encodeURIComponent(this.lastId)}` : "";
    const source = new EventSource(this.path + resume);
    this.source = source;
    this.on.onState("connecting");
    source.onopen = () => {
      this.wait = 1000;
      this.on.onState("open");
    };
    source.onerror = () => {
      if (this.source !== source) return;
      this.on.onState("lost");
      if (source.readyState === EventSource.CLOSED) this.later();
    };
    source.addEventListener("hello", (event) => {
      this.keep(event);
      this.on.onHello(this.greeted);
      this.greeted = true;
    });
    for (const name of NAMES) source.addEventListener(name, (event) => this.take(name, event as MessageEvent<string>));
  }

  private keep(event: Event): void {
    const id = (event as MessageEvent<string>).lastEventId;
    if (id) this.lastId = id;
  }

  private take(name: (typeof NAMES)[number], event: MessageEvent<string>): void {
    this.keep(event);
    let data: unknown;
    try {
      data = JSON.parse(event.data);
    } catch {
      return;
    }
    this.on.onEvent(name, data);
  }

  private later(): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.open(), this.wait * (0.7 + Math.random() * 0.6));
    this.wait = Math.min(this.wait * 2, SLOWEST);
  }
}
