// Meta's side of the door: every kind of event becomes what it is, in any order, once; and what is wrong gets its answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { House, defaultFields, metaJson, sign, until, webhookPath } from './lib/house.mjs';

let house;
before(async () => { house = await House.start(); });
after(() => house.stop());

let customers = 0, mids = 0;
const newCustomer = () => `9000000000000${String(++customers).padStart(3, '0')}`;
const newMid = () => `aWdfZAG1faXRlbToxOkl${'x'.repeat(120)}${String(++mids).padStart(6, '0')}`;

// What the inbox shows of a new customer: posts the events in this order, one webhook each, and reads the one new thread.
async function thread(deliveries) {
  const before = new Set((await house.allConversations()).map((c) => c.id));
  for (const event of deliveries) {
    const answer = await house.webhook(house.envelope(event));
    assert.equal(answer.status, 200, answer.text);
  }
  const fresh = (await house.allConversations()).filter((c) => !before.has(c.id));
  assert.equal(fresh.length, 1, 'one new conversation');
  return { conversation: fresh[0], messages: await house.messages(fresh[0].id) };
}
const newest = async () => (await house.conversations())[0];

const kinds = {
  text: [{ text: 'caf\u00e9 \ud83d\ude00' }, (m) => { assert.equal(m.kind, 'text'); assert.equal(m.text, 'café 😀'); }],
  'quick reply': [{ text: 'Yes', quick_reply: { payload: 'YES' } }, (m) => { assert.equal(m.kind, 'quick_reply'); assert.equal(m.text, 'Yes'); assert.equal(m.payload, 'YES'); }],
  ...Object.fromEntries(['image', 'video', 'audio', 'file'].map((type) => [type, [
    { attachments: [{ type, payload: { url: `http://127.0.0.1:9/ig_messaging_cdn/?asset_id=1&signature=${type}` } }] },
    (m) => { assert.equal(m.kind, type); assert.equal(m.attachments.length, 1); assert.equal(m.attachments[0].type, type); assert.equal(m.attachments[0].state, 'fetching'); assert.equal(m.attachments[0].url, null); }]])),
  share: [{ attachments: [{ type: 'share', payload: { url: 'https://www.instagram.com/p/1/' } }] }, (m) => assert.equal(m.kind, 'share')],
  reel: [{ attachments: [{ type: 'ig_reel', payload: { url: 'https://www.instagram.com/reel/1/', title: 'A reel' } }] }, (m) => assert.equal(m.kind, 'reel')],
  'story mention': [{ attachments: [{ type: 'story_mention', payload: { url: 'http://127.0.0.1:9/story' } }] }, (m) => assert.equal(m.kind, 'story_mention')],
  'story reply': [{ text: 'nice', reply_to: { story: { id: '17', url: 'http://127.0.0.1:9/s' } } }, (m) => { assert.equal(m.kind, 'story_reply'); assert.equal(m.reply_to.story.id, '17'); }],
  ephemeral: [{ attachments: [{ type: 'ephemeral' }] }, (m) => assert.equal(m.kind, 'ephemeral')],
  unsupported: [{ is_unsupported: true }, (m) => assert.equal(m.kind, 'unsupported')],
  'unknown attachment': [{ attachments: [{ type: 'hologram', payload: { url: 'http://127.0.0.1:9/h' } }] }, (m) => assert.ok(m.kind)],
};
for (const [name, [message, check]] of Object.entries(kinds)) {
  test(`a message of kind ${name}`, async () => {
    const customer = newCustomer(), mid = newMid();
    const { conversation, messages } = await thread([house.fromCustomer(customer, { message: { mid, ...message } })]);
    assert.equal(conversation.channel, 'instagram');
    assert.equal(messages.length, 1);
    assert.equal(messages[0].direction, 'in');
    assert.equal(messages[0].external_id, mid);
    assert.equal(conversation.unread, 1);
    check(messages[0]);
  });
}

