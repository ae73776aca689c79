// The power fails while messages of every form go out, on both channels: the customer gets each at most once, what is not known is
// said and settled by what Meta tells later, and all the rest goes on by itself.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { root, until } from './lib/house.mjs';
import { png } from './lib/picture.mjs';
import { startStreet } from './lib/street.mjs';

let s, ada, rafael, talk, template, shopper, shop;
before(async () => {
  s = await startStreet({ whatsapp: true });
  [ada, rafael] = s.whatsapp.people;
  [shopper] = s.customers;
  // What Meta could not hand over while the power was off comes soon after.
  await s.sim.post('options', { time_scale: 0.002, unsubscribe_after_ms: 0 });
  talk = await s.meet(ada, 'Hello on WhatsApp');
  shop = await s.meet(shopper, 'Hello on Instagram');
  const { items } = (await s.house.api('POST', s.house.w(`/accounts/${s.whatsapp.account.id}/templates`))).body;
  template = items.find((t) => t.name === 'order_ready');
});
after(() => s?.stop());
afterEach(async () => {
  await s.sim.post('weather/clear');
  await s.sim.post('options', { statuses: 'after', echo: 'before' });
});

const powerFails = async (meanwhile) => { await s.house.down('SIGKILL'); await meanwhile?.(); await s.house.up(); };
const business = async (customer) => (await s.sim.thread(customer)).messages.filter((m) => m.from === 'business');
const upload = async (name, bytes, channel) => {
  const answer = await s.house.api('POST', s.house.w(`/uploads?name=${encodeURIComponent(name)}&channel=${channel}`), bytes, { type: 'application/octet-stream' });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.id;
};
const send = async (conversation, body) => {
  const answer = await s.reply(conversation, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
};
let number = 0;
// Something to send in each form, and how it is known again on the phone.
const forms = {
  text: async () => { const text = `words ${++number}`; return { body: { text }, is: (m) => m.text === text }; },
  file: async () => { const name = `price ${++number}.pdf`; return { body: { attachments: [await upload(name, `%PDF-1.4\n% ${number}\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n`, 'whatsapp')] }, is: (m) => m.attachments[0]?.title === name }; },
  picture: async () => { const text = `picture ${++number}`; return { body: { text, attachments: [await upload('p.png', png(20, 20, number), 'whatsapp')] }, is: (m) => m.text === text }; },
  template: async () => {
    const mark = `order-${++number}.`, values = Object.fromEntries(template.variables.map((v) => [v.key, mark]));
    return { body: { template: { name: template.name, language: template.language, values } }, is: (m) => m.template === template.name && m.text.includes(mark) };
  },
};
const times = async (customer, is) => (await business(customer)).filter(is).length;

for (const form of Object.keys(forms))
  test(`WhatsApp, ${form}: the power fails before the answer is read; the status that names our reference settles it`, async () => {
    const { body, is } = await forms[form]();
    await s.sim.post('options', { statuses: 'held' });
    await s.sim.weather(undefined, { kind: 'hold', on: 'send' });
    const { id } = await send(talk, body), next = (await send(talk, { text: `after ${form}` })).id;
    await s.sim.get('wait/holding');
    await powerFails(() => s.sim.post('weather/clear'));
    await s.becomes(talk, id, 'unknown');
    await s.becomes(talk, next, 'sent');
    assert.equal(await times(ada, is), 1);
    await s.sim.post('statuses/release');
    const settled = await s.becomes(talk, id, 'delivered');
    const onPhone = (await business(ada)).find(is);
    assert.equal(settled.external_id, onPhone.mid ?? onPhone.id);
    assert.equal(settled.error, null);
    assert.equal(await times(ada, is), 1, 'never again by itself');
    assert.deepEqual((await business(ada)).slice(-2).map((m) => is(m) || m.text), [true, `after ${form}`], 'and in order');
  });

test('WhatsApp: the power fails in the middle of an upload; the file goes up again and arrives once', async () => {
  const { body, is } = await forms.file();
  await s.sim.weather(undefined, { kind: 'hold', on: 'upload' });
  const { id } = await send(talk, body);
  await s.sim.get('wait/holding');
  await powerFails(() => s.sim.post('weather/clear'));
  await s.becomes(talk, id, 'delivered');
  assert.equal(await times(ada, is), 1);
});

test('WhatsApp: the power fails after the upload and before the message; it arrives once', async () => {
  const { body, is } = await forms.picture();
  // Meta refuses the message itself until the power is off: it waits, its file being there.
  await s.sim.weather('temporary', { times: 0, on: 'send' });
  const { id } = await send(talk, body);
  await until(() => s.message(talk, id), (m) => m.status === 'queued' && m.error !== null);
  await powerFails(() => s.sim.post('weather/clear'));
  await s.becomes(talk, id, 'delivered');
  assert.equal(await times(ada, is), 1);
});

test('WhatsApp: a reaction whose answer was lost with the power is made again and stands', async () => {
  const question = await s.says(ada, 'text', { text: 'Do you like it?' }), { id } = await s.shown(talk, question.mid);
  const where = s.house.w(`/conversations/${talk.id}/messages/${id}/reaction`);
  const onPhone = async () => (await s.sim.thread(ada)).messages.find((m) => m.mid === question.mid).reactions?.business;
  for (const emoji of ['👍', '🙏']) {
    await s.sim.post('options', { statuses: 'never' });
    await s.sim.weather(undefined, { kind: 'hold', on: 'send' });
    assert.equal((await s.house.api('PUT', where, { emoji })).status, 200);
    await s.sim.get('wait/holding');
    await powerFails(() => s.sim.post('weather/clear'));
    await until(async () => (await s.message(talk, id)).reactions.find((r) => r.by === 'us'), (r) => r?.status === 'settled' && r.emoji === emoji);
    assert.equal(await onPhone(), emoji);
  }
  assert.equal((await s.house.messages(talk.id)).filter((m) => m.direction === 'out' && m.status === 'unknown').length, 0, 'it is never in doubt');
});

test('WhatsApp: SIGKILL at any moment, with every form under way: at most once, in order, and what is unknown did not arrive', { timeout: 600_000 }, async () => {
  const sent = [];
  await s.sim.weather(undefined, { kind: 'delay', ms: 12, on: 'send', times: 0 });
  await s.sim.weather(undefined, { kind: 'delay', ms: 12, on: 'upload', times: 0 });
  const question = await s.says(rafael, 'text', { text: 'And I?' });
  const other = await until(() => s.house.allConversations(), (list) => list.some((c) => c.last_message?.text === 'And I?')).then((list) => list.find((c) => c.last_message?.text === 'And I?'));
  const { id: asked } = await s.shown(other, question.mid);
  for (let round = 0; round < 6; round++) {
    for (const form of [...Object.keys(forms), 'text'])
      for (const [customer, conversation] of [[ada, talk], [rafael, other]]) {
        const { body, is } = await forms[form]();
        sent.push({ customer, conversation, is, id: (await send(conversation, body)).id });
      }
    await s.house.api('PUT', s.house.w(`/conversations/${other.id}/messages/${asked}/reaction`), { emoji: ['👍', '🙏', '🎉', '🌊', '🍀', '🐟'][round] });
    await until(() => s.sim.get('calls'), (calls) => calls.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 5 + 41 * round));	// another moment of the way each time
    await powerFails();
  }
  await s.sim.post('weather/clear');
  await until(() => s.message(other, asked), (m) => m.reactions.some((r) => r.by === 'us' && r.emoji === '🐟' && r.status === 'settled'));
  for (const { conversation, id } of sent) await s.becomes(conversation, id, 'sent', 'delivered', 'unknown');
  assert.equal((await s.sim.get('wait/webhooks', { timeout_ms: 60_000 })).timeout, false);
  for (const customer of [ada, rafael]) {
    const there = await business(customer), mine = sent.filter((one) => one.customer === customer);
    for (const { is, id, conversation } of mine) {
      const count = there.filter(is).length, { status } = await s.message(conversation, id);
      assert.ok(count <= 1, `${count} times`);
      assert.equal(status === 'unknown', count === 0, `${status}, ${count} times at the customer's`);
    }
    const order = mine.map(({ is }) => there.findIndex(is)).filter((at) => at >= 0);
    assert.deepEqual(order, [...order].sort((a, b) => a - b), 'in order');
  }
  assert.equal((await s.sim.thread(rafael)).messages.find((m) => m.mid === question.mid).reactions?.business, '🐟');
});

