// Serves files as Meta's CDN does: Instagram's by a signed address, WhatsApp's by one that lives five minutes and wants the token.
// The weather can make any of them wrong.

import { setTimeout as pause } from 'node:timers/promises';
import { openMediaUrl } from '../whatsapp/media.mjs';

const RECORD_BYTES = 400;
const SLOW_PARTS = 20;

/** What a browser may show. Anything else, above all a page or a drawing with scripts in it, is only ever saved. */
const SHOWN = /^(image\/(png|jpeg|gif|webp)|(audio|video)\/[a-z0-9.+-]+)$/;
const SAVED = ['application/pdf', 'text/plain'];

export function serveCdn(stage, request, response, query) {
  return serve(stage, request, response, stage.world.media.fetch(query), null);
}

export function serveWhatsappMedia(stage, request, response, query) {
  const found = openMediaUrl(stage, request.headers, query);
  return serve(stage, request, response, found, found.entry?.number ?? null);
}

/** Where a redirect of the weather leads: nobody should come here, least of all with a token. */
export function serveElsewhere(stage, request, response) {
  stage.elsewhere.push({ at: stage.world.clock.now(), method: request.method, url: request.url, authorization: request.headers.authorization ?? null });
  stage.world.watch.touch({ topic: 'elsewhere' });
  response.writeHead(200, { 'Content-Type': 'image/png' });
  response.end('not for you');
}

async function serve(stage, request, response, { status, file, reason }, account) {
  // The phone page shows these files too; it has its own weather.
  const onPhone = request.headers['sec-fetch-site'] === 'same-origin';
  const fault = file && !onPhone ? stage.weather.take({ name: 'media_file', account }) : null;
  const record = { at: stage.world.clock.now(), host: 'files', method: request.method, path: request.url, name: 'media_file', account: account?.id ?? null, customer: null,
    params: null, status: null, answer: null, authorized_by: request.headers.authorization ? 'header' : null, fault: fault?.kind ?? null };
  if (!onPhone) stage.world.calls.push(record, RECORD_BYTES);
  const end = () => { record.status = response.statusCode; stage.world.watch.touch({ topic: 'call' }); };
  if (fault) return strike(stage, response, file, fault).finally(end);
  if (file) sendFile(response, file);
  else sendText(response, status, reason);
  return end();
}

const SAFE = { 'Access-Control-Allow-Origin': '*', 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'; sandbox" };

function sendText(response, status, words) {
  response.writeHead(status, { 'Content-Type': 'text/plain', ...SAFE });
  response.end(words);
}

function headersOf(file) {
  const type = file.type.split(';')[0].trim().toLowerCase(), shown = SHOWN.test(type);
  const disposition = shown ? {} : { 'Content-Disposition': `attachment; filename*=UTF-8''${encodeName(file.name)}` };
  return { 'Content-Type': shown || SAVED.includes(type) ? type : 'application/octet-stream', ...disposition, ...SAFE };
}

const encodeName = (name) => encodeURIComponent(name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);

function sendFile(response, file, bytes = file.bytes, more = {}) {
  response.writeHead(200, { ...headersOf(file), 'Content-Length': bytes.length, ...more });
  response.end(bytes);
}

const writableOrGone = (response) => new Promise((resolve) => {
  const go = () => { response.off('drain', go).off('close', go); resolve(); };
  response.on('drain', go).on('close', go);
});

const STRIKES = {
  media_expired: (stage, response) => sendText(response, 404, 'Not Found'),
  media_fault: (stage, response, file, fault) => sendText(response, fault.status ?? 503, 'Service Unavailable'),
  media_redirect: (stage, response, file, fault) => {
    // The same machine by another name: to whoever fetches, another host.
    const location = fault.location ?? `${stage.world.media.base.replace('127.0.0.1', 'localhost')}/elsewhere`;
    response.writeHead(302, { Location: location });
    response.end();
  },
  media_larger: async (stage, response, file, fault) => {
    const part = Buffer.alloc(256 * 1024, 0x20);
    response.writeHead(200, headersOf(file)); // no length: nobody can know before
    response.write(file.bytes);
    for (let left = fault.bytes ?? 130e6; left > 0 && !response.destroyed; left -= part.length) {
      if (!response.write(part)) await writableOrGone(response);
    }
    response.end();
  },
  media_wrong_type: (stage, response) => { response.writeHead(200, { 'Content-Type': 'text/html' }); response.end('<!doctype html><script>alert(1)</script><p>Log in to see this file.</p>'); },
  media_wrong_hash: (stage, response, file) => {
    const bytes = Buffer.from(file.bytes);
    bytes[bytes.length - 1] ^= 0xff;
    sendFile(response, file, bytes);
  },
  media_slow: async (stage, response, file, fault) => {
    response.writeHead(200, { ...headersOf(file), 'Content-Length': file.bytes.length });
    const size = Math.max(1, Math.ceil(file.bytes.length / SLOW_PARTS));
    for (let at = 0; at < file.bytes.length && !response.destroyed; at += size) {
      response.write(file.bytes.subarray(at, at + size));
      await pause(fault.ms || 500);
    }
    response.end();
  },
  media_cut: (stage, response, file) => {
    response.writeHead(200, { ...headersOf(file), 'Content-Length': file.bytes.length });
    response.write(file.bytes.subarray(0, Math.floor(file.bytes.length / 2)), () => response.destroy());
  },
  hold: async (stage, response, file) => { await stage.weather.hold(); sendFile(response, file); },
};

async function strike(stage, response, file, fault) {
  const act = STRIKES[fault.kind];
  if (!act) return sendText(response, fault.status ?? 500, 'Error');
  return act(stage, response, file, fault);
}