test('a postback opens the window and shows its title', async () => {
  const customer = newCustomer(), at = Date.now();
  const { conversation, messages } = await thread([house.fromCustomer(customer, { postback: { mid: newMid(), title: 'Prices', payload: 'PRICES' } }, at)]);
  assert.equal(messages[0].kind, 'postback');
  assert.equal(messages[0].text, 'Prices');
  assert.equal(Date.parse(conversation.window.closes_at), at + 24 * 3600_000);
  assert.equal(Date.parse(conversation.window.tag_until), at + 7 * 24 * 3600_000);
});

test('a referral is shown', async () => {
  const customer = newCustomer();
  const { messages } = await thread([house.fromCustomer(customer, { referral: { ref: 'summer', source: 'IG_ME', type: 'OPEN_THREAD' } })]);
  assert.equal(messages[0].kind, 'referral');
});

test('a kind that nobody knows is shown as unsupported', async () => {
  const customer = newCustomer();
  const { messages } = await thread([house.fromCustomer(customer, { hologram_call: { id: 1 } })]);
  assert.equal(messages[0].kind, 'unsupported');
});

test('an echo from the phone shows once, as written elsewhere', async () => {
  const customer = newCustomer(), echo = house.fromUs(customer, { message: { mid: newMid(), text: 'from the phone', is_echo: true } });
  const { messages } = await thread([house.fromCustomer(customer, { message: { mid: newMid(), text: 'hello' } }, Date.now() - 1000), echo, echo]);
  assert.equal(messages.length, 2);
  const out = messages.find((m) => m.direction === 'out');
  assert.equal(out.text, 'from the phone');
  assert.equal(out.origin, 'elsewhere');
});

test('a message, its edit, reaction and unsend end alike in every order, each doubled', async () => {
  const permute = (list) => (list.length < 2 ? [list] : list.flatMap((x, k) => permute([...list.slice(0, k), ...list.slice(k + 1)]).map((rest) => [x, ...rest])));
  const at = Date.now() - 60_000;
  const shape = (m) => ({ direction: m.direction, kind: m.kind, text: m.text, unsent: m.unsent, edited: m.edited, reactions: m.reactions, at: m.at });
  let first;
  for (const order of permute(['message', 'edit', 'react', 'edit2'])) {
    const customer = newCustomer(), mid = newMid();
    const events = {
      message: house.fromCustomer(customer, { message: { mid, text: 'one' } }, at),
      edit: house.fromCustomer(customer, { message_edit: { mid, text: 'two', num_edit: '1' } }, at + 1000),
      edit2: house.fromCustomer(customer, { message_edit: { mid, text: 'three', num_edit: 2 } }, at + 2000),
      react: house.fromCustomer(customer, { reaction: { mid, action: 'react', reaction: 'love', emoji: '\u2764\ufe0f' } }, at + 3000),
    };
    const { conversation, messages } = await thread(order.flatMap((name) => [events[name], events[name]]));
    const now = JSON.stringify([messages.map(shape), conversation.unread, conversation.last_activity_at, conversation.window.closes_at]);
    first ??= now;
    assert.equal(now, first, order.join(', '));
    assert.equal(messages.length, 1);
    assert.equal(messages[0].text, 'three');
    assert.equal(messages[0].edited, true);
    assert.equal(messages[0].reactions[0].emoji, '❤️');
  }
});

test('an unsent message stays unsent, also when it comes after its unsend', async () => {
  for (const late of [false, true]) {
    const customer = newCustomer(), mid = newMid();
    const message = house.fromCustomer(customer, { message: { mid, text: 'secret' } }), unsend = house.fromCustomer(customer, { message: { mid, is_deleted: true } });
    const { messages } = await thread(late ? [unsend, message] : [message, unsend]);
    assert.equal(messages.length, 1);
    assert.equal(messages[0].unsent, true);
    assert.equal(messages[0].text, null);
  }
});

