// Customers' files come behind their messages, and a power failure in the middle loses none and breaks none.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { House, inTime, until } from './lib/house.mjs';

// A provider that has every file: /file/N is N repeated, and comes in pieces; /hang comes when it is let.
class Provider {
  static async start() {
    const p = new Provider();
    p.asked = 0;
    p.hanging = [];
    p.server = http.createServer((request, response) => {
      const [, kind, name] = request.url.split('/');
      if (kind === 'hang') { p.hanging.push(() => response.end('let go')); p.onHang?.(); return; }
      if (kind !== 'file') { response.writeHead(404).end('{}'); return; }
      const bytes = Provider.bytes(name);
      p.asked++;
      p.onAsk?.();
      response.writeHead(200, { 'Content-Length': bytes.length });
      const half = bytes.length >> 1;
      response.write(bytes.subarray(0, half), () => setImmediate(() => response.end(bytes.subarray(half))));
    });
    p.server.listen(0, '127.0.0.1');
    await once(p.server, 'listening');
    p.url = `http://127.0.0.1:${p.server.address().port}`;
    return p;
  }
  static bytes(name) { return Buffer.alloc(200_000, `${name}.`); }
  stop() { this.server.closeAllConnections(); return new Promise((resolve) => { this.server.close(resolve); }); }
}

const image = (url) => ({ attachments: [{ type: 'image', payload: { url } }] });
const begin = async () => {
  const provider = await Provider.start();
  const house = await House.start({ graph: { graph_url: provider.url, instagram_graph_url: provider.url } });
  return { provider, house, stop: async () => { await house.stop(); await provider.stop(); } };
};
const allMessages = async (house) => {
  const all = [];
  for (const c of await house.allConversations()) all.push(...await house.messages(c.id));
  return all;
};

test('SIGKILL while files come, five times: each is kept, whole, once', async () => {
  const { provider, house, stop } = await begin();
  try {
    let sent = 0;
    const FILES = 40;
    for (let round = 0; round < 5; round++) {
      for (let k = 0; k < FILES / 5; k++, sent++) {
        const body = house.envelope(house.fromCustomer(`9${String(sent % 7).padStart(14, '0')}`, { message: { mid: `mid-${sent}`, ...image(`${provider.url}/file/${sent}`) } }));
        assert.equal((await house.webhook(body)).status, 200);
      }
      // In the middle of one of the next downloads, at another point each time.
      const upTo = provider.asked + 1 + round;
      await new Promise((resolve) => { const look = () => { if (provider.asked >= upTo) { provider.onAsk = null; resolve(); } }; provider.onAsk = look; look(); });
      await house.down('SIGKILL');
      await house.up();
    }
    const messages = await until(() => allMessages(house), (list) => list.length === FILES && list.every((m) => m.attachments[0].state === 'kept'), 120_000);
    for (const m of messages) {
      const answer = await fetch(house.url + m.attachments[0].url, { headers: { Authorization: `Bearer ${house.token}` } });
      const hash = createHash('sha256').update(Buffer.from(await answer.arrayBuffer())).digest('hex');
      assert.equal(hash, createHash('sha256').update(Provider.bytes(m.external_id.slice(4))).digest('hex'));
      assert.equal(m.attachments[0].fault, null);
    }
    // One file each, and no more: what a kill cut off lies among the drafts until the sweep.
    const folder = path.join(house.data, 'files', house.workspace);
    assert.equal(readdirSync(folder).flatMap((two) => readdirSync(path.join(folder, two))).length, FILES);
  } finally { await stop(); }
});

test('a message never waits for its file, and browsers are told when that has come', async () => {
  const { provider, house, stop } = await begin();
  try {
    const stream = await house.events();
    const asked = new Promise((resolve) => { provider.onHang = resolve; });
    assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'm', ...image(`${provider.url}/hang`) } })))).status, 200);
    await asked;
    const [m] = await allMessages(house);
    assert.deepEqual([m.kind, m.attachments[0].state, m.attachments[0].url, m.attachments[0].fault], ['image', 'fetching', null, null]);
    const place = house.w(`/messages/${m.id}/attachments/0`);
    assert.equal((await house.api('GET', place)).status, 409);
    // While it hangs, others come.
    assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'n', ...image(`${provider.url}/file/5`) } })))).status, 200);
    await until(() => allMessages(house), (list) => list.some((x) => x.external_id === 'n' && x.attachments[0].state === 'kept'));
    const before = stream.seen.length;
    provider.hanging.forEach((go) => go());
    await until(() => allMessages(house), (list) => list.find((x) => x.external_id === 'm').attachments[0].state === 'kept');
    await stream.wait((e) => stream.seen.indexOf(e) >= before && e.json?.message?.id === m.id);
    assert.equal((await house.api('GET', place)).text, 'let go');
  } finally { await stop(); }
});

test('SIGTERM does not wait for a download', async () => {
  const { provider, house, stop } = await begin();
  try {
    const asked = new Promise((resolve) => { provider.onHang = resolve; });
    assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'm', ...image(`${provider.url}/hang`) } })))).status, 200);
    await asked;
    const started = Date.now();
    assert.equal(await house.down(), 0);
    assert.ok(Date.now() - started < inTime);
    await house.up();
    const again = new Promise((resolve) => { provider.onHang = resolve; });
    if (provider.hanging.length < 2) await again;
    provider.hanging.forEach((go) => go());
    await until(() => allMessages(house), (list) => list[0].attachments[0].state === 'kept');
  } finally { await stop(); }
});

test('another port of this machine is never asked', async () => {
  const { provider, house, stop } = await begin();
  const canary = await Provider.start();
  let connections = 0;
  canary.server.on('connection', () => { connections++; });
  try {
    for (const url of [`${canary.url}/file/1`, canary.url.replace('127.0.0.1', 'localhost'), 'https://127.0.0.1/x', 'http://[::1]/x', 'https://evil.example/x', 'file:///etc/passwd'])
      assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: url, ...image(url) } })))).status, 200);
    const list = await until(() => allMessages(house), (l) => l.length === 6 && l.every((m) => m.attachments[0].state !== 'fetching'));
    for (const m of list) { assert.equal(m.attachments[0].state, 'lost'); assert.match(m.attachments[0].fault, /is not one that Instagram's files come from/); }
    assert.equal(connections, 0);
    assert.equal(provider.asked, 0);
  } finally { await stop(); await canary.stop(); }
});
