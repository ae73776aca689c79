/* A message in a few words: for the list, for quotes, for screen readers. */
import type { Attachment, Message } from "../api/types";
import { text } from "../text";
import { isVoice } from "./media";

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
    location: t.location,
    contacts: t.contacts,
    order: t.order,
    call: t.call,
    template: t.template,
  };
  return names[kind] ?? t.unsupported;
}

/* Kinds that are more than words are marked in lists and quotes. */
const ICONS: Record<string, string> = {
  image: "image",
  video: "play",
  audio: "mic",
  file: "file",
  share: "link",
  reel: "play",
  sticker: "sticker",
  story_mention: "story",
  story_reply: "story",
  postback: "bolt",
  quick_reply: "bolt",
  referral: "link",
  ephemeral: "eye",
  location: "pin",
  contacts: "user",
  order: "bag",
  call: "call",
  template: "note",
};
export function kindIcon(kind: string): string | null {
  return ICONS[kind] ?? null;
}

export type Told = Pick<Message, "kind" | "text"> & { unsent?: boolean; attachments?: Attachment[]; name?: string | null };

const NAMED = new Set(["file", "location", "contacts"]);

/* What a message without words is called: by its file or card, if it is here to look at. */
function ownName(message: Told): string {
  const [first] = message.attachments ?? [];
  if (message.kind === "audio" && first && !isVoice(first)) return first.file_name!;
  if (message.name && NAMED.has(message.kind)) return message.name;
  const named = message.kind === "file" ? first?.file_name || first?.title : message.kind === "location" || message.kind === "contacts" ? first?.title : null;
  return named || kindName(message.kind);
}

export function summary(message: Told): string {
  if (message.unsent) return text.message.takenBack;
  if (message.text) return message.text;
  return message.kind === "text" ? "" : ownName(message);
}
