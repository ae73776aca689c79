// POST /messages: what may be sent, to whom, when; then the message, and its echo.

import { deliverToCustomer, echo } from '../people/business.mjs';
import { isLoopback } from '../webhook/post.mjs';
import { ERRORS, GraphError, badParameter } from './error.mjs';

const TEXT_MAX_BYTES = 1000;
const DAY_MS = 24 * 3600e3;
const TYPES = new Set(['RESPONSE', 'UPDATE', 'MESSAGE_TAG']);
const ACTIONS = new Set(['typing_on', 'typing_off', 'mark_seen', 'react', 'unreact']);
const REACTIONS = new Set(['love', 'like', 'laugh', 'wow', 'sad', 'angry', 'other']);
const EMOJI = { love: '❤️', laugh: '😂', wow: '😮', sad: '😢', angry: '😡', like: '👍', other: '🔥' };
const MEDIA = new Set(['image', 'video', 'audio', 'file', 'like_heart']);

/** Who the call is for; faults may be aimed at one customer. */
export function recipientOf(world, account, params) {
  const id = params.recipient?.id;
  if (id === undefined) throw badParameter('The parameter recipient is required.');
  if (typeof id !== 'string' && typeof id !== 'number') throw badParameter('Param recipient[id] must be a string.');
  const customer = world.customers.get(String(id));
  if (!customer || customer.account !== account || customer.condition === 'gone') throw ERRORS.no_such_user();
  return customer;
}

/** Checks everything that Meta refuses; the order is that of how general the obstacle is. */
export function checkSend(world, account, customer, params) {
  if (account.condition && ERRORS[account.condition]) throw ERRORS[account.condition]();
  if (customer.condition === 'blocked') throw ERRORS.person_blocked();
  if (!account.app.live && !customer.has_role) throw ERRORS.permission();
  if (customer.owner_app !== account.app.id) throw ERRORS.not_thread_owner();
  checkRate(world, account);
  if (params.sender_action !== undefined) return checkAction(world, customer, params);
  checkMessage(world, customer, params.message, params.reply_to);
  checkWindow(world, account, customer, params);
  return undefined;
}

function checkRate(world, account) {
  const now = world.clock.now();
  account.sends = account.sends.filter((at) => now - at < 1000);
  if (account.sends.length >= world.options.send_per_second) throw ERRORS.rate_limit();
  account.sends.push(now);
}

function checkAction(world, customer, params) {
  if (!ACTIONS.has(params.sender_action)) throw badParameter(`Param sender_action must be one of {${[...ACTIONS].join(', ')}}`);
  if (params.message !== undefined) throw badParameter('sender_action and message exclude each other.');
  if (!params.sender_action.includes('react')) return;
  const { message_id: mid, reaction } = params.payload ?? {};
  if (world.messages.get(mid)?.customer !== customer) throw ERRORS.invalid_message();
  if (params.sender_action === 'react' && !REACTIONS.has(reaction)) throw badParameter('Param payload[reaction] is not a known reaction.');
}

function checkMessage(world, customer, message, replyTo) {
  if (!message || typeof message !== 'object') throw badParameter('The parameter message is required.');
  const many = message.attachment ? [message.attachment] : message.attachments ?? [];
  if (message.text === undefined && many.length === 0) throw ERRORS.invalid_message();
  if (message.text !== undefined && many.length > 0) throw badParameter('A message has either text or attachments.');
  if (message.text !== undefined) checkText(message.text);
  if (many.length > 10) throw badParameter('At most 10 images may be sent at once.');
  for (const one of many) checkAttachment(world, one);
  if (replyTo !== undefined && world.messages.get(replyTo.mid)?.customer !== customer) throw ERRORS.invalid_message();
}

function checkText(text) {
  if (typeof text !== 'string' || text.trim() === '') throw badParameter('Param message[text] must be a non-empty UTF-8 encoded string.', 2534015);
  if (Buffer.byteLength(text) > TEXT_MAX_BYTES) throw badParameter(`Length of param message[text] must be less than or equal to ${TEXT_MAX_BYTES}`);
}

function checkAttachment(world, { type, payload }) {
  if (!MEDIA.has(type)) throw badParameter('Param message[attachment][type] is not a known type.');
  if (type === 'like_heart') return;
  if (payload?.attachment_id !== undefined) return;
  let url;
  try { url = new URL(payload?.url); } catch { throw badParameter('Param message[attachment][payload][url] must be a URL.'); }
  if (world.options.media_fetch === 'loopback' && !isLoopback(url.hostname)) throw ERRORS.media_unreachable();
}

function checkWindow(world, account, customer, { messaging_type: type = 'RESPONSE', tag }) {
  if (!TYPES.has(type)) throw badParameter(`Param messaging_type must be one of {${[...TYPES].join(', ')}}`);
  if (type === 'MESSAGE_TAG' && tag === undefined) throw badParameter('Param tag is required with messaging_type MESSAGE_TAG.');
  if (type !== 'MESSAGE_TAG' && tag !== undefined) throw badParameter('Param tag needs messaging_type MESSAGE_TAG.');
  if (tag !== undefined && tag !== 'HUMAN_AGENT') throw badParameter(`The message tag ${tag} is not available.`);
  const age = customer.opened_at === null ? Infinity : world.clock.now() - customer.opened_at;
  if (age < DAY_MS) return;
  if (tag !== 'HUMAN_AGENT' || age >= 7 * DAY_MS) throw ERRORS.window_closed();
  if (!account.app.human_agent) {
    const { code, subcode } = world.options.human_agent_missing;
    throw new GraphError({ code, subcode, message: `(#${code}) This app has no approval for the Human Agent feature` });
  }
}

/** Has the effect of a checked call; resolves to the answer and what happens after it. */
export async function send(stage, account, customer, params) {
  if (params.sender_action !== undefined) return { answer: act(stage, customer, params) };
  const message = deliverToCustomer(stage, customer, {
    via: 'api', text: params.message.text ?? null, reply_to: params.reply_to?.mid ?? null, tag: params.tag ?? null,
    quick_replies: (params.message.quick_replies ?? []).map(({ title, payload }) => ({ title, payload })),
    attachments: (params.message.attachment ? [params.message.attachment] : params.message.attachments ?? [])
      .map(({ type, payload }) => ({ type, media: null, url: payload?.url ?? null, payload: {} })),
  });
  const answer = { recipient_id: customer.id, message_id: message.mid };
  const { echo: when, echo_delay_ms: delay } = stage.world.options;
  if (when === 'before') await echo(stage, customer, message);
  if (when === 'held') stage.heldEchoes.push({ customer, message });
  if (when === 'delayed') stage.world.clock.after(delay, () => { echo(stage, customer, message); });
  return { answer, after: when === 'after' ? () => { echo(stage, customer, message); } : undefined };
}

function act(stage, customer, { sender_action: action, payload }) {
  if (action === 'typing_on' || action === 'typing_off') customer.typing = action === 'typing_on';
  if (action === 'mark_seen') for (const message of customer.thread) if (message.from === 'customer') message.seen = true;
  if (action === 'react') stage.world.message(payload.message_id).message.reactions.business = EMOJI[payload.reaction];
  if (action === 'unreact') delete stage.world.message(payload.message_id).message.reactions.business;
  stage.world.threadChanged(customer);
  return { recipient_id: customer.id };
}
