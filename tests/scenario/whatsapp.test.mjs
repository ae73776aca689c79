// What WhatsApp's webhooks become in the inbox, seen from outside. No Meta stands behind this number: what must be fetched waits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { House, metaJson, sign } from './lib/house.mjs';
import { Number as WhatsApp, numberFields, webhookPath } from './lib/whatsapp.mjs';

let house, number, people = 0;

before(async () => {
  house = await House.start({ addon: false });
  number = await WhatsApp.connect(house);
});
after(() => house?.stop());

const somebody = () => `55119${String(10_000_000 + ++people)}`;
const only = (list) => { assert.equal(list.length, 1, JSON.stringify(list)); return list[0]; };
const detail = (attachment, name) => attachment.details.find((d) => d.name === name)?.value;

test('the channel is there without any addon, and its form asks what the guide names', async () => {
  const { items } = (await house.api('GET', house.w('/channels'))).body;
  const channel = items.find((c) => c.slug === 'whatsapp');
  assert.equal(channel.name, 'WhatsApp');
  assert.deepEqual(channel.fields.filter((f) => !f.learned).map((f) => f.label), ['Phone Number ID', 'Access Token', 'Verify Token', 'App Secret']);
  assert.deepEqual(channel.text_limit, { max: 4096, unit: 'characters' });
  assert.equal(channel.window.hours, 24);
  assert.deepEqual(channel.window.tags, []);
  assert.equal(channel.capabilities.templates, true);
  assert.equal(channel.webhook_url, `${house.url}${webhookPath}`);
  assert.deepEqual(channel.webhook_fields, ['messages']);
});

test('the account keeps the user\'s verify token and shows no secret', async () => {
  assert.equal(number.account.status, 'connected');
  assert.equal(number.account.verify_token, numberFields().verify_token);
  const text = JSON.stringify((await house.api('GET', house.w(`/accounts/${number.account.id}`))).body);
  assert.ok(!text.includes(number.fields.access_token) && !text.includes(number.fields.app_secret));
});

test('the handshake answers the challenge to the token and to nothing else', async () => {
  const ask = (token, mode = 'subscribe') => fetch(`${house.url}${webhookPath}?hub.mode=${mode}&hub.challenge=1158201444&hub.verify_token=${token}`);
  const good = await ask(number.fields.verify_token);
  assert.equal(good.status, 200);
  assert.equal(await good.text(), '1158201444');
  assert.equal((await ask('other')).status, 403);
  assert.equal((await ask(number.fields.verify_token, 'unsubscribe')).status, 403);
});

test('who has just written can be answered, although the channel knows no tag', async () => {
  const customer = somebody();
  await number.receive(number.from(customer, { type: 'text', text: { body: 'may you answer?' } }));
  const conversation = await number.conversation(customer);
  assert.deepEqual([conversation.window.open, conversation.window.tag_until, conversation.can_reply, conversation.cannot_reply_reason], [true, null, true, null]);
});

test('only the account\'s own secret opens the door', async () => {
  const customer = somebody(), body = number.messages([number.from(customer, { type: 'text', text: { body: 'hello' } })]);
  assert.equal((await number.post(body, { secret: 'another' })).status, 401);
  assert.equal((await number.post(body, { signature: null })).status, 401);
  assert.equal((await number.post(body, { signature: `sha256=${'0'.repeat(64)}` })).status, 401);
  assert.equal(await number.conversation(customer), undefined);
  const raw = metaJson(body);
  assert.equal((await number.post(null, { raw: raw.replace('hello', 'hallo'), signature: sign(raw, number.secret) })).status, 401);
  assert.equal((await number.post(body)).status, 200);
});

test('a number that is not known here is ignored when the secret is one of ours, else refused', async () => {
  const body = number.messages([number.from(somebody(), { type: 'text', text: { body: 'test' } })]);
  body.entry[0].changes[0].value.metadata.phone_number_id = '123456123';
  assert.equal((await number.post(body)).status, 200);
  assert.equal((await number.post(body, { secret: 'strange' })).status, 401);
});

