/* What may be done to a message, and why not. */
import type { Capabilities, Message } from "../api/types";
import type { Phase } from "./window";

/* reason: the conversation's own, in the server's words. */
export type Obstacle = "viewer" | "cannot" | "note" | "notSent" | "window" | "reason" | null;

export interface Around {
  can: Capabilities;
  agent: boolean;
  phase: Phase;
  canReply: boolean;
}

const SPEECHLESS = new Set(["system", "missing", "call"]);

/* Something to show, to copy, to answer: not a line about the conversation, and not what was taken back. */
export function hasActions(message: Message): boolean {
  return !message.unsent && !SPEECHLESS.has(message.kind);
}

function common(message: Message, able: boolean, around: Around): Obstacle {
  if (message.direction === "note") return "note";
  if (!around.agent) return "viewer";
  if (!able) return "cannot";
  if (!message.external_id) return "notSent";
  if (around.phase === "closed" || around.phase === "tag") return "window";
  return around.canReply ? null : "reason";
}

export const reactObstacle = (message: Message, around: Around): Obstacle => common(message, around.can.react.allowed, around);
export const quoteObstacle = (message: Message, around: Around): Obstacle => common(message, around.can.quote, around);

const SIX = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

/* The emoji to offer, and whether any other one will do too. */
export function emojiOffer(can: Capabilities): { row: string[]; any: boolean } {
  return can.react.emoji ? { row: can.react.emoji, any: false } : { row: SIX, any: true };
}

/* Emoji presentation is said or left out, as each platform likes. */
const bare = (emoji: string) => emoji.replace(/\uFE0F/g, "");
export const sameEmoji = (a: string | null | undefined, b: string) => !!a && bare(a) === bare(b);
