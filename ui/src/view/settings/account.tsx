/* One connected account: status, diagnosis, editing, disconnecting. */
import { useEffect, useState } from "preact/hooks";
import { del, faultOf, get, patch, post } from "../../api/http";
import type { Account, Channel, Check } from "../../api/types";
import { exact, withTimes } from "../../pure/time";
import { dropAccount, putAccount, shortName } from "../../state/channels";
import { notify } from "../../state/notices";
import { may, workspacePath } from "../../state/session";
import { text } from "../../text";
import { Badge, Button, Callout, Time } from "../parts/basic";
import { Confirm } from "../parts/dialog";
import { Menu, type MenuItem } from "../parts/menu";
import { Icon } from "../parts/icons";
import { useAction } from "../parts/states";
import { TemplateShelf } from "../inbox/templates";
import { ConfigureForm, SetupInfo } from "./configure";

export function StatusBadge({ status }: { status: Account["status"] }) {
  const tone = status === "connected" ? "good" : status === "disabled" ? "neutral" : "bad";
  return (
    <Badge tone={tone} dot>
      {text.channels[status] ?? status}
    </Badge>
  );
}

const pathOf = (account: Account) => `${workspacePath.peek()}/accounts/${encodeURIComponent(account.id)}`;

type Part = "edit" | "check" | "info" | "templates" | null;

export function AccountRow({ account, channel }: { account: Account; channel: Channel }) {
  const [part, setPart] = useState<Part>(null);
  const [leaving, setLeaving] = useState(false);
  const action = useAction();
  const name = account.handle || account.name || shortName(channel.name);
  const info = async () => {
    if (part === "info") {
      setPart(null);
      return;
    }
    /* The list may leave the verify token out; the account itself has it. */
    if (!account.verify_token) await get<Account>(pathOf(account)).then(putAccount, () => {});
    setPart("info");
  };
  const leave = () =>
    action.run("leave", async () => {
      await del(pathOf(account));
      setLeaving(false);
      dropAccount(account.id);
      notify(`${name}: ${text.channels.disabled}`);
    });
  return (
    <div class="account">
      <div class="account-line">
        <div class="account-name">
          <strong>{name}</strong>
          <span class="account-sub">
            {[account.name !== name ? account.name : null, channel.backends.find((one) => one.slug === account.backend)?.name]
              .filter(Boolean)
              .join(" · ")}
          </span>
        </div>
        <StatusBadge status={account.status} />
        {may("admin") && (
          <Actions
            account={account}
            channel={channel}
            part={part}
            onPart={setPart}
            onInfo={() => void info()}
            onLeave={() => setLeaving(true)}
          />
        )}
      </div>
      <AccountFacts account={account} onReconnect={may("admin") && part !== "edit" ? () => setPart("edit") : undefined} />
      <Switches account={account} channel={channel} />
      {text.channels.noHistory[account.channel] && <p class="account-note">{text.channels.noHistory[account.channel]}</p>}
      {part === "check" && <Checks account={account} />}
      {part === "templates" && (
        <div class="card-part">
          <p class="muted shelf-lead">{text.templates.readOnly}</p>
          <TemplateShelf account={account.id} />
        </div>
      )}
      {part === "info" && (
        <div class="card-part">
          <SetupInfo channel={channel} account={account} />
        </div>
      )}
      {part === "edit" && (
        <div class="card-part">
          <ConfigureForm
            channel={channel}
            account={account}
            onCancel={() => setPart(null)}
            onSaved={() => {
              setPart(null);
              notify(text.channels.updated);
            }}
          />
        </div>
      )}
      {leaving && (
        <Confirm
          title={text.channels.disconnectTitle(name)}
          lines={text.channels.disconnectDetail}
          go={text.channels.disconnect}
          busy={!!action.busy}
          fault={action.fault}
          onGo={() => void leave()}
          onClose={() => {
            setLeaving(false);
            action.clear();
          }}
        />
      )}
    </div>
  );
}

/* What customers are told of what happens here. It is changed at once; a refusal puts it back and says why. */
function Switches({ account, channel }: { account: Account; channel: Channel }) {
  const can = channel.capabilities;
  const t = text.channels;
  const idle = !!can?.typing_is_seen && account.read_receipts === false;
  const all = [
    { name: "read_receipts" as const, there: can?.seen, label: t.receipts, help: t.receiptsHelp, idle: false },
    { name: "typing" as const, there: can?.typing, label: t.typing, help: idle ? t.typingNeedsReceipts : t.typingHelp, idle },
  ].filter((one) => one.there && account[one.name] !== undefined);
  const [busy, setBusy] = useState<string | null>(null);
  if (all.length === 0) return null;
  const turn = async (name: "read_receipts" | "typing", on: boolean) => {
    setBusy(name);
    putAccount({ ...account, [name]: on });
    try {
      putAccount(await patch<Account>(pathOf(account), { [name]: on }));
    } catch (error) {
      putAccount(account);
      notify(faultOf(error).message, true);
    }
    setBusy(null);
  };
  return (
    <div class="switches">
      {all.map((one) => (
        <label key={one.name} class="switch" title={one.help}>
          <input
            type="checkbox"
            role="switch"
            checked={!!account[one.name] && !one.idle}
            disabled={!may("admin") || busy === one.name || one.idle}
            onChange={(event) => void turn(one.name, event.currentTarget.checked)}
          />
          <span>{one.label}</span>
        </label>
      ))}
      {idle && <p class="account-note">{t.typingNeedsReceipts}</p>}
    </div>
  );
}

