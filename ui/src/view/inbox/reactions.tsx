/* Who felt what about a message. Ours can be taken back, and say so when they did not get through. */
import { useState } from "preact/hooks";
import { faultOf } from "../../api/http";
import type { Message, Reaction } from "../../api/types";
import { react } from "../../state/message";
import { notify } from "../../state/notices";
import { text } from "../../text";
import { Button } from "../parts/basic";
import { Icon } from "../parts/icons";

export async function reactOrTell(message: Message, emoji: string): Promise<void> {
  try {
    await react(message, emoji);
  } catch (error) {
    notify(faultOf(error).message, true);
  }
}

const face = (one: Reaction) => one.emoji || "♥";

export function Reactions({ message, contact, mayReact }: { message: Message; contact: string; mayReact: boolean }) {
  const shown = message.unsent ? [] : (message.reactions ?? []).filter((one) => one.status !== "refused");
  if (shown.length === 0) return null;
  return (
    <div class="reactions">
      {shown.map((one, index) => {
        const ours = one.by === "us";
        const sending = ours && one.status === "sending";
        const words = sending ? text.act.ownSending(face(one)) : text.message.reactedBy(ours ? text.message.us : contact, one.reaction || face(one));
        return ours && mayReact && !sending ? (
          <button key={index} type="button" class="reaction ours" title={`${words}. ${text.act.takeBack(face(one))}`} aria-label={text.act.takeBack(face(one))} onClick={() => void reactOrTell(message, "")}>
            {face(one)}
          </button>
        ) : (
          <span key={index} class={`reaction${ours ? " ours" : ""}${sending ? " sending" : ""}`} role="img" title={words} aria-label={words}>
            {face(one)}
            {sending && <Icon name="clock" size={11} />}
          </span>
        );
      })}
    </div>
  );
}

export function ReactionTrouble({ message, mayReact }: { message: Message; mayReact: boolean }) {
  const [busy, setBusy] = useState(false);
  const refused = message.unsent ? undefined : message.reactions?.find((one) => one.by === "us" && one.status === "refused");
  if (!refused) return null;
  const run = async (emoji: string) => {
    setBusy(true);
    await reactOrTell(message, emoji);
    setBusy(false);
  };
  return (
    <div class="trouble" role="group" aria-label={text.act.ownRefused(face(refused))}>
      <div>
        <strong>{text.act.ownRefused(face(refused))}</strong>
        <span>{refused.error ?? text.act.unknownWhy}</span>
      </div>
      {mayReact && refused.emoji && (
        <Button small icon="refresh" busy={busy} onClick={() => void run(refused.emoji!)}>
          {text.message.retry}
        </Button>
      )}
      {mayReact && (
        <Button small kind="quiet" onClick={() => void run("")}>
          {text.act.dismiss}
        </Button>
      )}
    </div>
  );
}
