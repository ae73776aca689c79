/* The frame: who may see what, and where. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { loadChannels, resetChannels } from "../state/channels";
import { offline, reconnect, startLive } from "../state/connection";
import { startBadge } from "../state/badge";
import { loadCounts, resetInbox } from "../state/inbox";
import { dismiss, notices, spoken } from "../state/notices";
import { startOutbox } from "../state/outbox";
import { go, onward, route } from "../state/router";
import { boot, bootFault, may, me, workspace, workspacePath } from "../state/session";
import { text } from "../text";
import { Button, IconButton } from "./parts/basic";
import { Icon } from "./parts/icons";
import { Empty, FaultView, Forbidden, Skeleton } from "./parts/states";
import { Addons } from "./admin/addons";
import { AddonSettings } from "./admin/overview";
import { Inbox } from "./inbox/inbox";
import { Sidebar } from "./inbox/sidebar";
import { Keyboard } from "./keyboard";
import { ChannelsPage } from "./settings/channels";
import { JournalPage } from "./settings/journal";
import { MembersPage } from "./settings/members";
import { TokensPage } from "./settings/tokens";
import { Login, Setup } from "./start/start";

export function App() {
  useEffect(() => startBadge(), []);
  const path = route.value.path;
  if (path === "/setup" && !me.value) return <Setup />;
  if (bootFault.value)
    return (
      <main class="start">
        <FaultView fault={bootFault.value} retry={() => void boot()} />
      </main>
    );
  if (me.value === undefined)
    return (
      <div class="boot">
        <Skeleton rows={3} />
      </div>
    );
  if (me.value === null) return <SignedOut />;
  return <SignedIn key={me.value.user.id} />;
}

function SignedOut() {
  const { path, search } = route.value;
  useEffect(() => {
    if (path !== "/login") go("/login" + (path === "/" && !search ? "" : "?next=" + encodeURIComponent(path + search)), true);
  }, [path]);
  return <Login />;
}

function SignedIn() {
  const path = route.value.path;
  useEffect(() => {
    const stops = [startLive(), startOutbox()];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  useEffect(() => {
    resetInbox();
    resetChannels();
    void loadChannels();
    loadCounts(true);
  }, [workspacePath.value]);
  useEffect(() => {
    if (path === "/login" || path === "/setup") go(onward(), true);
  }, [path]);
  return (
    <>
      <a class="skip" href="#main" onClick={() => document.getElementById("main")?.focus()}>
        {text.nav.skip}
      </a>
      {offline.value && <OfflineBar />}
      <div class="shell">
        <Sidebar />
        <main class="main" id="main" tabIndex={-1}>
          <Page path={path} />
        </main>
      </div>
      <Notices />
      <Keyboard />
      <div class="sr-only" aria-live="polite" role="status">
        {spoken.value}
      </div>
    </>
  );
}

function inWorkspace(view: ComponentChildren, role: "viewer" | "admin" = "viewer"): ComponentChildren {
  if (!workspace.value) return <Forbidden why={text.forbidden.none} />;
  return may(role) ? view : <Forbidden why={text.forbidden.workspace(workspace.value.role)} />;
}

function asAdmin(view: ComponentChildren): ComponentChildren {
  return me.value?.instance_admin ? view : <Forbidden why={text.forbidden.admin} />;
}

function Page({ path }: { path: string }) {
  const addon = /^\/admin\/addons\/([^/]+)\/settings\/?$/.exec(path);
  if (addon) return <>{asAdmin(<AddonSettings slug={decodeURIComponent(addon[1])} />)}</>;
  switch (path.replace(/(.)\/$/, "$1")) {
    case "/":
    case "/login":
    case "/setup":
      return <>{inWorkspace(<Inbox />)}</>;
    case "/settings":
    case "/settings/channels":
      return <>{inWorkspace(<ChannelsPage />)}</>;
    case "/settings/members":
      return <>{inWorkspace(<MembersPage />)}</>;
    case "/settings/tokens":
      return <TokensPage />;
    case "/settings/webhooks":
      return <>{inWorkspace(<JournalPage />, "admin")}</>;
    case "/admin":
    case "/admin/addons":
      return <>{asAdmin(<Addons />)}</>;
  }
  return (
    <Empty
      icon="search"
      title={text.missingPage.title}
      action={
        <a class="button primary" href="/">
          <span>{text.missingPage.go}</span>
        </a>
      }
    >
      {text.missingPage.detail}
    </Empty>
  );
}

function OfflineBar() {
  return (
    <div class="offline" role="status">
      <Icon name="plug" />
      <span>{text.offline.bar}</span>
      <Button small kind="quiet" onClick={reconnect}>
        {text.offline.now}
      </Button>
    </div>
  );
}

function Notices() {
  return (
    <div class="notices" aria-live="polite">
      {notices.value.map((one) => (
        <div key={one.id} class={`notice${one.bad ? " bad" : ""}`}>
          <Icon name={one.bad ? "warn" : "check"} />
          <span>{one.words}</span>
          <IconButton icon="close" label={text.common.close} onClick={() => dismiss(one.id)} />
        </div>
      ))}
    </div>
  );
}
