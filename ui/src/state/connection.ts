/* The live stream, and what each of its events changes on the page. */
import { effect, signal } from "@preact/signals";
import { Live, type LiveState } from "../api/live";
import type { AccountStatus, Conversation, Message } from "../api/types";
import { isNews } from "../pure/merge";
import { text } from "../text";
import { announce } from "./notices";
import { accounts, addonsChanged, channelName, channelsFault, loadChannels, shortWords } from "./channels";
import { known, listFault, loadCounts, loadList, openId, takeConversation } from "./inbox";
import { hurry, whenSending } from "./outbox";
import { recheck, workspacePath } from "./session";
import { expectAnswer, refreshThread, takeLive, threadFault } from "./thread";
import { hurryUploads } from "./uploads";

export const liveState = signal<LiveState>("connecting");
/* The bar appears only when the stream stays away: a blink is not worth a word. */
export const offline = signal(false);

let live: Live | null = null;
let barTimer = 0;

function onState(state: LiveState): void {
  const before = liveState.peek();
  liveState.value = state;
  window.clearTimeout(barTimer);
  if (state === "open") {
    offline.value = false;
    hurry();
    hurryUploads();
    /* What could not be had while the server was away. */
    if (threadFault.peek()?.passing) void refreshThread();
    if (listFault.peek()?.passing) void loadList(false);
    if (channelsFault.peek()?.passing) void loadChannels();
  } else if (before === "open" || state === "lost") {
    barTimer = window.setTimeout(
      () => {
        offline.value = true;
      },
      navigator.onLine ? 2500 : 0,
    );
    if (state === "lost" && before !== "lost") void recheck();
  }
}

function reloadAll(): void {
  void loadChannels();
  void loadList(true);
  void refreshThread();
  loadCounts(true);
}

function onMessage(data: { conversation: Conversation; message: Message }): void {
  const { conversation, message } = data;
  if (!conversation || !message) return;
  const news = isNews(known.peek().get(conversation.id), message);
  takeLive(message);
  takeConversation(conversation, true);
  if (message.unsent) announce("");
  if (news) {
    const name =
      conversation.contact.name || conversation.contact.handle || text.inbox.unknownContact(channelName(conversation.channel));
    announce(text.thread.arrived(name, shortWords(conversation.channel, message)));
  }
}

function onAccount(data: { id: string; status: AccountStatus; status_reason: string | null }): void {
  const list = accounts.peek();
  if (list?.some((one) => one.id === data.id)) {
    accounts.value = list.map((one) => (one.id === data.id ? { ...one, ...data } : one));
  }
  void loadChannels();
}

function onEvent(name: string, data: unknown): void {
  if (name === "message") onMessage(data as { conversation: Conversation; message: Message });
  else if (name === "conversation") takeConversation(data as Conversation, true);
  else if (name === "account") onAccount(data as { id: string; status: AccountStatus; status_reason: string | null });
  else if (name === "addon") {
    addonsChanged.value++;
    void loadChannels();
    loadCounts();
  } else if (name === "reset") reloadAll();
}

/* The first stream may start after the first lists were read: what fell between is fetched. */
function onHello(again: boolean): void {
  if (again) return;
  void loadList(true);
  if (openId.peek()) void refreshThread();
}

export function reconnect(): void {
  live?.renew();
}

export function startLive(): () => void {
  whenSending(expectAnswer);
  const stop = effect(() => {
    const base = workspacePath.value;
    live?.close();
    live = null;
    window.clearTimeout(barTimer);
    offline.value = false;
    if (base) live = new Live(`/api/v1${base}/events`, { onState, onHello, onEvent });
  });
  window.addEventListener("offline", () => {
    offline.value = true;
  });
  return stop;
}
