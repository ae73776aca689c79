// WhatsApp: what may be sent, what is refused at once, and what fails only later.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { refused, startWhatsapp } from './lib.mjs';

let p;
before(async () => { p = await startWhatsapp(); });
beforeEach(async () => {
  await p.sim.post('options', { pair_burst: 0, throughput_per_second: 80, errors: 'async', statuses: 'after' });
  await p.act('text', { text: 'hi' });
  p.callback.posts = [];
});
after(() => p.stop());
const ends = async (answer, status, more = {}) => {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { message, timeout } = await p.sim.get('wait/status', { message: answer.body.messages[0].id, status, ...more });
  assert.equal(timeout, false, `the message did not become ${status}`);
  await p.sim.get('wait/webhooks');
  return { message, statuses: p.statuses(answer.body.messages[0].id) };
};
const fails = async (answer, code) => {
  const { statuses } = await ends(answer, 'failed');
  assert.equal(statuses.at(-1).errors[0].code, code);
  assert.match(statuses.at(-1).errors[0].href, /error-codes/);
  assert.ok(statuses.at(-1).errors[0].error_data.details);
};

test('a text is accepted, sent and delivered; the answer has the canonical number', async () => {
  const answer = await p.text('Hei 😀', { to: '+47 90 00 00 01', biz_opaque_callback_data: 'mt-42' });
  assert.deepEqual(answer.body.contacts, [{ input: '+47 90 00 00 01', wa_id: '4790000001', user_id: 'NO.1000000000000001' }]);
  assert.match(answer.body.messages[0].id, /^wamid\./);
  const { statuses } = await ends(answer, 'delivered');
  assert.deepEqual(statuses.map((one) => one.status), ['sent', 'delivered']);
  assert.equal(statuses[0].biz_opaque_callback_data, 'mt-42');
  assert.equal(statuses[0].recipient_id, '4790000001');
  assert.equal(typeof statuses[0].timestamp, 'string');
  assert.deepEqual(statuses[0].pricing, { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category: 'service' });
  p.callback.posts = [];
  await p.act('read');
  assert.deepEqual(p.statuses(answer.body.messages[0].id).map((one) => one.status), ['read']);
});

test('a number typed in another way finds the person', async () => {
  await p.sim.act('5511999990000', 'text');
  assert.equal((await p.text('Oi', { to: '+55 11 9999-0000' })).body.contacts[0].wa_id, '5511999990000');
});

test('somebody without a number is written to by the business-scoped id', async () => {
  await p.sim.act('noor', 'text');
  const answer = await p.graph('POST', `${p.wa.number}/messages`, { messaging_product: 'whatsapp', recipient: 'NL.1000000000000003', type: 'text', text: { body: 'Dag' } });
  assert.deepEqual(answer.body.contacts, [{ input: 'NL.1000000000000003', user_id: 'NL.1000000000000003' }]);
  const { statuses } = await ends(answer, 'delivered');
  assert.equal(statuses[0].recipient_id, undefined);
  assert.equal(statuses[0].recipient_user_id, 'NL.1000000000000003');
  const both = await p.text('who?', { recipient: 'NL.1000000000000003' });
  assert.equal(both.body.contacts[0].wa_id, '4790000001', 'to wins');
});

test('what is wrong with a call is said at once', async () => {
  refused(await p.graph('POST', `${p.wa.number}/messages`, { to: '4790000001', type: 'text', text: { body: 'x' } }), 100, undefined);
  refused(await p.graph('POST', `${p.wa.number}/messages`, { messaging_product: 'whatsapp', type: 'text', text: { body: 'x' } }), 100, undefined);
  refused(await p.text('x', { to: 4790000001 }), 131009, undefined);
  refused(await p.text('x'.repeat(4097)), 100, undefined);
  assert.equal((await p.text('😀'.repeat(4096))).status, 200);
  refused(await p.text(''), 131008, undefined);
  refused(await p.text('half \ud83d'), 100, undefined);
  refused(await p.send({ type: 'hologram' }), 100, undefined);
  refused(await p.send({ type: 'text', text: { body: 'x' }, image: { id: '1' } }), 100, undefined);
  refused(await p.text('x', { priority: 'high' }), 100, undefined);
  refused(await p.text('x', { biz_opaque_callback_data: 'x'.repeat(513) }), 100, undefined);
  refused(await p.text('x', { context: { message_id: 'not an id' } }), 131009, undefined);
  refused(await p.text('x', { to: '4755500111' }), 131021, undefined);
  const { error } = (await p.text('x'.repeat(4097))).body;
  assert.equal(error.error_data.messaging_product, 'whatsapp');
  assert.match(error.error_data.details, /4096/);
  assert.equal(error.type, 'OAuthException');
});

