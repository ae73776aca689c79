// WhatsApp's webhooks in any order, doubled, in one body or in many, hours late, and the same body on several connections at once:
// what the inbox shows in the end depends on none of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { House } from './lib/house.mjs';
import { chance, shuffled } from './lib/order.mjs';
import { Number as WhatsApp, numberFields } from './lib/whatsapp.mjs';

let house, number, people = 0;
before(async () => {
  house = await House.start({ addon: false });
  number = await WhatsApp.connect(house);
});
after(() => house?.stop());

const begun = Math.floor(Date.now() / 1000) - 3600;

// A customer and what happens, as the items of webhooks: [field, value].
class Story {
  constructor() {
    const n = ++people;
    this.old = `55118${String(10_000_000 + n)}`; this.fresh = `55117${String(10_000_000 + n)}`; this.user = `BR.${900_000_000 + n}`;
    this.names = new Map();
    this.items = [];
  }
  id(name) { if (!this.names.has(name)) this.names.set(name, number.id()); return this.names.get(name); }
  at(seconds) { return String(begun + seconds); }
  messages(message, wa_id) {
    const contacts = [{ profile: { name: 'Rosa' }, wa_id, user_id: this.user }];
    this.items.push(['messages', number.value({ contacts, messages: [{ from: wa_id, from_user_id: this.user, ...message }] })]);
  }
  says(name, text, seconds, wa_id = this.old) { this.messages({ id: this.id(name), timestamp: this.at(seconds), type: 'text', text: { body: text } }, wa_id); }
  about(type, rest, seconds, wa_id = this.old) { this.messages({ id: number.id(), timestamp: this.at(seconds), type, [type]: rest }, wa_id); }
  echo(name, text, seconds, wa_id) {
    this.items.push(['smb_message_echoes', number.value({ message_echoes: [{ from: '15550001111', to: wa_id, to_user_id: this.user, id: this.id(name), timestamp: this.at(seconds), type: 'text', text: { body: text } }] })]);
  }
  status(name, status, seconds, wa_id) {
    this.items.push(['messages', number.value({ statuses: [{ id: this.id(name), status, timestamp: this.at(seconds), recipient_id: wa_id, recipient_user_id: this.user,
      ...(status === 'failed' ? { errors: [{ code: 131026, title: 'Message undeliverable', message: 'Message undeliverable' }] } : {}) }] })]);
  }
  moves(seconds) {
    this.messages({ id: number.id(), timestamp: this.at(seconds), type: 'system', system: { type: 'user_changed_number', wa_id: this.fresh, body: `User Rosa changed from ${this.old} to ${this.fresh}` } }, this.old);
  }
  history(lines) {
    const messages = lines.map(([name, ours, text, seconds]) => ({ from: ours ? '15550001111' : this.old, ...(ours ? { to: this.old } : {}), id: this.id(name), timestamp: this.at(seconds), type: 'text', text: { body: text }, history_context: { status: 'READ' } }));
    this.items.push(['history', number.value({ history: [{ metadata: { phase: 0, chunk_order: 1, progress: 100 }, threads: [{ id: this.old, messages }] }] })]);
  }

  // Tells it in this order: each in its own body, or all in one.
  async tell(items, together) {
    const bodies = together ? [{ object: 'whatsapp_business_account', entry: items.map(([field, value]) => ({ id: 'W', changes: [{ field, value }] })) }] : items.map(([field, value]) => number.change(field, value));
    for (const body of bodies) assert.equal((await number.post(body)).status, 200);
  }

