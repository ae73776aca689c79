// Replies reach the customer once and in order, whatever the provider, the network and the power do meanwhile.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { Simulator } from '../../sim/client.mjs';
import { House, until, webhookPath } from './lib/house.mjs';

let sim, house, demo, fields;
const ADA = '900000000000001', BJORN = '900000000000002', MIA = '900000000000003';

before(async () => {
  sim = await Simulator.start();
  demo = await sim.get('demo');
  fields = demo.fields;
  house = await House.start({ graph: sim, fields });
  await sim.post('callback', { app: demo.app, url: house.url + webhookPath, verify_token: house.account.verify_token });
  for (const customer of [ADA, BJORN, MIA]) await sim.act(customer, 'text', { text: `hello from ${customer}` });
});
after(async () => { await house?.stop(); await sim?.stop(); });
afterEach(async () => {
  await sim.post('weather/clear');
  await sim.post('options', { echo: 'before' });
  await house.api('PUT', house.w(`/accounts/${house.account.id}`), { fields: {} });	// "try again now": ends parking and holding
});

const known = {};
async function open(customer) {
  if (known[customer]) return known[customer];
  for (const c of await house.conversations('?limit=100'))
    if ((await house.messages(c.id)).some((m) => m.text === `hello from ${customer}`)) return (known[customer] = c.id);
  throw new Error(`no conversation with ${customer}`);
}
const reply = async (conversation, text) => {
  const answer = await house.api('POST', house.w(`/conversations/${conversation}/messages`), { text });
  assert.equal(answer.status, 201, answer.text);
  return answer.body.id;
};
const message = async (conversation, id) => (await house.messages(conversation)).find((m) => m.id === id);
const becomes = (conversation, id, ...states) => until(() => message(conversation, id), (m) => states.includes(m?.status));
const account = async () => (await house.api('GET', house.w(`/accounts/${house.account.id}`))).body;
const received = async (customer) => (await sim.thread(customer)).messages.filter((m) => m.from === 'business').map((m) => m.text);
const times = async (customer, text) => (await received(customer)).filter((t) => t === text).length;
const sends = async () => (await sim.get('calls', { name: 'send' })).length;

test('a reply reaches the customer once and is sent', async () => {
  const c = await open(ADA), id = await reply(c, 'good morning');
  const sent = await becomes(c, id, 'sent', 'delivered', 'read');
  assert.ok(sent.external_id);
  assert.equal(await times(ADA, 'good morning'), 1);
  assert.equal((await house.messages(c)).filter((m) => m.text === 'good morning').length, 1, 'its echo is not a second message');
});

test('the account is subscribed, and the customer gets a name', async () => {
  await until(() => sim.get('accounts'), (all) => all[0].subscribed_fields.includes('messages'));
  const c = await open(ADA);
  const named = await until(async () => (await house.api('GET', house.w(`/conversations/${c}`))).body, (x) => x.contact.name !== null);
  assert.equal(named.contact.name, 'Ada Example');
  assert.equal(named.contact.handle, 'ada.example');
});

// The address is saved at the provider after the account was connected: the fault that this had been must not stand there for hours.
test('a handshake makes the account be looked at again', { timeout: 300_000 }, async () => {
  const fresh = await Simulator.start(), other = await House.start({ graph: fresh, fields: (await fresh.get('demo')).fields });
  try {
    const account = async () => (await other.api('GET', other.w(`/accounts/${other.account.id}`))).body;
    await until(account, (a) => /no active webhook/.test(a.last_error ?? ''));
    await fresh.post('callback', { app: (await fresh.get('demo')).app, url: other.url + webhookPath, verify_token: other.account.verify_token });
    await until(account, (a) => a.last_error === null);
    // Whoever presses Check connection sees on the account what was found, and that it is gone.
    const check = () => other.api('POST', other.w(`/accounts/${other.account.id}/check`));
    await fresh.post('apps/change', { fields: [] });
    assert.ok((await check()).body.items.some((x) => x.status === 'failed'));
    assert.ok((await account()).last_error);
    await fresh.post('apps/change', { fields: ['messages', 'messaging_postbacks'] });
    await check();
    assert.equal((await account()).last_error, null);
  } finally { await other.stop(); await fresh.stop(); }
});

