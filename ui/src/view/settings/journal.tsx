/* Settings → Webhook journal: every event from outside and what became of it. */
import { useState } from "preact/hooks";
import { faultOf, get, post, query } from "../../api/http";
import type { JournalItem, Page } from "../../api/types";
import { accountOf } from "../../state/channels";
import { notify } from "../../state/notices";
import { params, withParams } from "../../state/router";
import { workspacePath } from "../../state/session";
import { text } from "../../text";
import { Badge, Button, Segments, Time } from "../parts/basic";
import { ChannelIcon } from "../parts/icons";
import { Empty, Skeleton, useLoaded, View } from "../parts/states";
import { SettingsFrame } from "./frame";

const STATES = ["applied", "ignored", "failed", "refused"] as const;
const TONES = { applied: "good", ignored: "neutral", failed: "bad", refused: "warn" } as const;

function useJournal(state: string) {
  const base = workspacePath.value;
  const page = useLoaded(() => get<Page<JournalItem>>(`${base}/webhook-events${query({ state })}`), [base, state]);
  const [busy, setBusy] = useState<string | null>(null);
  const data = page.data;
  const act = async (name: string, work: () => Promise<void>) => {
    setBusy(name);
    try {
      await work();
    } catch (error) {
      notify(faultOf(error).message, true);
    }
    setBusy(null);
  };
  const more = () =>
    act("more", async () => {
      const next = await get<Page<JournalItem>>(`${base}/webhook-events${query({ state, cursor: data!.next_cursor })}`);
      page.set({ items: [...data!.items, ...next.items], next_cursor: next.next_cursor });
    });
  const replay = (one: JournalItem) =>
    act(one.id, async () => {
      const now = await post<JournalItem>(`${base}/webhook-events/${encodeURIComponent(one.id)}/replay`);
      page.set({ ...data!, items: data!.items.map((item) => (item.id === one.id ? now : item)) });
      notify(`${text.journal.replayed}: ${text.journal[now.state]}`);
    });
  return { page, busy, more, replay };
}

export function JournalPage() {
  const state = params.value.get("state") ?? "";
  const { page, busy, more, replay } = useJournal(state);
  const states = STATES.map((value) => ({ value: value as string, label: text.journal[value] }));
  return (
    <SettingsFrame
      title={text.journal.title}
      lead={text.journal.lead}
      action={
        <Button icon="refresh" onClick={() => void page.reload()}>
          {text.journal.reload}
        </Button>
      }
    >
      <Segments
        label={text.journal.state}
        value={state}
        onChange={(value) => withParams({ state: value || null }, true)}
        options={[{ value: "", label: text.journal.all }, ...states]}
      />
      <View of={page} skeleton={<Skeleton rows={8} />}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty icon="log" title={state ? text.journal.emptyState : text.journal.empty}>
              {state ? text.journal.emptyStateDetail : text.journal.emptyDetail}
            </Empty>
          ) : (
            <ul class="card table journal">
              {data.items.map((one) => (
                <Line key={one.id} one={one} busy={busy === one.id} onReplay={() => void replay(one)} />
              ))}
            </ul>
          )
        }
      </View>
      {page.data?.next_cursor && (
        <div class="center">
          <Button busy={busy === "more"} onClick={() => void more()}>
            {text.common.more}
          </Button>
        </div>
      )}
    </SettingsFrame>
  );
}

function Line({ one, busy, onReplay }: { one: JournalItem; busy: boolean; onReplay: () => void }) {
  const account = accountOf(one.account_id);
  return (
    <li class="table-row">
      <span class="journal-state">
        <Badge tone={TONES[one.state] ?? "neutral"} dot>
          {text.journal[one.state] ?? one.state}
        </Badge>
      </span>
      <div class="grow">
        <strong class="journal-account">
          {account && <ChannelIcon channel={account.channel} size={14} />}
          {account ? account.handle || account.name || account.id : text.journal.unknownAccount}
        </strong>
        {one.reason && <p class="muted">{one.reason}</p>}
      </div>
      <Time class="muted nowrap" at={one.received_at} />
      <Button small busy={busy} onClick={onReplay}>
        {busy ? text.journal.replaying : text.journal.replay}
      </Button>
    </li>
  );
}