test('a taken-back reaction goes, and an older one that comes late does not return', async () => {
  const customer = newCustomer(), mid = newMid(), at = Date.now() - 5000;
  const react = house.fromCustomer(customer, { reaction: { mid, action: 'react', reaction: 'love', emoji: '❤️' } }, at + 1000);
  const { messages } = await thread([house.fromCustomer(customer, { message: { mid, text: 'x' } }, at), react,
    house.fromCustomer(customer, { reaction: { mid, action: 'unreact' } }, at + 2000), react]);
  assert.deepEqual(messages[0].reactions, []);
});

test('order and window follow the time of the event', async () => {
  const customer = newCustomer(), at = Date.now() - 3600_000;
  const { conversation, messages } = await thread([
    house.fromCustomer(customer, { message: { mid: newMid(), text: 'second' } }, at + 2000),
    house.fromCustomer(customer, { message: { mid: newMid(), text: 'first' } }, at)]);
  assert.deepEqual(messages.map((m) => m.text), ['second', 'first']);
  assert.equal(Date.parse(conversation.window.closes_at), at + 2000 + 24 * 3600_000);
});

test('timestamps as strings and as seconds are understood', async () => {
  const customer = newCustomer(), seconds = Math.floor(Date.now() / 1000);
  const event = { sender: { id: customer }, recipient: { id: house.account.key }, timestamp: String(seconds), message: { mid: newMid(), text: 'old style' } };
  const { messages } = await thread([event]);
  assert.equal(Date.parse(messages[0].at), seconds * 1000);
});

test('an event without a time, or from far ahead, happened when it came', async () => {
  for (const timestamp of [undefined, 'soon', Date.now() + 400 * 24 * 3600_000]) {
    const customer = newCustomer(), before = Date.now();
    const { messages } = await thread([{ sender: { id: customer }, recipient: { id: house.account.key }, timestamp, message: { mid: newMid(), text: 'when?' } }]);
    assert.ok(Date.parse(messages[0].at) >= before - 60_000 && Date.parse(messages[0].at) <= Date.now() + 1000, `${timestamp}: ${messages[0].at}`);
  }
});

test('a reply to a message names it', async () => {
  const customer = newCustomer(), mid = newMid();
  const { messages } = await thread([
    house.fromCustomer(customer, { message: { mid, text: 'question' } }, Date.now() - 1000),
    house.fromCustomer(customer, { message: { mid: newMid(), text: 'more', reply_to: { mid } } })]);
  assert.equal(messages[0].reply_to.external_id, mid);
  assert.equal(messages[0].reply_to.message_id, messages[1].id);
});

test('the body may be an array, and the entry an id as number', async () => {
  const customer = newCustomer();
  assert.equal((await house.webhook([house.envelope(house.fromCustomer(customer, { message: { mid: newMid(), text: 'in an array' } }))])).status, 200);
  assert.equal((await newest()).last_message.text, 'in an array');
});

test('a redelivery stores nothing twice, also at the same moment', async () => {
  const customer = newCustomer(), body = house.envelope(house.fromCustomer(customer, { message: { mid: newMid(), text: 'once' } }));
  const before = new Set((await house.journal('?limit=100')).map((e) => e.id));
  const answers = await Promise.all(Array.from({ length: 20 }, () => house.webhook(body)));
  assert.ok(answers.every((a) => a.status === 200));
  const conversations = (await house.conversations()).filter((c) => c.last_message.text === 'once');
  assert.equal(conversations.length, 1);
  assert.equal((await house.messages(conversations[0].id)).length, 1);
  assert.equal(conversations[0].unread, 1);
  assert.equal((await house.journal('?limit=100')).filter((e) => !before.has(e.id)).length, 1);
});

