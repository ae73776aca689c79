// What becomes of a sent message: sent, delivered, read, played or failed, each as a webhook of its own.

import { webhookError } from './error.mjs';
import { contactOf, emitValue, recipientOf, seconds } from './value.mjs';
import { windowIsOpen } from './world.mjs';

export const STATUSES = ['sent', 'delivered', 'read', 'played', 'failed'];
const RANK = Object.fromEntries(STATUSES.map((name, at) => [name, at]));

/** Sends one status of a message, and notes it; `failed` needs an `error`: { code, details }. */
export function emitStatus(stage, person, message, status, { error = null, at = stage.world.clock.now(), id = message.mid } = {}) {
  const { world } = stage;
  if (status === 'failed' || (RANK[status] > (RANK[message.status] ?? -1) && message.status !== 'failed')) Object.assign(message, { status, error });
  const item = {
    id, status, timestamp: seconds(world, at), ...recipientOf(world, person),
    ...(message.callback_data == null ? {} : { biz_opaque_callback_data: message.callback_data }),
    ...(status === 'failed' ? { errors: [webhookError(error.code, error.details)] } : billing(world, message, status)),
  };
  const withContacts = world.options.status_contacts && status !== 'failed' ? { contacts: [contactOf(world, person)] } : {};
  const send = () => emitValue(stage, person.number, 'messages', { ...withContacts, statuses: [item] }, { person });
  const event = send();
  if (world.options.status_twice) send();
  world.threadChanged(person);
  return event;
}

/** The price stands on `sent` and on one of `delivered` and `read`. */
function billing(world, message, status) {
  const told = status === 'sent' || (!message.billed && ['delivered', 'read'].includes(status));
  if (status !== 'sent' && told) message.billed = true;
  const category = message.category ?? 'service';
  const free = category === 'service' || (category === 'utility' && message.in_window);
  const conversation = world.options.conversation_objects
    ? { conversation: { id: message.mid.slice(-40, -8).toLowerCase(), ...(status === 'sent' ? { expiration_timestamp: seconds(world, message.at + 24 * 3600e3) } : {}), origin: { type: category } } } : {};
  return { ...conversation, ...(told ? { pricing: { billable: !free, pricing_model: 'PMP', type: free ? 'free_customer_service' : 'regular', category } } : {}) };
}

/** The way of an accepted message. `failure` ends it: { code, details }. Resolves when what comes before the answer is out. */
export async function followMessage(stage, person, message, failure) {
  const { options, clock } = stage.world;
  message.in_window = windowIsOpen(stage.world, person);
  const steps = failure ? [...(options.fail_after_sent || failure.after_sent ? ['sent'] : []), 'failed'] : stepsOf(options, message);
  const run = (names) => names.map((name) => emitStatus(stage, person, message, name, { error: failure }));
  message.lost = Boolean(failure); // the person never sees it
  stage.world.threadChanged(person);
  if (options.statuses === 'never') return undefined;
  if (options.statuses === 'held') { stage.heldStatuses.push({ person, message, steps, failure }); return undefined; }
  if (options.statuses === 'delayed') { clock.after(options.status_delay_ms, () => run(steps)); return undefined; }
  if (options.statuses === 'after') return () => run(steps);
  const [first, ...rest] = steps;
  const [event] = run([first]);
  await Promise.race([event.tried, new Promise((resolve) => { setTimeout(resolve, options.answer_timeout_ms).unref(); })]);
  return () => run(rest);
}

function stepsOf(options, message) {
  if (message.type === 'reaction') return ['sent']; // reactions have no other
  const steps = ['sent', ...(options.auto_deliver && !(options.skip_delivered && options.auto_read) ? ['delivered'] : []), ...(options.auto_read ? ['read'] : [])];
  return options.status_order === 'reversed' ? steps.reverse() : steps;
}

/** Sends what was held back. */
export function releaseStatuses(stage) {
  const held = stage.heldStatuses.splice(0);
  for (const { person, message, steps, failure } of held) for (const name of steps) emitStatus(stage, person, message, name, { error: failure });
  return held.length;
}

/** The person looks at the conversation: what has come is read, unless they keep that to themselves. */
export function readAll(stage, person, upTo = null) {
  const events = [];
  for (const message of person.thread) {
    if (message.lost) continue;
    if (message.from === 'business' && message.type !== 'reaction' && message.status !== 'failed' && !['read', 'played'].includes(message.status) && !message.read) {
      message.read = true;
      if (!person.read_receipts || message.via === 'phone') continue;
      if (message.status !== 'delivered' && !stage.world.options.skip_delivered) emitStatus(stage, person, message, 'delivered');
      events.push(emitStatus(stage, person, message, 'read'));
    }
    if (message.mid === upTo) break;
  }
  stage.world.threadChanged(person);
  return events.at(-1) ?? null;
}
