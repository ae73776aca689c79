/* The message that the next reply answers, above the text. */
import type { Conversation, Message } from "../../api/types";
import { shortWords } from "../../state/channels";
import { dropQuote } from "../../state/quote";
import { text } from "../../text";
import { IconButton } from "../parts/basic";
import { Icon } from "../parts/icons";
import { contactName } from "./list";
import { QuotedWords, whoWrote } from "./quoted";

export function QuoteBar({ one, quoted, onDrop }: { one: Conversation; quoted: Message; onDrop: () => void }) {
  return (
    <div class="quote-bar" role="note" aria-label={text.quoting.label}>
      <Icon name="reply" size={14} />
      <div class="quote">
        <QuotedWords message={quoted} words={shortWords(one.channel, quoted)} who={whoWrote(quoted, contactName(one))} />
      </div>
      <IconButton
        icon="close"
        keys="Esc"
        label={text.quoting.remove}
        onClick={() => {
          dropQuote(one.id);
          onDrop();
        }}
      />
    </div>
  );
}
