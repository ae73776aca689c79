/* The open conversation: head, messages, composer. */
import { useEffect, useState } from "preact/hooks";
import type { Conversation } from "../../api/types";
import { faultOf } from "../../api/http";
import { channelName } from "../../state/channels";
import { conversation, markRead, openId, toggleDone } from "../../state/inbox";
import { notify } from "../../state/notices";
import { withParams } from "../../state/router";
import { may } from "../../state/session";
import { messages, threadFault, threadId, openThread } from "../../state/thread";
import { text } from "../../text";
import { Avatar, Button, IconButton } from "../parts/basic";
import { ChannelIcon } from "../parts/icons";
import { Empty, FaultView, Skeleton } from "../parts/states";
import { Composer } from "./composer";
import { ContactPane, contactShown } from "./contact";
import { contactHandle, contactName } from "./list";
import { MessageList } from "./messages";

export function closeThread(): void {
  withParams({ c: null });
}

export async function doneOrReopen(one: Conversation): Promise<void> {
  try {
    await toggleDone(one);
  } catch (error) {
    notify(faultOf(error).message, true);
  }
}

export function ThreadPane() {
  const id = openId.value;
  useEffect(() => {
    void openThread(id);
  }, [id]);
  if (!id)
    return (
      <section class="thread-pane idle">
        <Empty icon="inbox" title={text.inbox.pick}>
          {text.inbox.pickDetail}
        </Empty>
      </section>
    );
  const one = conversation.value;
  const fault = threadFault.value;
  return (
    <>
      <section class="thread-pane" aria-label={one ? contactName(one) : text.thread.log}>
        {one ? (
          <ThreadHead one={one} />
        ) : (
          <header class="thread-head">
            <IconButton class="only-phone" icon="left" label={text.thread.back} onClick={closeThread} />
          </header>
        )}
        {fault ? (
          <FaultView fault={fault} retry={() => void openThread(id)} />
        ) : !one || messages.value === null || threadId.value !== id ? (
          <div class="thread-loading">
            <Skeleton kind="bubble" rows={6} />
          </div>
        ) : (
          <MessageList key={id} one={one} />
        )}
        {one && !fault && <Composer key={one.id} one={one} />}
      </section>
      {one && contactShown.value && <ContactPane one={one} />}
      {one && <ReadMarker one={one} />}
    </>
  );
}

/* Read is what somebody had before their eyes: the window must be in front. */
function ReadMarker({ one }: { one: Conversation }) {
  const [front, setFront] = useState(() => document.visibilityState === "visible" && document.hasFocus());
  useEffect(() => {
    const look = () => setFront(document.visibilityState === "visible" && document.hasFocus());
    const names = ["focus", "blur"] as const;
    for (const name of names) window.addEventListener(name, look);
    document.addEventListener("visibilitychange", look);
    return () => {
      for (const name of names) window.removeEventListener(name, look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  const loaded = messages.value !== null;
  useEffect(() => {
    if (front && loaded && one.unread > 0) markRead(one);
  }, [front, loaded, one.id, one.unread]);
  return null;
}

function ThreadHead({ one }: { one: Conversation }) {
  const name = contactName(one);
  const handle = contactHandle(one) !== name ? contactHandle(one) : null;
  const done = one.status === "done";
  return (
    <header class="thread-head">
      <IconButton class="only-phone" icon="left" label={text.thread.back} onClick={closeThread} />
      <Avatar name={name} seed={one.contact.id} url={one.contact.avatar_url} />
      <div class="thread-who">
        <h1>{name}</h1>
        <p>
          <ChannelIcon channel={one.channel} size={13} />
          <span>{[channelName(one.channel), handle].filter(Boolean).join(" · ")}</span>
        </p>
      </div>
      <div class="thread-actions">
        {may("agent") && (
          <Button
            small
            class="done-button"
            aria-label={done ? text.thread.reopen : text.thread.markDone}
            icon={done ? "refresh" : "check"}
            title={`${done ? text.thread.reopen : text.thread.markDone}  (e)`}
            onClick={() => void doneOrReopen(one)}
          >
            {done ? text.thread.reopen : text.thread.markDone}
          </Button>
        )}
        <IconButton
          icon="info"
          label={text.thread.details}
          aria-pressed={contactShown.value}
          onClick={() => {
            contactShown.value = !contactShown.value;
          }}
        />
      </div>
    </header>
  );
}
