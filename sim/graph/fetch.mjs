// Fetching what an app wants to send, as Meta does: of this machine only, of the right type, not too large, not for ever.

import { alike, sniff } from '../core/filetype.mjs';
import { isLoopback } from '../core/loopback.mjs';
import { ERRORS } from './error.mjs';

const MB = 1e6;
const KINDS = {
  image: { types: ['image/png', 'image/jpeg'], max: 8 * MB },
  audio: { types: ['audio/aac', 'audio/mp4', 'audio/m4a', 'audio/x-m4a', 'audio/wav', 'audio/x-wav', 'audio/wave', 'video/mp4'], max: 25 * MB },
  video: { types: ['video/mp4', 'video/ogg', 'video/x-msvideo', 'video/avi', 'video/quicktime', 'video/webm'], max: 25 * MB },
  file: { types: ['application/pdf'], max: 25 * MB },
};

export const MEDIA_TYPES = Object.keys(KINDS);

/** Resolves to `{ type, bytes, name }`, or throws the error that Meta would answer. */
export async function fetchMedia(options, { type: kind, url }) {
  const { types, max } = KINDS[kind];
  const got = await fetchBytes(options, url, max, (type) => types.includes(type));
  if (got.problem === 'type') throw ERRORS.media_mismatch();
  if (got.problem === 'size') throw ERRORS.media_too_big();
  if (got.problem === 'timeout' && kind === 'video') throw ERRORS.media_timeout();
  if (got.problem) throw ERRORS.media_unreachable();
  const real = sniff(got.bytes).type;
  if (real === null || !alike(got.type, real)) throw ERRORS.media_mismatch();
  return { type: got.type, bytes: got.bytes, name: nameOf(got.answer, url) ?? kind };
}

/**
 * Fetches a file of at most `max` bytes from this machine, its type one that `fits`. Resolves to `{ type, bytes, answer }`, or to a
 * `{ problem }`: 'type', 'size', 'timeout' or words.
 */
export async function fetchBytes(options, url, max, fits = () => true) {
  if (!isLoopback(new URL(url).hostname)) return { problem: 'an address that is not of this machine' };
  try {
    // A redirect is not followed: it could lead to another machine.
    const answer = await fetch(url, { redirect: 'manual', headers: { 'User-Agent': 'facebookexternalua' }, signal: AbortSignal.timeout(Math.ceil(options.media_timeout_ms)) });
    const type = typeOf(answer);
    const problem = answer.status !== 200 ? `http code ${answer.status}` : !fits(type) ? 'type' : Number(answer.headers.get('content-length')) > max ? 'size' : null;
    if (problem) {
      await answer.body?.cancel();
      return { problem };
    }
    const bytes = await readAtMost(answer.body, max);
    return bytes === null ? { problem: 'size' } : { type, bytes, answer };
  } catch (error) {
    return { problem: error.name === 'TimeoutError' ? 'timeout' : 'no answer' };
  }
}

const typeOf = (answer) => (answer.headers.get('content-type') ?? '').split(';')[0].trim().toLowerCase();

/** What a file is called: by its Content-Disposition, else by its address. */
function nameOf(answer, url) {
  const header = answer.headers.get('content-disposition') ?? '';
  const [, extended] = /filename\*=UTF-8''([^;]+)/i.exec(header) ?? [], [, plain] = /filename="?([^";]+)"?/i.exec(header) ?? [];
  try {
    return decodeURIComponent(extended ?? plain ?? new URL(url).pathname.split('/').at(-1)) || null;
  } catch {
    return null;
  }
}

async function readAtMost(body, max) {
  const parts = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > max) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
