// What a send call may hold, and how often it may come.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, startPair } from './lib.mjs';

let p, mid;
before(async () => { p = await startPair(); mid = (await p.sim.act(p.customer, 'text')).message.mid; });
after(() => p.stop());
const post = (body) => p.graph('POST', 'me/messages', body);
const raw = async (type, body) => {
  const answer = await fetch(`${p.sim.graph_url}/v25.0/me/messages`, { method: 'POST', headers: { Authorization: `Bearer ${p.demo.fields.page_access_token}`, 'Content-Type': type }, body });
  return { status: answer.status, body: await answer.json() };
};

test('the recipient is a text of digits', async () => {
  const message = { text: 'hello' };
  assert.equal((await post({ recipient: { id: p.customer }, message })).status, 200);
  for (const id of [Number(p.customer), `${p.customer} `, 'ada', '', null, [p.customer]]) refused(await post({ recipient: { id }, message }), 100, undefined);
  refused(await post({ message }), 100, undefined);
});

test('bodies are JSON or a form, in UTF-8', async () => {
  const json = (text) => Buffer.from(`{"recipient":{"id":"${p.customer}"},"message":{"text":"${text}"}}`, 'latin1');
  refused(await raw('application/json', json('caf\xe9')), 100, undefined);
  refused(await raw('application/json', json('half \\ud83d')), 100, 2534015);
  refused(await raw('text/plain', json('hello')), 100, undefined);
  refused(await raw('application/json', json('x'.repeat(2e6))), 100, undefined);
  const form = (text) => `recipient=${encodeURIComponent(JSON.stringify({ id: p.customer }))}&message=%7B%22text%22%3A%22${text}%22%7D`;
  assert.equal((await raw('application/x-www-form-urlencoded', form('caf%C3%A9+and+more'))).status, 200);
  await p.sim.waitForReply(p.customer, { text: 'café and more' });
  refused(await raw('application/x-www-form-urlencoded', form('caf%E9')), 100, undefined);
});

test('an action stands alone', async () => {
  const action = (sender_action, more = {}) => post({ recipient: { id: p.customer }, sender_action, ...more });
  for (const name of ['typing_on', 'typing_off', 'mark_seen']) assert.deepEqual((await action(name)).body, { recipient_id: p.customer });
  refused(await action('dance'), 100, undefined);
  refused(await action('typing_on', { message: { text: 'x' } }), 100, undefined);
  refused(await action('typing_on', { messaging_type: 'RESPONSE' }), 100, undefined);
  refused(await action('typing_on', { payload: {} }), 100, undefined);
  assert.equal((await action('react', { payload: { message_id: mid, reaction: 'love' } })).status, 200);
  refused(await action('react', { payload: { message_id: mid, reaction: 'shrug' } }), 100, undefined);
  refused(await action('react'), 100, 2534015);
  refused(await action('unreact', { payload: { message_id: mid, reaction: 'love' } }), 100, undefined);
  assert.equal((await action('unreact', { payload: { message_id: mid } })).status, 200);
});

test('quick replies: how many, how long', async () => {
  const ask = (...quick_replies) => p.send({ text: 'Which?', quick_replies });
  const reply = (title, payload = 'P') => ({ content_type: 'text', title, payload });
  assert.equal((await ask(...Array(13).fill(reply('ä'.repeat(20), 'x'.repeat(1000))))).status, 200);
  refused(await ask(), 100, undefined);
  refused(await ask(...Array(14).fill(reply('Yes'))), 100, undefined);
  refused(await ask(reply('x'.repeat(21))), 100, undefined);
  refused(await ask(reply('')), 100, undefined);
  refused(await ask(reply('Yes', 'x'.repeat(1001))), 100, undefined);
  refused(await ask({ title: 'Yes', payload: 'P' }), 100, undefined);
});

test('a person who cannot be reached', async () => {
  await p.sim.post('customers/change', { customer: p.customer, condition: 'unavailable' });
  refused(await p.send({ text: 'x' }), 10, 2018108);
  await p.sim.post('customers/change', { customer: p.customer, condition: null });
});

test('too many sends within a second: the header says how long to wait', async () => {
  await p.sim.post('clock', { advance_ms: 2000 });
  await p.sim.post('options', { send_per_second: 3 });
  const answers = await Promise.all(Array.from({ length: 24 }, () => p.send({ text: 'fast' })));
  const refusals = answers.filter(({ status }) => status !== 200);
  assert.ok(refusals.length > 0 && refusals.length < 24);
  for (const one of refusals) {
    refused(one, 613, 2534040);
    const [usage] = JSON.parse(one.headers.get('x-business-use-case-usage'))[p.demo.account];
    assert.equal(usage.type, 'messenger');
    assert.ok(usage.estimated_time_to_regain_access >= 1);
  }
  await p.sim.post('clock', { advance_ms: 1000 });
  assert.equal((await p.send({ text: 'slowly' })).status, 200);
  await p.sim.post('options', { send_per_second: 0 });
  const free = await Promise.all(Array.from({ length: 120 }, () => p.send({ text: 'unlimited' })));
  assert.ok(free.every(({ status }) => status === 200));
});
