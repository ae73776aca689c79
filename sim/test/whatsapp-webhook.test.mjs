// WhatsApp's webhooks: what each act of a person looks like, how it is signed, batched and repeated; tokens and accounts.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Callback, refused, signed, startWhatsapp } from './lib.mjs';

let p;
before(async () => { p = await startWhatsapp(); await p.sim.post('options', { pair_burst: 0 }); });
beforeEach(() => { p.callback.posts = []; p.callback.answer = () => 200; });
after(() => p.stop());
const ADA = '4790000001';
const message = () => p.values().at(-1).messages[0];

test('the envelope, signed over escaped bytes', async () => {
  await p.act('text', { text: 'æøå 😀 a/b' });
  const [post] = p.callback.posts;
  assert.match(post.text, /\\u00e6\\u00f8\\u00e5 \\ud83d\\ude00/);
  assert.ok(signed(post, p.secret));
  assert.equal(post.body.object, 'whatsapp_business_account');
  assert.equal(post.body.entry[0].id, p.wa.waba);
  const { field, value } = post.body.entry[0].changes[0];
  assert.equal(field, 'messages');
  assert.deepEqual(value.metadata, { display_phone_number: '4755500111', phone_number_id: p.wa.number });
  assert.deepEqual(value.contacts, [{ profile: { name: 'Ada Example' }, wa_id: ADA, user_id: 'NO.1000000000000001' }]);
  assert.deepEqual({ ...value.messages[0], id: '', timestamp: '' }, { from: ADA, from_user_id: 'NO.1000000000000001', id: '', timestamp: '', type: 'text', text: { body: 'æøå 😀 a/b' } });
  assert.match(value.messages[0].timestamp, /^\d{10}$/);
});

test('every act of a person has its shape', async () => {
  const target = (await p.act('text', { text: 'target' })).message.mid;
  const shapes = {
    photo: (m) => m.image.mime_type === 'image/jpeg' && m.image.sha256.length === 44, video: (m) => m.video.id, document: (m) => m.document.filename === 'size-chart.pdf',
    voice: (m) => m.audio.voice === true && m.audio.mime_type === 'audio/ogg; codecs=opus', audio: (m) => m.audio.voice === false,
    sticker: (m) => m.sticker.animated === false && m.sticker.mime_type === 'image/webp', animated_sticker: (m) => m.sticker.animated,
    location: (m) => typeof m.location.latitude === 'number', contacts: (m) => m.contacts[0].phones[0].wa_id, reaction: (m) => m.reaction.emoji === '👍' && m.reaction.message_id === target,
    unreact: (m) => m.type === 'reaction' && !('emoji' in m.reaction), button_reply: (m) => m.interactive.button_reply.title, list_reply: (m) => m.interactive.list_reply.description,
    flow_reply: (m) => JSON.parse(m.interactive.nfm_reply.response_json), button: (m) => m.button.payload, order: (m) => m.order.product_items.length === 2,
    product_inquiry: (m) => m.context.referred_product.product_retailer_id, ad: (m) => m.referral.source_type === 'ad', forwarded: (m) => m.context.forwarded,
    edit: (m) => m.edit.original_message_id === target && m.edit.message.text.body === 'Edited', unsend: (m) => m.type === 'revoke' && m.revoke.original_message_id === target,
    unsupported_edit: (m) => m.unsupported.type === 'edit' && m.errors[0].code === 131051, unsupported: (m) => m.type === 'unsupported', view_once: (m) => m.errors[0].code === 131060,
    oversized: (m) => m.errors[0].code === 131052, unknown: (m) => m.type === 'hologram', group_text: (m) => m.group_id, welcome: (m) => m.type === 'request_welcome',
  };
  for (const [kind, fits] of Object.entries(shapes)) {
    p.callback.posts = [];
    const { event } = await p.act(kind, { target });
    assert.equal(event.state, 'acknowledged', kind);
    assert.ok(fits(message()), `${kind}: ${JSON.stringify(message())}`);
  }
  for (const kind of ['call', 'missed_call', 'ended_call']) {
    await p.act(kind);
    assert.equal(p.callback.posts.at(-1).body.entry[0].changes[0].field, 'calls');
  }
  await p.act('marketing');
  assert.equal(p.values().at(-1).user_preferences[0].value, 'stop');
  await p.act('marketing', { stop: false });
  const known = await p.sim.get('acts', { channel: 'whatsapp' });
  for (const kind of known) assert.ok(kind in shapes || ['text', 'file', 'change_number', 'hide_number', 'call', 'missed_call', 'ended_call', 'read', 'played', 'marketing'].includes(kind), `${kind} is not looked at`);
});

