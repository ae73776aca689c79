/* Where the reader is. The address holds everything that a reload or a shared link needs. */
import { computed, signal } from "@preact/signals";

const here = () => ({ path: window.location.pathname, search: window.location.search });

export const route = signal(here());
export const params = computed(() => new URLSearchParams(route.value.search));
/* Open menus on a phone close when the place changes. */
export const drawerOpen = signal(false);

function arrive(): void {
  route.value = here();
  drawerOpen.value = false;
}

export function go(to: string, replace = false): void {
  if (to === route.peek().path + route.peek().search) return;
  if (replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  arrive();
}

export function withParams(changes: Record<string, string | null>, replace = false): void {
  const next = new URLSearchParams(route.peek().search);
  for (const [key, value] of Object.entries(changes)) {
    if (value) next.set(key, value);
    else next.delete(key);
  }
  const search = next.toString();
  go(route.peek().path + (search ? "?" + search : ""), replace);
}

/* Plain links stay plain links: middle click, Ctrl+click and long press work as everywhere. */
function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.("a[href]") as HTMLAnchorElement | null;
  if (!link || link.target || link.hasAttribute("download") || link.origin !== window.location.origin) return;
  if (link.getAttribute("href")?.startsWith("#")) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

export function startRouter(): void {
  window.addEventListener("popstate", arrive);
  document.addEventListener("click", followLink);
}

/* After signing in the reader goes on where they were. Only an address of this page will do. */
export function onward(): string {
  const next = params.peek().get("next") ?? "/";
  return next.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\") ? next : "/";
}
