// Brings events to the callback URL of their app, the way Meta does: signed, in batches, again and again
// until they are answered with 200, and not at all once an account's webhooks have failed for an hour.

import { Ring } from '../core/ring.mjs';
import { mergeValues } from '../whatsapp/value.mjs';
import { WHATSAPP } from '../whatsapp/world.mjs';
import { signatureHeaders, writeBody } from './signature.mjs';
import { request } from './post.mjs';

const RECORD_BYTES = 400; // what a record takes beside its event
const ALERT_AFTER_MS = 15 * 60e3;
const isWhatsapp = (account) => account.object === WHATSAPP;

/** Where the webhooks of an account go: a number or an account may have a callback of its own. */
function callbackOf({ account, number }) {
  return isWhatsapp(account) ? number?.override?.url ?? account.override?.url ?? account.app.whatsapp_callback.url : account.app.callback.url;
}

const OPEN = new Set(['queued', 'sending', 'retrying']);

export class Delivery {
  constructor(world) {
    this.world = world;
    this.reset();
  }

  reset() {
    this.generation = (this.generation ?? 0) + 1;
    this.events = new Ring({ entries: 20_000, bytes: 32e6 });
    this.posts = new Ring({ entries: 5000, bytes: 32e6 });
    this.held = [];
    this.late = []; // events that disorder lets the next one overtake
    this.queues = new Map(); // app, kind and address -> { app, url, waiting, running }
    this.open = new Set(); // events not yet acknowledged
    this.nextId = 1;
  }

  /** Hands over an event of `account`; the record that comes back tells what becomes of it. `drop` is why it is not sent at all. */
  emit(account, { field, slot, item, number = null }, { force = false, drop = null } = {}) {
    const record = { id: this.nextId++, account, number, field, slot, item, at: this.world.clock.now(), state: 'queued', reason: null };
    record.tried = new Promise((resolve) => { record.markTried = resolve; });
    this.events.push(record, RECORD_BYTES + JSON.stringify(item).length);
    const reason = drop ?? (force ? null : isWhatsapp(account) ? this.#whyNotWhatsapp(record) : this.#whyNot(account, field));
    if (reason) return this.#finish(record, 'dropped', reason);
    if (this.world.options.hold) {
      record.state = 'held';
      this.held.push(record);
    } else if (this.world.options.disorder) {
      this.#overtake(record);
    } else {
      this.#enqueue([record]);
    }
    return record;
  }

  /** Lets held events go: shuffled or not, as one batch or each by itself. */
  release({ shuffle = false, batch = false, order = null } = {}) {
    let records = this.held;
    this.held = [];
    if (order) records = order.map((at) => records[at]).filter(Boolean);
    if (shuffle) shuffleInPlace(records);
    for (const record of records) record.state = 'queued';
    if (!batch) this.#enqueue(records);
    else for (const group of groupBy(records, queueKey).values()) this.#post(group);
    return records;
  }

  pending() {
    return [...this.open].filter((record) => OPEN.has(record.state));
  }

  /** Sends a body as it is; `signature` is 'right', 'wrong', 'missing', 'sha1-only', 'upper-case' or a header value. */
  async sendRaw(app, { body, text, object, signature = 'right', secret = app.secret }) {
    const raw = text ?? writeBody(body, { escapeSlash: this.world.options.escape_slash });
    const url = (object ?? body?.object) === WHATSAPP ? app.whatsapp_callback.url : app.callback.url;
    const post = { id: this.nextId++, app, url, records: [], text: raw, attempts: [], state: 'sending', first_at: this.world.clock.now() };
    this.posts.push(post, raw.length);
    await this.#attempt(post, rawSignature(signature, secret, raw));
    post.state = post.attempts.at(-1).status === 200 ? 'acknowledged' : 'failed';
    this.world.watch.touch({ topic: 'webhook' });
    return post;
  }

  #whyNot(account, field) {
    const { app } = account;
    if (!app.callback.url) return 'the app has no callback URL';
    if (account.condition === 'messages_off') return 'the account does not allow access to messages';
    if (!account.subscribed_fields?.length) return `the app is not subscribed to the ${account.page ? 'Page' : 'account'}`;
    if (!app.fields.includes(field)) return `the field ${field} is not ticked in the dashboard`;
    if (account.backend === 'instagram' && field !== 'standby' && !account.subscribed_fields.includes(field)) {
      return `the account is not subscribed to the field ${field}`;
    }
    return null;
  }

