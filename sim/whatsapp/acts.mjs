// What a person can do in WhatsApp, and the webhook that each act causes.

import { callId, groupId, whatsappMessageId } from '../core/ids.mjs';
import { webhookError } from './error.mjs';
import { countTraffic } from './limits.mjs';
import { mediaUrl, receiveMedia } from './media.mjs';
import { emitStatus, readAll } from './status.mjs';
import { contactOf, emitValue, seconds, senderOf } from './value.mjs';
import { opensWindow } from './world.mjs';

const SAMPLE = { image: 'mug-photo', video: 'waves', audio: 'voice', document: 'size-chart', sticker: 'sticker' };

/** Each act takes (stage, person, given) and returns `{ message?, event }`. Given are the fields of the control call. */
const ACTS = {
  text: (stage, person, given) => write(stage, person, given, 'text', { body: given.text ?? 'Hello!' }, { text: given.text ?? 'Hello!' }),
  photo: mediaAct('image'),
  video: mediaAct('video'),
  voice: (stage, person, given) => media(stage, person, { media: 'voice', ...given }, 'audio', { voice: true }),
  audio: (stage, person, given) => media(stage, person, { media: 'voice', ...given }, 'audio', { voice: given.voice ?? false }),
  document: mediaAct('document'),
  file: mediaAct('document'),
  sticker: (stage, person, given) => media(stage, person, given, 'sticker', { animated: given.animated ?? false }),
  animated_sticker: (stage, person, given) => media(stage, person, { media: 'sticker-animated', ...given }, 'sticker', { animated: true }),
  location: (stage, person, given) => {
    const place = strip({ latitude: given.latitude ?? 60.3913, longitude: given.longitude ?? 5.3221, name: given.name ?? 'Bryggen', address: given.address ?? 'Bryggen 1, Bergen', url: given.url });
    return write(stage, person, given, 'location', place, { attachments: [{ type: 'location', url: null, payload: { ...place, title: place.name } }] });
  },
  contacts: (stage, person, given) => {
    const cards = given.contacts ?? [{
      name: { formatted_name: 'Nils Kiln', first_name: 'Nils', last_name: 'Kiln' }, org: { company: 'Kiln & Co' },
      phones: [{ phone: '+47 90 00 00 77', wa_id: '4790000077', type: 'MOBILE' }], emails: [{ email: 'nils@kiln.example', type: 'WORK' }],
    }];
    return write(stage, person, given, 'contacts', cards, { attachments: cards.map((card) => ({ type: 'contacts', url: null, payload: { title: card.name?.formatted_name ?? null, phones: (card.phones ?? []).map(({ phone }) => phone) } })) });
  },
  reaction: react,
  unreact: (stage, person, given) => react(stage, person, { ...given, emoji: null }),
  button_reply: (stage, person, given) => interactive(stage, person, given, 'button_reply', { id: given.payload ?? 'yes', title: given.title ?? 'Yes' }),
  list_reply: (stage, person, given) => interactive(stage, person, given, 'list_reply', strip({ id: given.payload ?? 'express', title: given.title ?? 'Express', description: given.description ?? 'Tomorrow' })),
  flow_reply: (stage, person, given) => interactive(stage, person, given, 'nfm_reply', { name: 'flow', body: 'Sent', response_json: given.response_json ?? '{"flow_token":"unused","size":"M"}' }),
  button: (stage, person, given) => write(stage, person, given, 'button', { payload: given.payload ?? given.title ?? 'Yes', text: given.title ?? 'Yes' }, { text: given.title ?? 'Yes' }),
  order: (stage, person, given) => {
    const items = given.items ?? [{ product_retailer_id: 'mug-blue', quantity: 2, item_price: 24.5, currency: 'EUR' }, { product_retailer_id: 'bowl-sand', quantity: 1, item_price: 38, currency: 'EUR' }];
    return write(stage, person, given, 'order', { catalog_id: given.catalog_id ?? '194836987003835', text: given.text ?? 'Could you wrap them?', product_items: items },
      { text: given.text ?? 'Could you wrap them?', attachments: [{ type: 'order', url: null, payload: { title: items.map((one) => `${one.quantity} × ${one.product_retailer_id}`).join(', ') } }] });
  },
  product_inquiry: (stage, person, given) => write(stage, person, { text: 'Is this still there?', ...given }, 'text', { body: given.text ?? 'Is this still there?' }, { text: given.text ?? 'Is this still there?' },
    { context: { from: person.number.digits, referred_product: { catalog_id: '194836987003835', product_retailer_id: given.product ?? 'mug-blue' } } }),
  ad: (stage, person, given) => write(stage, person, given, 'text', { body: given.text ?? 'Is this still available?' }, { text: given.text ?? 'Is this still available?' }, {
    referral: {
      source_url: 'https://fb.me/3cr4Wqqkv', source_id: given.ad_id ?? '120000000000001', source_type: 'ad', headline: given.ad_title ?? 'Autumn glazes', body: 'New in the shop',
      media_type: 'image', image_url: stage.mediaUrl('mug'), ctwa_clid: 'Aff-n8ZTODiE79d22KtAwQKj9e_mIEOOj27vDVwFjN80dp4_0NiNhEgpGo0AHemvuSoifXaytfTzcchptiErTKCqTrJ5nW1h',
    },
  }),
  forwarded: (stage, person, given) => write(stage, person, given, 'text', { body: given.text ?? 'Look at this' }, { text: given.text ?? 'Look at this' },
    { context: given.frequently ? { frequently_forwarded: true } : { forwarded: true } }),
  edit: (stage, person, given) => {
    const { message } = target(stage, person, given, 'customer'), text = given.text ?? 'Edited';
    if (message) {
      message.edits.push({ text: message.text, at: stage.world.clock.now() });
      message.text = text;
    }
    const type = message?.wire?.type ?? 'text';
    const body = type === 'text' ? { body: text } : { ...message.wire.body, caption: text };
    return told(stage, person, given, 'edit', { original_message_id: given.target, message: { type, [type]: body } });
  },
  unsend: (stage, person, given) => {
    const { message } = target(stage, person, given, 'customer');
    if (message) Object.assign(message, { deleted: true, text: null, attachments: [] });
    return told(stage, person, given, 'revoke', { original_message_id: given.target });
  },
  /** As numbers without the phone app get it: an edit that cannot be shown. */
  unsupported_edit: (stage, person, given) => unsupported(stage, person, given, 'edit'),
  unsupported: (stage, person, given) => unsupported(stage, person, given, given.what ?? 'poll_creation'),
  view_once: (stage, person, given) => unsupported(stage, person, { code: 131060, ...given }, 'view_once'),
  oversized: (stage, person, given) => write(stage, person, given, 'unsupported', { type: 'video' }, { unsupported: true }, { errors: [errorOf(131052, 'The media file is larger than 100 MB.')] }),
  /** Any type that nobody knows yet. */
  unknown: (stage, person, given) => write(stage, person, given, given.type ?? 'hologram', given.inner ?? { strength: 7 }, { unsupported: true }),
  change_number: (stage, person, given) => {
    const from = person.wa_id, to = given.wa_id ?? `4791${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}`;
    const before = { ...senderOf(stage.world, person) };
    person.wa_id = to;
    if (given.user_id) person.user_id = given.user_id;
    const item = {
      ...before, id: given.mid ?? whatsappMessageId(), timestamp: seconds(stage.world, given.timestamp ?? stage.world.clock.now()), type: 'system',
      system: { type: 'user_changed_number', wa_id: to, body: `User ${person.name ?? ''} changed from ${from} to ${to}` },
    };
    return { event: emitValue(stage, person.number, 'messages', { messages: [item] }, { person }) };
  },
  /** The person hides the number behind a username, or shows it again. */
  hide_number: (stage, person, given) => {
    person.hidden = given.hidden ?? true;
    person.username = person.hidden ? given.username ?? person.username ?? 'a.person' : given.username ?? person.username;
    return ACTS.text(stage, person, { text: person.hidden ? 'I hide my number now' : 'Here is my number again', ...given });
  },
  group_text: (stage, person, given) => {
    const text = given.text ?? 'Hello all', item = { ...itemOf(stage, person, given, 'text', { body: text }), group_id: given.group_id ?? groupId() };
    return { event: emitValue(stage, person.number, 'messages', { contacts: [contactOf(stage.world, person)], messages: [item] }, { person }) };
  },
  call: (stage, person, given) => call(stage, person, given, 'connect', { session: { sdp_type: 'offer', sdp: 'v=0' } }),
  missed_call: (stage, person, given) => call(stage, person, given, 'terminate', { status: 'FAILED', direction: 'USER_INITIATED' }),
  ended_call: (stage, person, given) => {
    const at = given.timestamp ?? stage.world.clock.now();
    return call(stage, person, given, 'terminate', { status: 'COMPLETED', direction: 'USER_INITIATED', start_time: seconds(stage.world, at - 95_000), end_time: seconds(stage.world, at), duration: 95 });
  },
  welcome: (stage, person, given) => told(stage, person, given, 'request_welcome', undefined),
  read: (stage, person, given) => ({ event: readAll(stage, person, given.target ?? null) }),
  played: (stage, person, given) => {
    const { message } = target(stage, person, given, 'business');
    if (!message?.attachments.some(({ payload }) => payload?.voice)) throw new Error('only a voice message of the business can be played');
    return { event: message.status === 'played' || !person.read_receipts ? null : emitStatus(stage, person, message, 'played') };
  },
  /** The person wants no marketing messages any more, or wants them again. */
  marketing: (stage, person, given) => {
    const stop = given.stop ?? true;
    person.condition = stop ? 'opted_out' : null;
    const preference = { ...(person.hidden ? {} : { wa_id: person.wa_id }), user_id: person.user_id, detail: stop ? 'User requested to stop marketing messages' : 'User requested to resume marketing messages', category: 'marketing_messages', value: stop ? 'stop' : 'resume', timestamp: seconds(stage.world, stage.world.clock.now()) };
    return { event: emitValue(stage, person.number, 'user_preferences', { contacts: [contactOf(stage.world, person)], user_preferences: [preference] }, { person }) };
  },
};

