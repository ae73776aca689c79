// Pictures, sounds and files that the simulator serves, as Meta's CDN does: by a signed address that
// dies after some days. Kept in memory; the oldest uploads make room for new ones.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { SAMPLES } from './samples.mjs';

const MAX_FILE_BYTES = 110e6;
const MAX_TOTAL_BYTES = 320e6;

export class Media {
  #files = new Map();
  #bytes = 0;
  #next = 1;
  #key = randomBytes(16);

  constructor(clock) {
    this.clock = clock;
    this.base = '';
  }

  /** Keeps a file and returns its asset id. */
  add({ type, bytes, name }) {
    if (bytes.length > MAX_FILE_BYTES) throw new Error(`a file has at most ${MAX_FILE_BYTES / 1e6} MB`);
    const id = String(this.#next++);
    this.#files.set(id, { type, bytes, name });
    this.#bytes += bytes.length;
    for (const [oldest, file] of this.#files) {
      if (this.#bytes <= MAX_TOTAL_BYTES) break;
      this.#files.delete(oldest);
      this.#bytes -= file.bytes.length;
    }
    return id;
  }

  /** The address of a kept file or of a sample, valid for `lifetimeMs`; `oe` is the expiry in hex, as on Meta's CDN. */
  url(id, lifetimeMs) {
    const expiry = Math.floor((this.clock.now() + lifetimeMs) / 1000).toString(16);
    return `${this.base}/ig_messaging_cdn/?asset_id=${encodeURIComponent(id)}&signature=${this.#sign(id, expiry)}&oe=${expiry}`;
  }

  /** The file behind an address: `{ status, file }`. */
  fetch(query) {
    const [id, signature, expiry] = ['asset_id', 'signature', 'oe'].map((name) => query.get(name) ?? '');
    const expected = this.#sign(id, expiry);
    const genuine = signature.length === expected.length && timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
    if (!genuine) return { status: 403, reason: 'Bad URL signature' };
    if (parseInt(expiry, 16) * 1000 < this.clock.now()) return { status: 403, reason: 'URL signature expired' };
    const file = this.file(id);
    return file ? { status: 200, file } : { status: 404, reason: 'Not found' };
  }

  /** A kept file or a sample, `{ type, name, bytes }`, or null. */
  file(id) {
    return this.#files.get(id) ?? (Object.hasOwn(SAMPLES, id) ? SAMPLES[id]() : null);
  }

  /** A signature that only this simulator can have made. */
  sign(words) {
    return createHmac('sha256', this.#key).update(words, 'utf8').digest('hex').slice(0, 32);
  }

  has(id) {
    return this.#files.has(id) || Object.hasOwn(SAMPLES, id);
  }

  #sign(id, expiry) {
    return this.sign(`${id} ${expiry}`);
  }
}
