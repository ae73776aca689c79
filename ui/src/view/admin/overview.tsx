/* Admin → Addons → Settings of one addon: informs, and keeps no credentials. */
import { useState } from "preact/hooks";
import { get } from "../../api/http";
import type { Overview } from "../../api/types";
import { recall, remember } from "../../state/store";
import { text } from "../../text";
import { Copy, Time } from "../parts/basic";
import { Icon } from "../parts/icons";
import { Empty, FaultView, Skeleton, useLoaded } from "../parts/states";
import { StatusBadge } from "../settings/account";
import { SettingsFrame } from "../settings/frame";

export function AddonSettings({ slug }: { slug: string }) {
  const overview = useLoaded(() => get<Overview>(`/admin/addons/${encodeURIComponent(slug)}/overview`), [slug]);
  const data = overview.data;
  return (
    <SettingsFrame admin title={data?.name ?? text.addons.settings}>
      {!data ? (
        overview.fault ? (
          <FaultView fault={overview.fault} retry={() => void overview.reload()} />
        ) : (
          <Skeleton kind="card" rows={4} />
        )
      ) : (
        <>
          <section class="card pad info-card">
            <div>
              <h2>{text.overview.users}</h2>
              <p>{text.overview.usersDetail}</p>
            </div>
            <a class="button primary" href={data.channels_path ?? "/settings/channels"}>
              <span>{text.overview.open}</span>
            </a>
          </section>
          <section class="card pad">
            <h2>{text.overview.webhook}</h2>
            <p>{text.overview.webhookDetail}</p>
            <Copy value={data.webhook_url} label={text.overview.webhook} />
          </section>
          <Connected list={data.connected} />
          <Checklist slug={slug} list={data.checklist} />
        </>
      )}
    </SettingsFrame>
  );
}

function Connected({ list }: { list: Overview["connected"] }) {
  const t = text.overview;
  return (
    <section class="card">
      <header class="card-head">
        <h2>{t.connected}</h2>
        {list.length > 0 && <span class="muted">{list.length}</span>}
      </header>
      {list.length === 0 ? (
        <Empty icon="users" title={t.noneConnected}>
          {t.noneConnectedDetail}
        </Empty>
      ) : (
        <div class="table-scroll">
          <table>
            <thead>
              <tr>
                <th>{t.workspace}</th>
                <th>{t.account}</th>
                <th>{t.backend}</th>
                <th>{t.status}</th>
                <th>{t.since}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((one, index) => (
                <tr key={index}>
                  <td>
                    <strong>{one.workspace_name}</strong>
                  </td>
                  <td>{one.account_name ?? ""}</td>
                  <td>{t.backends[one.backend] ?? one.backend}</td>
                  <td>
                    <StatusBadge status={one.status} />
                  </td>
                  <td class="muted nowrap">
                    <Time said at={one.connected_at} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Checklist({ slug, list }: { slug: string; list: Overview["checklist"] }) {
  const [ticked, setTicked] = useState<string[]>(() => recall(`checklist.${slug}`, []));
  const tick = (title: string) => {
    const next = ticked.includes(title) ? ticked.filter((one) => one !== title) : [...ticked, title];
    setTicked(next);
    remember(`checklist.${slug}`, next);
  };
  const done = list.filter((one) => ticked.includes(one.title)).length;
  return (
    <section class="card">
      <header class="card-head">
        <div class="card-title">
          <h2>{text.overview.checklist}</h2>
          <p>{text.overview.checklistDetail}</p>
        </div>
        <span class="muted nowrap">{text.overview.progress(done, list.length)}</span>
      </header>
      <ol class="checklist">
        {list.map((one) => (
          <li key={one.title} class={ticked.includes(one.title) ? "ticked" : ""}>
            <label>
              <input type="checkbox" checked={ticked.includes(one.title)} onChange={() => tick(one.title)} />
              <strong>{one.title}</strong>
            </label>
            {one.detail && <p>{one.detail}</p>}
            {!!one.items?.length && (
              <ul>
                {one.items.map((item) => (
                  <li key={item.name}>
                    <code class="tag-code">{item.name}</code>
                    {item.reason && <span>{item.reason}</span>}
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
      {list.length === 0 && (
        <p class="pad muted">
          <Icon name="info" />
        </p>
      )}
    </section>
  );
}
