// What happens when somebody saves the callback URL in the App Dashboard.

import { randomInt } from 'node:crypto';
import { problemWithCallback, request } from './post.mjs';

/** Where an app keeps the callback of each kind of webhook. */
const CALLBACK_OF = { instagram: 'callback', whatsapp_business_account: 'whatsapp_callback' };

/** Asks the callback to prove itself; the URL is kept only when it does. */
export async function saveCallback(world, app, { object = 'instagram', callback_url: given, verify_token: token = '', verify = true }) {
  const callback = CALLBACK_OF[object] && app[CALLBACK_OF[object]], url = given ?? callback?.url;
  if (!callback) return { verified: false, reason: `"object" is one of ${Object.keys(CALLBACK_OF).join(', ')}` };
  const problem = url ? problemWithCallback(url) : 'there is no callback URL';
  if (problem) return { verified: false, reason: problem };
  const result = verify ? await shakeHands(url, token, world.options.answer_timeout_ms) : { verified: false, reason: 'not asked for' };
  callback.last_handshake = { at: world.clock.now(), ...result };
  if (result.verified || !verify) Object.assign(callback, { url, verify_token: token, verified: result.verified });
  world.watch.touch({ topic: 'callback' });
  return result;
}

/** A callback of one account's own: null when it proved itself, else what was wrong. */
export async function saveOverride(world, url, token) {
  const problem = typeof url === 'string' ? problemWithCallback(url) : 'override_callback_uri must be a string';
  return problem ?? (await shakeHands(url, String(token ?? ''), world.options.answer_timeout_ms)).reason;
}

async function shakeHands(url, token, timeoutMs) {
  const challenge = String(randomInt(1e9, 2e9));
  const target = new URL(url);
  target.searchParams.set('hub.mode', 'subscribe');
  target.searchParams.set('hub.challenge', challenge);
  target.searchParams.set('hub.verify_token', token);
  const answer = await request(target, { method: 'GET', timeoutMs });
  const result = { status: answer.status, body: (answer.body ?? '').slice(0, 1000), challenge };
  if (answer.error) return { verified: false, reason: `The URL couldn't be reached: ${answer.error}`, ...result };
  if (answer.status !== 200) return { verified: false, reason: `The callback URL answered ${answer.status} and not 200`, ...result };
  if (answer.body !== challenge) return { verified: false, reason: 'The answer is not the challenge', ...result };
  return { verified: true, reason: null, ...result };
}