test('first messages of one contact at the same moment make one conversation', async () => {
  const customer = newCustomer();
  await Promise.all(Array.from({ length: 10 }, (_, k) => house.webhook(house.envelope(house.fromCustomer(customer, { message: { mid: newMid(), text: `photo ${k}` } })))));
  const found = (await house.allConversations()).filter((c) => /^photo \d$/.test(c.last_message.text));
  assert.equal(found.length, 1);
  assert.equal((await house.messages(found[0].id)).length, 10);
  assert.equal(found[0].unread, 10);
});

test('1,000 updates in one body', async () => {
  const customer = newCustomer(), at = Date.now();
  const answer = await house.webhook(house.envelope(...Array.from({ length: 1000 }, (_, k) => house.fromCustomer(customer, { message: { mid: newMid(), text: `update ${k}` } }, at + k))));
  assert.equal(answer.status, 200);
  assert.equal((await newest()).last_message.text, 'update 999');
  assert.equal((await newest()).unread, 1000);
});

test('a body of 4 MB is taken, a larger one refused', async () => {
  const customer = newCustomer();
  const padded = (size) => ({ ...house.envelope(house.fromCustomer(customer, { message: { mid: newMid(), text: 'heavy' } })), padding: 'p'.repeat(size) });
  assert.equal((await house.webhook(padded(4 * 1024 * 1024 - 1000))).status, 200);
  const tooLarge = await house.webhook(padded(6 * 1024 * 1024)).catch((e) => ({ status: 413, cut: e }));
  assert.equal(tooLarge.status, 413);
});

test('a wrong, missing or malformed signature is refused and shown in the journal', async () => {
  const customer = newCustomer(), body = house.envelope(house.fromCustomer(customer, { message: { mid: newMid(), text: 'forged' } }));
  for (const signature of [null, '', 'sha256=', 'sha256=00', `sha256=${'0'.repeat(64)}`, `sha1=${'0'.repeat(40)}`, `sha256=${'z'.repeat(64)}`, sign(metaJson(body), 'another secret')])
    assert.equal((await house.webhook(body, { signature })).status, 401, String(signature));
  assert.equal((await house.conversations()).filter((c) => c.last_message.text === 'forged').length, 0);
  const refused = await house.journal('?state=refused');
  assert.ok(refused.length >= 1);
  assert.match(refused[0].reason, /signature|App Secret/i);
});

test('malformed bodies: 400 or 401, never an error, nothing stored', async () => {
  const before = (await house.allConversations()).length;
  for (const raw of ['', '{', '{"object":"instagram","entry":[', 'null', '[]', '42', '"x"', '{"object":"instagram"}', '{"object":"instagram","entry":{}}', '['.repeat(5000), '\ufeff{}']) {
    const answer = await house.webhook(null, { raw });
    assert.ok([200, 400, 401].includes(answer.status), `${raw.slice(0, 30)}: ${answer.status}`);
  }
  const bad = Buffer.from(`{"object":"instagram","entry":[{"id":"${house.account.key}","messaging":[{"sender":{"id":"1"},"recipient":{"id":"2"},"timestamp":1,"message":{"mid":"m","text":"\xff\xfe"}}]}]}`, 'latin1');
  assert.ok([200, 400].includes((await house.webhook(null, { raw: bad })).status));
  assert.equal((await house.allConversations()).length, before);
});

test('lone surrogates and huge numbers do not stop the others', async () => {
  const customer = newCustomer();
  const text = `{"object":"instagram","entry":[{"id":"${house.account.key}","time":1e400,"messaging":[
    {"sender":{"id":"${customer}"},"recipient":{"id":"${house.account.key}"},"timestamp":${Date.now()},"message":{"mid":"${newMid()}","text":"half \\ud83d face"}},
    {"sender":{"id":"${customer}"},"recipient":{"id":"${house.account.key}"},"timestamp":99999999999999999999999,"message":{"mid":"${newMid()}","text":"huge time"}},
    {"sender":{"id":"${customer}"},"recipient":{"id":"${house.account.key}"},"timestamp":${Date.now()},"message":{"mid":"${newMid()}","text":"whole"}}]}]}`;
  assert.equal((await house.webhook(null, { raw: text })).status, 200);
  const c = await until(() => house.conversations(), (list) => list.some((x) => x.contact && x.unread >= 1 && ['whole', 'huge time'].includes(x.last_message.text)));
  assert.ok((await house.messages(c.find((x) => ['whole', 'huge time'].includes(x.last_message.text)).id)).some((m) => m.text === 'whole'));
});

