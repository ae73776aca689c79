// What Meta sends all day, shuffled and doubled: words, reactions, edits and unsends of many customers. Each body comes until it is
// answered 200, some come again, and what the inbox shows in the end is known for every message.
import { chance } from './order.mjs';

const PEOPLE = 40, POOL = 60;

export class Traffic {
  /** post(body): sends it somewhere, resolves to the status; it may fail. envelope, fromCustomer: as a house makes them. */
  constructor({ post, house, seed = 1, name = 'm' }) {
    Object.assign(this, { post, house, pick: chance(seed), name, talks: [], pool: [], statuses: new Map(), acknowledged: 0, doubled: 0, slowest: 0, running: false });
  }

  // One message and what becomes of it.
  talk() {
    const k = this.talks.length, mid = `${this.name}-${k}`, at = Date.now() - 60_000, customer = `7${String(k % PEOPLE).padStart(14, '0')}`;
    const post = (rest, after) => this.house.envelope(this.house.fromCustomer(customer, rest, at + after));
    const ends = { text: `words ${k}`, edited: false, unsent: false, emoji: null }, bodies = [post({ message: { mid, text: ends.text } }, 0)];
    switch (k % 5) {
      case 1: bodies.push(post({ reaction: { mid, action: 'react', reaction: 'love', emoji: '❤️' } }, 3000)); ends.emoji = '❤️'; break;
      case 2: bodies.push(post({ message_edit: { mid, text: `edited ${k}`, num_edit: 1 } }, 4000)); Object.assign(ends, { text: `edited ${k}`, edited: true }); break;
      case 3: if (k % 2) { bodies.push(post({ message: { mid, is_deleted: true } }, 5000)); Object.assign(ends, { text: null, unsent: true }); } break;
    }
    this.talks.push({ mid, customer, ends });
    this.pool.push(...bodies);
  }

  start(senders = 8) {
    this.running = true;
    this.done = Promise.all(Array.from({ length: senders }, () => this.send()));
  }

  async send() {
    for (;;) {
      while (this.running && this.pool.length < POOL) this.talk();
      if (this.pool.length === 0) return;
      const [body] = this.pool.splice(this.pick(this.pool.length), 1), began = Date.now();
      let status;
      try { status = await this.post(body); } catch (e) { status = e.cause?.code ?? e.code ?? 'cut'; }
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      if (status === 200) {
        this.slowest = Math.max(this.slowest, Date.now() - began);
        this.acknowledged++;
        if (this.pick(7) === 0 && this.running) { this.pool.push(body); this.doubled++; }	// Meta sends some again although they were answered
      } else {
        this.pool.push(body);	// it comes again
        await new Promise((resolve) => { setTimeout(resolve, 50); });
      }
    }
  }

  /** Resolves when so many more were acknowledged. */
  async flows(more) {
    const wanted = this.acknowledged + more, end = Date.now() + 60_000;
    while (this.acknowledged < wanted) {
      if (Date.now() > end) throw new Error(`${wanted - this.acknowledged} of ${more} webhooks were not acknowledged in a minute; answers: ${JSON.stringify([...this.statuses])}`);
      await new Promise((resolve) => { setTimeout(resolve, 20); });
    }
  }

  /** No new messages; resolves when every body was acknowledged. */
  async finish() { this.running = false; await this.done; }

