// Fetching what an app wants to send, as Meta does: of this machine only, of the right type, not too large, not for ever.

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
  if (!isLoopback(new URL(url).hostname)) throw ERRORS.media_unreachable();
  try {
    // A redirect is not followed: it could lead to another machine.
    const answer = await fetch(url, { redirect: 'manual', headers: { 'User-Agent': 'facebookexternalua' }, signal: AbortSignal.timeout(Math.ceil(options.media_timeout_ms)) });
    const problem = problemWith(answer, KINDS[kind]);
    if (problem) {
      await answer.body?.cancel();
      throw problem();
    }
    return { type: typeOf(answer), bytes: await readAtMost(answer.body, KINDS[kind].max), name: kind };
  } catch (error) {
    if (error.details) throw error;
    throw error.name === 'TimeoutError' && kind === 'video' ? ERRORS.media_timeout() : ERRORS.media_unreachable();
  }
}

const typeOf = (answer) => (answer.headers.get('content-type') ?? '').split(';')[0].trim().toLowerCase();

function problemWith(answer, { types, max }) {
  if (answer.status !== 200) return ERRORS.media_unreachable;
  if (!types.includes(typeOf(answer))) return ERRORS.media_mismatch;
  if (Number(answer.headers.get('content-length')) > max) return ERRORS.media_too_big;
  return null;
}

async function readAtMost(body, max) {
  const parts = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > max) throw ERRORS.media_too_big();
    parts.push(part);
  }
  return Buffer.concat(parts);
}
