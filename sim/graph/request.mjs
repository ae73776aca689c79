// One request to the Graph API, as far as every call shares it: version, parameters, token, proof.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { GraphError, badParameter, tokenError } from './error.mjs';

const VERSIONS = new Set(['v21.0', 'v22.0', 'v23.0', 'v24.0', 'v25.0', 'v26.0']);
const MAX_BODY_BYTES = 2e6;

/** Reads a whole body, or rejects when it is too large. */
export async function readBody(request, max = MAX_BODY_BYTES) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > max) throw badParameter('The request is too large.');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** `{ segments, params, token }` of a request below a host's base path. */
export async function readGraphRequest(request, path, query) {
  const segments = path.split('/').filter(Boolean);
  if (/^v\d+\.\d+$/.test(segments[0] ?? '') && !VERSIONS.has(segments.shift())) throw new GraphError({ code: 2635, message: '(#2635) You are calling a deprecated or unknown version of the API.' });
  const params = { ...Object.fromEntries(query), ...parseBody(request.headers['content-type'] ?? '', await readBody(request)) };
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  return { method: request.method, segments, params, token: bearer ?? params.access_token ?? null };
}

function parseBody(type, bytes) {
  if (bytes.length === 0) return {};
  if (type.startsWith('application/json')) return parseJson(bytes.toString('utf8'), 'body');
  const form = Object.fromEntries(new URLSearchParams(bytes.toString('utf8')));
  for (const name of ['recipient', 'message', 'payload', 'reply_to']) if (typeof form[name] === 'string') form[name] = parseJson(form[name], name);
  return form;
}

function parseJson(text, name) {
  try {
    const value = JSON.parse(text);
    if (value && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch { /* said below */ }
  throw badParameter(`The parameter ${name} is not a JSON object.`);
}

/** The token of the call, checked as Meta does: known, of this host, not expired, its proof right. */
export function checkToken(world, host, call) {
  if (!call.token) throw new GraphError({ code: 104, message: 'An access token is required to request this resource.' });
  const token = world.tokens.get(call.token);
  if (!token) throw new GraphError({ code: 190, message: 'Invalid OAuth access token - Cannot parse access token' });
  if ((token.kind === 'instagram') !== (host === 'instagram')) throw new GraphError({ code: 190, message: 'Invalid OAuth access token - this token belongs to the other host' });
  if (token.trouble) throw tokenError(token.trouble);
  if (token.expires_at !== 0 && token.expires_at <= world.clock.now()) throw tokenError('expired');
  checkProof(world, host, call, token);
  return token;
}

function checkProof(world, host, call, token) {
  const given = call.params.appsecret_proof;
  if (host === 'instagram' && !world.options.proof_on_instagram) return;
  if (given === undefined) {
    if (!token.app.require_proof) return;
    throw new GraphError({ code: 100, type: 'GraphMethodException', message: 'API calls from the server require an appsecret_proof argument' });
  }
  const expected = createHmac('sha256', token.app.secret).update(token.value).digest('hex');
  const genuine = String(given).length === expected.length && timingSafeEqual(Buffer.from(String(given)), Buffer.from(expected));
  if (!genuine) throw new GraphError({ code: 100, type: 'GraphMethodException', message: 'Invalid appsecret_proof provided in the API argument' });
}

/** The app of an app token, `APPID|APPSECRET`. */
export function appOfToken(world, token) {
  const [id, secret] = String(token ?? '').split('|');
  const app = world.apps.get(id);
  return app && secret === app.secret ? app : null;
}
