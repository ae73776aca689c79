/* A message in a few words: for the list, for quotes, for screen readers. */
import type { Message } from "../api/types";
import { text } from "../text";

export function kindName(kind: string): string {
  const t = text.message;
  const names: Record<string, string> = {
    image: t.image,
    video: t.video,
    audio: t.audio,
    file: t.file,
    share: t.share,
    reel: t.reel,
    sticker: t.sticker,
    story_mention: t.storyMention,
    story_reply: t.storyReply,
    postback: t.postback,
    referral: t.referral,
    ephemeral: t.ephemeral,
    missing: t.missing,
    system: t.system,
    quick_reply: t.quickReply,
  };
  return names[kind] ?? t.unsupported;
}

type Told = Pick<Message, "kind" | "text"> & { unsent?: boolean };

export function summary(message: Told): string {
  if (message.unsent) return text.message.unsent;
  if (message.text) return message.text;
  return message.kind === "text" ? "" : kindName(message.kind);
}