test('quotes, reactions, places, cards, buttons', async () => {
  const target = (await p.act('text', { text: 'quote me' })).message.mid;
  const quoted = await ends(await p.text('here', { context: { message_id: target } }), 'delivered');
  assert.equal(quoted.message.reply_to, target);
  const react = (emoji, id = target) => p.send({ type: 'reaction', reaction: { message_id: id, emoji } });
  const { statuses } = await ends(await react('👍'), 'sent');
  assert.deepEqual(statuses.map((one) => one.status), ['sent'], 'a reaction is only ever sent');
  const shown = async () => (await p.sim.thread(p.person)).messages.find((one) => one.mid === target).reactions;
  assert.deepEqual(await shown(), { business: '👍' });
  await ends(await react(''), 'sent');
  assert.deepEqual(await shown(), {});
  refused(await react('yes'), 131009, undefined);
  refused(await react('👍👍'), 131009, undefined);
  await fails(await react('👍', 'wamid.unknown'), 131009);
  assert.equal((await p.send({ type: 'location', location: { latitude: 60.39, longitude: 5.32, name: 'Here' } })).status, 200);
  refused(await p.send({ type: 'location', location: { latitude: 91, longitude: 5 } }), 131009, undefined);
  assert.equal((await p.send({ type: 'contacts', contacts: [{ name: { formatted_name: 'A B', first_name: 'A' }, phones: [{ phone: '+47 1' }] }] })).status, 200);
  refused(await p.send({ type: 'contacts', contacts: [{ name: { formatted_name: 'A B' } }] }), 131008, undefined);
  const buttons = (...titles) => p.send({ type: 'interactive', interactive: { type: 'button', body: { text: 'Which?' }, action: { buttons: titles.map((title, at) => ({ type: 'reply', reply: { id: String(at), title } })) } } });
  assert.equal((await buttons('A', 'B', 'C')).status, 200);
  refused(await buttons('A', 'B', 'C', 'D'), 131009, undefined);
  refused(await buttons('x'.repeat(21)), 100, undefined);
});

test('the window: a day from the last message, then templates only', async () => {
  await p.sim.post('clock', { advance_ms: 24 * 3600e3 });
  await fails(await p.text('late'), 131047);
  await p.sim.post('options', { errors: 'sync' });
  refused(await p.text('late'), 131047, undefined);
  const template = await p.send({ type: 'template', template: { name: 'we_missed_you', language: { code: 'en_US' } } });
  assert.equal(template.body.messages[0].message_status, 'accepted');
  await p.act('call');
  assert.equal((await p.text('a call opens it too')).status, 200);
});

test('templates: name, language, status, number and kind of variables', async () => {
  const send = (name, components, code = 'en_US') => p.send({ type: 'template', template: { name, language: { code }, ...(components ? { components } : {}) } });
  const value = (text) => ({ type: 'text', text });
  const ready = (body, header = ['FC-1']) => send('order_ready', [{ type: 'header', parameters: header.map(value) }, { type: 'body', parameters: body.map(value) }]);
  const { message } = await ends(await ready(['Ada', 'Monday']), 'delivered');
  assert.equal(message.text, 'Hello Ada, your order is ready. You can pick it up until Monday.');
  assert.equal(message.header, 'Your order FC-1');
  assert.deepEqual(message.buttons.map(({ title }) => title), ['I will come', 'Please send it']);
  refused(await ready(['Ada']), 132000, undefined);
  refused(await ready(['Ada', 'x', 'y']), 132000, undefined);
  refused(await ready(['Ada', 'a\nb']), 132018, undefined);
  refused(await ready(['Ada', 'x'.repeat(1024)]), 132005, undefined);
  refused(await send('order_ready', [{ type: 'body', parameters: [{ type: 'image', image: { id: '1' } }, value('x')] }, { type: 'header', parameters: [value('1')] }]), 132012, undefined);
  refused(await send('nothing'), 132001, undefined);
  refused(await send('we_missed_you', undefined, 'de'), 132001, undefined);
  refused(await send('payment_reminder', [{ type: 'body', parameters: [value('a'), value('b')] }]), 132001, undefined);
  await p.sim.post('templates/review', { waba: p.wa.waba, name: 'payment_reminder', status: 'PAUSED', wait: true });
  assert.deepEqual(p.values().at(-1).event, 'PAUSED');
  assert.equal(p.values().at(-1).message_template_name, 'payment_reminder');
  refused(await send('payment_reminder'), 132015, undefined);
  const { id } = (await p.upload(Buffer.from('89504e470d0a1a0a', 'hex'), 'image/png')).body;
  const glazes = (parameter, header = [{ type: 'image', image: { id } }]) => send('new_glazes', [{ type: 'header', parameters: header }, { type: 'body', parameters: [parameter] }, { type: 'button', sub_type: 'url', index: '0', parameters: [value('autumn')] }]);
  assert.equal((await glazes({ ...value('Ada'), parameter_name: 'first_name' })).status, 200);
  refused(await glazes(value('Ada')), 132012, undefined);
  refused(await glazes({ ...value('Ada'), parameter_name: 'first_name' }, []), 132012, undefined);
});

