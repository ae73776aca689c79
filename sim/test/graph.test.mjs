// How strict the Graph API is.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { refused, startPair } from './lib.mjs';

let p;
before(async () => { p = await startPair(); await p.sim.act(p.customer, 'text', { text: 'hi' }); });
after(() => p.stop());

test('a text is sent and seen', async () => {
  const answer = await p.send({ text: 'hello' });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.recipient_id, p.customer);
  assert.equal((await p.sim.waitForReply(p.customer, { text: 'hello' })).at(-1).mid, answer.body.message_id);
});

test('text: 1,000 bytes and no more', async () => {
  assert.equal((await p.send({ text: 'ä'.repeat(500) })).status, 200);
  refused(await p.send({ text: `${'ä'.repeat(500)}x` }), 100, undefined);
  refused(await p.send({ text: '  ' }), 100, 2534015);
  refused(await p.send({}), 100, 2534015);
});

test('the recipient must be a customer of this account', async () => refused(await p.send({ text: 'x' }, { recipient: { id: '1' } }), 100, 2534014));

test('tokens', async () => {
  refused(await p.graph('GET', 'me', undefined, { token: null }), 104, undefined);
  refused(await p.graph('GET', 'me', undefined, { token: 'nonsense' }), 190, undefined);
  refused(await p.graph('GET', 'me', undefined, { host: p.sim.instagram_graph_url }), 190, undefined);
  await p.sim.post('tokens/change', { trouble: 'expired' });
  const answer = await p.send({ text: 'x' });
  refused(answer, 190, 463);
  assert.equal(answer.status, 401);
  await p.sim.post('tokens/change', { trouble: null });
});

test('appsecret_proof: checked when given, needed when the app says so', async () => {
  const proof = createHmac('sha256', p.secret).update(p.demo.fields.page_access_token).digest('hex');
  assert.equal((await p.graph('GET', `me?appsecret_proof=${proof}`)).status, 200);
  const wrong = await p.graph('GET', `me?appsecret_proof=${'0'.repeat(64)}`);
  refused(wrong, 100, undefined);
  assert.equal(wrong.body.error.type, 'GraphMethodException');
  await p.sim.post('apps/change', { require_proof: true });
  refused(await p.graph('GET', 'me'), 100, undefined);
  await p.sim.post('apps/change', { require_proof: false });
});

test('messaging types and tags', async () => {
  refused(await p.send({ text: 'x' }, { messaging_type: 'SHOUT' }), 100, undefined);
  refused(await p.send({ text: 'x' }, { messaging_type: 'MESSAGE_TAG' }), 100, undefined);
  refused(await p.send({ text: 'x' }, { messaging_type: 'MESSAGE_TAG', tag: 'ACCOUNT_UPDATE' }), 100, undefined);
});

test('Page fields, link, apps, debug_token', async () => {
  const page = await p.graph('GET', `${p.demo.fields.page_id}?fields=name,instagram_business_account{id,username}`);
  assert.equal(page.body.instagram_business_account.id, p.demo.fields.ig_user_id);
  refused(await p.graph('GET', 'me?fields=shoe_size'), 100, undefined);
  refused(await p.graph('POST', `${p.demo.fields.page_id}/subscribed_apps`, { subscribed_fields: 'messages,messaging_seen' }), 100, undefined);
  assert.equal((await p.graph('POST', `${p.demo.fields.page_id}/subscribed_apps`, { subscribed_fields: 'messages,messaging_postbacks' })).body.success, true);
  const app = await p.graph('GET', 'app');
  const token = await p.graph('GET', `debug_token?input_token=${p.demo.fields.page_access_token}&access_token=${app.body.id}|${p.secret}`, undefined, { token: null });
  assert.equal(token.body.data.is_valid, true);
  assert.equal(token.body.data.expires_at, 0);
});

test('profiles only of those who wrote, and consented', async () => {
  assert.equal((await p.graph('GET', `${p.customer}?fields=name,username`)).body.username, 'ada.example');
  refused(await p.graph('GET', p.demo.customers[1].id), 230, undefined);
});

test('the window: 24 hours, then HUMAN_AGENT for seven days, then nothing', async () => {
  const tagged = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' };
  await p.sim.post('clock', { advance_ms: 24 * 3600e3 });
  refused(await p.send({ text: 'late' }), 10, 2534022);
  assert.equal((await p.send({ text: 'a person' }, tagged)).status, 200);
  await p.sim.post('clock', { advance_ms: 6 * 24 * 3600e3 });
  refused(await p.send({ text: 'too late' }, tagged), 10, 2534022);
  await p.sim.act(p.customer, 'text', { text: 'hello again' });
  assert.equal((await p.send({ text: 'in time' })).status, 200);
});

test('weather: errors, lost answers, rate limits', async () => {
  await p.sim.weather('rate_limit', { minutes: 3 });
  const slow = await p.send({ text: 'x' });
  refused(slow, 613, 2534040);
  assert.equal(JSON.parse(slow.headers.get('x-business-use-case-usage'))[p.demo.account][0].estimated_time_to_regain_access, 3);
  await p.sim.weather('lost_answer');
  await assert.rejects(p.send({ text: 'lost' }));
  assert.equal((await p.sim.waitForReply(p.customer, { text: 'lost' })).at(-1).text, 'lost');
  await p.sim.weather('error_although_sent');
  refused(await p.send({ text: 'sent all the same' }), 1, 1357046);
  await p.sim.waitForReply(p.customer, { text: 'sent all the same' });
  await p.sim.weather('not_json');
  assert.equal((await p.send({ text: 'x' })).status, 500);
});
