// A whole installation for one test file: the real program on a data directory of its own, a first user, the addon active, one
// account connected. Everything through the outside: commands and HTTP. On SQLite; with MAILTRIXY_TEST_DATABASE each on a new database
// of that server (lib/mariadb.mjs).
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { freshDatabase } from './mariadb.mjs';

/** For tests about the SQLite file itself: `{ skip: onlySqlite }`. */
export const onlySqlite = process.env.MAILTRIXY_TEST_DATABASE ? 'about the SQLite file' : false;
export const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../../..');
export const program = process.env.MAILTRIXY_PROGRAM ?? path.join(root, 'build/mailtrixy');
export const addonZip = process.env.MAILTRIXY_ADDON ?? path.join(root, 'build/instagram-addon-v1.0.0.zip');
export const password = 'correct horse battery';
export const webhookPath = '/addons/instagram/webhook';
// A server ends within 10 s of SIGTERM, whatever is under way; a slow machine, and the sanitizers that look for leaks at the end, need
// some more. What it must not wait for takes 30 s or longer.
export const inTime = 20_000;

// A port that stays ours until this process ends, also while no server listens on it: outside of the range that the system gives to
// others' connections, and claimed with a file, since test files run at the same time.
const claims = path.join(tmpdir(), `mailtrixy-test-ports-${process.getuid?.() ?? 0}`), claimed = [];
process.on('exit', () => { for (const file of claimed) rmSync(file, { force: true }); });
const lives = (pid) => { try { return pid > 0 && process.kill(pid, 0); } catch (e) { return e.code === 'EPERM'; } };

function claim(port) {
  const file = path.join(claims, String(port));
  try { writeFileSync(file, String(process.pid), { flag: 'wx' }); } catch {
    try { const pid = readFileSync(file, 'utf8'); if (pid && !lives(Number(pid))) rmSync(file, { force: true }); } catch { /* somebody else was faster */ }
    return false; // at once only if nobody had it: two who find a dead claim must not both take it
  }
  claimed.push(file);
  return true;
}

const listens = (port) => new Promise((resolve) => {
  const probe = net.createServer().once('error', () => resolve(false));
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
});

export async function freePort() {
  mkdirSync(claims, { recursive: true });
  for (let tries = 0; tries < 1000; tries++) {
    const port = 12_000 + Math.floor(Math.random() * 15_000);
    if (claim(port) && await listens(port)) return port;
  }
  throw new Error('no free port');
}

export const runProgram = (args, input = '') =>
  execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }).trim();

// A command that is expected to fail: its status and what it said.
export function runProgramFailing(args, input = '') {
  try { execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }); }
  catch (e) { return { status: e.status, stderr: e.stderr }; }
  throw new Error(`mailtrixy ${args.join(' ')} should have failed`);
}

export const defaultFields = (n = 1) => ({
  page_id: `10000000000000${n}`, page_name: `Page ${n}`, ig_user_id: `1784140000000000${n}`, ig_username: `shop${n}`,
  page_access_token: `EAAG-page-token-number-${n}`, app_secret: `app-secret-number-${n}-0123456789`,
});

export class House {
  constructor(options) { this.options = options; this.log = ''; }

  static async start(options = {}) {
    const house = new House(options);
    house.data = mkdtempSync(path.join(tmpdir(), 'mailtrixy-test-'));
    if (options.database === undefined) house.fresh = await freshDatabase();
    house.database = options.database ?? house.fresh?.url;
    if (options.setup !== false) {
      house.command(['setup', '--email', 'owner@example.org', '--name', 'Olga Owner', '--workspace', 'Acme', '--password-stdin'], password);
      house.token = house.command(['token', '--email', 'owner@example.org']);
      if (options.addon !== false) {
        house.command(['addon', 'install', addonZip]);
        house.command(['addon', 'activate', 'instagram']);
      }
    }
    await house.up();
    if (options.setup !== false) house.workspace = (await house.api('GET', '/api/v1/me')).body.workspaces[0].id;
    if (options.setup !== false && options.addon !== false && options.account !== false)
      house.account = await house.connect(options.fields ?? defaultFields());
    return house;
  }

