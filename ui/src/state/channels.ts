/* The channels that can be had here and the accounts that are connected. */
import { computed, signal } from "@preact/signals";
import { Fault, faultOf, get } from "../api/http";
import type { Account, Capabilities, Channel, Direction } from "../api/types";
import { summary, type Told } from "../pure/summary";
import { unmarked } from "../pure/whatsapp_text";
import { counts } from "./inbox";
import { workspacePath } from "./session";

export const channels = signal<Channel[] | null>(null);
export const accounts = signal<Account[] | null>(null);
export const channelsFault = signal<Fault | null>(null);
/* Rises when somebody, somewhere, changed an addon, and when the line to the server came back: lists of addons are read again. */
export const addonsChanged = signal(0);

export const channelOf = (slug: string) => channels.value?.find((one) => one.slug === slug) ?? null;
/* A channel that is not loaded, or not there any more, can do nothing. */
const NOTHING: Capabilities = {
  quote: false,
  react: { allowed: false, emoji: [] },
  seen: false,
  typing: false,
  typing_is_seen: false,
  templates: false,
  voice: false,
  text_style: "plain",
  media: [],
};
export const capabilitiesOf = (slug: string): Capabilities => channelOf(slug)?.capabilities ?? NOTHING;
/* A message in one line, without its channel's marks: for lists, quotes, screen readers. */
export function shortWords(channel: string, message: Told & { direction: Direction }): string {
  const styled = message.direction !== "note" && capabilitiesOf(channel).text_style === "whatsapp";
  return styled ? unmarked(summary(message)) : summary(message);
}
export const accountOf = (id: string | null) => accounts.value?.find((one) => one.id === id) ?? null;
/* The sidebar shows an addon's channel while the addon is active, and one that is always there once something came by it. */
export const shownChannels = computed(() =>
  (channels.value ?? []).filter(
    (one) =>
      !one.core || accounts.value?.some((item) => item.channel === one.slug) || (counts.value?.by_channel[one.slug]?.open ?? 0) > 0,
  ),
);

export function channelName(slug: string): string {
  const known = channelOf(slug)?.name;
  if (known) return shortName(known);
  return slug === "email" ? "E-mail" : slug === "whatsapp" ? "WhatsApp" : slug.charAt(0).toUpperCase() + slug.slice(1);
}

/* "Instagram Direct Messages" is the addon's name; on a button there is room for "Instagram". */
export function shortName(name: string): string {
  return name.replace(/ Direct Messages$/, "");
}

let round = 0;
export async function loadChannels(): Promise<void> {
  const base = workspacePath.peek();
  const mine = ++round; /* an older answer may come after a newer one */
  if (!base) return;
  try {
    const [offered, connected] = await Promise.all([
      get<{ items: Channel[] }>(`${base}/channels`),
      get<{ items: Account[] }>(`${base}/accounts`),
    ]);
    if (mine !== round) return;
    channels.value = offered.items;
    accounts.value = connected.items;
    channelsFault.value = null;
  } catch (error) {
    if (mine === round) channelsFault.value = faultOf(error);
  }
}

export function putAccount(account: Account): void {
  const list = accounts.peek() ?? [];
  const known = list.some((one) => one.id === account.id);
  accounts.value = known ? list.map((one) => (one.id === account.id ? account : one)) : [...list, account];
}

export function dropAccount(id: string): void {
  accounts.value = (accounts.peek() ?? []).filter((one) => one.id !== id);
}

export function resetChannels(): void {
  round++;
  channels.value = null;
  accounts.value = null;
  channelsFault.value = null;
}
