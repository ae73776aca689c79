/* The approved templates of each account, as the server fetched them last. */
import { signal } from "@preact/signals";
import { type Fault, faultOf, get, post } from "../api/http";
import type { Templates } from "../api/types";
import { workspacePath } from "./session";

export interface TemplateShelf {
  list: Templates | null;
  busy: "reading" | "fetching" | null;
  fault: Fault | null;
}

const NONE: TemplateShelf = { list: null, busy: null, fault: null };
const shelves = signal<ReadonlyMap<string, TemplateShelf>>(new Map());

const key = (account: string) => `${workspacePath.peek()} ${account}`;
export const shelfOf = (account: string): TemplateShelf => shelves.value.get(key(account)) ?? NONE;

function put(at: string, change: Partial<TemplateShelf>): void {
  shelves.value = new Map(shelves.peek()).set(at, { ...(shelves.peek().get(at) ?? NONE), ...change });
}

const path = (account: string) => `${workspacePath.peek()}/accounts/${encodeURIComponent(account)}/templates`;

/* Asks the provider, by way of the server: takes some seconds. What was there stays until the answer is. */
export async function fetchTemplates(account: string): Promise<void> {
  const at = key(account);
  if (shelves.peek().get(at)?.busy === "fetching") return;
  put(at, { busy: "fetching", fault: null });
  try {
    put(at, { list: await post<Templates>(path(account)), busy: null });
  } catch (error) {
    put(at, { busy: null, fault: faultOf(error) });
  }
}

/* What the server knows; the very first time it asks the provider by itself. */
export async function readTemplates(account: string, mayFetch: boolean): Promise<void> {
  const at = key(account);
  if (shelves.peek().get(at)?.busy) return;
  put(at, { busy: "reading", fault: null });
  try {
    const found = await get<Templates>(path(account));
    put(at, { list: found, busy: null });
    if (found.fetched_at === null && mayFetch) await fetchTemplates(account);
  } catch (error) {
    put(at, { busy: null, fault: faultOf(error) });
  }
}
