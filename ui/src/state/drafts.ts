/* What was typed and not sent. Kept per user and conversation, through reloads and sign-outs. */
import { signal } from "@preact/signals";
import { text } from "../text";
import { me } from "./session";
import { recall, remember, rememberedKeys } from "./store";
import { attachedTo } from "./uploads";

export interface DraftText {
  reply: string;
  note: string;
}
const EMPTY: DraftText = { reply: "", note: "" };

/* Counts changes, so that a list can show what is being written. */
export const draftVersion = signal(0);

const key = (conversation: string) => `draft.${me.peek()?.user.id ?? ""}.${conversation}`;

export function draftOf(conversation: string): DraftText {
  return { ...EMPTY, ...recall<Partial<DraftText>>(key(conversation), {}) };
}

export function keepDraft(conversation: string, change: Partial<DraftText>): void {
  const before = draftOf(conversation);
  const next = { ...before, ...change };
  remember(key(conversation), next.reply || next.note ? next : null);
  if (before.reply !== next.reply) draftVersion.value++;
}

/* The beginning of each unsent reply, or how many files it has, by conversation. */
export function draftsShown(): Map<string, string> {
  draftVersion.value;
  const prefix = key("");
  const all = rememberedKeys(prefix).map((one) => [one.slice(prefix.length), recall(one, EMPTY).reply?.slice(0, 200)] as const);
  const files = [...attachedTo()].map(([one, list]) => [one, list[0]?.voice ? text.voice.name : text.composer.files(list.length)] as const);
  return new Map([...files, ...all.filter(([, reply]) => reply)]);
}
