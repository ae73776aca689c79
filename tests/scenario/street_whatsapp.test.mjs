// A person and the shop talk on WhatsApp, through the simulated Meta: files both ways, quotes, ticks, templates, and bad weather.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from './lib/house.mjs';
import { startStreet } from './lib/street.mjs';

let street, ada, talk;
before(async () => {
  street = await startStreet({ whatsapp: true });
  [ada] = street.whatsapp.people;
  talk = await street.meet(ada, 'Hei from WhatsApp');
});
after(() => street?.stop());

const kept = (m) => m.attachments.every((a) => a.state === 'kept');
const bytesOf = async (url) => Buffer.from(await (await fetch(street.house.url + url, { headers: { Authorization: `Bearer ${street.house.token}` } })).arrayBuffer());

test('a picture and a voice message are fetched with the token and kept', async () => {
  const photo = await street.says(ada, 'photo', { text: 'This one?' });
  const shown = await street.shown(talk, photo.mid, kept);
  assert.equal(shown.text, 'This one?');
  assert.equal(shown.attachments[0].type, 'image');
  const original = Buffer.from(await (await fetch(photo.attachments[0].url)).arrayBuffer());
  assert.deepEqual(await bytesOf(shown.attachments[0].url), original);
  const voice = await street.says(ada, 'voice');
  const heard = await street.shown(talk, voice.mid, kept);
  assert.equal(heard.attachments[0].voice, true);
});

test('an answer is sent, delivered and read; a quote names what it answers', async () => {
  const question = await street.says(ada, 'text', { text: 'Two of them?' });
  const { id } = await street.shown(talk, question.mid);
  const sent = await street.reply(talk, { text: 'Yes, both', reply_to: id });
  assert.equal(sent.status, 201, sent.text);
  const got = await street.sees(ada, (m) => m.text === 'Yes, both');
  assert.equal(got.reply_to, question.mid);
  await street.becomes(talk, sent.body.id, 'delivered');
  await street.says(ada, 'read');
  await street.becomes(talk, sent.body.id, 'read');
});

test('what fails later is told with its reason; the person never sees it', async () => {
  await street.weather('wa_131026', { after_sent: true });
  const sent = await street.reply(talk, { text: 'never seen' });
  const failed = await street.becomes(talk, sent.body.id, 'failed');
  assert.ok(failed.error.message.length > 10 && failed.error.fix, JSON.stringify(failed.error));
  assert.ok(!(await street.got(ada)).includes('never seen'));
});

test('a lost answer is settled by the status that follows, without sending twice', async () => {
  await street.weather('lost_answer');
  const sent = await street.reply(talk, { text: 'only once' });
  await street.becomes(talk, sent.body.id, 'delivered', 'sent');
  assert.equal((await street.got(ada)).filter((text) => text === 'only once').length, 1);
});

test('a file that is not there at first is brought later', async () => {
  await street.weather('media_fault', { times: 1 });
  const photo = await street.says(ada, 'photo', { text: 'later' });
  const { id, attachments } = await street.shown(talk, photo.mid);
  if (attachments[0].state !== 'kept') {
    const again = await until(() => street.house.api('POST', street.house.w(`/conversations/${talk.id}/messages/${id}/attachments/0/fetch`)), (a) => a.status < 500);
    assert.ok([202, 409].includes(again.status), again.text);
  }
  await street.shown(talk, photo.mid, kept);
});

test('no redirect carries the token to another host', async () => {
  await street.weather('media_redirect');
  const photo = await street.says(ada, 'photo', { text: 'elsewhere' });
  await until(() => street.sim.get('calls', { name: 'media_file' }), (calls) => calls.some((call) => call.fault === 'media_redirect' && call.status === 302));
  await street.shown(talk, photo.mid);
  assert.deepEqual(await street.sim.get('elsewhere'), []);
});

test('doubled and swapped events, several in one: each message stands once, and no status goes back', async () => {
  await street.sim.post('options', { duplicates: 1, disorder: true, disorder_ms: 100, batch_max: 4, merge_values: true, parallel: 3 });
  const said = Array.from({ length: 12 }, (_, k) => `storm ${k}`), answers = Array.from({ length: 4 }, (_, k) => `through the storm ${k}`);
  for (const text of said) await street.sim.post('act', { customer: ada, kind: 'text', text });
  const sent = [];
  for (const text of answers) sent.push((await street.reply(talk, { text })).body.id);
  for (const text of answers) await street.whatsapp.becomes('delivered', { text });
  await street.sim.post('act', { customer: ada, kind: 'read' });
  assert.equal((await street.sim.get('wait/webhooks', { timeout_ms: 60_000 })).timeout, false);
  for (const id of sent) await street.becomes(talk, id, 'read');
  await street.sim.post('options', { duplicates: 0, disorder: false, batch_max: 1, merge_values: false, parallel: 1 });
  const texts = (await street.house.messages(talk.id)).map((m) => m.text);
  for (const text of [...said, ...answers]) assert.equal(texts.filter((one) => one === text).length, 1, text);
});

test('a number hidden and shown again stays one conversation', async () => {
  const [, , noor] = street.whatsapp.people;
  const hidden = await street.meet(noor, 'My number is mine');
  assert.equal(hidden.contact.name, 'Noor de Wit');
  assert.equal((await street.reply(hidden, { text: 'By your id, then' })).status, 201);
  await street.sees(noor, (m) => m.text === 'By your id, then');
  const open = await street.says(noor, 'hide_number', { hidden: false, text: 'Here it is' });
  await street.shown(hidden, open.mid);
  const moved = await street.says(noor, 'text', { text: 'with both' });
  await street.shown(hidden, moved.mid);
  assert.equal((await street.house.allConversations()).filter((c) => c.contact.name === 'Noor de Wit').length, 1);
});