test('a reply names whose message it quotes', async () => {
  const own = (await p.act('text', { text: 'mine' })).message.mid;
  await p.act('text', { text: 'and more', reply_to: own });
  assert.deepEqual(message().context, { from: ADA, id: own });
  const ours = (await p.text('ours')).body.messages[0].id;
  await p.act('text', { text: 'thanks', reply_to: ours });
  assert.deepEqual(message().context, { from: '4755500111', id: ours });
});

test('duplicates and disorder, statuses among them', async () => {
  await p.sim.post('options', { duplicates: 1 });
  await p.act('text', { text: 'twice' });
  assert.deepEqual(p.values().map((value) => value.messages[0].text.body), ['twice', 'twice']);
  await p.sim.post('options', { duplicates: 0, hold: true });
  p.callback.posts = [];
  await p.sim.post('act', { customer: ADA, kind: 'text', text: 'a' });
  const { id } = (await p.text('b')).body.messages[0];
  await p.sim.get('wait/status', { message: id, status: 'delivered' });
  await p.sim.post('options', { hold: false });
  await p.sim.post('webhooks/release', { order: [2, 1, 0] });
  await p.callback.arrived(3);
  assert.deepEqual(p.statuses(id).map((one) => one.status), ['delivered', 'sent']);
  assert.equal(message().text.body, 'a');
});

test('a number that is hidden, shown again, and changed', async () => {
  const [, , noor] = p.wa.customers;
  await p.sim.act(noor.id, 'text');
  assert.deepEqual(p.values().at(-1).contacts, [{ profile: { name: 'Noor de Wit', username: 'noor.pots' }, user_id: 'NL.1000000000000003' }]);
  assert.equal(message().from, undefined);
  assert.equal(message().from_user_id, 'NL.1000000000000003');
  await p.sim.act(noor.id, 'hide_number', { hidden: false });
  assert.equal(message().from, '31600000003');
  await p.sim.act(noor.id, 'change_number', { wa_id: '31699999999' });
  assert.deepEqual([message().from, message().type, message().system.wa_id], ['31600000003', 'system', '31699999999']);
  await p.sim.act(noor.id, 'text');
  assert.equal(message().from, '31699999999');
});

test('a batch has them apart or in one value; two accounts never in one entry', async () => {
  await p.sim.post('options', { hold: true });
  for (const text of ['a', 'b']) await p.sim.post('act', { customer: ADA, kind: 'text', text });
  await p.sim.post('act', { customer: '5511999990000', kind: 'text', text: 'c' });
  await p.sim.post('act', { customer: p.customer, kind: 'text', text: 'on Instagram' });
  const other = await p.sim.post('wabas', { app: p.demo.app }), number = await p.sim.post('numbers', { waba: other.id });
  const person = await p.sim.post('customers', { number: number.id, wa_id: '4790001234' });
  await p.sim.post('act', { customer: person.id, kind: 'text', text: 'd' });
  await p.sim.post('options', { hold: false, merge_values: true });
  await p.sim.post('webhooks/release', { batch: true });
  await p.callback.arrived(2);
  const whatsapp = p.callback.posts.find(({ body }) => body.object === 'whatsapp_business_account').body;
  assert.deepEqual(whatsapp.entry.map(({ id, changes }) => [id, changes[0].value.messages.map((one) => one.text.body)]), [[p.wa.waba, ['a', 'b', 'c']], [other.id, ['d']]]);
  assert.equal(whatsapp.entry[0].changes[0].value.contacts.length, 2);
  await p.sim.post('options', { merge_values: false });
});