  #whyNotWhatsapp({ account, number, field }) {
    const { app } = account;
    if (!callbackOf({ account, number })) return 'the app has no callback URL for WhatsApp';
    if (!account.subscribed) return 'the app is not subscribed to the WhatsApp Business Account';
    return app.whatsapp_fields.includes(field) ? null : `the field ${field} is not ticked in the dashboard`;
  }

  #overtake(record) {
    this.open.add(record);
    this.late.push(record);
    if (this.late.length > 1) return this.#enqueue(this.late.splice(0).reverse());
    this.world.clock.after(this.world.options.disorder_ms, () => this.#enqueue(this.late.splice(0)));
  }

  #enqueue(records) {
    for (const record of records) {
      this.open.add(record);
      const key = queueKey(record);
      if (!this.queues.has(key)) this.queues.set(key, { waiting: [], running: 0 });
      this.queues.get(key).waiting.push(record);
    }
    for (const queue of this.queues.values()) this.#pump(queue);
  }

  #pump(queue) {
    const { parallel, batch_max: batch } = this.world.options;
    while (queue.running < parallel && queue.waiting.length > 0) {
      queue.running += 1;
      this.#post(queue.waiting.splice(0, batch)).finally(() => {
        queue.running -= 1;
        this.#pump(queue);
      });
    }
  }

  /** `records` are of one app, one kind of account and one callback. */
  #post(records) {
    const { options, clock } = this.world, { app } = records[0].account;
    const text = writeBody(this.#envelope(records), { escapeSlash: options.escape_slash });
    const post = { id: this.nextId++, app, url: callbackOf(records[0]), records, text, attempts: [], state: 'sending', first_at: clock.now() };
    for (const record of records) {
      this.open.add(record);
      record.state = 'sending';
    }
    this.posts.push(post, text.length);
    return this.#try(post, 1 + options.duplicates);
  }

  #envelope(records) {
    const { options, clock } = this.world;
    if (isWhatsapp(records[0].account)) return { object: WHATSAPP, entry: whatsappEntries(options, records) };
    const entries = [];
    for (const { account, slot, item } of records) {
      let entry = entries.at(-1);
      if (entry?.id !== account.id || !entry[slot] || entry[slot].length >= options.per_entry) {
        entry = { id: account.id, time: clock.now(), [slot]: [] };
        entries.push(entry);
      }
      entry[slot].push(item);
    }
    const body = { object: options.object, entry: entries };
    return options.outer_array ? [body] : body;
  }

  /** One round of `copies` equal requests; one 200 among them is enough. */
  async #try(post, copies) {
    const generation = this.generation;
    const headers = signatureHeaders(this.#secret(post), post.text);
    if (this.world.options.parallel > 1) await Promise.all(Array.from({ length: copies }, () => this.#attempt(post, headers)));
    else for (let i = 0; i < copies; i++) await this.#attempt(post, headers);
    if (generation !== this.generation) return;
    const acknowledged = post.attempts.slice(-copies).some(({ status }) => status === 200);
    if (acknowledged) this.#acknowledged(post);
    else this.#failed(post);
    for (const record of post.records) record.markTried();
    this.world.watch.touch({ topic: 'webhook' });
  }

  async #attempt(post, headers) {
    const at = this.world.clock.now();
    const answer = await request(post.url, {
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'facebookexternalua', Accept: '*/*', 'Content-Length': Buffer.byteLength(post.text), ...headers },
      body: post.text, timeoutMs: this.world.options.answer_timeout_ms,
    });
    post.attempts.push({ at, ...answer, body: answer.body?.slice(0, 500) });
  }

  #secret({ app, records }) {
    const instagram = records.every(({ account }) => account.backend === 'instagram');
    return (instagram && app.instagram_secret) || app.secret;
  }

  #acknowledged(post) {
    post.state = 'acknowledged';
    for (const record of post.records) {
      record.account.failing_since = null;
      this.#finish(record, 'acknowledged');
    }
  }

  #failed(post) {
    const { options, clock } = this.world;
    this.#countFailure(post);
    const live = post.records.filter((record) => OPEN.has(record.state));
    const wait = options.retry_ms[post.attempts.length - 1 - options.duplicates] ?? options.retry_ms.at(-1);
    const tooLate = clock.now() + wait * options.time_scale - post.first_at > this.#giveUpAfter(post) * options.time_scale;
    if (live.length === 0 || wait === undefined || tooLate) {
      post.state = 'lost';
      for (const record of live) this.#finish(record, 'lost', 'given up after the last retry');
      return;
    }
    post.state = 'retrying';
    for (const record of live) record.state = 'retrying';
    post.next_at = clock.now() + wait * options.time_scale;
    clock.after(wait * options.time_scale, () => this.#retry(post));
  }

  /** WhatsApp is patient for a week, and never unsubscribes anybody. */
  #giveUpAfter({ records }) {
    const { options } = this.world;
    return isWhatsapp(records[0].account) ? options.whatsapp_give_up_after_ms : options.give_up_after_ms;
  }

  #retry(post) {
    if (post.state !== 'retrying') return undefined;
    post.state = 'sending';
    return this.#try(post, 1);
  }

  /** Starts the hour after which Meta gives an account up, or acts when it has passed. */
  #countFailure(post) {
    const { options, clock } = this.world;
    for (const account of new Set(post.records.map((record) => record.account))) {
      if (account.failing_since !== null) continue;
      const since = clock.now();
      account.failing_since = since;
      const stillFailing = () => account.failing_since === since;
      clock.after(ALERT_AFTER_MS * options.time_scale, () => {
        if (stillFailing()) this.world.alert('webhooks_failing', { account: account.id, since });
      });
      if (options.unsubscribe_after_ms === 0 || isWhatsapp(account)) continue;
      clock.after(options.unsubscribe_after_ms * options.time_scale, () => {
        if (stillFailing()) this.#unsubscribe(account, since);
      });
    }
  }

  #unsubscribe(account, since) {
    account.subscribed_fields = null;
    account.failing_since = null;
    this.world.alert('webhooks_disabled', { account: account.id, since });
    for (const record of [...this.open].filter((one) => one.account === account)) {
      this.#finish(record, 'lost', 'the app was unsubscribed after an hour of failures');
    }
    for (const post of this.posts.list()) {
      if (post.state === 'retrying' && post.records.every(({ state }) => state === 'lost')) post.state = 'lost';
    }
    for (const queue of this.queues.values()) queue.waiting = queue.waiting.filter(({ state }) => state !== 'lost');
    this.world.watch.touch({ topic: 'webhook' });
  }

  #finish(record, state, reason = null) {
    record.state = state;
    record.reason = reason;
    this.open.delete(record);
    if (state !== 'acknowledged') record.markTried();
    this.world.watch.touch({ topic: 'webhook' });
    return record;
  }
}

