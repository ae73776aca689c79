// Who is calling: the access token, what it may do, and the proof that the caller knows the App Secret.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { ERRORS, GraphError, tokenError } from './error.mjs';

const KINDS_OF_HOST = { facebook: ['page', 'user', 'app', 'system'], instagram: ['instagram'] };

/** The token of the call, checked as Meta does: known, of this host, not expired, its proof right. */
export function checkToken(world, host, call) {
  if (!call.token) throw new GraphError({ code: 104, message: 'An access token is required to request this resource.' });
  const token = lookUp(world, call.token);
  if (!KINDS_OF_HOST[host].includes(token.kind)) throw new GraphError({ code: 190, message: 'Invalid OAuth access token - this token belongs to the other host' });
  const trouble = troubleWith(token, world.clock.now());
  if (trouble) throw tokenError(trouble);
  checkProof(world, host, call, token);
  return token;
}

/** Whose token this is; `APPID|APPSECRET` is the app's own. */
export function lookUp(world, value) {
  const known = world.tokens.get(value);
  if (known) return known;
  const [, id, secret] = /^(\d+)\|(.+)$/.exec(value) ?? [];
  const app = world.apps.get(id);
  if (app && app.secret === secret) return { value, kind: 'app', app, account: null, waba: null, scopes: [], issued_at: 0, expires_at: 0, trouble: null };
  throw new GraphError({ code: 190, message: app ? 'Invalid OAuth access token signature.' : 'Invalid OAuth access token - Cannot parse access token' });
}

/** The name of what is wrong with a token, or null. */
export function troubleWith(token, now) {
  if (token.trouble) return token.trouble;
  return token.expires_at !== 0 && token.expires_at <= now ? 'expired' : null;
}

function checkProof(world, host, call, token) {
  const given = call.params.appsecret_proof;
  if (host === 'instagram' && !world.options.proof_on_instagram) return;
  if (given === undefined) {
    if (!token.app.require_proof || token.kind === 'app') return;
    throw new GraphError({ code: 100, type: 'GraphMethodException', message: 'API calls from the server require an appsecret_proof argument' });
  }
  // Way B may have a secret of its own, which is documented nowhere: either is taken.
  const secrets = [token.app.secret, host === 'instagram' ? token.app.instagram_secret : null].filter(Boolean);
  if (!secrets.some((secret) => isProof(given, token, secret))) {
    throw new GraphError({ code: 100, type: 'GraphMethodException', message: 'Invalid appsecret_proof provided in the API argument' });
  }
}

function isProof(given, token, secret) {
  const expected = Buffer.from(createHmac('sha256', secret).update(token.value).digest('hex'));
  const bytes = Buffer.from(String(given));
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}

/** Messages are the account's own affair: way A's person gives the app a Page token for them. */
export function requireAccountToken(token) {
  if (token.kind === 'page' || token.kind === 'instagram') return;
  throw new GraphError({ code: 210, message: '(#210) A page access token is required to request this resource.' });
}

export function requireMessaging(token) {
  requireAccountToken(token);
  const needed = token.kind === 'instagram' ? 'instagram_business_manage_messages' : 'instagram_manage_messages';
  if (!token.scopes.includes(needed)) throw ERRORS.permission();
}
