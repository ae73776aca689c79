// POST /PNID/messages: what may be sent, to whom, when. 200 means accepted: whether it arrives is told by webhooks.

import { whatsappMessageId } from '../core/ids.mjs';
import { readContent } from './content.mjs';
import { isAsync, whatsappError } from './error.mjs';
import { countPair, countTraffic } from './limits.mjs';
import { followMessage } from './status.mjs';
import { NUMBER_CONDITIONS, PERSON_CONDITIONS, personByPhone, personByUserId, windowIsOpen } from './world.mjs';

const CALLBACK_DATA_MAX = 512;
const TYPING_MS = 25e3;
const KNOWN = new Set(['messaging_product', 'recipient_type', 'to', 'recipient', 'type', 'context', 'biz_opaque_callback_data', 'status', 'message_id',
  'typing_indicator', 'access_token', 'appsecret_proof', 'text', 'image', 'video', 'audio', 'document', 'sticker', 'reaction', 'location', 'contacts',
  'interactive', 'template', 'message_activity_sharing']);
const MARKETING_ONLY = ['opted_out', 'ecosystem', 'experiment'];

/** Whether a call is a message or says that one was read. */
export const isReceipt = (params) => params.status !== undefined;

/** Whom a message is for: `{ person, input }`; person null when nobody has that number. */
export function addressee(context, params) {
  const { check: c, world, number } = context;
  if (params.to !== undefined) {
    if (typeof params.to !== 'string' || !/^\+?[\d\s().-]{5,30}$/.test(params.to)) throw c.bad("to", 'must be a phone number as a string');
    return { input: params.to, person: personByPhone(world, number, params.to) };
  }
  if (params.recipient === undefined) throw c.refuse('The parameter to is required.');
  if (typeof params.recipient !== 'string' || !/^[A-Z]{2}\.[A-Za-z0-9.]{1,128}$/.test(params.recipient)) throw c.bad('recipient', 'must be a business-scoped user id');
  return { input: params.recipient, person: personByUserId(world, number, params.recipient) };
}

/** Checks a message; what is wrong with the account comes first. Resolves to what `send` needs. */
export async function checkSend(context, params, { person, input }) {
  const { check: c, world, number } = context;
  checkCommon(context, params);
  const type = params.recipient_type ?? 'individual';
  if (!['individual', 'group'].includes(type)) throw c.refuse('Param recipient_type must be one of {individual, group}.');
  const digits = input.replace(/\D/g, '');
  if (params.to !== undefined && digits === number.digits) throw whatsappError(world, 131021);
  if (number.allowed && !number.allowed.includes(person?.wa_id ?? digits)) throw whatsappError(world, 131030);
  const content = await readContent(context, params);
  const replyTo = readReplyTo(c, params.context);
  const data = params.biz_opaque_callback_data === undefined ? null : c.text(params.biz_opaque_callback_data, 'biz_opaque_callback_data', CALLBACK_DATA_MAX, { empty: true });
  const failure = failureOf(context, content, person);
  if (failure && world.options.errors === 'sync') throw whatsappError(world, failure.code, failure.details);
  countTraffic(world, number, { out: true });
  if (person) countPair(world, person);
  return { content, failure, reply_to: replyTo, callback_data: data };
}

function checkCommon({ check: c, world, number }, params) {
  const code = number.condition ? NUMBER_CONDITIONS[number.condition] : number.registered ? null : 133010;
  if (code && !isAsync(code)) throw whatsappError(world, code);
  if (params.messaging_product !== 'whatsapp') throw c.refuse('The parameter messaging_product is required and must be whatsapp.');
  const strange = Object.keys(params).find((name) => !KNOWN.has(name));
  if (strange !== undefined) throw c.refuse(`Unexpected key "${strange}" on param "root".`);
}

function readReplyTo(c, context) {
  if (context === undefined) return null;
  c.object(context, 'context', ['message_id']);
  const id = c.text(context.message_id, "context['message_id']", 512);
  if (!id.startsWith('wamid.')) throw c.bad("context['message_id']", 'is not the id of a message');
  return id; // one that is not known, or gone, is sent without the quote
}