test('what is not answered with 200 comes again for a week, and nobody is unsubscribed', async () => {
  p.callback.answer = () => 500;
  await p.sim.post('act', { customer: ADA, kind: 'text', text: 'again' });
  await p.callback.arrived(2);
  await p.sim.post('clock', { advance_ms: 3 * 24 * 3600e3 });
  assert.equal((await p.sim.get('wabas'))[0].subscribed, true);
  p.callback.answer = () => 200;
  await p.sim.post('clock', { advance_ms: 13 * 3600e3 });
  assert.equal((await p.sim.get('wait/webhooks')).timeout, false);
  const last = (await p.sim.get('webhooks')).posts.at(-1);
  assert.equal(last.state, 'acknowledged');
});

test('echoes and history of the phone app', async () => {
  const sent = await p.sim.business(ADA, 'text', { text: 'from the phone' });
  const [echo] = p.values().at(-1).message_echoes;
  assert.deepEqual([echo.from, echo.to, echo.id, echo.text.body], ['4755500111', ADA, sent.message.mid, 'from the phone']);
  assert.equal(p.callback.posts.at(-1).body.entry[0].changes[0].field, 'smb_message_echoes');
  for (const kind of ['photo', 'voice', 'document', 'video']) await p.sim.business(ADA, kind);
  assert.equal(p.values().at(-1).message_echoes[0].type, 'video');
  await p.sim.business(ADA, 'edit', { target: sent.message.mid, text: 'changed' });
  assert.equal(p.values().at(-1).message_echoes[0].edit.message.text.body, 'changed');
  await p.sim.business(ADA, 'unsend', { target: sent.message.mid });
  assert.equal(p.values().at(-1).message_echoes[0].revoke.original_message_id, sent.message.mid);
  p.callback.posts = [];
  await p.sim.post('history', { number: p.wa.number });
  await p.sim.get('wait/webhooks');
  const chunks = p.values().map((value) => value.history[0]);
  assert.equal(chunks.at(-1).metadata.progress, 100);
  assert.equal(chunks[0].threads[0].messages[1].history_context.status, 'READ');
  await p.sim.post('history', { number: p.wa.number, declined: true });
  await p.sim.get('wait/webhooks');
  assert.equal(p.values().at(-1).history[0].errors[0].code, 2593109);
  await p.sim.post('contact', { customer: ADA, wait: true });
  assert.equal(p.values().at(-1).state_sync[0].contact.phone_number, ADA);
});

test('any field, any raw body, the dashboard\'s test', async () => {
  await p.sim.post('field', { waba: p.wa.waba, field: 'account_update', value: { event: 'DISABLED_UPDATE' }, wait: true });
  assert.deepEqual(p.callback.posts.at(-1).body.entry[0].changes, [{ value: { event: 'DISABLED_UPDATE' }, field: 'account_update' }]);
  await p.sim.post('webhooks/test', { shape: 'whatsapp' });
  assert.equal(p.values().at(-1).metadata.phone_number_id, '123456123');
  await p.sim.post('webhooks/raw', { body: { object: 'whatsapp_business_account', entry: [] }, signature: 'upper-case' });
  assert.match(p.callback.posts.at(-1).headers['x-hub-signature-256'], /^sha256=[0-9A-F]{64}$/);
  await p.sim.post('webhooks/raw', { body: { object: 'whatsapp_business_account', entry: [] }, signature: 'wrong' });
  assert.ok(!signed(p.callback.posts.at(-1), p.secret));
});