  // What the inbox shows, with the story's own names instead of ids.
  async shown() {
    const mine = (await house.allConversations()).filter((c) => [this.old, this.fresh].some((id) => c.contact.handle?.includes(id)));
    assert.equal(mine.length, 1, `${mine.length} conversations`);
    const [c] = mine, name = new Map([...this.names].map(([key, id]) => [id, key]));
    const messages = (await house.messages(c.id)).map((m) => ({ name: name.get(m.external_id) ?? 'moved', direction: m.direction, kind: m.kind, text: m.kind === 'system' ? 'moved' : m.text, at: Date.parse(m.at) / 1000 - begun, status: m.status,
      edited: m.edited, unsent: m.unsent, error: m.error?.message ?? null, reactions: m.reactions.filter((r) => r.emoji).map((r) => [r.by, r.emoji]) }));
    messages.sort((a, b) => a.at - b.at || (a.name < b.name ? -1 : 1));
    return { unread: c.unread, status: c.status, name: c.contact.name, number: c.contact.handle.endsWith(this.fresh) ? 'fresh' : 'old', closes: Date.parse(c.window.closes_at) / 1000 - begun, can_reply: c.can_reply, messages };
  }
}

async function alwaysTheSame(orders, begin, check) {
  let first;
  for (let order = 0; order < orders; order++) {
    const story = new Story(), pick = chance(order);
    begin(story);
    const twice = order === 0 ? story.items : shuffled([...story.items, ...story.items.filter(() => pick(3) > 0)], pick);
    await story.tell(twice, order % 2 === 1);
    const shown = await story.shown();
    first ??= shown;
    assert.deepEqual(shown, first, `order ${order}: ${twice.map((item) => story.items.indexOf(item)).join(' ')}`);
  }
  check(first);
}

test('words, edits, revokes, reactions, a new number, echoes and statuses: 60 orders end alike', { timeout: 300_000 }, () => alwaysTheSame(60, (s) => {
  s.says('m1', 'first', 0);
  s.about('edit', { original_message_id: s.id('m1'), message: { type: 'text', text: { body: 'second' } } }, 10);
  s.about('edit', { original_message_id: s.id('m1'), message: { type: 'text', text: { body: 'third' } } }, 20);
  s.says('m2', 'no', 30);
  s.about('revoke', { original_message_id: s.id('m2') }, 40);
  s.about('reaction', { message_id: s.id('e1'), emoji: '👍' }, 50);
  s.about('reaction', { message_id: s.id('e1') }, 60);
  s.about('reaction', { message_id: s.id('e2'), emoji: '🙏' }, 70);
  s.moves(100);
  s.says('m3', 'from the new number', 200, s.fresh);
  s.echo('e1', 'typed on the phone', 210, s.fresh);
  for (const [status, at] of [['sent', 211], ['delivered', 212], ['read', 213]]) s.status('e1', status, at, s.fresh);
  s.echo('e2', 'did not arrive', 220, s.fresh);
  for (const [status, at] of [['sent', 221], ['failed', 222]]) s.status('e2', status, at, s.fresh);
  s.echo('e3', 'read at once', 230, s.fresh);
  for (const [status, at] of [['read', 233], ['sent', 231]]) s.status('e3', status, at, s.fresh);
}, (shown) => {
  assert.deepEqual([shown.unread, shown.number, shown.closes, shown.can_reply], [4, 'fresh', 200 + 86_400, true]);
  assert.deepEqual(shown.messages.map((m) => [m.name, m.text, m.status]), [['m1', 'third', 'received'], ['m2', null, 'received'], ['moved', 'moved', 'received'], ['m3', 'from the new number', 'received'],
    ['e1', 'typed on the phone', 'read'], ['e2', 'did not arrive', 'failed'], ['e3', 'read at once', 'read']]);
  assert.deepEqual(shown.messages.map((m) => m.reactions), [[], [], [], [], [], [['contact', '🙏']], []]);
}));

