// Serves /control/… and the phone page, and the stream that the page follows.

import { readFile } from 'node:fs/promises';
import { TooLarge, decodeUtf8, readBody } from '../core/body.mjs';
import { isLoopbackHost } from '../core/loopback.mjs';
import { NotHere } from '../core/world.mjs';
import { ROUTES } from './routes.mjs';

const UPLOAD_MAX_BYTES = 106e6;
const JSON_MAX_BYTES = 16e6;
const PHONE = {
  '': ['page.html', 'text/html'], 'page.css': ['page.css', 'text/css'], 'icon.svg': ['icon.svg', 'image/svg+xml'],
  ...Object.fromEntries(['page', 'thread', 'weather', 'format', 'voice', 'ogg'].map((name) => [`${name}.mjs`, [`${name}.mjs`, 'text/javascript']])),
};
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function answerJson(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(value));
}

export async function serveControl(stage, request, response, path, query) {
  try {
    checkCaller(request);
    if (request.method === 'POST' && path === 'upload') return answerJson(response, 200, await upload(stage, request, query));
    if (request.method === 'GET' && path === 'follow') return follow(stage, request, response);
    const handler = ROUTES[`${request.method} ${path}`];
    if (!handler) throw new NotHere(`there is no control call ${request.method} ${path}`);
    const given = request.method === 'GET' ? Object.fromEntries(query) : await readJson(request);
    return answerJson(response, 200, await handler(stage, given));
  } catch (error) {
    return answerJson(response, statusOf(error), { error: error.message });
  }
}

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function statusOf(error) {
  if (error instanceof NotHere) return 404;
  if (error instanceof TooLarge) return 413;
  return error.status ?? 400;
}

/** The simulator asks for no password, so a web page from elsewhere must not reach it through a person's browser. */
function checkCaller({ headers: { host, origin } }) {
  if (!isLoopbackHost(host)) throw new Refused(403, 'the control API is called by a name of this machine: 127.0.0.1, [::1] or localhost');
  if (origin !== undefined && origin !== `http://${host}`) throw new Refused(403, 'the control API takes no calls from pages of elsewhere');
}

/** A page from elsewhere cannot send this type without asking first, which is never allowed. */
async function readJson(request) {
  const [type] = (request.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json') throw new Refused(415, 'the body must be application/json');
  const bytes = await readBody(request, JSON_MAX_BYTES);
  const value = bytes.length === 0 ? {} : JSON.parse(decodeUtf8(bytes));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refused(400, 'the body must be a JSON object');
  return value;
}

/** A file that a person picks on the phone: its bytes as the body, its type as the content type. */
async function upload(stage, request, query) {
  const bytes = await readBody(request, UPLOAD_MAX_BYTES);
  const id = stage.world.media.add({ type: request.headers['content-type'] ?? 'application/octet-stream', bytes, name: query.get('name') ?? 'file' });
  return { media: id, url: stage.mediaUrl(id) };
}

/** Server-Sent Events: a line for every change; who listens asks for what it needs. */
function follow(stage, request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write(':\n\n');
  const stop = stage.world.watch.follow((change) => response.write(`data: ${JSON.stringify(change ?? {})}\n\n`));
  request.on('close', stop);
}

export async function servePhone(response, name) {
  const [file, type] = PHONE[name] ?? [];
  if (!file) return answerJson(response, 404, { error: 'there is no such page' });
  const bytes = await readFile(new URL(`../phone/${file}`, import.meta.url));
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' });
  return response.end(bytes);
}
