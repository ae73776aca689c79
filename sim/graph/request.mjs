// One request to the Graph API, as far as every call shares it: version, path, parameters.

import { TooLarge, decodeUtf8, readBody } from '../core/body.mjs';
import { readMultipart } from '../core/multipart.mjs';
import { GraphError, badParameter } from './error.mjs';

const VERSIONS = new Set(['v21.0', 'v22.0', 'v23.0', 'v24.0', 'v25.0', 'v26.0']);
const MAX_BODY_BYTES = 2e6;
const MAX_UPLOAD_BYTES = 106e6; // WhatsApp's largest document and its form
const OBJECTS = ['recipient', 'message', 'payload', 'reply_to']; // in a form these are JSON

/** `{ method, version, segments, params, token, bytes }` of a request below a host's base path. */
export async function readGraphRequest(request, path, query) {
  const segments = path.split('/').filter(Boolean);
  const version = /^v\d+\.\d+$/.test(segments[0] ?? '') ? segments.shift() : null;
  const type = request.headers['content-type'] ?? '', isUpload = /^multipart\/form-data\b/i.test(type);
  const body = await bodyOf(request, isUpload ? MAX_UPLOAD_BYTES : MAX_BODY_BYTES);
  if (version && !VERSIONS.has(version)) throw new GraphError({ code: 2635, message: '(#2635) You are calling a deprecated or unknown version of the API.' });
  const params = { ...Object.fromEntries(query), ...(isUpload ? parseUpload(type, body) : parseBody(type, body)) };
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  return { method: request.method, version, segments, params, token: bearer ?? params.access_token ?? null, bytes: body.length };
}

async function bodyOf(request, max) {
  try {
    return await readBody(request, max);
  } catch (error) {
    if (error instanceof TooLarge) throw badParameter('The request is too large.');
    throw error;
  }
}

function parseBody(type, bytes) {
  if (bytes.length === 0) return {};
  const text = decoded(() => decodeUtf8(bytes));
  const [media] = type.toLowerCase().split(';');
  if (media.trim() === 'application/json') return parseJson(text, 'body');
  if (media.trim() !== 'application/x-www-form-urlencoded') throw badParameter(`A body of type "${type}" is not understood.`);
  decoded(() => decodeURIComponent(text)); // the form reader itself lets wrong bytes pass
  const form = Object.fromEntries(new URLSearchParams(text));
  for (const name of OBJECTS) if (typeof form[name] === 'string') form[name] = parseJson(form[name], name);
  return form;
}

/** A field becomes a text, a file `{ filename, type, bytes }`. */
function parseUpload(type, bytes) {
  let parts;
  try {
    parts = readMultipart(type, bytes);
  } catch (error) {
    throw badParameter(`The multipart body is broken: ${error.message}.`);
  }
  return Object.fromEntries(parts.map((part) => {
    const isFile = part.filename !== null || (part.type !== null && part.name === 'file');
    return [part.name, isFile ? { filename: part.filename, type: part.type, bytes: part.bytes } : decoded(() => decodeUtf8(part.bytes))];
  }));
}

function decoded(decode) {
  try {
    return decode();
  } catch {
    throw badParameter('The body is not valid UTF-8.');
  }
}

function parseJson(text, name) {
  try {
    const value = JSON.parse(text);
    if (value && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch { /* said below */ }
  throw badParameter(`The parameter ${name} is not a JSON object.`);
}