test('Check connection lists what was looked at', async () => {
  const answer = await house.api('POST', house.w(`/accounts/${house.account.id}/check`));
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.body.items.length > 2);
  for (const item of answer.body.items) assert.ok(item.check && ['ok', 'failed', 'warning', 'skipped'].includes(item.status), JSON.stringify(item));
  assert.deepEqual(answer.body.items.filter((x) => x.status === 'failed'), []);
});

test('Check connection tells of refused webhooks and handshakes', async () => {
  const finding = async (check) => (await house.api('POST', house.w(`/accounts/${house.account.id}/check`))).body.items.find((x) => x.check === check);
  assert.equal((await finding('Webhooks arrive and verify')).status, 'ok');
  assert.equal((await finding('The webhook address was verified')).status, 'ok');
  const wrong = await fetch(`${house.url}${webhookPath}?hub.mode=subscribe&hub.verify_token=nonsense&hub.challenge=1`);
  assert.equal(wrong.status, 403);
  const refused = await finding('The webhook address was verified');
  assert.equal(refused.status, 'failed');
  assert.ok(refused.fix && !JSON.stringify(refused).includes('nonsense'));
  await sim.post('callback', { app: demo.app, url: house.url + webhookPath, verify_token: house.account.verify_token });
  assert.equal((await finding('The webhook address was verified')).status, 'ok');
});

test('many replies of one conversation keep their order', async () => {
  const c = await open(BJORN), texts = Array.from({ length: 12 }, (_, n) => `number ${n}`);
  let last;
  for (const text of texts) last = await reply(c, text);
  await becomes(c, last, 'sent', 'delivered');
  assert.deepEqual((await received(BJORN)).filter((t) => t.startsWith('number')), texts);
});

test('a lost answer with an echo is sent; without one it is unknown and never sent again by itself', async () => {
  const c = await open(MIA);
  await sim.weather('lost_answer');
  const proved = await reply(c, 'proved by its echo');
  await becomes(c, proved, 'sent', 'delivered');
  await sim.post('options', { echo: 'never' });
  await sim.weather('lost_answer');
  const lost = await reply(c, 'nobody knows'), next = await reply(c, 'the next one');
  assert.equal((await becomes(c, lost, 'unknown')).error.retryable, true);
  await becomes(c, next, 'sent');
  assert.equal(await times(MIA, 'nobody knows'), 1);
  assert.equal((await message(c, lost)).status, 'unknown');
  assert.equal((await house.api('POST', house.w(`/conversations/${c}/messages/${lost}/retry`))).status, 200);
  await becomes(c, lost, 'sent');
  assert.equal(await times(MIA, 'nobody knows'), 2, 'a person chose so');
});

test('a request that broke on the way is unknown', async () => {
  const c = await open(MIA), before = await sends();
  await sim.weather('lost_request');
  const id = await reply(c, 'did it leave?');
  await becomes(c, id, 'unknown');
  assert.equal(await sends(), before + 1, 'asked once');
});

test('a passing fault is tried again and arrives once', async () => {
  const c = await open(ADA);
  await sim.weather('temporary');
  const id = await reply(c, 'second time lucky');
  await becomes(c, id, 'sent', 'delivered');
  assert.equal(await times(ADA, 'second time lucky'), 1);
});

test('a rate limit parks the account and costs no message', async () => {
  const c = await open(BJORN);
  await sim.weather('rate_limit', { minutes: 7 });
  const first = await reply(c, 'too fast 1'), second = await reply(c, 'too fast 2');
  const parked = await until(account, (a) => a.parked_until !== null);
  assert.ok(new Date(parked.parked_until) - Date.now() > 5 * 60_000);
  assert.equal(parked.status, 'connected');
  await becomes(c, first, 'queued');
  const before = await sends();
  await house.api('PUT', house.w(`/accounts/${house.account.id}`), { fields: {} });
  await becomes(c, second, 'sent', 'delivered');
  assert.equal(await sends(), before + 2);
  assert.deepEqual((await received(BJORN)).slice(-2), ['too fast 1', 'too fast 2']);
});