test('Instagram, a file by its link: the power fails before the answer is read; it is with the customer once', async () => {
  const before = (await business(shopper)).length, id = await upload('mug.jpg', readFileSync(`${root}/sim/core/mug.jpg`), 'instagram');
  await s.sim.post('options', { echo: 'never' });
  await s.sim.weather(undefined, { kind: 'hold', on: 'send' });
  const sent = await send(shop, { attachments: [id] }), next = await send(shop, { text: 'behind the file' });
  await s.sim.get('wait/holding');
  await powerFails(() => s.sim.post('weather/clear'));
  await s.becomes(shop, sent.id, 'unknown');
  await s.becomes(shop, next.id, 'sent', 'delivered', 'read');
  const got = (await business(shopper)).slice(before);
  assert.deepEqual(got.map((m) => m.text ?? m.attachments[0].type), ['image', 'behind the file']);
});

test('Instagram: SIGKILL at any moment while files go by link: each at most once, and what is sent is there', { timeout: 600_000 }, async () => {
  const before = (await business(shopper)).length, sent = [];
  await s.sim.post('options', { echo: 'after' });
  await s.sim.weather(undefined, { kind: 'delay', ms: 15, on: 'send', times: 0 });
  for (let round = 0; round < 4; round++) {
    for (let n = 0; n < 3; n++) {
      sent.push((await send(shop, { attachments: [await upload('x.png', png(30, 30, 100 + sent.length), 'instagram')] })).id);
      sent.push((await send(shop, { text: `link ${round}.${n}` })).id);
    }
    await new Promise((resolve) => setTimeout(resolve, 8 + 53 * round));
    await powerFails();
  }
  await s.sim.post('weather/clear');
  for (const id of sent) await s.becomes(shop, id, 'sent', 'delivered', 'read', 'unknown');
  const got = (await business(shopper)).slice(before);
  const keys = got.map((m) => m.mid ?? m.id);
  assert.equal(new Set(keys).size, keys.length);
  const shown = new Map((await s.house.messages(shop.id)).map((m) => [m.id, m]));
  const known = sent.map((id) => shown.get(id)).filter((m) => m.status !== 'unknown');
  for (const m of known) assert.equal(keys.filter((key) => key === m.external_id).length, 1, `${m.id} ${m.status}`);
  const unknown = sent.length - known.length;
  assert.ok(got.length - known.length >= 0 && got.length - known.length <= unknown, `${got.length} at the customer's, ${known.length} sent, ${unknown} unknown`);
  const texts = got.map((m) => m.text).filter(Boolean);
  assert.equal(new Set(texts).size, texts.length, 'no text twice');
});