test('the dashboard\'s test in both shapes: 200, noted, no conversation', async () => {
  const before = (await house.allConversations()).length;
  const message = { sender: { id: '12334' }, recipient: { id: '23245' }, timestamp: '1527459824', message: { mid: 'random_mid', text: 'random_text' } };
  assert.equal((await house.webhook({ object: 'instagram', entry: [{ id: '0', time: 1527459824, messaging: [message] }] })).status, 200);
  assert.equal((await house.webhook({ object: 'instagram', entry: [{ id: '0', time: 1527459824, changes: [{ field: 'messages', value: message }] }] })).status, 200);
  assert.equal((await house.allConversations()).length, before);
  assert.equal((await house.webhook({ object: 'instagram', entry: [{ id: '0', messaging: [message] }] }, { secret: 'not ours' })).status, 401);
});

test('an account that is not known here: 200 with a known secret, 401 otherwise', async () => {
  const body = { object: 'instagram', entry: [{ id: '17841499999999999', time: Date.now(), messaging: [{ sender: { id: '1' }, recipient: { id: '17841499999999999' }, timestamp: Date.now(), message: { mid: newMid(), text: 'lost' } }] }] };
  assert.equal((await house.webhook(body)).status, 200);
  assert.equal((await house.webhook(body, { secret: 'stranger' })).status, 401);
  assert.ok(!(await house.allConversations()).some((c) => c.last_message.text === 'lost'));
});

test('comments are ignored with their reason', async () => {
  assert.equal((await house.webhook({ object: 'instagram', entry: [{ id: house.account.key, time: Date.now(), changes: [{ field: 'comments', value: { id: '1', from: { id: '2', username: 'x' }, text: 'hi', media: { id: '3' } } }] }] })).status, 200);
  const ignored = await house.journal('?state=ignored');
  assert.ok(ignored.some((e) => /comment/i.test(e.reason)), JSON.stringify(ignored));
});

test('one body for two accounts: the one that verifies is applied', async () => {
  const other = await house.connect(defaultFields(2)), customer = newCustomer();
  const event = (account, text) => ({ id: account.key, time: Date.now(), messaging: [{ sender: { id: customer }, recipient: { id: account.key }, timestamp: Date.now(), message: { mid: newMid(), text } }] });
  const body = { object: 'instagram', entry: [event(house.account, 'for the first'), event(other, 'for the second')] };
  assert.equal((await house.webhook(body, { secret: other.secret })).status, 200);
  const texts = (await house.allConversations()).map((c) => c.last_message.text);
  assert.ok(texts.includes('for the second'));
  assert.ok(!texts.includes('for the first'));
  assert.ok((await house.journal('?state=refused')).some((e) => e.account_id === house.account.id));
});

test('the handshake answers the challenge, and only to a verify token of ours', async () => {
  const ask = (query) => house.api('GET', `${webhookPath}?${new URLSearchParams(query)}`, undefined, { token: null });
  const good = await ask({ 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': house.account.verify_token });
  assert.equal(good.status, 200);
  assert.equal(good.text, '1158201444');
  assert.match(good.headers.get('content-type'), /^text\/plain/);
  for (const wrong of [{ 'hub.verify_token': 'wrong' }, {}, { 'hub.verify_token': '' }, { 'hub.mode': 'unsubscribe', 'hub.verify_token': house.account.verify_token }]) {
    const answer = await ask({ 'hub.mode': 'subscribe', 'hub.challenge': '7', ...wrong });
    assert.equal(answer.status, 403);
    assert.ok(!answer.text.includes('7\n') && !answer.text.includes(house.account.verify_token));
  }
});

test('a replayed event changes nothing that was applied', async () => {
  const customer = newCustomer();
  await thread([house.fromCustomer(customer, { message: { mid: newMid(), text: 'replay me' } })]);
  const applied = (await house.journal('?state=applied'))[0];
  const answer = await house.api('POST', house.w(`/webhook-events/${applied.id}/replay`));
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await house.conversations()).filter((c) => c.last_message.text === 'replay me').length, 1);
});

