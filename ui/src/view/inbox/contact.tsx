/* What is known about the customer and this conversation. */
import { effect, signal } from "@preact/signals";
import type { Conversation } from "../../api/types";
import { countdown, windowState } from "../../pure/window";
import { exact } from "../../pure/time";
import { channelName } from "../../state/channels";
import { now } from "../../state/clock";
import { recall, remember } from "../../state/store";
import { text } from "../../text";
import { Avatar, CopyIcon, IconButton, Time } from "../parts/basic";
import { ChannelIcon } from "../parts/icons";
import { contactHandle, contactName } from "./list";

export const contactShown = signal(recall("contact", window.innerWidth >= 1440) && window.innerWidth >= 900);
effect(() => {
  if (window.innerWidth >= 900) remember("contact", contactShown.value);
});

export function ContactPane({ one }: { one: Conversation }) {
  const name = contactName(one);
  const handle = contactHandle(one);
  const isPhone = !!one.contact.handle && /^\+\d/.test(one.contact.handle);
  const t = text.thread;
  const state = windowState(one.window, now.value);
  return (
    <aside class="contact-pane" aria-label={t.details}>
      <div class="contact-close">
        <IconButton
          icon="close"
          label={t.closeDetails}
          onClick={() => {
            contactShown.value = false;
          }}
        />
      </div>
      <div class="contact-head">
        <Avatar name={name} seed={one.contact.id} url={one.contact.avatar_url} size="l" />
        <h2>{name}</h2>
        {handle && handle !== name && !isPhone && <p>{handle}</p>}
      </div>
      <dl class="facts">
        {isPhone && (
          <>
            <dt>{t.phone}</dt>
            <dd>
              <bdi class="figures">{handle}</bdi>
              <CopyIcon value={one.contact.handle!} label={text.card.copyNumber(one.contact.handle!)} />
            </dd>
          </>
        )}
        <dt>{t.channel}</dt>
        <dd>
          <ChannelIcon channel={one.channel} size={14} /> {channelName(one.channel)}
        </dd>
        {one.account_name && (
          <>
            <dt>{t.account}</dt>
            <dd>{one.account_name}</dd>
          </>
        )}
        <dt>{t.status}</dt>
        <dd>{one.status === "done" ? text.inbox.done : text.inbox.open}</dd>
        <dt>{t.lastActivity}</dt>
        <dd>
          <Time said at={one.last_activity_at} />
        </dd>
        <dt>{t.window}</dt>
        <dd>
          {state.phase === "none"
            ? t.windowNone
            : state.phase === "open"
              ? t.windowOpen(countdown(state.left))
              : text.composer.closedOther}
        </dd>
        {one.window?.closes_at && (
          <>
            <dt>{state.phase === "open" ? t.closesAt : t.closedAt}</dt>
            <dd>{exact(one.window.closes_at)}</dd>
          </>
        )}
        {one.window?.tag_until && state.phase !== "open" && (
          <>
            <dt>{t.tagUntil}</dt>
            <dd>{exact(one.window.tag_until)}</dd>
          </>
        )}
      </dl>
    </aside>
  );
}
