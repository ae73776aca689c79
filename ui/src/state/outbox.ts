/* Sending. A message is shown at once, kept until the server has it, and sent under one client_id,
   so that trying again can never send it twice. */
import { effect, signal } from "@preact/signals";
import { faultOf, post } from "../api/http";
import type { Message } from "../api/types";
import { plainType, type Chip } from "../pure/filerules";
import { withoutConfirmed, type Pending } from "../pure/merge";
import { capabilitiesOf } from "./channels";
import { me, workspacePath, workspace } from "./session";
import { recall, remember } from "./store";
import { releaseChips, withdraw } from "./uploads";

export const pending = signal<Pending[]>([]);

const GIVE_UP = 10 * 60_000;
const key = () => `outbox.${me.peek()?.user.id ?? ""}.${workspace.peek()?.id ?? ""}`;
/* Who takes the answers is asked before the request leaves: live events may overtake the answer. */
type Expect = () => (answer: Message[]) => void;
let expect: Expect = () => () => {};
const timers = new Map<string, number>();

export function whenSending(call: Expect): void {
  expect = call;
}

function save(list: Pending[]): void {
  pending.value = list;
  remember(key(), list.length ? list : null);
}

function update(clientId: string, change: Partial<Pending>): void {
  save(pending.peek().map((one) => (one.clientId === clientId ? { ...one, ...change } : one)));
}

/* Messages that the page, or an earlier one, could not deliver to the server. */
export function startOutbox(): () => void {
  return effect(() => {
    if (!me.value || !workspace.value) {
      pending.value = [];
      return;
    }
    const found = recall<Pending[]>(key(), []);
    pending.value = found;
    for (const one of found) if (one.state !== "failed") void attempt(one.clientId, 0);
  });
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return "w-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

type Sent = Pick<Pending, "conversationId" | "text" | "note" | "tag" | "overflow" | "files" | "quote" | "template">;

export function send(one: Sent, at: number): void {
  const item: Pending = { ...one, clientId: newId(), at: new Date(at).toISOString(), state: "sending", error: null };
  save([...pending.peek(), item]);
  void attempt(item.clientId, 0);
}

export function sendAgain(clientId: string): void {
  update(clientId, { state: "sending", error: null, at: new Date().toISOString() });
  void attempt(clientId, 0);
}

function drop(clientId: string): Pending | null {
  const one = pending.peek().find((item) => item.clientId === clientId) ?? null;
  window.clearTimeout(timers.get(clientId));
  if (one) save(pending.peek().filter((item) => item !== one));
  return one;
}

/* It is not to be sent any more, nor its files. */
export function discard(clientId: string): void {
  withdraw(drop(clientId)?.files ?? []);
}

/* Nor is it, but its parts are wanted back. */
export function reclaim(clientId: string): void {
  drop(clientId);
}

/* What was recorded here goes as a voice message where the channel has such and the browser could make one; else as sound. */
const isVoice = (file: Chip) => file.voice && capabilitiesOf(file.channel).voice && plainType(file.mime) === "audio/ogg";

function bodyOf(one: Pending): Record<string, unknown> {
  const files = one.files ?? [];
  return {
    client_id: one.clientId,
    ...(one.template ? { template: one.template } : one.text ? { text: one.text } : {}),
    ...(one.note ? { note: true } : {}),
    ...(one.tag ? { tag: one.tag } : {}),
    ...(one.overflow ? { overflow: one.overflow } : {}),
    ...(files.length ? { attachments: files.map((file) => file.upload!.id) } : {}),
    ...(files.some(isVoice) ? { voice: true } : {}),
    ...(one.quote ? { reply_to: one.quote.id } : {}),
  };
}

async function attempt(clientId: string, tries: number): Promise<void> {
  const one = pending.peek().find((item) => item.clientId === clientId);
  if (!one) return;
  const base = workspacePath.peek();
  const take = expect();
  try {
    const answer = await post<Message & { messages?: Message[] }>(
      `${base}/conversations/${encodeURIComponent(one.conversationId)}/messages`,
      bodyOf(one),
    );
    releaseChips(drop(clientId)?.files ?? []);
    if (workspacePath.peek() === base) take(answer.messages?.length ? answer.messages : [answer]);
  } catch (error) {
    fail(one, tries, faultOf(error));
  }
}

function fail(one: Pending, tries: number, fault: ReturnType<typeof faultOf>): void {
  if (fault.status === 401) {
    update(one.clientId, { state: "waiting" });
    return;
  }
  const young = Date.now() - Date.parse(one.at) < GIVE_UP;
  if (fault.passing && young) {
    update(one.clientId, { state: "waiting" });
    const wait = fault.retryAfter ? fault.retryAfter * 1000 : Math.min(30_000, 1000 * 2 ** tries);
    timers.set(
      one.clientId,
      window.setTimeout(() => attempt(one.clientId, tries + 1), wait),
    );
    return;
  }
  const fields = fault.fields.map((field) => field.message).join(" ");
  const same = fault.detail === fault.title;
  update(one.clientId, {
    state: "failed",
    error: { message: fault.title, fix: fields || (same ? null : fault.detail), again: fault.passing || fault.status === 403 },
  });
}

/* The connection is back: no need to wait for the timers. */
export function hurry(): void {
  for (const one of pending.peek()) {
    if (one.state !== "waiting") continue;
    window.clearTimeout(timers.get(one.clientId));
    void attempt(one.clientId, 0);
  }
}

export function settle(confirmed: Message[]): void {
  const rest = withoutConfirmed(pending.peek(), confirmed);
  if (rest === pending.peek()) return;
  releaseChips(
    pending
      .peek()
      .filter((one) => !rest.includes(one))
      .flatMap((one) => one.files ?? []),
  );
  save(rest);
}