  /**
   * Another server of the same instance, with a data directory of its own. database: its own way to the database, where there are
   * several; data: shared with the first.
   */
  static async beside(first, { database = first.database, data, ...options } = {}) {
    const house = new House({ ...first.options, publicUrl: first.url, ...options });
    Object.assign(house, { database, data: data ?? mkdtempSync(path.join(tmpdir(), 'mailtrixy-test-')), token: first.token, workspace: first.workspace, account: first.account });
    await house.up();
    return house;
  }

  /** Where this installation is, for a command. */
  get where() { return ['--data', this.data, ...(this.database ? ['--database', this.database] : [])]; }
  command(args, input) { return runProgram([...args, ...this.where], input); }

  async up() {
    this.port ??= await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    const graph = this.options.graph ?? { graph_url: 'http://127.0.0.1:9', instagram_graph_url: 'http://127.0.0.1:9' };
    this.child = spawn(program, ['serve', ...this.where, '--listen', `127.0.0.1:${this.port}`, '--public-url', this.options.publicUrl ?? this.url,
      '--graph-url', graph.graph_url, '--instagram-graph-url', graph.instagram_graph_url, ...(this.options.args ?? [])], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.log = (this.log + text).slice(-2_000_000); });
    this.exited = once(this.child, 'exit');
    await Promise.race([
      new Promise((resolve) => readline.createInterface({ input: this.child.stdout }).on('line', (line) => line.startsWith('MailTrixy listens') && resolve())),
      this.exited.then(([code, signal]) => { throw new Error(`the server stopped (${code ?? signal}): ${this.log.slice(-4000)}`); }),
    ]);
  }

  // Ends the server with a signal; resolves to its exit status, or the signal's name when that ended it.
  async down(signal = 'SIGTERM') {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    const [code, by] = await this.exited;
    return code ?? by;
  }

  async stop() {
    for (const stream of this.streams ?? []) stream.close();
    const status = await this.down();
    rmSync(this.data, { recursive: true, force: true });
    await this.fresh?.drop();
    if (/AddressSanitizer|runtime error:|ThreadSanitizer|LeakSanitizer/.test(this.log)) throw new Error(`a sanitizer spoke: ${this.log.slice(-8000)}`);
    if (status !== 0 && status !== 'SIGKILL') throw new Error(`the server ended with ${status}: ${this.log.slice(-4000)}`);
  }

  // One request. body: an object becomes JSON; a string or bytes are sent as they are.
  async api(method, where, body, { token = this.token, headers = {}, type, url = this.url } = {}) {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const answer = await fetch(url + where, {
      method, redirect: 'manual', body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
      headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(body === undefined ? {} : { 'Content-Type': type ?? 'application/json' }), ...headers },
    });
    const text = await answer.text();
    let parsed = null;
    try { parsed = text === '' ? null : JSON.parse(text); } catch { /* not JSON: text says what it is */ }
    return { status: answer.status, headers: answer.headers, body: parsed, text };
  }

  w(rest) { return `/api/v1/workspaces/${this.workspace}${rest}`; }

  async connect(fields, backend = 'facebook') {
    const answer = await this.api('POST', this.w('/accounts'), { channel: 'instagram', backend, fields });
    if (answer.status !== 201) throw new Error(`connect: ${answer.status} ${answer.text}`);
    return { ...answer.body, secret: fields.app_secret, key: fields.ig_user_id };
  }

  // Posts a body as Meta would: non-ASCII escaped, signed over exactly these bytes. url: by another way than to this server.
  async webhook(body, { secret = this.account?.secret, signature, raw, url = this.url } = {}) {
    const bytes = raw ?? metaJson(body);
    const headers = { 'Content-Type': 'application/json' };
    const value = signature === undefined ? sign(bytes, secret) : signature;
    if (value !== null) headers['X-Hub-Signature-256'] = value;
    const answer = await fetch(url + webhookPath, { method: 'POST', body: bytes, headers });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  }

  // The account's webhook with these inner events.
  envelope(...events) { return { object: 'instagram', entry: [{ id: this.account.key, time: Date.now(), messaging: events }] }; }
  fromCustomer(customer, rest, at = Date.now()) { return { sender: { id: customer }, recipient: { id: this.account.key }, timestamp: at, ...rest }; }
  fromUs(customer, rest, at = Date.now()) { return { sender: { id: this.account.key }, recipient: { id: customer }, timestamp: at, ...rest }; }

  async conversations(query = '') { return (await this.api('GET', this.w(`/conversations${query}`))).body.items; }
  // Every conversation, page by page.
  async allConversations() {
    const all = [];
    for (let cursor = ''; cursor !== null;) {
      const page = (await this.api('GET', this.w(`/conversations?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`))).body;
      all.push(...page.items);
      cursor = page.next_cursor;
    }
    return all;
  }
  async conversationOf(handleOrText) { return (await this.conversations()).find((c) => c.last_message?.text === handleOrText || c.contact.handle === handleOrText); }
  async messages(conversation) { return (await this.api('GET', this.w(`/conversations/${conversation}/messages?limit=100`))).body.items; }
  async journal(query = '') { return (await this.api('GET', this.w(`/webhook-events${query}`))).body.items; }

  async events(lastId) {
    const stream = await EventStream.open(this.url + this.w('/events'), this.token, lastId);
    (this.streams ??= []).push(stream);
    return stream;
  }
}

