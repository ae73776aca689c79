// POST /messages: what may be sent, to whom, when; then the message, and its echo.

import { deliverToCustomer, echo } from '../people/business.mjs';
import { ERRORS, GraphError, badParameter } from './error.mjs';
import { countSend } from './limits.mjs';
import { fetchAttachments, readMessage } from './message.mjs';

const DAY_MS = 24 * 3600e3;
const TYPES = new Set(['RESPONSE', 'UPDATE', 'MESSAGE_TAG']);
const ACTIONS = new Set(['typing_on', 'typing_off', 'mark_seen', 'react', 'unreact']);
const REACTIONS = new Set(['love', 'like', 'laugh', 'wow', 'sad', 'angry', 'other']);
const EMOJI = { love: '❤️', laugh: '😂', wow: '😮', sad: '😢', angry: '😡', like: '👍', other: '🔥' };
const BESIDE_AN_ACTION = new Set(['recipient', 'sender_action', 'payload', 'access_token', 'appsecret_proof']);

/** Who the call is for; faults may be aimed at one customer. */
export function recipientOf(world, account, params) {
  const id = params.recipient?.id;
  if (id === undefined) throw badParameter('The parameter recipient is required.');
  // A number would lose its last digits: these ids are larger than 2^53.
  if (typeof id !== 'string' || !/^\d+$/.test(id)) throw badParameter('Param recipient[id] must be a string of digits.');
  const customer = world.customers.get(id);
  if (!customer || customer.account !== account || customer.condition === 'gone') throw ERRORS.no_such_user();
  return customer;
}

/**
 * Checks everything that Meta refuses; the order is that of how general the obstacle is.
 * Resolves to the parts of the message, or to null for an action.
 */
export async function checkSend(stage, account, customer, params) {
  const { world } = stage;
  if (account.condition) throw ERRORS[account.condition]();
  if (customer.condition === 'blocked') throw ERRORS.person_blocked();
  if (customer.condition === 'unavailable') throw ERRORS.person_unavailable();
  if (!account.app.live && !customer.has_role) throw ERRORS.permission();
  if (customer.owner_app !== account.app.id) throw ERRORS.not_thread_owner();
  countSend(world, account);
  if (params.sender_action !== undefined) return checkAction(world, customer, params);
  const content = readMessage(world, customer, params);
  checkWindow(world, account, customer, params);
  return { ...content, tag: params.tag ?? null, attachments: await fetchAttachments(stage, content.attachments) };
}

function checkAction(world, customer, params) {
  const { sender_action: action, payload } = params;
  if (!ACTIONS.has(action)) throw badParameter(`Param sender_action must be one of {${[...ACTIONS].join(', ')}}`);
  const stray = Object.keys(params).find((name) => !BESIDE_AN_ACTION.has(name));
  if (stray !== undefined) throw badParameter(`Param ${stray} cannot be used together with sender_action.`);
  if (!action.includes('react')) {
    if (payload !== undefined) throw badParameter(`Param payload cannot be used with ${action}.`);
    return null;
  }
  if (world.messages.get(payload?.message_id)?.customer !== customer) throw ERRORS.invalid_message();
  if (action === 'react' && !REACTIONS.has(payload.reaction)) throw badParameter('Param payload[reaction] is not a known reaction.');
  if (action === 'unreact' && payload.reaction !== undefined) throw badParameter('Param payload[reaction] cannot be used with unreact.');
  return null;
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
export async function send(stage, customer, params, content) {
  if (content === null) return { answer: act(stage, customer, params) };
  const message = deliverToCustomer(stage, customer, { via: 'api', ...content });
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