test('text arrives with name, number and an open window; a redelivery stores nothing twice', async () => {
  const customer = somebody(), m = number.from(customer, { type: 'text', text: { body: 'Olá, tudo bem? 😀 äöå /' } });
  const body = number.messages([m]);
  for (let k = 0; k < 3; k++) assert.equal((await number.post(body)).status, 200);
  const shown = only(await number.shown(customer));
  assert.equal(shown.text, 'Olá, tudo bem? 😀 äöå /');
  assert.equal(shown.kind, 'text');
  assert.equal(shown.external_id, m.id);
  const c = await number.conversation(customer);
  assert.equal(c.contact.name, `Name ${customer}`);
  assert.equal(c.unread, 1);
  assert.equal(c.window.open, true);
  assert.equal(c.window.tag_until, null);
  assert.equal(c.can_reply, true);
  assert.equal(c.window.closes_at, new Date(Number(m.timestamp) * 1000 + 86_400_000).toISOString());
});

const kinds = [
  ['image', { type: 'image', image: { id: 'M1', mime_type: 'image/jpeg', sha256: 'AAAA', caption: 'Look at this' } },
    (m, a) => { assert.equal(m.kind, 'image'); assert.equal(m.text, 'Look at this'); assert.equal(a.type, 'image'); assert.equal(a.state, 'fetching'); assert.equal(a.url, null); }],
  ['video', { type: 'video', video: { id: 'M2', mime_type: 'video/mp4', sha256: 'AAAA' } }, (m, a) => { assert.equal(m.kind, 'video'); assert.equal(a.type, 'video'); }],
  ['voice', { type: 'audio', audio: { id: 'M3', mime_type: 'audio/ogg; codecs=opus', sha256: 'AAAA', voice: true } },
    (m, a) => { assert.equal(m.kind, 'audio'); assert.equal(a.voice, true); }],
  ['audio', { type: 'audio', audio: { id: 'M4', mime_type: 'audio/mpeg', sha256: 'AAAA', voice: false } }, (m, a) => assert.equal(a.voice, false)],
  ['document', { type: 'document', document: { id: 'M5', mime_type: 'application/pdf', sha256: 'AAAA', filename: '../../etc/invoice 1.pdf', caption: 'the bill' } },
    (m, a) => { assert.equal(m.kind, 'file'); assert.equal(m.text, 'the bill'); assert.match(a.file_name, /invoice 1\.pdf$/); }],
  ['sticker', { type: 'sticker', sticker: { id: 'M6', mime_type: 'image/webp', sha256: 'AAAA', animated: true } },
    (m, a) => { assert.equal(m.kind, 'sticker'); assert.equal(a.animated, true); }],
  ['location', { type: 'location', location: { latitude: -23.5505, longitude: -46.6333, name: 'Praça da Sé', address: 'São Paulo', url: 'https://x.example' } },
    (m, a) => { assert.equal(m.kind, 'location'); assert.equal(a.title, 'Praça da Sé'); assert.equal(Number(detail(a, 'latitude')), -23.5505); assert.equal(Number(detail(a, 'longitude')), -46.6333); assert.equal(detail(a, 'address'), 'São Paulo'); }],
  ['bare location', { type: 'location', location: { latitude: 0, longitude: 1.5 } }, (m, a) => { assert.equal(Number(detail(a, 'latitude')), 0); assert.equal(a.title, null); }],
  ['contacts', { type: 'contacts', contacts: [{ name: { formatted_name: 'B J', first_name: 'B' }, phones: [{ phone: '+1 415', wa_id: '1415', type: 'MOBILE' }, { phone: '+1 416' }], emails: [{ email: 'b@example.org' }], org: { company: 'Acme' } }, { name: { formatted_name: 'C' } }] },
    (m, a) => { assert.equal(m.kind, 'contacts'); assert.equal(m.attachments.length, 2); assert.equal(a.title, 'B J'); assert.deepEqual(a.details.filter((d) => d.name === 'phone').map((d) => d.value), ['+1 415', '+1 416']); assert.equal(detail(a, 'email'), 'b@example.org'); assert.equal(detail(a, 'organization'), 'Acme'); }],
  ['button reply', { type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'yes-1', title: 'Yes, please' } }, context: { from: '15550001111', id: 'wamid.OLD' } },
    (m) => { assert.equal(m.text, 'Yes, please'); assert.equal(m.payload, 'yes-1'); assert.equal(m.reply_to.external_id, 'wamid.OLD'); }],
  ['list reply', { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: 'row-2', title: 'Express', description: 'tomorrow' } } }, (m) => { assert.match(m.text, /Express/); assert.equal(m.payload, 'row-2'); }],
  ['flow reply', { type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { name: 'flow', body: 'Sent', response_json: '{"size":"XL","flow_token":"t"}' } } }, (m) => { assert.notEqual(m.kind, 'unsupported'); assert.match(JSON.stringify(m), /XL/); }],
  ['template button', { type: 'button', button: { payload: 'P', text: 'Stop' }, context: { from: '15550001111', id: 'wamid.T' } }, (m) => { assert.equal(m.text, 'Stop'); assert.equal(m.payload, 'P'); }],
  ['order', { type: 'order', order: { catalog_id: 'C1', text: 'without onions', product_items: [{ product_retailer_id: 'SKU-1', quantity: 2, item_price: 9.9, currency: 'BRL' }, { product_retailer_id: 'SKU-2', quantity: '1', item_price: '5', currency: 'BRL' }] } },
    (m, a) => { assert.equal(m.kind, 'order'); assert.equal(m.text, 'without onions'); assert.equal(m.attachments.length, 2); assert.equal(a.title, 'SKU-1'); assert.equal(detail(a, 'quantity'), '2'); assert.equal(detail(a, 'currency'), 'BRL'); assert.equal(Number(detail(a, 'price')), 9.9); }],
  ['forwarded', { type: 'text', text: { body: 'pass it on' }, context: { forwarded: true } }, (m) => { assert.equal(m.forwarded, true); assert.equal(m.reply_to, null); }],
  ['advertisement', { type: 'text', text: { body: 'I saw your ad' }, referral: { source_url: 'https://fb.me/x', source_id: '1', source_type: 'ad', headline: 'Summer sale', body: 'All shoes', media_type: 'image', image_url: 'https://scontent.example/x.jpg', ctwa_clid: 'c' } },
    (m, a) => { assert.equal(m.text, 'I saw your ad'); assert.equal(a.type, 'share'); assert.equal(a.title, 'Summer sale'); assert.equal(a.url, 'https://fb.me/x'); }],
  ['unsupported', { type: 'unsupported', errors: [{ code: 131051, title: 'Message type unknown', message: 'Message type unknown', error_data: { details: 'Message type is currently not supported.' } }] }, (m) => assert.equal(m.kind, 'unsupported')],
  ['a poll', { type: 'unsupported', unsupported: { type: 'poll_creation' }, errors: [{ code: 131051, title: 'Message type unknown' }] }, (m) => assert.equal(m.kind, 'unsupported')],
  ['a kind of next year', { type: 'hologram', hologram: { depth: 3 } }, (m) => assert.equal(m.kind, 'unsupported')],
  ['no kind at all', { text: { body: 'typeless' } }, (m) => assert.ok(['text', 'unsupported'].includes(m.kind))],
  ['a file too large for WhatsApp', { type: 'unsupported', errors: [{ code: 131052, title: 'Media download error', message: 'Media download error', error_data: { details: 'File is larger than 100 MB' } }] },
    (m) => assert.match(JSON.stringify(m), /100 MB|could not|cannot|too large/i)],
  ['text of the wrong shape', { type: 'text', text: 'no object' }, (m) => assert.ok(m)],
  ['an image without id', { type: 'image', image: { mime_type: 'image/jpeg' } }, (m) => assert.equal(m.kind, 'image')],
];
for (const [name, payload, check] of kinds)
  test(`received: ${name}`, async () => {
    const m = only(await number.receive(number.from(somebody(), payload)));
    assert.equal(m.direction, 'in');
    check(m, m.attachments[0]);
  });

