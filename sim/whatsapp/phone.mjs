// The WhatsApp Business app on the shop's own phone, for numbers that are used by both it and the API ("coexistence"):
// what is typed there comes as an echo, and once, after connecting, what was written before as history.

import { whatsappMessageId } from '../core/ids.mjs';
import { mediaUrl, receiveMedia } from './media.mjs';
import { contactOf, emitValue, seconds } from './value.mjs';
import { peopleOf } from './world.mjs';

const SAMPLES = { image: 'mug-photo', video: 'waves', audio: 'voice', document: 'size-chart', sticker: 'sticker' };

const PHONE_ACTS = {
  text: (stage, number, given) => ({ type: 'text', body: { body: given.text ?? 'Hello from our phone' }, shown: { text: given.text ?? 'Hello from our phone' } }),
  photo: (stage, number, given) => picture(stage, number, given, 'image'),
  video: (stage, number, given) => picture(stage, number, given, 'video'),
  voice: (stage, number, given) => picture(stage, number, given, 'audio', { voice: true }),
  document: (stage, number, given) => picture(stage, number, given, 'document'),
};

function picture(stage, number, given, type, more = {}) {
  const name = given.media ?? SAMPLES[type], entry = receiveMedia(stage, number, name);
  const body = { id: entry.id, mime_type: entry.type, sha256: entry.sha256.toString('base64'), url: mediaUrl(stage, entry), ...(given.text ? { caption: given.text } : {}), ...(type === 'document' ? { filename: entry.name } : {}), ...more };
  return { type, body, shown: { text: given.text ?? null, attachments: [{ type, url: stage.mediaUrl(name), media: name, payload: { voice: more.voice ?? false } }] } };
}

/** Acts on the shop's phone. */
export function actOnShopsPhone(stage, person, given) {
  const { number } = person, { world } = stage;
  if (given.kind === 'unsend' || given.kind === 'edit') return change(stage, person, given);
  const make = Object.hasOwn(PHONE_ACTS, given.kind) ? PHONE_ACTS[given.kind] : null;
  if (!make) throw new Error(`the business cannot "${given.kind}" on its phone; known are ${Object.keys(PHONE_ACTS).join(', ')}, edit, unsend`);
  const { type, body, shown } = make(stage, number, given), at = given.timestamp ?? world.clock.now();
  const message = world.addMessage(person, { from: 'business', via: 'phone', mid: given.mid ?? whatsappMessageId(), at, type, reply_to: given.reply_to, status: 'sent', ...shown });
  const context = given.reply_to ? { context: { id: given.reply_to } } : {};
  return { message, event: emitEcho(stage, person, { ...context, type, [type]: body }, message.mid, at) };
}

function change(stage, person, given) {
  const { world } = stage, entry = world.messages.get(given.target);
  if (entry?.customer !== person || entry.message.from !== 'business') throw new Error('the business can change its own messages only');
  const at = given.timestamp ?? world.clock.now(), text = given.text ?? 'Edited';
  if (given.kind === 'unsend') Object.assign(entry.message, { deleted: true, text: null, attachments: [] });
  else { entry.message.edits.push({ text: entry.message.text, at }); entry.message.text = text; }
  world.threadChanged(person);
  const part = given.kind === 'unsend' ? { type: 'revoke', revoke: { original_message_id: given.target } }
    : { type: 'edit', edit: { original_message_id: given.target, message: { type: 'text', text: { body: text } } } };
  return { event: emitEcho(stage, person, part, whatsappMessageId(), at) };
}

function emitEcho(stage, person, part, id, at) {
  const { world } = stage, { number } = person;
  const to = { ...(person.hidden ? {} : { to: person.wa_id }), ...(world.options.bsuid || person.hidden ? { to_user_id: person.user_id } : {}) };
  const item = { from: number.digits, ...to, id, timestamp: seconds(world, at), ...part };
  return emitValue(stage, number, 'smb_message_echoes', { contacts: [contactOf(world, person)], message_echoes: [item] }, { person });
}

/** What was written before the number was connected, in chunks; `declined`: the business shares nothing. */
export function sendHistory(stage, number, { declined = false, threads = null, days = 3 } = {}) {
  const { world } = stage;
  if (declined) {
    const error = { code: 2593109, title: 'History sync is turned off by the business from the WhatsApp Business App', message: 'History sync is turned off by the business from the WhatsApp Business App', error_data: { details: 'History sharing is turned off by the business' } };
    return [emitValue(stage, number, 'history', { history: [{ errors: [error] }] })];
  }
  const all = threads ?? peopleOf(world, number).map((person) => invented(stage, person, days));
  return all.map((thread, at) => emitValue(stage, number, 'history', {
    history: [{ metadata: { phase: 0, chunk_order: at + 1, progress: Math.round(((at + 1) / all.length) * 100) }, threads: [thread] }],
  }));
}

/** A short talk of some days ago. */
function invented(stage, person, days) {
  const { world } = stage, start = world.clock.now() - days * 24 * 3600e3;
  const line = (at, from, text, status) => ({
    from, ...(from === person.number.digits ? { to: person.wa_id } : {}), id: whatsappMessageId(), timestamp: seconds(world, start + at * 60e3), type: 'text', text: { body: text }, history_context: { status },
  });
  const messages = [
    line(0, person.wa_id, 'Do you open on Saturday?', 'READ'), line(4, person.number.digits, 'Yes, from ten to three.', 'READ'), line(6, person.wa_id, 'See you then', 'READ'),
  ];
  return { id: person.wa_id, messages };
}

/** The shop's address book changed: `smb_app_state_sync`. */
export function syncContact(stage, person, action = 'add') {
  const { world } = stage;
  const contact = action === 'add' ? { full_name: person.name, first_name: (person.name ?? '').split(' ')[0], phone_number: person.wa_id } : { phone_number: person.wa_id };
  return emitValue(stage, person.number, 'smb_app_state_sync', { state_sync: [{ type: 'contact', contact, action, metadata: { timestamp: seconds(world, world.clock.now()) } }] });
}