// Meta's way to write JSON: everything outside ASCII as \uXXXX, in lower case.
export const metaJson = (body) => JSON.stringify(body).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
export const sign = (bytes, secret) => `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;

// Server-Sent Events, read as a browser does.
export class EventStream {
  constructor() { this.seen = []; this.waiters = []; this.lastId = null; }

  static async open(url, token, lastId) {
    const stream = new EventStream();
    stream.abort = new AbortController();
    const answer = await fetch(url, { signal: stream.abort.signal, headers: { Authorization: `Bearer ${token}`, Accept: 'text/event-stream', ...(lastId ? { 'Last-Event-ID': lastId } : {}) } });
    if (answer.status !== 200) throw new Error(`events: ${answer.status}`);
    stream.pump(answer.body.getReader());
    await stream.wait((e) => e.event === 'hello' || e.event === 'reset');
    return stream;
  }

  async pump(reader) {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        text += decoder.decode(value, { stream: true });
        let end;
        while ((end = text.indexOf('\n\n')) >= 0) { this.take(text.slice(0, end)); text = text.slice(end + 2); }
      }
    } catch { /* closed by one of the two sides */ }
    this.ended = true;
    for (const w of this.waiters.splice(0)) w.reject(new Error('the stream ended'));
  }

  take(block) {
    const e = { event: 'message', data: '' };
    for (const line of block.split('\n')) {
      const at = line.indexOf(':');
      if (at <= 0) continue;
      const name = line.slice(0, at), value = line.slice(at + 1).replace(/^ /, '');
      if (name === 'data') e.data += value; else e[name] = value;
    }
    if (e.id) this.lastId = e.id;
    if (!e.data && !e.id) return;
    e.json = e.data ? JSON.parse(e.data) : null;
    this.seen.push(e);
    for (const w of [...this.waiters]) if (w.test(e)) { this.waiters.splice(this.waiters.indexOf(w), 1); w.resolve(e); }
  }

  // The first event, already there or to come, that passes the test.
  wait(test, ms = 60_000) {
    const there = this.seen.find(test);
    if (there) return Promise.resolve(there);
    if (this.ended) return Promise.reject(new Error('the stream ended'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no such event in ${ms} ms; seen: ${this.seen.map((e) => e.event).join(' ')}`)), ms);
      this.waiters.push({ test, resolve: (e) => { clearTimeout(timer); resolve(e); }, reject: (e) => { clearTimeout(timer); reject(e); } });
    });
  }

  close() { this.abort.abort(); }
}

// Asks again until the answer passes: for states that no event announces. Not a sleep: it ends with the state.
export async function until(ask, passes, ms = 60_000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await ask();
    if (passes(value)) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms; the last answer: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

// Like assert.deepEqual for what is on its way: asks again until the value is the expected one, and tells the difference if it stays away.
export async function becomes(ask, expected, why, ms = 60_000) {
  const end = Date.now() + ms;
  let value = await ask();
  while (!isDeepStrictEqual(value, expected) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    value = await ask();
  }
  assert.deepEqual(value, expected, why);
}
