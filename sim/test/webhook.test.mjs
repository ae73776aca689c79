// How webhooks are written, signed, repeated and given up.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { signed, startPair } from './lib.mjs';

let p;
before(async () => { p = await startPair(); });
after(() => p.stop());
afterEach(async () => { p.callback.posts = []; p.callback.waiters = []; p.callback.answer = () => 200; });

test('the handshake', async () => {
  assert.equal(p.handshake.verified, true);
  assert.equal((await p.sim.post('callback', { url: p.callback.url, verify_token: 'wrong' })).verified, false);
  assert.match((await p.sim.post('callback', { url: 'https://example.org/', verify_token: 'token' })).reason, /no other machine/);
});

test('bodies are escaped and signed as they stand', async () => {
  await p.sim.act(p.customer, 'text', { text: 'äöå 😀' });
  const [post] = p.callback.posts;
  assert.match(post.text, /\\u00e4\\u00f6\\u00e5 \\ud83d\\ude00/);
  assert.equal(post.body.entry[0].messaging[0].message.text, 'äöå 😀');
  assert.ok(signed(post, p.secret));
  await p.sim.post('webhooks/raw', { body: { object: 'instagram', entry: [] }, signature: 'wrong' });
  assert.ok(!signed(p.callback.posts[1], p.secret));
});

test('the echo comes before the answer to the send, or as told', async () => {
  await p.sim.act(p.customer, 'text');
  let echoedFirst = null;
  p.callback.answer = () => { echoedFirst ??= true; return 200; };
  const answer = await p.send({ text: 'hello' });
  assert.equal(echoedFirst, true);
  const { message } = p.callback.posts[1].body.entry[0].messaging[0];
  assert.equal(message.is_echo, true);
  assert.equal(message.mid, answer.body.message_id);
  await p.sim.post('options', { echo: 'held' });
  await p.send({ text: 'later' });
  assert.equal(p.callback.posts.length, 2);
  await p.sim.post('echoes/release');
  assert.equal(p.callback.posts.length, 3);
  await p.sim.post('options', { echo: 'before' });
});

test('duplicates and disorder', async () => {
  await p.sim.post('options', { duplicates: 1 });
  await p.sim.act(p.customer, 'text', { text: 'twice' });
  assert.deepEqual(p.callback.posts.map((x) => x.body.entry[0].messaging[0].message.text), ['twice', 'twice']);
  await p.sim.post('options', { duplicates: 0, hold: true });
  for (const text of ['a', 'b', 'c']) await p.sim.post('act', { customer: p.customer, kind: 'text', text });
  await p.sim.post('options', { hold: false });
  await p.sim.post('webhooks/release', { shuffle: true, batch: true });
  await p.callback.arrived(3);
  const texts = p.callback.posts[2].body.entry[0].messaging.map((x) => x.message.text);
  assert.deepEqual([...texts].sort(), ['a', 'b', 'c']);
  assert.notDeepEqual(texts, ['a', 'b', 'c']);
});

test('what is not answered with 200 comes again', async () => {
  p.callback.answer = (n) => (n < 3 ? 503 : 200);
  await p.sim.post('act', { customer: p.customer, kind: 'text', text: 'again' });
  await p.callback.arrived(2);
  await p.sim.post('clock', { advance_ms: 11_000 });
  await p.callback.arrived(3);
  assert.equal((await p.sim.get('wait/webhooks')).timeout, false);
  assert.equal(new Set(p.callback.posts.map((x) => x.text)).size, 1);
});

test('after an hour of failures the account is unsubscribed', async () => {
  p.callback.answer = () => 500;
  await p.sim.post('act', { customer: p.customer, kind: 'text', text: 'into the void' });
  await p.callback.arrived(2); // the first failure has been counted
  await p.sim.post('clock', { advance_ms: 2 * 3600e3 });
  const [account] = await p.sim.get('accounts');
  assert.equal(account.subscribed_fields, null);
  assert.ok((await p.sim.get('alerts')).some((a) => a.kind === 'webhooks_disabled'));
  p.callback.answer = () => 200;
  await p.graph('POST', `${p.demo.fields.page_id}/subscribed_apps`, { subscribed_fields: 'messages' });
});

test('every act of a customer has its shape', async () => {
  const acts = await p.sim.get('acts');
  const target = (await p.sim.act(p.customer, 'text')).message.mid;
  await p.send({ text: 'an answer' });
  for (const kind of acts) {
    p.callback.posts = [];
    const { event } = await p.sim.act(p.customer, kind, { target: ['read'].includes(kind) ? undefined : target, owner_app: undefined });
    assert.ok(['acknowledged', 'dropped'].includes(event.state), `${kind}: ${event.state}`);
    if (event.state === 'acknowledged') assert.equal(p.callback.posts[0].body.object, 'instagram');
  }
});

test('the dashboard\'s test in both shapes', async () => {
  await p.sim.post('webhooks/test', { shape: 'messaging' });
  await p.sim.post('webhooks/test', { shape: 'changes' });
  assert.equal(p.callback.posts[0].body.entry[0].messaging[0].message.mid, 'random_mid');
  assert.equal(p.callback.posts[1].body.entry[0].changes[0].value.message.text, 'random_text');
});
