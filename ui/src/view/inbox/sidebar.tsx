/* The left edge: workspace, inbox, channels, and the way to settings and admin. */
import { useState } from "preact/hooks";
import { channelName, shownChannels } from "../../state/channels";
import { counts, filter } from "../../state/inbox";
import { drawerOpen, go, route } from "../../state/router";
import { chooseWorkspace, makeWorkspace, me, signOut, theme, workspace, type Theme } from "../../state/session";
import { text } from "../../text";
import { Avatar, Button, Callout, IconButton } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { Menu, type MenuItem } from "../parts/menu";
import { FormField } from "../parts/field";
import { ChannelIcon, Icon } from "../parts/icons";
import { useAction } from "../parts/states";

export function Sidebar() {
  const [making, setMaking] = useState(false);
  return (
    <>
      {drawerOpen.value && (
        <div
          class="scrim"
          onClick={() => {
            drawerOpen.value = false;
          }}
        />
      )}
      <nav class={`sidebar${drawerOpen.value ? " open" : ""}`} aria-label={text.nav.menu}>
        <WorkspaceMenu onMake={() => setMaking(true)} />
        <div class="side-group">
          <SideLink
            href="/"
            icon="inbox"
            label={text.nav.inbox}
            count={counts.value?.unread}
            current={route.value.path === "/" && !filter.value.channel}
          />
        </div>
        <ChannelLinks />
        <div class="side-group bottom">
          <SideLink
            href="/settings/channels"
            icon="settings"
            label={text.nav.settings}
            current={route.value.path.startsWith("/settings")}
          />
          {me.value?.instance_admin && (
            <SideLink href="/admin/addons" icon="shield" label={text.nav.admin} current={route.value.path.startsWith("/admin")} />
          )}
        </div>
        <UserMenu />
      </nav>
      {making && <NewWorkspace onClose={() => setMaking(false)} />}
    </>
  );
}

function SideLink({
  href,
  icon,
  channel,
  label,
  count,
  current,
}: {
  href: string;
  icon?: string;
  channel?: string;
  label: string;
  count?: number;
  current: boolean;
}) {
  return (
    <a class="side-link" href={href} aria-current={current ? "page" : undefined}>
      {channel ? <ChannelIcon channel={channel} /> : <Icon name={icon!} />}
      <span class="side-label">{label}</span>
      {!!count && (
        <span class="side-count" aria-label={text.nav.unread(count)}>
          {count > 999 ? "999+" : count}
        </span>
      )}
    </a>
  );
}

function ChannelLinks() {
  if (shownChannels.value.length === 0) return null;
  return (
    <div class="side-group">
      <h2 class="side-title">{text.nav.channels}</h2>
      {shownChannels.value.map((one) => (
        <SideLink
          key={one.slug}
          href={`/?channel=${encodeURIComponent(one.slug)}`}
          channel={one.slug}
          label={channelName(one.slug)}
          count={counts.value?.by_channel[one.slug]?.unread}
          current={route.value.path === "/" && filter.value.channel === one.slug}
        />
      ))}
    </div>
  );
}

function WorkspaceMenu({ onMake }: { onMake: () => void }) {
  const all = me.value?.workspaces ?? [];
  const items: MenuItem[] = all.map((one) => ({
    label: one.name,
    checked: one.id === workspace.value?.id,
    onPick: () => {
      chooseWorkspace(one.id);
      go("/");
    },
  }));
  if (me.value?.instance_admin)
    items.push({ label: text.nav.newWorkspace, icon: "plus", onPick: onMake, line: items.length > 0 });
  return (
    <div class="side-head">
      <Menu label={text.nav.switchWorkspace} worded items={items} class="workspace-menu">
        <span class="workspace-mark" aria-hidden="true">
          {Array.from(workspace.value?.name ?? "M")[0]}
        </span>
        <span class="workspace-name">{workspace.value?.name ?? text.product}</span>
        <Icon name="down" />
      </Menu>
      <IconButton
        class="only-narrow"
        icon="close"
        label={text.nav.closeMenu}
        onClick={() => {
          drawerOpen.value = false;
        }}
      />
    </div>
  );
}

function UserMenu() {
  const own = me.value?.user;
  if (!own) return null;
  const themes: [Theme, string, string][] = [
    ["system", text.theme.system, "screen"],
    ["light", text.theme.light, "sun"],
    ["dark", text.theme.dark, "moon"],
  ];
  const items: MenuItem[] = [
    ...themes.map(([value, label, icon]) => ({
      label,
      icon,
      checked: theme.value === value,
      onPick: () => {
        theme.value = value;
      },
    })),
    { label: text.nav.tokens, icon: "key", href: "/settings/tokens", line: true },
    { label: text.nav.signOut, icon: "out", onPick: () => void signOut() },
  ];
  return (
    <Menu label={text.nav.account} worded items={items} class="user-menu" up>
      <Avatar name={own.name} seed={own.id} size="s" />
      <span class="user-name">{own.name}</span>
      <Icon name="dots" />
    </Menu>
  );
}

function NewWorkspace({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const action = useAction();
  const save = async (event: Event) => {
    event.preventDefault();
    if (!name.trim()) return;
    if (await action.run("make", () => makeWorkspace(name.trim()))) {
      onClose();
      go("/settings/channels");
    }
  };
  return (
    <Dialog title={text.nav.newWorkspace} onClose={onClose}>
      <form onSubmit={save}>
        <div class="dialog-body">
          <FormField label={text.nav.workspaceName} value={name} onInput={setName} autofocus />
          {action.fault && (
            <Callout tone="bad" icon="warn">
              {action.fault.message}
            </Callout>
          )}
        </div>
        <footer class="dialog-foot">
          <Button onClick={onClose}>{text.common.cancel}</Button>
          <Button kind="primary" type="submit" busy={!!action.busy}>
            {text.nav.createWorkspace}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

/* On a phone the sidebar is a drawer; this opens it. */
export function MenuButton() {
  return (
    <IconButton
      class="only-narrow"
      icon="menu"
      label={text.nav.menu}
      onClick={() => {
        drawerOpen.value = true;
      }}
    />
  );
}