test('who gets the webhooks: subscription, override, fields of the dashboard', async () => {
  const apps = async () => (await p.graph('GET', `${p.wa.waba}/subscribed_apps`)).body.data.map((one) => one.whatsapp_business_api_data.id);
  assert.equal((await apps()).length, 2, 'Meta\'s own listens too');
  await p.graph('DELETE', `${p.wa.waba}/subscribed_apps`);
  assert.ok(!(await apps()).includes(p.demo.app));
  assert.match((await p.act('text')).event.reason, /not subscribed/);
  assert.deepEqual((await p.graph('POST', `${p.wa.waba}/subscribed_apps`)).body, { success: true });
  const other = await Callback.start();
  assert.equal((await p.graph('POST', `${p.wa.waba}/subscribed_apps`, { override_callback_uri: other.url, verify_token: 'wrong' })).body.error.code, 2200);
  assert.deepEqual((await p.graph('POST', `${p.wa.waba}/subscribed_apps`, { override_callback_uri: other.url, verify_token: 'token' })).body, { success: true });
  await p.act('text');
  assert.equal(other.posts.length, 1);
  await p.graph('POST', `${p.wa.waba}/subscribed_apps`);
  other.stop();
  await p.sim.post('apps/change', { whatsapp_fields: ['calls'] });
  assert.match((await p.act('text')).event.reason, /not ticked/);
  await p.sim.post('apps/change', { whatsapp_fields: ['messages', 'calls', 'smb_message_echoes', 'history', 'message_template_status_update', 'user_preferences', 'account_update', 'smb_app_state_sync'] });
  const list = (await p.graph('GET', `${p.demo.app}/subscriptions`, undefined, { token: `${p.demo.app}|${p.secret}` })).body.data;
  assert.deepEqual(list.map((one) => one.object), ['instagram', 'whatsapp_business_account']);
});

test('what the token tells and may do', async () => {
  const { data } = (await p.graph('GET', `debug_token?input_token=${p.wa.token}`, undefined, { token: `${p.demo.app}|${p.secret}` })).body;
  assert.equal(data.type, 'SYSTEM_USER');
  assert.equal(data.expires_at, 0);
  assert.deepEqual(data.granular_scopes.find((one) => one.scope === 'whatsapp_business_messaging').target_ids, [p.wa.waba]);
  assert.equal((await p.graph('GET', 'app')).body.id, p.demo.app);
  const number = (await p.graph('GET', `${p.wa.number}?fields=display_phone_number,verified_name,quality_rating,code_verification_status,name_status,platform_type,throughput`)).body;
  assert.deepEqual([number.display_phone_number, number.platform_type, number.quality_rating], ['+47 55 50 01 11', 'CLOUD_API', 'GREEN']);
  assert.deepEqual((await p.graph('GET', `${p.wa.waba}/phone_numbers`)).body.data.map((one) => one.id), [p.wa.number]);
  refused(await p.graph('GET', `${p.wa.number}?fields=shoe_size`), 100, undefined);
  refused(await p.graph('GET', p.wa.number, undefined, { token: p.demo.fields.page_access_token }), 100, 33);
  refused(await p.graph('GET', `${p.wa.number}?appsecret_proof=wrong`), 100, undefined);
  await p.sim.post('tokens/change', { waba: p.wa.waba, scopes: ['whatsapp_business_management'] });
  refused(await p.text('x'), 200, undefined);
  await p.sim.post('tokens/change', { waba: p.wa.waba, scopes: ['whatsapp_business_messaging'] });
  refused(await p.graph('GET', `${p.wa.waba}/message_templates`), 200, undefined);
  await p.sim.post('tokens/change', { waba: p.wa.waba, scopes: ['whatsapp_business_messaging', 'whatsapp_business_management'], trouble: 'expired' });
  refused(await p.text('x'), 190, 463);
  await p.sim.post('tokens/change', { waba: p.wa.waba, trouble: null });
});