test('hostile values neither break nor vanish', async () => {
  const customer = somebody();
  const list = [
    number.from(customer, { type: 'text', text: { body: 'a\u0000b' } }),
    number.from(customer, { type: 'text', text: { body: 'lone \ud800 half' } }),
    { ...number.from(customer, { type: 'text', text: { body: 'number ids' } }), timestamp: 1764000000 },
    { ...number.from(customer, { type: 'text', text: { body: 'x'.repeat(70_000) } }) },
    number.from(customer, { type: 'contacts', contacts: [] }),
    number.from(customer, { type: 'location', location: { latitude: 'NaN', longitude: null } }),
  ];
  for (const m of list) assert.equal((await number.post(number.messages([m]))).status, 200);
  assert.equal((await number.shown(customer)).length, list.length);
  for (const body of [{ object: 'whatsapp_business_account', entry: [] }, number.change('messages', number.value({})), number.change('messages', number.value({ messages: [], statuses: [], contacts: [] }))])
    assert.ok([200, 400, 401].includes((await number.post(body)).status));
});

test('a reaction sits on its message, changes, and goes', async () => {
  const customer = somebody(), m = number.from(customer, { type: 'text', text: { body: 'hi' } });
  await number.receive(m);
  const t = Math.floor(Date.now() / 1000);
  const react = (emoji, at) => number.receive({ ...number.from(customer, { type: 'reaction', reaction: { message_id: m.id, ...(emoji === undefined ? {} : { emoji }) } }), timestamp: String(at) });
  assert.equal((await react('👍', t))[0].reactions[0].emoji, '👍');
  assert.equal((await react('❤️', t + 2))[0].reactions[0].emoji, '❤️');
  assert.equal((await react('👍', t + 1))[0].reactions[0].emoji, '❤️', 'an older one that comes late');
  assert.deepEqual((await react(undefined, t + 3))[0].reactions.filter((r) => r.emoji), []);
  assert.equal((await number.shown(customer)).length, 1);
});