/** The error that this message will end with, `{ code, details }`, or null. */
function failureOf({ world, number }, content, person) {
  const code = number.condition && NUMBER_CONDITIONS[number.condition];
  if (code) return { code };
  if (!person) return { code: 131026 };
  const marketing = content.category === 'marketing';
  if (person.condition && (marketing || !MARKETING_ONLY.includes(person.condition))) return { code: PERSON_CONDITIONS[person.condition] };
  if (number.blocked.has(person.id)) return { code: 130403 };
  if (content.type !== 'template' && !windowIsOpen(world, person)) return { code: 131047 };
  if (content.failure) return content.failure;
  if (content.type === 'reaction' && world.messages.get(content.reaction.target)?.customer !== person) return { code: 131009, details: 'The message to react to is not known.' };
  return null;
}

/** Has the effect of a checked message. `fault` may make it fail later. */
export async function send(stage, context, { person, input }, checked, fault) {
  const { world, number } = context, { content, reply_to: replyTo, callback_data: data } = checked;
  const to = person ?? stranger(number, input);
  const failure = fault?.kind === 'fail_later' ? fault.failure : checked.failure;
  const mid = whatsappMessageId(), { reaction, failure: _, ...parts } = content;
  const message = addOutgoing(world, to, failure, { mid, reply_to: replyTo, callback_data: data, ...parts }, reaction);
  to.typing = false;
  const later = await followMessage(stage, to, message, failure);
  return { answer: answerTo(world, person, input, message), after: later };
}

/** A reaction is no message of the thread: it stands on the one it is about. What fails never reaches the person. */
function addOutgoing(world, person, failure, parts, reaction) {
  if (!reaction) return world.addMessage(person, { from: 'business', via: 'api', status: 'accepted', ...parts });
  const target = world.messages.get(reaction.target)?.message, message = world.makeMessage({ from: 'business', via: 'api', status: 'accepted', reaction, ...parts });
  if (target && !failure) {
    if (reaction.emoji === '') delete target.reactions.business; else target.reactions.business = reaction.emoji;
  }
  world.messages.set(message.mid, { customer: person, message });
  return message;
}

/** Somebody who is not on WhatsApp. */
const stranger = (number, input) => ({ id: input, number, wa_id: input.replace(/\D/g, ''), user_id: input, hidden: !/^[+\d]/.test(input), name: null, username: null, thread: [], opened_at: null, updated_at: null, has_role: true, read_receipts: false });

function answerTo(world, person, input, message) {
  const contact = { input, ...(person && !person.hidden ? { wa_id: person.wa_id } : person ? {} : { wa_id: input.replace(/\D/g, '') }), ...(person && world.options.bsuid ? { user_id: person.user_id } : {}) };
  const told = message.template && world.options.message_status ? { message_status: 'accepted' } : {};
  return { messaging_product: 'whatsapp', contacts: [contact], messages: [{ id: message.mid, ...told }] };
}

/** A read receipt, with or without the typing indicator. */
export function checkReceipt(context, params) {
  const { check: c, world, number } = context;
  checkCommon(context, params);
  if (params.status !== 'read') throw c.refuse('Param status must be one of {read}.');
  const stray = ['to', 'type', 'text', 'context'].find((name) => params[name] !== undefined);
  if (stray) throw c.refuse(`Param ${stray} cannot be used with status.`);
  const id = c.text(params.message_id, 'message_id', 512), entry = world.messages.get(id);
  if (entry?.customer.number !== number || entry.message.from !== 'customer') throw c.refuse('Message ID not found, or not of a message that was received.');
  if (params.typing_indicator !== undefined) c.oneOf(c.object(params.typing_indicator, 'typing_indicator', ['type']).type, "typing_indicator['type']", ['text']);
  return entry;
}

export function markRead(stage, params, { customer: person, message }) {
  const { world } = stage;
  for (const one of person.thread) {
    if (one.from === 'customer') one.seen = true; // earlier ones become read too
    if (one === message) break;
  }
  if (params.typing_indicator) {
    person.typing = true;
    person.typing_off?.();
    person.typing_off = world.clock.after(TYPING_MS, () => { person.typing = false; world.threadChanged(person); });
  }
  world.threadChanged(person);
  return { answer: { success: true } };
}