test('the phone\'s history beside the same messages as they come: 30 orders end alike', { timeout: 300_000 }, () => alwaysTheSame(30, (s) => {
  s.says('m1', 'today', 100);
  s.about('edit', { original_message_id: s.id('m1'), message: { type: 'text', text: { body: 'today!' } } }, 110);
  s.echo('e1', 'an answer', 120, s.old);
  s.history([['h1', false, 'long ago', -90_000], ['h2', true, 'and answered', -89_000]]);
  s.history([['m1', false, 'today', 100], ['e1', true, 'an answer', 120]]);
  s.status('e1', 'delivered', 121, s.old);
}, (shown) => {
  assert.deepEqual([shown.unread, shown.closes], [1, 100 + 86_400]);
  assert.deepEqual(shown.messages.map((m) => [m.name, m.text]), [['h1', 'long ago'], ['h2', 'and answered'], ['m1', 'today!'], ['e1', 'an answer']]);
}));

test('a thousand messages of two numbers of one app and of one that is not here, the same body six times at once and again', { timeout: 300_000 }, async () => {
  const [one, two] = await Promise.all([3, 4].map((n) => WhatsApp.connect(house, { ...numberFields(n), app_secret: 'one app signs for both numbers' })));
  const nobody = { ...one.value({}).metadata, phone_number_id: '999000999000' };
  const before = (await house.allConversations()).length, customers = Array.from({ length: 20 }, (_, k) => `55116${String(10_000_000 + k)}`);
  const entry = [];
  let k = 0;
  for (let e = 0; e < 25; e++) {
    const from = [one, two, null, one, two][e % 5];
    const list = Array.from({ length: 40 }, () => (from ?? one).from(customers[k % 20], { type: 'text', text: { body: `item ${k++}` } }));
    const value = (from ?? one).value({ contacts: customers.map((wa_id) => ({ profile: { name: `Name ${wa_id}` }, wa_id })), messages: list });
    entry.push({ id: 'W', changes: [{ field: 'messages', value: from ? value : { ...value, metadata: nobody } }] });
  }
  const body = { object: 'whatsapp_business_account', entry };
  assert.equal(k, 1000);
  for (const answer of await Promise.all(Array.from({ length: 6 }, () => one.post(body)))) assert.equal(answer.status, 200);
  assert.equal((await two.post({ ...body, entry: shuffled(entry, 7) })).status, 200);
  const mine = (await house.allConversations()).filter((c) => customers.some((wa_id) => c.contact.handle === `+${wa_id}`));
  assert.equal(mine.length, 40, 'each customer with each number');
  assert.equal((await house.allConversations()).length, before + 40, 'and nobody of the number that is not here');
  const texts = [];
  for (const c of mine) {
    const messages = await house.messages(c.id);
    assert.equal(c.unread, messages.length);
    texts.push(...messages.map((m) => m.text));
  }
  assert.equal(texts.length, 800);
  assert.equal(new Set(texts).size, 800);
});

test('what comes again hours later opens nothing: neither the window, nor what was read, nor what was done', async () => {
  const hour = 3600_000, customer = `55115${String(10_000_000)}`;
  const said = (text, ago) => { const m = number.from(customer, { type: 'text', text: { body: text } }); return { ...m, timestamp: number.at(Date.now() - ago) }; };
  const late = said('25 hours old when it comes', 25 * hour), body = number.messages([late]);
  assert.equal((await number.post(body)).status, 200);
  const closed = await number.conversation(customer);
  assert.deepEqual([closed.window.open, closed.can_reply, closed.unread], [false, false, 1]);
  const open = number.messages([said('23 hours old', 23 * hour)]);
  await number.post(open);
  const now = await number.conversation(customer);
  assert.equal(now.window.open, true);
  assert.ok(Math.abs(Date.parse(now.window.closes_at) - Date.now() - hour) < 120_000);
  const done = await house.api('PATCH', house.w(`/conversations/${now.id}`), { unread: 0, status: 'done' });
  assert.equal(done.status, 200, done.text);
  for (const again of [body, open, open, body]) assert.equal((await number.post(again)).status, 200);
  const same = await number.conversation(customer);
  assert.deepEqual([same.unread, same.status, same.window.closes_at], [0, 'done', now.window.closes_at]);
  assert.equal((await house.messages(now.id)).length, 2);
});