test('edits and revokes reach their message, in either order', async () => {
  const customer = somebody(), m = number.from(customer, { type: 'text', text: { body: 'frist' } });
  await number.receive(m);
  const edited = (await number.receive(number.from(customer, { type: 'edit', edit: { original_message_id: m.id, message: { type: 'text', text: { body: 'first' } } } })));
  assert.equal(edited.length, 1, JSON.stringify(edited));
  assert.equal(edited[0].text, 'first');
  assert.equal(edited[0].edited, true);
  const gone = await number.receive(number.from(customer, { type: 'revoke', revoke: { original_message_id: m.id } }));
  assert.equal(gone.length, 1);
  assert.equal(gone[0].unsent, true);
  assert.equal(gone[0].text, null);
});

test('a customer who changes the number keeps the conversation', async () => {
  const old = somebody(), fresh = somebody();
  await number.receive(number.from(old, { type: 'text', text: { body: 'before' } }));
  const c = await number.conversation(old);
  await number.post(number.messages([number.from(old, { type: 'system', system: { type: 'user_changed_number', wa_id: fresh, new_wa_id: fresh, body: `User A changed from ${old} to ${fresh}` } })]));
  await number.post(number.messages([number.from(fresh, { type: 'text', text: { body: 'after' } })]));
  const texts = (await house.messages(c.id)).map((m) => m.text).reverse();
  assert.equal(texts[0], 'before');
  assert.equal(texts.at(-1), 'after');
  assert.equal(only((await house.allConversations()).filter((x) => [old, fresh].some((id) => x.contact.handle?.includes(id)))).contact.handle, `+${fresh}`);
});

