// A tiny MailTrixy for the simulator's own tests: takes webhooks, remembers them, answers as told.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { Simulator } from '../client.mjs';

export class Callback {
  static async start() {
    const c = new Callback();
    c.posts = [];
    c.answer = () => 200;
    c.waiters = [];
    c.server = http.createServer((request, response) => c.serve(request, response));
    await new Promise((resolve) => { c.server.listen(0, '127.0.0.1', resolve); });
    c.url = `http://127.0.0.1:${c.server.address().port}/hook`;
    return c;
  }

  serve(request, response) {
    if (request.method === 'GET') {
      const query = new URL(request.url, 'http://x').searchParams;
      return response.end(query.get('hub.verify_token') === 'token' ? query.get('hub.challenge') : 'no');
    }
    const parts = [];
    request.on('data', (part) => parts.push(part));
    return request.on('end', () => {
      const text = Buffer.concat(parts).toString('utf8');
      this.posts.push({ text, headers: request.headers, body: JSON.parse(text) });
      const status = this.answer(this.posts.length);
      if (status === 0) return request.socket.destroy();
      response.statusCode = status;
      response.end();
      for (const w of [...this.waiters]) if (this.posts.length >= w.count) w.resolve();
      return undefined;
    });
  }

  arrived(count) {
    if (this.posts.length >= count) return Promise.resolve();
    return new Promise((resolve) => { this.waiters.push({ count, resolve }); });
  }

  stop() { this.server.closeAllConnections(); this.server.close(); }
}

export const signed = (post, secret) => post.headers['x-hub-signature-256'] === `sha256=${createHmac('sha256', secret).update(post.text).digest('hex')}`;

/** Asserts that an answer is this error of the Graph API. */
export function refused(answer, code, subcode) {
  assert.equal(answer.body.error?.code, code, JSON.stringify(answer.body));
  assert.equal(answer.body.error.error_subcode, subcode, JSON.stringify(answer.body));
  assert.ok(answer.body.error.fbtrace_id);
}

/** A simulator with the demo, subscribed to a callback. */
export async function startPair() {
  const sim = await Simulator.start(), callback = await Callback.start();
  const demo = await sim.get('demo');
  const handshake = await sim.post('callback', { url: callback.url, verify_token: 'token' });
  const graph = async (method, path, body, { token = demo.fields.page_access_token, host = sim.graph_url } = {}) => {
    const answer = await fetch(`${host}/v25.0/${path}`, { method, headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
  };
  const customer = demo.customers[0].id;
  const send = (message, more = {}) => graph('POST', 'me/messages', { recipient: { id: customer }, message, ...more });
  return { callback, sim, demo, handshake, graph, customer, send, secret: demo.fields.app_secret, stop: async () => { await sim.stop(); callback.stop(); } };
}

/** The same for WhatsApp: `send` to the first person of the demo, `statuses` that came for a message. */
export async function startWhatsapp() {
  const p = await startPair(), wa = p.demo.whatsapp, person = wa.customers[0];
  await p.sim.post('callback', { object: 'whatsapp_business_account', url: p.callback.url, verify_token: 'token' });
  const graph = (method, path, body, more) => p.graph(method, path, body, { token: wa.token, ...more });
  const send = (content, more = {}) => graph('POST', `${wa.number}/messages`, { messaging_product: 'whatsapp', to: person.wa_id, ...content, ...more });
  const text = (body, more) => send({ type: 'text', text: { body } }, more);
  const values = () => p.callback.posts.flatMap(({ body }) => body.entry.flatMap((entry) => entry.changes ?? [])).map(({ value }) => value);
  const statuses = (id) => values().flatMap((value) => value.statuses ?? []).filter((one) => one.id === id);
  const upload = async (bytes, type, { name = 'file', messaging_product = 'whatsapp' } = {}) => {
    const form = new FormData();
    form.set('messaging_product', messaging_product);
    form.set('type', type);
    form.set('file', new Blob([bytes], { type }), name);
    const answer = await fetch(`${p.sim.graph_url}/v25.0/${wa.number}/media`, { method: 'POST', headers: { Authorization: `Bearer ${wa.token}` }, body: form });
    return { status: answer.status, body: await answer.json() };
  };
  return { ...p, wa, person: person.id, graph, send, text, values, statuses, upload, act: (kind, more) => p.sim.act(person.id, kind, more) };
}
