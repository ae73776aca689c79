/* Who is signed in, in which workspace, and how the page looks to them. */
import { computed, effect, signal } from "@preact/signals";
import { del, Fault, faultOf, get, post, request, setCsrf, whenSignedOut } from "../api/http";
import type { Me, Role, Workspace } from "../api/types";
import { go, route } from "./router";
import { recall, remember } from "./store";

/* undefined: not known yet; null: signed out. */
export const me = signal<Me | null | undefined>(undefined);
export const bootFault = signal<Fault | null>(null);
export const wasSignedIn = signal(false);
const chosen = signal<string | null>(recall<string | null>("workspace", null));

export const workspace = computed<Workspace | null>(() => {
  const all = me.value?.workspaces ?? [];
  return all.find((one) => one.id === chosen.value) ?? all[0] ?? null;
});
export const workspacePath = computed(() => (workspace.value ? `/workspaces/${encodeURIComponent(workspace.value.id)}` : ""));

const RANK: Role[] = ["viewer", "agent", "admin", "owner"];
export function may(role: Role): boolean {
  const own = workspace.value?.role;
  return own !== undefined && RANK.indexOf(own) >= RANK.indexOf(role);
}

export function chooseWorkspace(id: string): void {
  chosen.value = id;
  remember("workspace", id);
}

function enter(found: Me): void {
  setCsrf(found.csrf_token);
  me.value = found;
  wasSignedIn.value = false;
}

function leave(): void {
  if (me.peek()) wasSignedIn.value = true;
  setCsrf(null);
  me.value = null;
}

export async function boot(): Promise<void> {
  bootFault.value = null;
  whenSignedOut(leave);
  try {
    enter(await request<Me>("/me", { quiet401: true }));
  } catch (error) {
    const fault = faultOf(error);
    if (fault.status !== 401) {
      bootFault.value = fault;
      return;
    }
    me.value = null;
    await offerSetup();
  }
}

async function offerSetup(): Promise<void> {
  const path = route.peek().path;
  if (path === "/setup") return;
  try {
    if ((await get<{ needed: boolean }>("/setup")).needed) go("/setup", true);
  } catch {
    /* the sign-in page works without knowing */
  }
}

/* Asked when the live stream is refused: the session may be over. */
export async function recheck(): Promise<void> {
  try {
    const found = await get<Me>("/me");
    setCsrf(found.csrf_token);
    if (JSON.stringify(found) !== JSON.stringify(me.peek())) me.value = found;
  } catch {
    /* signed out is handled; anything else is the offline bar's business */
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  enter(await request<Me>("/session", { method: "POST", body: { email, password }, quiet401: true }));
}

export async function setUp(values: { name: string; email: string; password: string; workspace: string }): Promise<void> {
  enter(await post<Me>("/setup", values));
}

export async function signOut(): Promise<void> {
  try {
    await del("/session");
  } catch {
    /* gone already is as good */
  }
  leave();
  wasSignedIn.value = false;
  go("/login");
}

export async function makeWorkspace(name: string): Promise<void> {
  const made = await post<Workspace>("/workspaces", { name });
  const own = me.peek();
  if (own) me.value = { ...own, workspaces: [...own.workspaces, { ...made, role: made.role ?? "owner" }] };
  chooseWorkspace(made.id);
}

export type Theme = "system" | "light" | "dark";
export const theme = signal<Theme>(recall<Theme>("theme", "system"));

export function startTheme(): void {
  effect(() => {
    const root = document.documentElement;
    if (theme.value === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme.value);
    remember("theme", theme.value === "system" ? null : theme.value);
  });
}