test('somebody known only by a business-scoped id is one person, also when the number shows later', async () => {
  const bsuid = 'BR.1587668549511396', phone = somebody();
  const hidden = { id: number.id(), timestamp: number.at(), from_user_id: bsuid, type: 'text', text: { body: 'without a number' } };
  assert.equal((await number.post(number.messages([hidden], [{ profile: { name: 'Bia', username: 'bia.b' }, user_id: bsuid }]))).status, 200);
  const both = { id: number.id(), timestamp: number.at(), from: phone, from_user_id: bsuid, type: 'text', text: { body: 'with both' } };
  await number.post(number.messages([both], [{ profile: { name: 'Bia' }, wa_id: phone, user_id: bsuid }]));
  const plain = { id: number.id(), timestamp: number.at(), from: phone, type: 'text', text: { body: 'number alone' } };
  await number.post(number.messages([plain], [{ profile: { name: 'Bia' }, wa_id: phone }]));
  const hers = (await house.allConversations()).filter((c) => c.contact.name === 'Bia');
  assert.equal(hers.length, 1);
  assert.deepEqual((await house.messages(hers[0].id)).map((m) => m.text).reverse(), ['without a number', 'with both', 'number alone']);
});

test('group messages are not filed as private chats', async () => {
  const customer = somebody();
  assert.equal((await number.post(number.messages([number.from(customer, { type: 'text', text: { body: 'to the group' }, group_id: 'GROUP-1' })]))).status, 200);
  assert.deepEqual(await number.shown(customer), []);
  assert.ok((await house.journal()).some((e) => e.state === 'ignored' && /group/i.test(e.reason ?? '')));
});

test('what was written in the phone app shows as ours, and history stands in its place', async () => {
  const customer = somebody();
  await number.receive(number.from(customer, { type: 'text', text: { body: 'hello?' } }));
  const echo = { from: '15550001111', to: customer, id: number.id(), timestamp: number.at(), type: 'text', text: { body: 'from the phone' } };
  assert.equal((await number.post(number.change('smb_message_echoes', number.value({ message_echoes: [echo] })))).status, 200);
  let list = await number.shown(customer);
  assert.deepEqual(list.map((m) => [m.direction, m.text, m.origin]), [['in', 'hello?', 'contact'], ['out', 'from the phone', 'elsewhere']]);
  const old = Math.floor(Date.now() / 1000) - 40 * 86_400;
  const history = [{ from: customer, id: number.id(), timestamp: String(old), type: 'text', text: { body: 'long ago' }, history_context: { status: 'READ' } },
    { from: '15550001111', to: customer, id: number.id(), timestamp: String(old + 5), type: 'text', text: { body: 'we answered' }, history_context: { status: 'READ' } }];
  assert.equal((await number.post(number.change('history', number.value({ history: [{ metadata: { phase: 0, chunk_order: 1, progress: 55 }, threads: [{ id: customer, messages: history }] }] })))).status, 200);
  list = await number.shown(customer);
  assert.deepEqual(list.map((m) => m.text), ['long ago', 'we answered', 'hello?', 'from the phone']);
  assert.equal((await number.conversation(customer)).unread, 1);
});

test('history of somebody who has not written yet opens no window and is not unread', async () => {
  const customer = somebody(), old = String(Math.floor(Date.now() / 1000) - 3600);
  await number.post(number.change('history', number.value({ history: [{ metadata: { phase: 0 }, threads: [{ id: customer, messages: [{ from: customer, id: number.id(), timestamp: old, type: 'text', text: { body: 'then' } }] }] }] })));
  const c = (await house.allConversations()).find((x) => x.last_message?.text === 'then');
  assert.equal(c.unread, 0);
  assert.ok(c.window === null || c.window.open === false);
});

test('a call shows and opens the window', async () => {
  const customer = somebody();
  const call = { id: 'wacid.ABC', from: customer, to: '15550001111', event: 'connect', timestamp: number.at(), direction: 'USER_INITIATED' };
  assert.equal((await number.post(number.change('calls', number.value({ contacts: [{ profile: { name: 'Caller' }, wa_id: customer }], calls: [call] })))).status, 200);
  await number.post(number.change('calls', number.value({ contacts: [{ profile: { name: 'Caller' }, wa_id: customer }], calls: [{ ...call, event: 'terminate', status: 'COMPLETED', duration: 42 }] })));
  const list = await number.shown(customer);
  assert.equal(only(list).kind, 'call');
  assert.equal((await number.conversation(customer)).window.open, true);
});