test('nothing secret is in the log', () => {
  for (const secret of [house.account.secret, 'EAAG-page-token-number-1', house.account.verify_token, 'correct horse battery', house.token])
    assert.ok(!house.log.includes(secret));
});

test('what is far too long costs itself, not the message', async () => {
  const customer = newCustomer(), mid = 'm'.repeat(2000), at = Date.now() - 5000;
  const { messages } = await thread([
    house.fromCustomer(customer, { message: { mid, text: 'kept', attachments: [{ type: 'image', payload: { url: `http://127.0.0.1:9/${'a'.repeat(5000)}` } }] } }, at),
    house.fromCustomer(customer, { reaction: { mid, action: 'react', reaction: 'love', emoji: '❤️' } }, at + 1000)]);
  assert.equal(messages.length, 1);
  assert.equal(messages[0].text, 'kept');
  assert.equal(messages[0].attachments.length, 1);
  const { type, state, url, title } = messages[0].attachments[0];
  assert.deepEqual({ type, state, url, title }, { type: 'image', state: 'none', url: null, title: null });
  assert.equal(messages[0].reactions.length, 1);
});

test('HEAD on the webhook is answered as GET is, without the body', async () => {
  const query = `?hub.mode=subscribe&hub.challenge=1&hub.verify_token=${house.account.verify_token}`;
  const answer = await fetch(house.url + webhookPath + query, { method: 'HEAD' });
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), '');
  assert.equal((await fetch(house.url + webhookPath, { method: 'HEAD' })).status, 403);
});

test('a list asked for more than a page gives a page', async () => {
  const answer = await house.api('GET', house.w('/conversations?limit=100000'));
  assert.equal(answer.status, 200);
  assert.ok(answer.body.items.length <= 100);
  for (const limit of ['0', '-1', 'x', '1.5', '99999999999999999999']) assert.equal((await house.api('GET', house.w(`/conversations?limit=${limit}`))).status, 400, limit);
});

test('an account sent back as it was shown keeps its secrets', async () => {
  const path = house.w(`/accounts/${house.account.id}`), shown = (await house.api('GET', path)).body.fields;
  const answer = await house.api('PUT', path, { fields: { ...shown, page_name: 'Renamed' } });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.body.fields, { ...shown, page_name: 'Renamed' });
  assert.equal((await house.webhook(house.envelope(house.fromCustomer(newCustomer(), { message: { mid: newMid(), text: 'still signed' } })))).status, 200);
  const fresh = await house.api('POST', house.w('/accounts'), { channel: 'instagram', backend: 'facebook', fields: { ...shown, ig_user_id: '17841400000000099' } });
  assert.equal(fresh.status, 422, 'a mask is no secret');
});

test('a conversation whose channel is hidden is not there, its messages neither', async () => {
  const { conversation } = await thread([house.fromCustomer(newCustomer(), { message: { mid: newMid(), text: 'hidden soon' } })]);
  const messages = house.w(`/conversations/${conversation.id}/messages`);
  assert.equal((await house.api('POST', '/api/v1/admin/addons/instagram/deactivate')).status, 200);
  try {
    assert.equal((await house.api('GET', messages)).status, 404);
  } finally {
    assert.equal((await house.api('POST', '/api/v1/admin/addons/instagram/activate')).status, 200);
  }
  assert.equal((await house.api('GET', messages)).body.items[0].text, 'hidden soon');
});
