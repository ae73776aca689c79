// The content of a message that an app sends, by its type: what it must and may hold. What comes back stands in the thread.

import { isEmoji } from './check.mjs';
import { readInteractive } from './interactive.mjs';
import { readMedia } from './media.mjs';
import { readTemplate } from './template.mjs';

const BODY_MAX = 4096;
const PHONE_TYPES = ['CELL', 'MAIN', 'IPHONE', 'HOME', 'WORK', 'MOBILE'];

const READERS = {
  text: (c, { text }) => {
    c.object(text, 'text', ['body', 'preview_url']);
    if (text.preview_url !== undefined && typeof text.preview_url !== 'boolean') throw c.refuse("Param text['preview_url'] must be a boolean.");
    return { text: c.text(text.body, "text['body']", BODY_MAX) };
  },
  reaction: (c, { reaction }) => {
    c.object(reaction, 'reaction', ['message_id', 'emoji']);
    const target = c.text(reaction.message_id, "reaction['message_id']", 512), emoji = c.text(reaction.emoji, "reaction['emoji']", 64, { empty: true });
    if (emoji !== '' && !isEmoji(emoji)) throw c.bad("reaction['emoji']", 'must be a single emoji');
    return { reaction: { target, emoji } };
  },
  location: (c, { location }) => {
    c.object(location, 'location', ['latitude', 'longitude', 'name', 'address']);
    const degrees = (name, max) => {
      const value = Number(location[name]);
      if (location[name] === undefined) throw c.missing(`location['${name}']`);
      if (!Number.isFinite(value) || Math.abs(value) > max || location[name] === '') throw c.bad(`location['${name}']`, `must lie between -${max} and ${max}`);
      return value;
    };
    const place = { latitude: degrees('latitude', 90), longitude: degrees('longitude', 180), name: c.text(location.name, "location['name']", 1000, { required: false }), address: c.text(location.address, "location['address']", 1000, { required: false }) };
    return { attachments: [{ type: 'location', url: null, payload: { ...place, title: place.name } }] };
  },
  contacts: (c, { contacts }) => ({ attachments: c.list(contacts, 'contacts', 1, 257).map((one, at) => ({ type: 'contacts', url: null, payload: readCard(c, one, at) })) }),
  interactive: readInteractive,
  template: readTemplate,
  image: readMedia, video: readMedia, audio: readMedia, document: readMedia, sticker: readMedia,
};

export const TYPES = Object.keys(READERS);

/** Resolves to the parts of the message, and to `failure` when it will end in an error that only shows later. */
export async function readContent(context, params) {
  const { check: c } = context, type = params.type ?? 'text';
  if (!TYPES.includes(type)) throw c.refuse(`Param type must be one of {${TYPES.map((one) => one.toUpperCase()).join(', ')}} - got "${type}".`);
  const stray = TYPES.find((one) => one !== type && params[one] !== undefined);
  if (stray) throw c.refuse(`Param ${stray} cannot be used with type ${type}.`);
  return { type, ...await READERS[type](c, params, context, type) };
}

function readCard(c, card, at) {
  const where = `contacts[${at}]`;
  c.object(card, where, ['name', 'phones', 'emails', 'urls', 'addresses', 'org', 'birthday']);
  c.object(card.name, `${where}['name']`, ['formatted_name', 'first_name', 'last_name', 'middle_name', 'suffix', 'prefix']);
  const name = c.text(card.name.formatted_name, `${where}['name']['formatted_name']`, 1000);
  if (Object.keys(card.name).length < 2) throw c.missing(`${where}['name']['first_name']`);
  for (const [i, phone] of (card.phones ?? []).entries()) {
    c.object(phone, `${where}['phones'][${i}]`, ['phone', 'type', 'wa_id']);
    if (phone.type !== undefined) c.oneOf(String(phone.type).toUpperCase(), `${where}['phones'][${i}]['type']`, PHONE_TYPES);
  }
  if (card.birthday !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(card.birthday)) throw c.bad(`${where}['birthday']`, 'must be YYYY-MM-DD');
  return { title: name, phones: (card.phones ?? []).map(({ phone }) => phone), card };
}
