// The business itself: what it sends by the API, and what somebody types in the Instagram app on its phone.
// Both come back by webhook as an echo.

import { fromBusiness, messagePart } from '../webhook/event.mjs';

/** Puts a message of the business into the thread. `via` is 'api' or 'phone'. */
export function deliverToCustomer(stage, customer, given) {
  const message = stage.world.addMessage(customer, { from: 'business', ...given });
  customer.typing = false;
  customer.folder = 'general'; // an answer takes the thread out of the requests folder
  stage.world.threadChanged(customer);
  return message;
}

/** Sends the echo of a message; resolves once the callback URL has answered, or failed to, for the first time. */
export async function echo(stage, customer, message, { force = false } = {}) {
  const byApi = message.via === 'api' && stage.world.options.echo_app_id;
  const more = { is_echo: true, ...(byApi ? { app_id: Number(customer.account.app.id) } : {}) };
  const event = stage.emit(customer, fromBusiness(customer, message.at, { message: messagePart(message, more) }), { force });
  await Promise.race([event.tried, pause(stage.world.options.answer_timeout_ms)]);
  return event;
}

const PHONE_ACTS = {
  text: (given) => ({ text: given.text ?? 'Hello from our phone' }),
  photo: (given, stage) => ({ attachments: [{ type: 'image', media: given.media ?? 'mug', url: given.url ?? stage.mediaUrl(given.media ?? 'mug') }] }),
};

/** Acts on the phone app of the business: no app has sent this, so the echo carries no app_id. */
export function actOnBusinessPhone(stage, customer, given) {
  if (given.kind === 'unsend') return unsend(stage, customer, given);
  const content = PHONE_ACTS[given.kind]?.(given, stage);
  if (!content) throw new Error(`the business cannot "${given.kind}"; known are ${Object.keys(PHONE_ACTS).join(', ')}, unsend`);
  const message = deliverToCustomer(stage, customer, {
    via: 'phone', mid: given.mid, at: given.timestamp, reply_to: given.reply_to, ...content,
  });
  const event = stage.emit(customer, fromBusiness(customer, message.at, { message: messagePart(message, { is_echo: true }) }));
  return { message, event };
}

function unsend(stage, customer, given) {
  const entry = stage.world.messages.get(given.target);
  if (entry?.customer !== customer || entry.message.from !== 'business') throw new Error('the business can unsend its own messages only');
  Object.assign(entry.message, { deleted: true, text: null, attachments: [] });
  stage.world.threadChanged(customer);
  const part = { mid: given.target, is_echo: true, is_deleted: true };
  return { event: stage.emit(customer, fromBusiness(customer, given.timestamp ?? stage.world.clock.now(), { message: part })) };
}

function pause(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms).unref(); });
}
