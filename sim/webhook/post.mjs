// One HTTP request to the callback URL, and what came of it.

import http from 'node:http';
import https from 'node:https';
import { isLoopback } from '../core/loopback.mjs';

const agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true }) };
const MAX_ANSWER_BYTES = 64 * 1024;

/** Never throws: resolves with `{ status, body, ms }` or `{ status: 0, error, ms }`. */
export function request(url, { method = 'POST', headers = {}, body = '', timeoutMs }) {
  return new Promise((resolve) => {
    const started = performance.now();
    const done = (outcome) => {
      clearTimeout(timer);
      resolve({ ...outcome, ms: Math.round(performance.now() - started) });
    };
    const { protocol } = new URL(url);
    const outgoing = (protocol === 'https:' ? https : http).request(url, { method, headers, agent: agents[protocol] });
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    outgoing.on('error', (error) => done({ status: 0, error: error.message || error.code }));
    outgoing.on('response', (incoming) => {
      let text = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (part) => { if (text.length < MAX_ANSWER_BYTES) text += part; });
      incoming.on('error', (error) => done({ status: 0, error: error.message }));
      incoming.on('end', () => done({ status: incoming.statusCode, body: text }));
    });
    outgoing.end(body);
  });
}

export function closeConnections() {
  for (const agent of Object.values(agents)) agent.destroy();
}

/** The simulator talks to this machine only; says why another address is refused, or null. */
export function problemWithCallback(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return 'the callback URL is not a URL';
  }
  if (!agents[url.protocol]) return 'the callback URL must be http or https';
  if (!isLoopback(url.hostname)) return 'the simulator calls no other machine: the callback URL must be on 127.0.0.1, [::1] or localhost';
  return null;
}
