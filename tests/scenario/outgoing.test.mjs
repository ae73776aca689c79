// A whole conversation from the business's side on both channels: files, voice, quotes, reactions, templates and the signs of life.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { png } from './lib/picture.mjs';
import { startStreet } from './lib/street.mjs';
import { root, until } from './lib/house.mjs';

let s, account, ada, rafael;
before(async () => {
  s = await startStreet();
  const { fields, customers } = s.demo.whatsapp;
  [ada, rafael] = customers.map((c) => c.id);
  account = (await s.house.api('POST', s.house.w('/accounts'), { channel: 'whatsapp', fields })).body;
  const handshake = await s.sim.post('callback', { object: 'whatsapp_business_account', url: account.webhook_url, verify_token: fields.verify_token });
  assert.ok(handshake.verified, handshake.reason);
});
after(() => s?.stop());

// The conversation with somebody who has just written. WhatsApp tells times in whole seconds: what was said a moment ago may stand
// before what we have sent meanwhile, so it is looked for in the thread.
const meet = async (customer, text) => {
  await s.sim.act(customer, 'text', { text });
  const ours = async () => {
    for (const c of (await s.house.allConversations()).filter((one) => one.channel === 'whatsapp'))
      if ((await s.house.messages(c.id)).some((m) => m.text === text)) return c;
    return undefined;
  };
  return until(ours, (c) => c !== undefined);
};
const upload = async (name, bytes, channel) => {
  const answer = await s.house.api('POST', s.house.w(`/uploads?name=${encodeURIComponent(name)}${channel ? `&channel=${channel}` : ''}`), bytes, { type: 'application/octet-stream' });
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
};
const send = async (conversation, body) => {
  const answer = await s.reply(conversation, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.body;
};
const sample = (name) => readFileSync(`${root}/sim/core/${name}`);
const business = async (customer) => (await s.sim.thread(customer)).messages.filter((m) => m.from === 'business');
const said = async (conversation, text) => (await s.house.messages(conversation.id)).find((m) => m.text === text);

test('what the checks find out names the account, and the subscription stands', async () => {
  const found = await until(async () => (await s.house.api('GET', s.house.w(`/accounts/${account.id}`))).body, (a) => a.name === 'Fjord Ceramics' && a.fields.waba_id === s.demo.whatsapp.waba);
  assert.equal(found.status, 'connected');
  await until(() => s.sim.get('calls', { name: 'subscribed_apps' }), (list) => list.length > 0);
});

test('a picture with its caption, a document and a voice message', async () => {
  const conversation = await meet(ada, 'Can I see it?');
  assert.equal(conversation.can_reply, true);
  const picture = await upload('mug.jpg', sample('mug.jpg'), 'whatsapp'), sheet = await upload('prices.pdf', '%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n', 'whatsapp');
  assert.equal(picture.type, 'image');
  assert.equal(sheet.type, 'file');
  const sent = await send(conversation, { text: 'Here it is', attachments: [picture.id, sheet.id], client_id: 'files-1' });
  assert.equal(sent.messages.length, 2);
  for (const m of sent.messages) await s.becomes(conversation, m.id, 'sent', 'delivered', 'read');
  const got = await business(ada);
  assert.deepEqual(got.map((m) => [m.type, m.text]), [['image', 'Here it is'], ['document', null]]);
  assert.equal(got[1].attachments[0].title, 'prices.pdf');
  const voice = await upload('voice.ogg', sample('voice.ogg'), 'whatsapp');
  const spoken = await send(conversation, { attachments: [voice.id], voice: true });
  await s.becomes(conversation, spoken.id, 'sent', 'delivered', 'read');
  assert.equal((await business(ada))[2].attachments[0].voice, true);
  const uploads = await s.sim.get('calls', { name: 'upload' });
  assert.equal(uploads.length, 3, 'each file went up once');
});

test('a picture that WhatsApp does not take is refused with what to do', async () => {
  const conversation = await meet(ada, 'And the other?');
  const answer = await s.house.api('POST', s.house.w('/uploads?name=a.webp&channel=whatsapp'), sample('mug.jpg').subarray(0, 0), { type: 'image/webp' });
  assert.equal(answer.status, 422);
  const gif = await upload('a.gif', Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64'));
  const refused = await s.reply(conversation, { attachments: [gif.id] });
  assert.equal(refused.status, 422);
  assert.equal(refused.body.type, 'urn:mailtrixy:problem:file_refused');
  assert.match(refused.body.detail, /^WhatsApp takes .*this one is GIF/);
});

test('a quote and a reaction, which is taken back', async () => {
  const conversation = await meet(ada, 'Do you have it in blue?'), question = await said(conversation, 'Do you have it in blue?');
  const sent = await send(conversation, { text: 'Yes', reply_to: question.id });
  await s.becomes(conversation, sent.id, 'sent', 'delivered', 'read');
  assert.equal((await business(ada)).at(-1).reply_to, question.external_id);
  const where = s.house.w(`/conversations/${conversation.id}/messages/${question.id}/reaction`);
  const ours = async () => (await s.message(conversation, question.id)).reactions.find((r) => r.by === 'us');
  const onPhone = async () => (await s.sim.thread(ada)).messages.find((m) => m.mid === question.external_id || m.id === question.external_id)?.reactions?.business;
  assert.equal((await s.house.api('PUT', where, { emoji: '👍' })).status, 200);
  await until(ours, (r) => r?.status === 'settled' && r.emoji === '👍');
  assert.equal(await onPhone(), '👍');
  assert.equal((await s.house.api('PUT', where, { emoji: '' })).status, 200);
  await until(onPhone, (emoji) => emoji === undefined);
  await until(ours, (r) => r === undefined || r.emoji === null);
  assert.equal((await s.house.api('PUT', where, { emoji: 'ok' })).status, 422);
});

test('the customer sees that the message was read and that somebody writes', async () => {
  const conversation = await meet(rafael, 'Olá?');
  assert.equal((await s.house.api('PATCH', s.house.w(`/conversations/${conversation.id}`), { unread: 0 })).status, 200);
  await until(() => s.sim.thread(rafael), (t) => t.messages.at(-1).seen === true);
  assert.equal((await s.house.api('POST', s.house.w(`/conversations/${conversation.id}/typing`))).status, 204);
  await until(() => s.sim.thread(rafael), (t) => t.customer.typing === true);
});

test('outside the window a template, with its variables filled', async () => {
  const conversation = await meet(rafael, 'I will write tomorrow');
  const list = (await s.house.api('POST', s.house.w(`/accounts/${account.id}/templates`))).body.items;
  assert.deepEqual(list.filter((t) => t.usable).map((t) => t.name).sort(), ['new_glazes', 'order_ready', 'we_missed_you']);
  const template = list.find((t) => t.name === 'order_ready');
  const values = Object.fromEntries(template.variables.map((v, k) => [v.key, `value ${k}`]));
  const empty = await s.reply(conversation, { template: { name: template.name, language: template.language, values: {} } });
  assert.equal(empty.body.type, 'urn:mailtrixy:problem:template_refused');
  const sent = await send(conversation, { template: { name: template.name, language: template.language, values } });
  await s.becomes(conversation, sent.id, 'sent', 'delivered', 'read');
  assert.equal(sent.kind, 'template');
  const got = (await business(rafael)).at(-1);
  assert.equal(got.template, 'order_ready');
  assert.ok(sent.text.includes(got.text), sent.text);
  // One with a picture in its header.
  const glazes = list.find((t) => t.name === 'new_glazes'), picture = await upload('glaze.png', png(64, 64), 'whatsapp');
  const words = Object.fromEntries(glazes.variables.map((v) => [v.key, 'autumn']));
  const more = await send(conversation, { template: { name: glazes.name, language: glazes.language, values: words }, attachments: [picture.id] });
  await s.becomes(conversation, more.id, 'sent', 'delivered', 'read');
  assert.equal((await business(rafael)).at(-1).attachments.length, 1);
});

test('too many to one person rest for this one and arrive', async () => {
  const conversation = await meet(ada, 'Say it all at once'), other = await meet(rafael, 'Me too');
  await s.sim.weather('wa_131056', { times: 0 });
  const slow = await send(conversation, { text: 'slow' });
  await until(() => s.message(conversation, slow.id), (m) => m.status === 'queued' && m.error !== null);
  await s.sim.post('weather/clear');
  const quick = await send(other, { text: 'quick' });
  await s.becomes(other, quick.id, 'sent', 'delivered', 'read');
  await s.becomes(conversation, slow.id, 'sent', 'delivered', 'read');
  assert.equal((await business(ada)).filter((m) => m.text === 'slow').length, 1);
});

test('a reaction that WhatsApp takes and then refuses says so', async () => {
  const conversation = await meet(ada, 'Thank you!'), thanks = await said(conversation, 'Thank you!');
  await s.sim.post('customers/change', { customer: ada, condition: 'undeliverable' });
  const answer = await s.house.api('PUT', s.house.w(`/conversations/${conversation.id}/messages/${thanks.id}/reaction`), { emoji: '🙏' });
  assert.equal(answer.body.reactions.find((r) => r.by === 'us').status, 'sending');
  const refused = await until(async () => (await s.message(conversation, thanks.id)).reactions.find((r) => r.by === 'us'), (r) => r?.status === 'refused');
  assert.equal(refused.emoji, '🙏');
  assert.ok(refused.error.length > 20, refused.error);
  await s.sim.post('customers/change', { customer: ada, condition: null });
});

test('Instagram takes a picture by its address, a quote and its one reaction', async () => {
  const [customer] = s.customers, conversation = await s.meet(customer, 'Do you ship?'), question = await said(conversation, 'Do you ship?');
  const picture = await upload('mug.jpg', sample('mug.jpg'), 'instagram');
  const sent = await send(conversation, { text: 'We do', attachments: [picture.id] });
  for (const m of sent.messages) await s.becomes(conversation, m.id, 'sent', 'delivered', 'read');
  const got = await business(customer);
  assert.deepEqual(got.map((m) => m.text ?? m.attachments?.[0]?.type), ['We do', 'image']);
  const where = s.house.w(`/conversations/${conversation.id}/messages/${question.id}/reaction`);
  assert.equal((await s.house.api('PUT', where, { emoji: '👍' })).status, 422);
  assert.equal((await s.house.api('PUT', where, { emoji: '❤️' })).status, 200);
  await until(async () => (await s.message(conversation, question.id)).reactions.find((r) => r.by === 'us'), (r) => r?.status === 'settled');
  const template = await s.reply(conversation, { template: { name: 'x', language: 'en', values: {} } });
  assert.equal(template.body.type, 'urn:mailtrixy:problem:cannot');
  assert.equal(template.body.detail, 'Instagram has no templates. Write the text yourself.');
});
