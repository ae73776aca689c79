/* The frame of all settings and admin pages: their tabs, title and width. */
import type { ComponentChildren } from "preact";
import { route } from "../../state/router";
import { may, me } from "../../state/session";
import { text } from "../../text";
import { Icon } from "../parts/icons";
import { MenuButton } from "../inbox/sidebar";

interface Tab {
  href: string;
  label: string;
  icon: string;
}

function tabs(): Tab[] {
  const list: Tab[] = [
    { href: "/settings/channels", label: text.nav.channels, icon: "plug" },
    { href: "/settings/members", label: text.nav.members, icon: "users" },
    { href: "/settings/tokens", label: text.nav.tokens, icon: "key" },
  ];
  if (may("admin")) list.push({ href: "/settings/webhooks", label: text.nav.webhooks, icon: "log" });
  return list;
}

export function SettingsFrame({
  title,
  lead,
  action,
  children,
  admin,
}: {
  title: string;
  lead?: string;
  action?: ComponentChildren;
  children: ComponentChildren;
  admin?: boolean;
}) {
  const list = admin && me.value?.instance_admin ? [{ href: "/admin/addons", label: text.nav.addons, icon: "puzzle" }] : tabs();
  const path = route.value.path === "/settings" ? "/settings/channels" : route.value.path;
  return (
    <div class="settings">
      <header class="settings-head">
        <div class="pane-title">
          <MenuButton />
          <strong>{admin ? text.nav.admin : text.nav.settings}</strong>
        </div>
        <nav class="tabs" aria-label={admin ? text.nav.admin : text.nav.settings}>
          {list.map((one) => (
            <a key={one.href} href={one.href} aria-current={path.startsWith(one.href) ? "page" : undefined}>
              <Icon name={one.icon} />
              {one.label}
            </a>
          ))}
        </nav>
      </header>
      <div class="settings-scroll">
        <div class="settings-body">
          <div class="settings-title">
            <div>
              <h1>{title}</h1>
              {lead && <p class="lead">{lead}</p>}
            </div>
            {action}
          </div>
          {children}
        </div>
      </div>
    </div>
  );
}