test('an expired token holds the outbox until the account is connected again', async () => {
  const c = await open(ADA);
  await sim.weather('expired_token', { times: 0 });
  const id = await reply(c, 'after the new token');
  const dead = await until(account, (a) => a.status === 'reconnect_needed');
  assert.ok(dead.status_reason);
  await becomes(c, id, 'queued');	// a check may have found the token dead before the attempt has
  await sim.post('weather/clear');
  const answer = await house.api('PUT', house.w(`/accounts/${house.account.id}`), { fields: { page_access_token: fields.page_access_token } });
  assert.equal(answer.status, 200, answer.text);
  await becomes(c, id, 'sent', 'delivered');
  assert.equal(await times(ADA, 'after the new token'), 1);
  assert.equal((await account()).status, 'connected');
});

test('SIGKILL while answers are outstanding: nothing is sent twice, order is kept, what is not known is said', async () => {
  const open3 = [[ADA, await open(ADA)], [BJORN, await open(BJORN)], [MIA, await open(MIA)]];
  await sim.post('options', { echo: 'never' });
  await sim.weather(undefined, { kind: 'hold', on: 'send', times: 3 });
  const ids = [];
  for (const [, c] of open3) for (let n = 0; n < 4; n++) ids.push([c, await reply(c, `power ${n}`)]);
  await sim.get('wait/holding');
  await house.down('SIGKILL');
  await sim.post('weather/clear');
  await house.up();
  for (const [c, id] of ids) await becomes(c, id, 'sent', 'unknown');
  let unknown = 0;
  for (const [c, id] of ids) unknown += (await message(c, id)).status === 'unknown';
  assert.ok(unknown >= 1 && unknown <= 3, `${unknown} unknown`);
  for (const [customer] of open3)
    assert.deepEqual((await received(customer)).filter((t) => t.startsWith('power')), ['power 0', 'power 1', 'power 2', 'power 3']);
});

test('SIGKILL at any moment, many times: every reply is with the customer at most once, and what is sent is there', async () => {
  const c = await open(ADA), ids = [];
  await sim.post('options', { echo: 'after' });
  await sim.weather(undefined, { kind: 'delay', ms: 15, on: 'send', times: 0 });
  for (let round = 0; round < 6; round++) {
    for (let n = 0; n < 8; n++) ids.push([await reply(c, `kill ${round}.${n}`), `kill ${round}.${n}`]);
    await new Promise((resolve) => setTimeout(resolve, 10 + 37 * round));
    await house.down('SIGKILL');
    await house.up();
  }
  await sim.post('weather/clear');
  for (const [id] of ids) await becomes(c, id, 'sent', 'delivered', 'unknown');
  const there = (await received(ADA)).filter((t) => t.startsWith('kill'));
  assert.equal(new Set(there).size, there.length, 'none twice');
  for (const [id, text] of ids) if ((await message(c, id)).status !== 'unknown') assert.ok(there.includes(text), text);
  assert.deepEqual(there, ids.map(([, text]) => text).filter((t) => there.includes(t)), 'in order');
});

test('SIGTERM waits for an answer that is under way', async () => {
  const c = await open(BJORN);
  await sim.post('options', { echo: 'never' });
  await sim.weather(undefined, { kind: 'hold', on: 'send' });
  const id = await reply(c, 'last words');
  await sim.get('wait/holding');
  const ended = house.down();
  await until(() => fetch(`${house.url}/healthz`).then(() => 'listens', () => 'stops'), (is) => is === 'stops');
  await sim.post('weather/clear');
  assert.equal(await ended, 0);
  await house.up();
  assert.ok(['sent', 'delivered'].includes((await message(c, id)).status));
  assert.equal(await times(BJORN, 'last words'), 1);
});