test('templates: listed page by page, reviewed after a while', async () => {
  const first = (await p.graph('GET', `${p.wa.waba}/message_templates?fields=name,status,category,language,components&limit=3`)).body;
  assert.equal(first.data.length, 3);
  const second = (await p.graph('GET', `${p.wa.waba}/message_templates?limit=3&after=${first.paging.cursors.after}`)).body;
  assert.equal(second.data.length, 1);
  assert.equal(second.paging.next, undefined);
  assert.ok(first.paging.next);
  await p.sim.post('options', { review_ms: 60_000 });
  const made = await p.graph('POST', `${p.wa.waba}/message_templates`, { name: 'pick_up', language: 'en', category: 'UTILITY', components: [{ type: 'BODY', text: 'Come' }] });
  assert.equal(made.body.status, 'PENDING');
  await p.sim.post('clock', { advance_ms: 61_000 });
  const states = (await p.sim.get('templates', { waba: p.wa.waba })).find((one) => one.name === 'pick_up');
  assert.equal(states.status, 'APPROVED');
});

test('people who cannot be reached, and numbers that may not send', async () => {
  await fails(await p.text('anybody?', { to: '4700000000' }), 131026);
  await p.sim.post('customers/change', { customer: p.person, condition: 'blocked' });
  await fails(await p.text('x'), 131026);
  await p.act('marketing');
  const glazes = await p.send({ type: 'template', template: { name: 'new_glazes', language: { code: 'en_US' }, components: [{ type: 'header', parameters: [{ type: 'image', image: { id: (await p.upload(Buffer.from('89504e470d0a1a0a', 'hex'), 'image/png')).body.id } }] }, { type: 'body', parameters: [{ type: 'text', parameter_name: 'first_name', text: 'Ada' }] }, { type: 'button', sub_type: 'url', index: 0, parameters: [{ type: 'text', text: 'a' }] }] } });
  await fails(glazes, 131050);
  assert.equal((await ends(await p.text('not marketing'), 'delivered')).message.status, 'delivered');
  await p.sim.post('customers/change', { customer: p.person, condition: null });
  await p.sim.post('numbers/change', { number: p.wa.number, condition: 'locked' });
  refused(await p.text('x'), 131031, undefined);
  assert.equal((await p.graph('GET', `${p.wa.number}?fields=health_status`)).body.health_status.can_send_message, 'BLOCKED');
  await p.sim.post('numbers/change', { number: p.wa.number, condition: null, registered: false });
  refused(await p.text('x'), 133010, undefined);
  refused(await p.graph('POST', `${p.wa.number}/register`, { messaging_product: 'whatsapp', pin: '12' }), 100, undefined);
  assert.deepEqual((await p.graph('POST', `${p.wa.number}/register`, { messaging_product: 'whatsapp', pin: '123456' })).body, { success: true });
  await p.sim.post('numbers/change', { number: p.wa.number, allowed: ['4790009999'] });
  refused(await p.text('x'), 131030, undefined);
  await p.sim.post('numbers/change', { number: p.wa.number, allowed: null });
});

test('read receipts and the typing indicator', async () => {
  const { mid } = (await p.act('text', { text: 'are you there?' })).message;
  const receipt = (more) => p.graph('POST', `${p.wa.number}/messages`, { messaging_product: 'whatsapp', status: 'read', message_id: mid, ...more });
  assert.deepEqual((await receipt()).body, { success: true });
  assert.ok((await p.sim.thread(p.person)).messages.filter((one) => one.from === 'customer').every((one) => one.seen));
  await receipt({ typing_indicator: { type: 'text' } });
  assert.equal((await p.sim.thread(p.person)).customer.typing, true);
  await p.sim.post('clock', { advance_ms: 26_000 });
  assert.equal((await p.sim.thread(p.person)).customer.typing, false);
  refused(await receipt({ message_id: 'wamid.unknown' }), 100, undefined);
  refused(await receipt({ typing_indicator: { type: 'dance' } }), 100, undefined);
  refused(await receipt({ status: 'delivered' }), 100, undefined);
});