export const PERSON_ACTS = Object.keys(ACTS);

/** Lets a person act; `given.kind` names the act. */
export function actAsPerson(stage, person, given) {
  const act = Object.hasOwn(ACTS, given.kind) ? ACTS[given.kind] : null;
  if (!act) throw new Error(`a person on WhatsApp cannot "${given.kind}"; known are ${PERSON_ACTS.join(', ')}`);
  const result = act(stage, person, given);
  stage.world.threadChanged(person);
  return result;
}

const strip = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null));
/** An error inside a message has no href. */
const errorOf = (code, details) => { const { href: _, ...error } = webhookError(code, details); return error; };

function mediaAct(type) {
  return (stage, person, given) => media(stage, person, given, type, {});
}

function media(stage, person, given, type, more) {
  const name = given.media ?? SAMPLE[type], entry = receiveMedia(stage, person.number, name, strip({ type: given.mime_type }));
  const caption = ['image', 'video', 'document'].includes(type) ? given.text : undefined;
  const filename = type === 'document' ? given.title ?? entry.name : undefined;
  const body = strip({
    id: entry.id, mime_type: entry.type, sha256: given.sha256 ?? entry.sha256.toString('base64'), caption, filename, ...more,
    url: stage.world.options.webhook_media_url ? stage.privateUrl(person.number, person) ?? mediaUrl(stage, entry) : undefined,
  });
  const shown = { type, url: stage.mediaUrl(name), media: name, payload: { title: filename, voice: more.voice ?? false } };
  return write(stage, person, given, type, body, { text: caption ?? null, attachments: [shown] });
}

