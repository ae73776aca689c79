/* Requests to the server: JSON in and out, problems as one error type, CSRF, clock skew. */
import { text } from "../text";

export interface FieldFault {
  field: string;
  message: string;
}

export class Fault extends Error {
  constructor(
    readonly status: number /* 0: no answer came */,
    readonly title: string,
    readonly detail: string,
    readonly type = "about:blank",
    readonly fields: FieldFault[] = [],
    readonly retryAfter = 0,
  ) {
    super(detail || title);
  }
  get lost(): boolean {
    return this.status === 0;
  }
  /* Trying the same again may help. */
  get passing(): boolean {
    return this.lost || this.status === 429 || this.status >= 500;
  }
}

let csrf: string | null = null;
let skew = 0;
let onSignedOut: () => void = () => {};

export function setCsrf(token: string | null): void {
  csrf = token;
}
export function whenSignedOut(call: () => void): void {
  onSignedOut = call;
}
/* The server's clock decides about windows; a wrong clock on this side must not. */
export function serverNow(): number {
  return Date.now() + skew;
}

function noteClock(date: string | null): void {
  const served = date ? Date.parse(date) : NaN;
  if (Number.isNaN(served)) return;
  const found = served + 500 - Date.now();
  skew = Math.abs(found) > 3000 ? found : 0;
}

export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(0, text.fault.title, text.fault.offline);
}

export function readProblem(status: number, body: string, retryAfter: string | null): Fault {
  let problem: Record<string, unknown> = {};
  try {
    const value: unknown = JSON.parse(body);
    if (value && typeof value === "object") problem = value as Record<string, unknown>;
  } catch {
    /* not from our server: a proxy's page, or nothing */
  }
  const string = (key: string) => (typeof problem[key] === "string" ? (problem[key] as string) : "");
  const wait = Number(retryAfter) || 0;
  const fallback = status === 404 ? text.fault.gone : status === 429 && wait ? text.fault.busy(wait) : text.fault.status(status);
  return new Fault(
    status,
    string("title") || text.fault.unknown,
    string("detail") || string("title") || fallback,
    string("type"),
    Array.isArray(problem.errors) ? (problem.errors as FieldFault[]) : [],
    wait,
  );
}

interface Ask {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  quiet401?: boolean;
}

export async function request<T>(path: string, ask: Ask = {}): Promise<T> {
  const method = ask.method ?? "GET";
  const headers: Record<string, string> = { Accept: "application/json" };
  if (ask.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let answer: Response;
  try {
    answer = await fetch("/api/v1" + path, {
      method,
      headers,
      credentials: "same-origin",
      signal: ask.signal,
      body: ask.body === undefined ? undefined : JSON.stringify(ask.body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Fault(0, text.fault.title, text.fault.offline);
  }
  noteClock(answer.headers.get("Date"));
  const body = await answer.text().catch(() => "");
  if (!answer.ok) {
    if (answer.status === 401 && !ask.quiet401) onSignedOut();
    throw readProblem(answer.status, body, answer.headers.get("Retry-After"));
  }
  if (body === "") return undefined as T;
  try {
    return JSON.parse(body) as T;
  } catch {
    throw new Fault(answer.status || 502, text.fault.title, text.fault.unknown);
  }
}

export const get = <T>(path: string, signal?: AbortSignal) => request<T>(path, { signal });
export const post = <T>(path: string, body: unknown = {}) => request<T>(path, { method: "POST", body });
export const put = <T>(path: string, body: unknown) => request<T>(path, { method: "PUT", body });
export const patch = <T>(path: string, body: unknown) => request<T>(path, { method: "PATCH", body });
export const del = <T = void>(path: string) => request<T>(path, { method: "DELETE" });

/* fetch() does not tell how far an upload is; the older interface does. */
export function upload<T>(
  path: string,
  file: Blob,
  onProgress: (share: number) => void,
  { type = "application/zip", signal }: { type?: string; signal?: AbortSignal } = {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const sender = new XMLHttpRequest();
    const unreachable = () => reject(new Fault(0, text.fault.title, text.fault.offline));
    sender.open("POST", "/api/v1" + path);
    sender.setRequestHeader("Content-Type", type);
    sender.setRequestHeader("Accept", "application/json");
    if (csrf) sender.setRequestHeader("X-CSRF-Token", csrf);
    sender.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    sender.onerror = unreachable;
    sender.onabort = unreachable;
    sender.onload = () => {
      if (sender.status === 401) onSignedOut();
      if (sender.status < 200 || sender.status >= 300) {
        reject(readProblem(sender.status, sender.responseText, sender.getResponseHeader("Retry-After")));
        return;
      }
      try {
        resolve(JSON.parse(sender.responseText) as T);
      } catch {
        reject(new Fault(502, text.fault.title, text.fault.unknown));
      }
    };
    signal?.addEventListener("abort", () => sender.abort());
    sender.send(file);
  });
}

/* Is there something at this address? null: it cannot be told now. */
export async function exists(path: string): Promise<boolean | null> {
  try {
    const answer = await fetch("/api/v1" + path, { method: "HEAD", credentials: "same-origin" });
    return answer.ok ? true : answer.status === 404 || answer.status === 410 ? false : null;
  } catch {
    return null;
  }
}

export function query(values: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const joined = search.toString();
  return joined ? "?" + joined : "";
}