test('all other webhook fields are answered 200, stored as no message, and tell why', async () => {
  const before = (await house.allConversations()).length;
  for (const [field, value] of [
    ['message_template_status_update', { event: 'APPROVED', message_template_id: 1, message_template_name: 'x', message_template_language: 'en', reason: 'NONE' }],
    ['phone_number_quality_update', { display_phone_number: '15550001111', event: 'FLAGGED', current_limit: 'TIER_1K' }],
    ['account_update', { event: 'DISABLED_UPDATE' }], ['account_alerts', {}], ['user_preferences', { user_preferences: [{ wa_id: '1', value: 'stop', category: 'marketing_messages' }] }],
    ['smb_app_state_sync', { state_sync: [{ type: 'contact', contact: { full_name: 'X', phone_number: '1' }, action: 'add' }] }], ['a_field_of_next_year', { x: 1 }], ['security', null],
  ]) assert.equal((await number.post(number.change(field, value === null ? null : number.value(value)))).status, 200, field);
  assert.equal((await number.post(number.change('messages', number.value({ errors: [{ code: 130429, title: 'Rate limit hit', message: 'Rate limit hit', error_data: { details: 'too fast' } }] })))).status, 200);
  assert.equal((await house.allConversations()).length, before);
});

test('statuses of messages that are not known make nothing visible', async () => {
  const before = (await house.allConversations()).length;
  for (const status of ['sent', 'delivered', 'read', 'failed', 'played', 'warning'])
    assert.equal((await number.post(number.status(`wamid.unknown-${status}`, status, somebody(), status === 'failed' ? { errors: [{ code: 131026, title: 'Message undeliverable' }] } : {}))).status, 200);
  assert.equal((await house.allConversations()).length, before);
});

test('a thousand updates of two numbers in one body, twice, in any order', async () => {
  const second = await WhatsApp.connect(house, numberFields(2));
  const mine = somebody(), theirs = somebody();
  const changes = [];
  for (let k = 0; k < 500; k++) {
    changes.push({ field: 'messages', value: number.value({ messages: [number.from(mine, { type: 'text', text: { body: `m${k}` } })], contacts: [] }) });
    changes.push({ field: 'messages', value: second.value({ messages: [second.from(theirs, { type: 'text', text: { body: `t${k}` } })], contacts: [] }) });
  }
  const body = { object: 'whatsapp_business_account', entry: [{ id: 'W', changes }] };
  // Two apps: what the first one's secret signs counts for its number alone.
  assert.equal((await number.post(body)).status, 200);
  assert.equal((await second.post({ ...body, entry: [{ id: 'W', changes: [...changes].reverse() }] })).status, 200);
  assert.equal((await number.post(body)).status, 200);
  const count = async (customer) => {
    const c = (await house.allConversations()).find((x) => x.contact.handle?.includes(customer));
    let n = 0;
    for (let cursor = ''; cursor !== null;) {
      const page = (await house.api('GET', house.w(`/conversations/${c.id}/messages?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`))).body;
      n += page.items.length;
      cursor = page.next_cursor;
    }
    return n;
  };
  assert.equal(await count(mine), 500);
  assert.equal(await count(theirs), 500);
});

test('another workspace sees nothing of it', async () => {
  const made = await house.api('POST', '/api/v1/workspaces', { name: 'Beta' });
  assert.equal(made.status, 201);
  assert.deepEqual((await house.api('GET', `/api/v1/workspaces/${made.body.id}/conversations`)).body.items, []);
  const again = await house.api('POST', `/api/v1/workspaces/${made.body.id}/accounts`, { channel: 'whatsapp', fields: numberFields() });
  assert.equal(again.status, 409, again.text);
});