test('statuses come before the answer, late, in another order, again, or not at all', async () => {
  await p.sim.post('options', { statuses: 'before' });
  let before = null;
  p.callback.answer = () => { before ??= true; return 200; };
  const answer = await p.text('early');
  assert.equal(p.statuses(answer.body.messages[0].id)[0].status, 'sent');
  await p.sim.post('options', { statuses: 'after', status_order: 'reversed' });
  assert.deepEqual((await ends(await p.text('reversed'), 'delivered')).statuses.map((one) => one.status), ['delivered', 'sent']);
  await p.sim.post('options', { status_order: 'usual', skip_delivered: true, auto_read: true });
  assert.deepEqual((await ends(await p.text('skipped'), 'read')).statuses.map((one) => one.status), ['sent', 'read']);
  await p.sim.post('options', { skip_delivered: false, auto_read: false, status_twice: true });
  assert.equal((await ends(await p.text('twice'), 'delivered')).statuses.length, 4);
  await p.sim.post('options', { status_twice: false, statuses: 'held' });
  const held = await p.text('held');
  assert.equal(p.statuses(held.body.messages[0].id).length, 0);
  assert.equal((await p.sim.post('statuses/release')).released, 1);
  await p.sim.get('wait/webhooks');
  assert.equal(p.statuses(held.body.messages[0].id).length, 2);
  const { mid } = (await ends(held, 'delivered')).message;
  await p.sim.post('status', { message: mid, status: 'failed', code: 131026, wait: true });
  assert.equal(p.statuses(mid).at(-1).status, 'failed');
});

test('the weather fails what was accepted, before or after it was sent', async () => {
  await p.sim.weather('wa_131026', { after_sent: true });
  const { statuses } = await ends(await p.text('x'), 'failed');
  assert.deepEqual(statuses.map((one) => one.status), ['sent', 'failed']);
  await p.sim.weather('wa_131026', { async: false });
  refused(await p.text('x'), 131026, undefined);
  await p.sim.weather('wa_131016');
  assert.equal((await p.text('x')).status, 503);
  await p.sim.weather('wa_account_limit', { minutes: 7 });
  const limited = await p.text('x');
  refused(limited, 80008, undefined);
  assert.equal(JSON.parse(limited.headers.get('x-business-use-case-usage'))[p.wa.waba][0].estimated_time_to_regain_access, 7);
  await p.sim.weather('lost_answer');
  await assert.rejects(p.text('lost', { biz_opaque_callback_data: 'mt-lost' }));
  assert.equal((await p.sim.get('wait/status', { callback_data: 'mt-lost', status: 'delivered' })).timeout, false);
});

test('limits: one number, one pair, one account', async () => {
  await p.sim.post('options', { pair_burst: 3, pair_ms: 6000 });
  for (const text of ['a', 'b', 'c']) assert.equal((await p.text(text)).status, 200);
  refused(await p.text('d'), 131056, undefined);
  await p.sim.act('5511999990000', 'text');
  assert.equal((await p.text('another person', { to: '5511999990000' })).status, 200);
  await p.sim.post('clock', { advance_ms: 6100 });
  assert.equal((await p.text('d')).status, 200);
  refused(await p.text('e'), 131056, undefined);
  await p.sim.post('options', { pair_burst: 0, throughput_per_second: 4 });
  await p.sim.post('clock', { advance_ms: 2000 });
  const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => p.text(`fast ${at}`)));
  const over = answers.filter(({ status }) => status !== 200);
  assert.ok(over.length > 0);
  for (const one of over) refused(one, 130429, undefined);
  await p.sim.post('options', { throughput_per_second: 0, management_per_hour: 1 });
  await p.graph('GET', `${p.wa.waba}/phone_numbers`);
  const limited = await p.graph('GET', `${p.wa.waba}/phone_numbers`);
  refused(limited, 80008, undefined);
  assert.ok(JSON.parse(limited.headers.get('x-business-use-case-usage'))[p.wa.waba][0].estimated_time_to_regain_access >= 1);
  await p.sim.post('options', { management_per_hour: 0 });
});
