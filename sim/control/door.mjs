// Serves /control/…, the media and the phone page, and the stream that the page follows.

import { readFile } from 'node:fs/promises';
import { NotHere } from '../core/world.mjs';
import { readBody } from '../graph/request.mjs';
import { ROUTES } from './routes.mjs';

const UPLOAD_MAX_BYTES = 25e6;
const PHONE = { '': ['page.html', 'text/html'], 'page.css': ['page.css', 'text/css'], 'page.mjs': ['page.mjs', 'text/javascript'], 'thread.mjs': ['thread.mjs', 'text/javascript'], 'weather.mjs': ['weather.mjs', 'text/javascript'], 'icon.svg': ['icon.svg', 'image/svg+xml'] };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function answerJson(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(value));
}

export async function serveControl(stage, request, response, path, query) {
  if (request.method === 'POST' && path === 'upload') return upload(stage, request, response, query);
  if (request.method === 'GET' && path === 'follow') return follow(stage, request, response);
  const handler = ROUTES[`${request.method} ${path}`];
  if (!handler) return answerJson(response, 404, { error: `there is no control call ${request.method} ${path}` });
  try {
    const body = request.method === 'GET' ? Object.fromEntries(query) : await readJson(request);
    return answerJson(response, 200, await handler(stage, body));
  } catch (error) {
    return answerJson(response, error instanceof NotHere ? 404 : 400, { error: error.message });
  }
}

async function readJson(request) {
  const bytes = await readBody(request, 16e6);
  return bytes.length === 0 ? {} : JSON.parse(bytes.toString('utf8'));
}

/** A file that a person picks on the phone: its bytes as the body, its type as the content type. */
async function upload(stage, request, response, query) {
  const bytes = await readBody(request, UPLOAD_MAX_BYTES);
  const id = stage.world.media.add({ type: request.headers['content-type'] ?? 'application/octet-stream', bytes, name: query.get('name') ?? 'file' });
  answerJson(response, 200, { media: id, url: stage.mediaUrl(id) });
}

/** Server-Sent Events: a line for every change; who listens asks for what it needs. */
function follow(stage, request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.write(':\n\n');
  const stop = stage.world.watch.follow((change) => response.write(`data: ${JSON.stringify(change ?? {})}\n\n`));
  request.on('close', stop);
}

export function serveMedia(stage, response, query) {
  const { status, file, reason } = stage.world.media.fetch(query);
  response.writeHead(status, { 'Content-Type': file?.type ?? 'text/plain', 'Access-Control-Allow-Origin': '*', 'X-Content-Type-Options': 'nosniff' });
  response.end(file?.bytes ?? reason);
}

export async function servePhone(response, name) {
  const [file, type] = PHONE[name] ?? [];
  if (!file) return answerJson(response, 404, { error: 'there is no such page' });
  const bytes = await readFile(new URL(`../phone/${file}`, import.meta.url));
  response.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-cache' });
  return response.end(bytes);
}
