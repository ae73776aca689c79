// Bytes over a bare socket: for what a proper HTTP client would not send, or would not show.
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { until } from './house.mjs';

export class Wire {
  static async open(port) {
    const w = new Wire();
    w.socket = net.connect(port, '127.0.0.1');
    w.text = '';
    w.closed = false;
    w.socket.on('data', (d) => { w.text += d.toString('latin1'); }).on('close', () => { w.closed = true; }).on('error', () => {});
    await once(w.socket, 'connect');
    return w;
  }
  send(text) { this.socket.write(text); return this; }
  async until(passes, ms = 60_000) { await until(() => this, passes, ms); return this; }
  answers() { return [...this.text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((m) => Number(m[1])); }
  close() { this.socket.destroy(); }
}
export const asked = (method, where, extra = '') => `${method} ${where} HTTP/1.1\r\nHost: x\r\n${extra}\r\n`;

// One request by Node's client, its answer as bytes. body: bytes with a length, or an iterable of pieces, which go in chunks.
export function ask(house, method, where, { token = house.token, headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const whole = body instanceof Uint8Array;
    const request = http.request(house.url + where, { method, agent: false, headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(whole ? { 'Content-Length': body.length } : {}), ...headers } },
      (answer) => {
        const parts = [];
        answer.on('data', (d) => parts.push(d)).on('error', reject).on('end', () => {
          const bytes = Buffer.concat(parts);
          let parsed = null;
          try { parsed = JSON.parse(bytes.toString()); } catch { /* a file */ }
          resolve({ status: answer.statusCode, headers: answer.headers, bytes, body: parsed });
        });
      });
    let answered = false;
    request.on('response', () => { answered = true; }).on('error', (e) => { if (!answered) reject(e); });
    if (body === undefined || whole) { request.end(body); return; }
    (async () => {
      for await (const piece of body) {
        if (answered || request.destroyed) break;
        if (!request.write(piece)) await Promise.race([once(request, 'drain'), once(request, 'response'), once(request, 'close')]).catch(() => {});
      }
      request.end();
    })().catch(reject);
  });
}
