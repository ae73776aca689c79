/* The message that this one answers, in short; a click leads to it. */
import { useState } from "preact/hooks";
import type { Message } from "../../api/types";
import { safeUrl } from "../../pure/links";
import { kindIcon, summary } from "../../pure/summary";
import { unmarked } from "../../pure/whatsapp_text";
import { capabilitiesOf } from "../../state/channels";
import { notify } from "../../state/notices";
import { messages } from "../../state/thread";
import { text } from "../../text";
import { Icon } from "../parts/icons";
import { jumpTo } from "./jump";

export function whoWrote(message: Message, contact: string): string {
  return message.direction === "in" ? contact : text.message.replyOwn;
}

/* A small picture of a message that has one. */
function previewOf(message: Message): string | null {
  if (message.unsent) return null;
  const one = message.attachments.find((item) => item.preview_url);
  return one ? safeUrl(one.preview_url) : null;
}

/* The composer shows the same above what is being written. */
export function QuotedWords({ message, words, who }: { message: Message | null; words: string; who: string }) {
  const icon = message && !message.unsent ? kindIcon(message.kind) : null;
  const preview = message && previewOf(message);
  return (
    <>
      <span class="quote-words">
        <strong>{who}</strong>
        <span>
          {icon && <Icon name={icon} size={13} />}
          {words}
        </span>
      </span>
      {preview && <img class="quote-preview" src={preview} alt="" loading="lazy" />}
    </>
  );
}

export function Quoted({ message, channel, contact }: { message: Message; channel: string; contact: string }) {
  const [busy, setBusy] = useState(false);
  const to = message.reply_to;
  if (!to || to.story || message.unsent) return null;
  const original = messages.value?.find((one) => one.id === to.message_id || (!!to.external_id && one.external_id === to.external_id));
  const id = original?.id ?? to.message_id;
  const who = original ? whoWrote(original, contact) : text.message.replyTo;
  /* What was taken back is not to be read in a quote either. */
  const told = original?.unsent ? summary(original) : to.text || (original ? summary(original) : id ? text.message.replyEarlier : text.message.replyUnknown);
  const words = capabilitiesOf(channel).text_style === "whatsapp" ? unmarked(told) : told;
  const jump = async () => {
    if (!id || busy) return;
    setBusy(true);
    if (!(await jumpTo(id))) notify(text.message.notFound);
    setBusy(false);
  };
  return (
    <button type="button" class="quote" onClick={() => void jump()} disabled={!id} aria-busy={busy || undefined} title={busy ? text.message.finding : undefined}>
      <QuotedWords message={original ?? null} words={busy ? text.message.finding : words} who={who} />
    </button>
  );
}