/** The item of `messages[]`. */
function itemOf(stage, person, given, type, body, more = {}) {
  const at = given.timestamp ?? stage.world.clock.now();
  const context = given.reply_to ? { context: { from: given.reply_from ?? ownerOf(stage, person, given.reply_to), id: given.reply_to, ...more.context } } : {};
  const item = { ...senderOf(stage.world, person), id: given.mid ?? whatsappMessageId(), timestamp: seconds(stage.world, at), ...more, ...context, type };
  return body === undefined ? item : { ...item, [type]: body };
}

/** Whose message is quoted: the business's number, or the person's own. */
const ownerOf = (stage, person, mid) => (stage.world.messages.get(mid)?.message.from === 'customer' && !person.hidden ? person.wa_id : person.number.digits);

/** A message of the thread. */
function write(stage, person, given, type, body, shown, more = {}) {
  const { world } = stage, at = given.timestamp ?? world.clock.now(), item = itemOf(stage, person, { ...given, timestamp: at }, type, body, more);
  const message = world.addMessage(person, { from: 'customer', mid: item.id, at, type, reply_to: given.reply_to, wire: { type, body }, ...shown });
  opensWindow(person, at);
  countTraffic(world, person.number);
  return { message, event: emitValue(stage, person.number, 'messages', { contacts: [contactOf(world, person)], messages: [item] }, { person }) };
}

/** Something about a message, which is none of the thread. */
function told(stage, person, given, type, body) {
  const item = itemOf(stage, person, { ...given, mid: undefined }, type, body);
  return { event: emitValue(stage, person.number, 'messages', { contacts: [contactOf(stage.world, person)], messages: [item] }, { person }) };
}

function react(stage, person, given) {
  const { message } = target(stage, person, given), emoji = given.emoji === undefined ? '👍' : given.emoji;
  if (message && emoji) message.reactions.customer = emoji;
  if (message && !emoji) delete message.reactions.customer;
  if (stage.world.options.reaction_opens_window) opensWindow(person, given.timestamp ?? stage.world.clock.now());
  return told(stage, person, given, 'reaction', strip({ message_id: given.target, emoji }));
}

function interactive(stage, person, given, type, reply) {
  return write(stage, person, given, 'interactive', { type, [type]: reply }, { text: reply.title ?? reply.body });
}

function unsupported(stage, person, given, what) {
  const code = given.code ?? 131051;
  return write(stage, person, given, 'unsupported', { type: what }, { unsupported: true }, { errors: [errorOf(code)] });
}

/** Calls are a field of their own; each opens the window. */
function call(stage, person, given, event, more) {
  const { world } = stage, at = given.timestamp ?? world.clock.now();
  if (event === 'connect') opensWindow(person, at);
  const item = { id: given.call_id ?? callId(), to: person.number.digits, ...senderOf(world, person), event, timestamp: seconds(world, at), ...more };
  return { event: emitValue(stage, person.number, 'calls', { contacts: [contactOf(world, person)], calls: [item] }, { person }) };
}

/** The message an act is about. It may be unknown (older than what is kept), never another thread's. */
function target(stage, person, given, from) {
  if (!given.target) throw new Error(`"${given.kind}" needs "target", the id of a message`);
  const entry = stage.world.messages.get(given.target);
  if (entry && entry.customer !== person) throw new Error('that message is of another thread');
  if (entry && from && entry.message.from !== from) throw new Error(`only the sender can "${given.kind}" a message`);
  return { message: entry?.message };
}
