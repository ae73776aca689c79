// Answers on their way to the customer, with Meta in good weather and in bad.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startStreet } from './lib/street.mjs';
import { until } from './lib/house.mjs';

let s, ada, bjorn, mia;
before(async () => { s = await startStreet(); [ada, bjorn, mia] = s.customers; });
after(() => s.stop());

test('the main job: a message comes, the answer arrives, once', async () => {
  const conversation = await s.meet(ada, 'Do you ship to Norway? 🇳🇴');
  assert.equal(conversation.channel, 'instagram');
  const sent = await s.reply(conversation, { text: 'Yes! 3 to 5 days. äöå 😀', client_id: 'c-1' });
  assert.equal(sent.status, 201, sent.text);
  assert.ok(['queued', 'sending', 'sent'].includes(sent.body.status), sent.body.status);	// it may be on its way before the answer is written
  await s.becomes(conversation, sent.body.id, 'sent');
  assert.deepEqual(await s.got(ada), ['Yes! 3 to 5 days. äöå 😀']);
  const again = await s.reply(conversation, { text: 'Yes! 3 to 5 days. äöå 😀', client_id: 'c-1' });
  assert.equal(again.body.id, sent.body.id);
  await s.sim.get('wait/webhooks');
  const out = (await s.house.messages(conversation.id)).filter((m) => m.direction === 'out');
  assert.equal(out.length, 1, 'the echo shows nothing twice');
  const call = (await s.sim.get('calls', { name: 'send' })).at(-1);
  assert.ok(call.params.appsecret_proof, 'appsecret_proof on every call');
  assert.equal(call.authorized_by, 'header');
});

test('name and picture come after the message', async () => {
  const c = await until(() => s.house.allConversations(), (list) => list.some((x) => x.contact.name === 'Ada Example'));
  assert.equal(c.find((x) => x.contact.name === 'Ada Example').contact.handle, 'ada.example');
});

test('a read receipt turns what was sent into read', async () => {
  const conversation = await s.meet(bjorn, 'Anyone there?');
  const sent = (await s.reply(conversation, { text: 'Yes, here.' })).body;
  await s.becomes(conversation, sent.id, 'sent');
  await s.sim.act(bjorn, 'read');
  assert.equal((await s.becomes(conversation, sent.id, 'read')).status, 'read');
});

test('1,000 bytes: cut at a code point, or split at words', async () => {
  const conversation = await s.meet(mia, 'Tell me everything');
  const cut = (await s.reply(conversation, { text: `${'x'.repeat(999)}ä and more` })).body;
  assert.equal(cut.text, 'x'.repeat(999));
  await s.becomes(conversation, cut.id, 'sent');
  const long = Array.from({ length: 300 }, (_, k) => `word${k}`).join(' ');
  const split = (await s.reply(conversation, { text: long, overflow: 'split' })).body;
  assert.ok(split.messages.length >= 3, JSON.stringify(split).slice(0, 300));
  for (const m of split.messages) await s.becomes(conversation, m.id, 'sent');
  const got = (await s.got(mia)).slice(1);
  assert.equal(got.join(' '), long, 'in order, nothing lost');
  assert.ok(got.every((t) => Buffer.byteLength(t) <= 1000));
});

test('a lost answer is unknown, never sent again, and the echo settles it', async () => {
  const conversation = await s.meet(ada, 'lost?');
  await s.sim.post('options', { echo: 'held' });
  await s.sim.weather('lost_answer');
  const sent = (await s.reply(conversation, { text: 'this answer gets lost' })).body;
  const unknown = await s.becomes(conversation, sent.id, 'unknown');
  assert.ok(unknown.error.message && unknown.error.fix);
  await s.sim.post('echoes/release');
  await s.becomes(conversation, sent.id, 'sent');
  await s.sim.post('options', { echo: 'before' });
  assert.equal((await s.got(ada)).filter((t) => t === 'this answer gets lost').length, 1);
});

test('"error although sent" is not sent again', async () => {
  const conversation = await s.meet(ada, 'ambiguous?');
  await s.sim.weather('error_although_sent');
  const sent = (await s.reply(conversation, { text: 'sent all the same' })).body;
  await s.becomes(conversation, sent.id, 'sent', 'unknown');
  assert.equal((await s.got(ada)).filter((t) => t === 'sent all the same').length, 1);
});

test('a passing fault is tried again', async () => {
  const conversation = await s.meet(ada, 'fault?');
  await s.sim.weather('temporary');
  const sent = (await s.reply(conversation, { text: 'second try' })).body;
  await s.becomes(conversation, sent.id, 'sent');
  assert.equal((await s.got(ada)).filter((t) => t === 'second try').length, 1);
});

test('what Meta refuses for good has failed, in words, and a person may try again', async () => {
  const conversation = await s.meet(ada, 'blocked?');
  await s.sim.weather('person_blocked');
  const sent = (await s.reply(conversation, { text: 'refused' })).body;
  const failed = await s.becomes(conversation, sent.id, 'failed');
  assert.ok(failed.error.message.length > 10 && failed.error.fix.length > 5, JSON.stringify(failed.error));
  const retry = await s.house.api('POST', s.house.w(`/conversations/${conversation.id}/messages/${sent.id}/retry`));
  assert.equal(retry.status, 200, retry.text);
  await s.becomes(conversation, sent.id, 'sent');
});

