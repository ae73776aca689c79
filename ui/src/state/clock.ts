/* One clock for all relative times, so that they change together and cheaply. */
import { signal } from "@preact/signals";
import { serverNow } from "../api/http";

export const now = signal(serverNow());

export function startClock(): void {
  const tick = () => {
    now.value = serverNow();
  };
  window.setInterval(tick, 20_000);
  document.addEventListener("visibilitychange", () => document.hidden || tick());
}
