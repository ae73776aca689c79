/* Admin → Addons. */
import { useEffect, useState } from "preact/hooks";
import { del, type Fault, get, post } from "../../api/http";
import type { Addon, Page } from "../../api/types";
import { addonsChanged, loadChannels } from "../../state/channels";
import { notify } from "../../state/notices";
import { text } from "../../text";
import { Badge, Button, Callout } from "../parts/basic";
import { Confirm } from "../parts/dialog";
import { ChannelIcon } from "../parts/icons";
import { Empty, Skeleton, useAction, useLoaded, View } from "../parts/states";
import { SettingsFrame } from "../settings/frame";
import { UploadCard } from "./upload";

const TONES = { active: "good", installed: "accent", inactive: "neutral", failed: "bad" } as const;

export function Addons() {
  const addons = useLoaded(() => get<Page<Addon>>("/admin/addons"), []);
  const list = addons.data?.items ?? [];
  const changes = addonsChanged.value;
  useEffect(() => {
    if (changes > 0) void addons.reload();
  }, [changes]);
  const replace = (one: Addon) => {
    const known = list.some((item) => item.slug === one.slug);
    addons.set({ items: known ? list.map((item) => (item.slug === one.slug ? one : item)) : [...list, one], next_cursor: null });
  };
  return (
    <SettingsFrame admin title={text.addons.title} lead={text.addons.lead}>
      <UploadCard
        onInstalled={(one) => {
          replace(one);
          void addons.reload();
        }}
      />
      <View of={addons} skeleton={<Skeleton kind="card" rows={2} />}>
        {() =>
          list.length === 0 ? (
            <Empty icon="puzzle" title={text.addons.empty}>
              {text.addons.emptyDetail}
            </Empty>
          ) : (
            list.map((one) => <AddonCard key={one.slug} addon={one} onChange={replace} onGone={() => void addons.reload()} />)
          )
        }
      </View>
    </SettingsFrame>
  );
}

/* An activation may take minutes where there are very many conversations, and goes on without this page: what was begun here is known
 * after a reload too. */
const LONG_MS = 2000;
const begunKey = (slug: string) => `mailtrixy.activating.${slug}`;
const wasBegun = (slug: string) => sessionStorage.getItem(begunKey(slug)) !== null;
function noteBegun(slug: string, begun: boolean): void {
  if (begun) sessionStorage.setItem(begunKey(slug), "1");
  else sessionStorage.removeItem(begunKey(slug));
}

/* True once an activation has taken a while, or was begun before this page was loaded. */
function useGoesOn(addon: Addon, busy: boolean): boolean {
  const [long, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (!busy) return;
    const timer = setTimeout(() => setLong(true), LONG_MS);
    return () => clearTimeout(timer);
  }, [busy]);
  const ended = addon.status === "active" || addon.status === "failed";
  useEffect(() => {
    if (ended) noteBegun(addon.slug, false);
  }, [ended]);
  return busy ? long : !ended && wasBegun(addon.slug);
}

function AddonCard({ addon, onChange, onGone }: { addon: Addon; onChange: (addon: Addon) => void; onGone: () => void }) {
  const [asking, setAsking] = useState<"deactivate" | "remove" | null>(null);
  const action = useAction();
  const path = `/admin/addons/${encodeURIComponent(addon.slug)}`;
  const goesOn = useGoesOn(addon, action.busy === "activate");
  /* A gateway that gave up waiting says nothing about the server behind it. */
  const answerLost = action.fault !== null && (action.fault.lost || action.fault.status === 502 || action.fault.status === 504);
  const turn = (what: "activate" | "deactivate") =>
    action.run(what, async () => {
      noteBegun(addon.slug, what === "activate");
      const answer = await post<Addon>(`${path}/${what}`).catch((error: Fault) => {
        if (!error.lost && error.status !== 502 && error.status !== 504) noteBegun(addon.slug, false);
        throw error;
      });
      noteBegun(addon.slug, false);
      onChange({ ...addon, ...answer });
      setAsking(null);
      notify(what === "activate" ? text.addons.activated(addon.name) : text.addons.deactivated(addon.name));
      void loadChannels();
    });
  const remove = () =>
    action.run("remove", async () => {
      await del(path);
      setAsking(null);
      onGone();
    });
  const ask = (what: typeof asking) => {
    action.clear();
    setAsking(what);
  };
  return (
    <section class="card" aria-label={addon.name} data-addon={addon.slug}>
      <AddonHead addon={addon} busy={action.busy} onAsk={ask} onActivate={() => void turn("activate")} />
      {goesOn && (
        <Callout tone="accent" icon="clock">
          {text.addons.goesOn}
        </Callout>
      )}
      {action.fault && !asking && !(goesOn && answerLost) && (
        <Callout tone="bad" icon="warn" title={action.fault.title}>
          {action.fault.message}
        </Callout>
      )}
      {addon.status_reason && !action.fault && (
        <Callout tone="bad" icon="warn">
          {addon.status_reason}
        </Callout>
      )}
      {asking === "deactivate" && (
        <Confirm
          title={text.addons.deactivateTitle(addon.name)}
          lines={text.addons.deactivateDetail}
          go={text.addons.deactivate}
          busy={!!action.busy}
          fault={action.fault}
          onGo={() => void turn("deactivate")}
          onClose={() => ask(null)}
        />
      )}
      {asking === "remove" && (
        <Confirm
          title={text.addons.removeTitle(addon.name)}
          lines={text.addons.removeDetail}
          go={text.addons.remove}
          busy={!!action.busy}
          fault={action.fault}
          onGo={() => void remove()}
          onClose={() => ask(null)}
        />
      )}
    </section>
  );
}

function AddonHead({
  addon,
  busy,
  onAsk,
  onActivate,
}: {
  addon: Addon;
  busy: string | null;
  onAsk: (what: "deactivate" | "remove") => void;
  onActivate: () => void;
}) {
  const active = addon.status === "active";
  return (
    <header class="card-head">
      <span class="card-icon">
        <ChannelIcon channel={addon.channel?.slug ?? addon.slug} size={20} />
      </span>
      <div class="card-title">
        <h2>
          {addon.name}{" "}
          <Badge tone={TONES[addon.status] ?? "neutral"} dot>
            {text.addons[addon.status] ?? addon.status}
          </Badge>
        </h2>
        {addon.description && <p>{addon.description}</p>}
        <p class="muted">
          {text.addons.version(addon.version)} · {addon.signed_by ? text.addons.signedBy(addon.signed_by) : text.addons.unsigned}
        </p>
      </div>
      <div class="card-actions">
        {active && addon.settings_path && (
          <a class="button plain" href={addon.settings_path}>
            <span>{text.addons.settings}</span>
          </a>
        )}
        {active ? (
          <Button onClick={() => onAsk("deactivate")}>{text.addons.deactivate}</Button>
        ) : (
          <>
            <Button kind="quiet" onClick={() => onAsk("remove")}>
              {text.addons.remove}
            </Button>
            <Button kind="primary" busy={busy === "activate"} onClick={() => onActivate()}>
              {busy === "activate" ? text.addons.activating : text.addons.activate}
            </Button>
          </>
        )}
      </div>
    </header>
  );
}
