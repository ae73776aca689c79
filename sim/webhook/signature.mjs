// How Meta writes and signs a webhook body: JSON in which everything beyond ASCII is escaped,
// and an HMAC over exactly those bytes.

import { createHmac } from 'node:crypto';

/** JSON with non-ASCII as \uXXXX in lowercase hex (surrogate pairs for emoji), and `/` as `\/` if wanted. */
export function writeBody(value, { escapeSlash = false } = {}) {
  const text = JSON.stringify(value).replace(/[\u007f-\uffff]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));
  return escapeSlash ? text.replaceAll('/', '\\/') : text;
}

export function sign(algorithm, secret, body) {
  return `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`;
}

/** The two headers that go with a body; the SHA-1 one is old, still sent, and not to be relied on. */
export function signatureHeaders(secret, body) {
  return { 'X-Hub-Signature': sign('sha1', secret, body), 'X-Hub-Signature-256': sign('sha256', secret, body) };
}