  /** What differs between what a server shows and what must be there: nothing. */
  async differences(house) {
    const shown = new Map(), wrong = [], ours = ({ external_id: id }) => id?.startsWith(`${this.name}-`);
    let unread = 0;
    for (const c of await house.allConversations()) {
      const messages = (await allMessages(house, c.id)).filter(ours);
      if (messages.length > 0) unread += c.unread;
      for (const m of messages) {
        if (shown.has(m.external_id)) wrong.push(`${m.external_id} twice`);
        shown.set(m.external_id, m);
      }
    }
    for (const { mid, ends } of this.talks) {
      const m = shown.get(mid);
      if (m === undefined) { wrong.push(`${mid} lost`); continue; }
      const is = { text: m.text, edited: Boolean(m.edited), unsent: Boolean(m.unsent), emoji: m.reactions.find((r) => r.emoji)?.emoji ?? null };
      if (JSON.stringify(is) !== JSON.stringify(ends)) wrong.push(`${mid} is ${JSON.stringify(is)}, not ${JSON.stringify(ends)}`);
    }
    if (shown.size > this.talks.length) wrong.push(`${shown.size - this.talks.length} made up`);
    if (unread !== this.talks.length) wrong.push(`${unread} unread of ${this.talks.length}`);
    return wrong.slice(0, 20);
  }
}

/** Answers of the team to simulated customers: each asked for until it is taken, under one client_id. */
export class Answers {
  /** api(method, path, body): to any server. talks: [{ customer, conversation }]. */
  constructor({ api, house, sim, talks }) { Object.assign(this, { api, house, sim, talks, sent: [], retries: 0, running: false }); }

  start(pause = 60) { this.running = true; this.done = this.send(pause); }

  async send(pause) {
    for (let n = 0; this.running; n++) {
      const { customer, conversation } = this.talks[n % this.talks.length], text = `answer ${n}`;
      for (let taken = false; !taken;) {
        const answer = await this.api('POST', this.house.w(`/conversations/${conversation}/messages`), { text, client_id: `answer-${n}` }).catch((e) => ({ status: e.cause?.code ?? 'cut' }));
        taken = answer.status === 201 || answer.status === 200;
        if (taken) this.sent.push({ customer, conversation, text, id: answer.body.id });
        else { this.retries++; await new Promise((resolve) => { setTimeout(resolve, 50); }); }
      }
      await new Promise((resolve) => { setTimeout(resolve, pause); });
    }
  }

  async finish() { this.running = false; await this.done; }

  /** Waits until it is known what became of each; then what is wrong: nothing. */
  async differences(house, ms = 60_000) {
    const shown = new Map(), end = Date.now() + ms, wrong = [];
    for (;;) {
      for (const { conversation } of this.talks) for (const m of await allMessages(house, conversation)) shown.set(m.id, m);
      const open = this.sent.filter(({ id }) => !['sent', 'delivered', 'read', 'unknown', 'failed'].includes(shown.get(id)?.status));
      if (open.length === 0) break;
      if (Date.now() > end) return [`${open.length} of ${this.sent.length} answers are still ${shown.get(open[0].id)?.status}`];
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    }
    this.unknown = 0;
    for (const customer of new Set(this.talks.map((t) => t.customer))) {
      const got = (await this.sim.thread(customer)).messages.filter((m) => m.from === 'business').map((m) => m.text), mine = this.sent.filter((one) => one.customer === customer);
      for (const { text, id } of mine) {
        const times = got.filter((t) => t === text).length, { status } = shown.get(id);
        if (times > 1) wrong.push(`${text} ${times} times at the customer's`);
        if (status === 'unknown') this.unknown++;
        else if (times !== (status === 'failed' ? 0 : 1)) wrong.push(`${text} is ${status}, ${times} times at the customer's`);
      }
      const order = mine.map(({ text }) => got.indexOf(text)).filter((at) => at >= 0);
      if (order.some((at, k) => k > 0 && at < order[k - 1])) wrong.push(`${customer}: not in order`);
      if (got.length > mine.length) wrong.push(`${got.length - mine.length} made up`);
    }
    return wrong.slice(0, 20);
  }
}

export async function allMessages(house, conversation) {
  const all = [];
  for (let cursor = ''; cursor !== null;) {
    const page = (await house.api('GET', house.w(`/conversations/${conversation}/messages?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`))).body;
    all.push(...page.items);
    cursor = page.next_cursor;
  }
  return all;
}