test('what was typed on the phone shows once, as written elsewhere', async () => {
  const conversation = await s.meet(bjorn, 'phone?');
  await s.sim.business(bjorn, 'text', { text: 'typed on the phone' });
  const list = await until(() => s.house.messages(conversation.id), (m) => m.some((x) => x.text === 'typed on the phone'));
  const mine = list.filter((m) => m.text === 'typed on the phone');
  assert.equal(mine.length, 1);
  assert.equal(mine[0].origin, 'elsewhere');
});

test('outside the window: the guide\'s words, and nothing is sent; HUMAN_AGENT by choice', async () => {
  const at = Date.now() - 30 * 3600_000;
  await s.sim.act(bjorn, 'text', { text: 'from yesterday', timestamp: at });
  const customer = (await s.sim.post('customers', { name: 'Late Lou', username: 'late.lou' })).id;
  await s.sim.act(customer, 'text', { text: 'long ago', timestamp: at });
  const conversation = await until(() => s.house.allConversations(), (list) => list.some((c) => c.last_message?.text === 'long ago')).then((l) => l.find((c) => c.last_message?.text === 'long ago'));
  assert.equal(conversation.window.open, false);
  const refused = await s.reply(conversation, { text: 'too late' });
  assert.equal(refused.status, 422, refused.text);
  assert.equal(refused.body.title, 'Cannot DM, customer outside 24-hour window');
  assert.equal((await s.reply(conversation, { text: 'x', tag: 'ACCOUNT_UPDATE' })).status, 422);
  const tagged = await s.reply(conversation, { text: 'a person answers', tag: 'HUMAN_AGENT' });
  assert.equal(tagged.status, 201, tagged.text);
  await s.becomes(conversation, tagged.body.id, 'sent');
  assert.deepEqual(await s.got(customer), ['a person answers']);
});

test('a rate limit parks the account as long as Meta says', async () => {
  const conversation = await s.meet(ada, 'too fast?');
  await s.sim.weather('business_limit', { minutes: 7 });
  const sent = (await s.reply(conversation, { text: 'parked' })).body;
  const account = await until(async () => (await s.house.api('GET', s.house.w(`/accounts/${s.house.account.id}`))).body, (a) => a.parked_until);
  const minutes = (Date.parse(account.parked_until) - Date.now()) / 60_000;
  assert.ok(minutes > 5 && minutes < 8, `${minutes}`);
  await s.becomes(conversation, sent.id, 'queued');
  assert.ok(!(await s.got(ada)).includes('parked'));
  await s.house.api('PUT', s.house.w(`/accounts/${s.house.account.id}`), { fields: { page_name: 'Fjord Ceramics' } });
});

test('an expired token holds the queue until the account is connected again', async () => {
  const conversation = await s.meet(mia, 'token?');
  await s.sim.post('tokens/change', { trouble: 'expired' });
  await s.house.api('PUT', s.house.w(`/accounts/${s.house.account.id}`), { fields: s.demo.fields });
  const sent = (await s.reply(conversation, { text: 'held until reconnected' })).body;
  const account = await until(async () => (await s.house.api('GET', s.house.w(`/accounts/${s.house.account.id}`))).body, (a) => a.status === 'reconnect_needed');
  assert.ok(account.status_reason);
  await s.becomes(conversation, sent.id, 'queued');	// a check may have found the token dead before the attempt has
  await s.sim.post('tokens/change', { trouble: null });
  assert.equal((await s.house.api('PUT', s.house.w(`/accounts/${s.house.account.id}`), { fields: s.demo.fields })).body.status, 'connected');
  await s.becomes(conversation, sent.id, 'sent');
  assert.equal((await s.got(mia)).filter((t) => t === 'held until reconnected').length, 1);
});

test('"Check connection" lists what it looked at', async () => {
  const answer = await s.house.api('POST', s.house.w(`/accounts/${s.house.account.id}/check`));
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.body.items.length >= 3, answer.text);
  assert.ok(answer.body.items.every((i) => ['ok', 'failed', 'warning', 'skipped'].includes(i.status) && i.check && i.explanation));
  assert.ok(!answer.text.includes(s.demo.fields.page_access_token));
});

test('SIGKILL during delivery: nothing is sent twice', async () => {
  const conversation = await s.meet(ada, 'kill?');
  await s.sim.post('weather', { kind: 'hold' });
  const sent = (await s.reply(conversation, { text: 'killed on the way' })).body;
  const next = (await s.reply(conversation, { text: 'the one behind it' })).body;
  await s.sim.get('wait/holding');
  await s.house.down('SIGKILL');
  await s.sim.post('weather/release');
  await s.house.up();
  await s.becomes(conversation, next.id, 'sent');
  await s.becomes(conversation, sent.id, 'sent', 'unknown');
  await s.sim.get('wait/webhooks');
  assert.equal((await s.got(ada)).filter((t) => t === 'killed on the way').length, 1);
});