function rawSignature(kind, secret, raw) {
  const headers = signatureHeaders(secret, raw);
  if (kind === 'right') return headers;
  if (kind === 'missing') return {};
  if (kind === 'sha1-only') return { 'X-Hub-Signature': headers['X-Hub-Signature'] };
  if (kind === 'upper-case') return { 'X-Hub-Signature-256': headers['X-Hub-Signature-256'].replace(/[a-f]/g, (digit) => digit.toUpperCase()).replace(/^.*=/, 'sha256=') };
  if (kind === 'wrong') return signatureHeaders(`not ${secret}`, raw);
  return { 'X-Hub-Signature-256': kind };
}

const queueKey = (record) => [record.account.app.id, record.account.object ?? 'instagram', callbackOf(record)].join(' ');

/** The entries of a WhatsApp webhook: one for each account, its changes in it; what belongs together may stand in one value. */
function whatsappEntries(options, records) {
  const entries = [];
  for (const [account, group] of groupBy(records, (record) => record.account)) {
    const key = ({ field, number }, at) => (options.merge_values && field === 'messages' ? `${field} ${number?.id}` : at);
    const keyed = group.map((record, at) => ({ key: key(record, at), item: record.item }));
    const changes = [...groupBy(keyed, (one) => one.key).values()].map((same) => ({ value: mergeValues(same.map(({ item }) => item.value)), field: same[0].item.field }));
    for (let at = 0; at < changes.length; at += options.per_entry) entries.push({ id: account.id, changes: changes.slice(at, at + options.per_entry) });
  }
  return entries;
}

function shuffleInPlace(list) {
  const before = [...list];
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  // A shuffle that changes nothing tests nothing.
  if (list.length > 1 && list.every((item, i) => item === before[i])) list.push(list.shift());
}

function groupBy(list, key) {
  const groups = new Map();
  for (const item of list) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
