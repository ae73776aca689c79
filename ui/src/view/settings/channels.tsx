/* Settings → Channels: what can be connected, what is, and how it is doing. */
import { useState } from "preact/hooks";
import type { Account, Channel } from "../../api/types";
import { accountOf, accounts, channels, channelsFault, loadChannels, shortName } from "../../state/channels";
import { may, me } from "../../state/session";
import { text } from "../../text";
import { Button, Callout } from "../parts/basic";
import { ChannelIcon } from "../parts/icons";
import { Empty, FaultView, Skeleton } from "../parts/states";
import { AccountRow } from "./account";
import { ConfigureForm, SetupInfo } from "./configure";
import { SettingsFrame } from "./frame";

export function ChannelsPage() {
  const list = channels.value;
  return (
    <SettingsFrame title={text.channels.title} lead={text.channels.lead}>
      {!may("admin") && <Callout icon="info">{text.channels.readOnly}</Callout>}
      {list === null || accounts.value === null ? (
        channelsFault.value ? (
          <FaultView fault={channelsFault.value} retry={() => void loadChannels()} />
        ) : (
          <Skeleton kind="card" rows={3} />
        )
      ) : list.length === 0 ? (
        <Empty
          icon="plug"
          title={text.channels.empty}
          action={
            me.value?.instance_admin ? (
              <a class="button primary" href="/admin/addons">
                <span>{text.nav.addons}</span>
              </a>
            ) : undefined
          }
        >
          {text.channels.emptyDetail}
        </Empty>
      ) : (
        list.map((one) => (
          <ChannelCard key={one.slug} channel={one} connected={accounts.value!.filter((item) => item.channel === one.slug)} />
        ))
      )}
    </SettingsFrame>
  );
}

function ChannelCard({ channel, connected }: { channel: Channel; connected: Account[] }) {
  const [form, setForm] = useState(false);
  const [fresh, setFresh] = useState<Account | null>(null);
  const name = shortName(channel.name);
  const saved = (account: Account) => {
    setForm(false);
    setFresh(account);
  };
  return (
    <section class="card" aria-label={name} data-channel-card={channel.slug}>
      <header class="card-head">
        <span class="card-icon">
          <ChannelIcon channel={channel.slug} size={20} />
        </span>
        <div class="card-title">
          <h2>{name}</h2>
          <p>{connected.length === 0 ? text.channels.none : text.channels.accounts(connected.length)}</p>
        </div>
        {may("admin") && !form && (
          <Button
            kind={connected.length === 0 ? "primary" : "plain"}
            icon={connected.length ? "plus" : undefined}
            onClick={() => {
              setForm(true);
              setFresh(null);
            }}
          >
            {connected.length === 0 ? text.channels.configure : text.channels.add}
          </Button>
        )}
      </header>
      {form && (
        <div class="card-part">
          <ConfigureForm channel={channel} onSaved={saved} onCancel={() => setForm(false)} />
        </div>
      )}
      {fresh && (
        <div class="card-part">
          <SavedPanel channel={channel} account={fresh} onDone={() => setFresh(null)} />
        </div>
      )}
      {connected.map((one) => (
        <AccountRow key={one.id} account={one} channel={channel} />
      ))}
    </section>
  );
}

/* What happened, and what is left to do elsewhere. */
function SavedPanel({ channel, account, onDone }: { channel: Channel; account: Account; onDone: () => void }) {
  const hook = !!account.webhook_url;
  /* Meta is asked after the answer: what it says comes some moments later. */
  const now = accountOf(account.id) ?? account;
  const name = now.handle || now.name || shortName(channel.name);
  return (
    <div class="saved" role="status">
      {now.status === "connected" ? (
        <Callout tone="good" icon="check" title={text.channels.saved(name)}>
          {hook ? text.channels.savedNext : text.channels.savedMail}
        </Callout>
      ) : (
        <Callout tone="warn" icon="warn" title={text.channels.savedBut(name)}>
          {now.status_reason}
        </Callout>
      )}
      {hook && <SetupInfo channel={channel} account={account} />}
      <div class="form-foot">
        <Button kind="primary" onClick={onDone}>
          {text.channels.finish}
        </Button>
      </div>
    </div>
  );
}
