/* The messaging window: how long a reply is still allowed, and in what way. */
import type { ReplyWindow } from "../api/types";

export type Phase = "none" | "open" | "tag" | "closed";
export interface WindowState {
  phase: Phase;
  left: number;
}

export function windowState(window: ReplyWindow | null, now: number): WindowState {
  if (!window) return { phase: "none", left: 0 };
  const closes = window.closes_at ? Date.parse(window.closes_at) : 0;
  if (closes > now) return { phase: "open", left: closes - now };
  const tagged = window.tag_until ? Date.parse(window.tag_until) : 0;
  if (tagged > now) return { phase: "tag", left: tagged - now };
  /* A channel without a closing time has an open window for as long as the server says so. */
  if (!window.closes_at && window.open) return { phase: "none", left: 0 };
  return { phase: "closed", left: 0 };
}

/* "6 d 3 h", "21 h 40 m", "12 m", "45 s": two units at most, and never rounded up. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
  if (hours > 0) return minutes % 60 ? `${hours} h ${minutes % 60} m` : `${hours} h`;
  if (minutes > 0) return `${minutes} m`;
  return `${seconds} s`;
}

/* How long until the shown countdown changes; keeps the clock from ticking needlessly. */
export function nextTick(left: number): number {
  if (left <= 0) return 60_000;
  return left > 60_000 ? Math.min(left % 60_000 || 60_000, 60_000) + 20 : 1000;
}