function Actions({
  account,
  channel,
  part,
  onPart,
  onInfo,
  onLeave,
}: {
  account: Account;
  channel: Channel;
  part: Part;
  onPart: (part: Part) => void;
  onInfo: () => void;
  onLeave: () => void;
}) {
  const items: MenuItem[] = [
    { label: text.channels.edit, icon: "settings", onPick: () => onPart("edit") },
    { label: text.channels.disconnect, icon: "trash", danger: true, line: true, onPick: onLeave },
  ];
  return (
    <div class="account-actions">
      {account.webhook_url && (
        <Button small kind="quiet" icon="link" aria-expanded={part === "info"} onClick={onInfo}>
          {text.channels.setupInfo}
        </Button>
      )}
      {channel.capabilities?.templates && (
        <Button
          small
          kind="quiet"
          icon="template"
          aria-expanded={part === "templates"}
          onClick={() => onPart(part === "templates" ? null : "templates")}
        >
          {text.templates.title}
        </Button>
      )}
      <Button small icon="bolt" aria-expanded={part === "check"} onClick={() => onPart(part === "check" ? null : "check")}>
        {text.channels.check}
      </Button>
      <Menu label={text.thread.more} class="right" items={items}>
        <Icon name="dots" />
      </Menu>
    </div>
  );
}

/* The last error begins with the step that failed; the reason of the status may be the same words. */
const repeats = (account: Account) =>
  account.status !== "connected" && !!account.status_reason && account.last_error!.endsWith(account.status_reason);

function AccountFacts({ account, onReconnect }: { account: Account; onReconnect?: () => void }) {
  const t = text.channels;
  return (
    <>
      <p class="account-facts">
        {account.connected_at && (
          <span>
            {t.connectedAt} <Time said at={account.connected_at} />
          </span>
        )}
        <span>
          {t.lastEvent}: <Time said at={account.last_event_at} />
        </span>
      </p>
      {account.status !== "connected" && account.status_reason && (
        <Callout
          tone="warn"
          icon="warn"
          action={
            onReconnect && (
              <Button small onClick={onReconnect}>
                {t.reconnect}
              </Button>
            )
          }
        >
          {account.status_reason}
        </Callout>
      )}
      {account.parked_until && (
        <Callout tone="warn" icon="clock">
          {t.parked(exact(account.parked_until))}
        </Callout>
      )}
      {account.last_error && !repeats(account) && (
        <Callout tone="warn" icon="info" title={t.lastError}>
          {account.last_error}
        </Callout>
      )}
    </>
  );
}

const MARKS: Record<Check["status"], string> = { ok: "check", failed: "close", warning: "warn", skipped: "right" };

/* The server answers at once; the lines come one after another, so that each can be read. */
function Checks({ account }: { account: Account }) {
  const [list, setList] = useState<Check[] | null>(null);
  const [shown, setShown] = useState(0);
  const action = useAction();
  const run = () =>
    action.run("check", async () => {
      setList(null);
      setShown(0);
      const answer = await post<{ items: Check[] }>(`${pathOf(account)}/check`);
      setList(answer.items);
    });
  useEffect(() => {
    void run();
  }, []);
  const still = !!list && shown < list.length;
  useEffect(() => {
    if (!still) return;
    const timer = window.setTimeout(() => setShown((n) => n + 1), 110);
    return () => window.clearTimeout(timer);
  }, [still, shown]);
  const bad = list?.filter((one) => one.status === "failed").length ?? 0;
  return (
    <div class="checks" aria-live="polite">
      <div class="checks-head">
        <strong>{text.channels.checkTitle}</strong>
        {list && !still && <span>{bad === 0 ? text.channels.allGood : text.channels.problems(bad)}</span>}
        <Button small kind="quiet" icon="refresh" busy={!!action.busy} onClick={() => void run()}>
          {action.busy ? text.channels.checking : text.common.retry}
        </Button>
      </div>
      {action.fault && (
        <Callout tone="bad" icon="warn" title={text.channels.cantCheck}>
          {action.fault.message}
        </Callout>
      )}
      <ul>
        {list?.slice(0, shown).map((one) => (
          <li key={one.check} class={`check ${one.status}`}>
            <span class="check-mark" role="img" aria-label={text.channels[one.status]} title={text.channels[one.status]}>
              <Icon name={MARKS[one.status] ?? "info"} size={14} />
            </span>
            <div>
              <strong>{one.check}</strong> <span>{withTimes(one.explanation)}</span>
              {one.fix && one.status !== "ok" && <p class="fix">→ {one.fix}</p>}
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
