// Two servers with a data directory each on one database: what one has, the other has. On MariaDB only.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test as anyTest } from 'node:test';
import { addonZip, House, runProgramFailing, until } from './lib/house.mjs';
import { freshDatabase, installed, Mariadb } from './lib/mariadb.mjs';
import { png } from './lib/picture.mjs';

const able = installed();
const test = (name, body) => anyTest(name, { skip: able ? false : 'MariaDB is not installed' }, body);

let server, a, b, provider;
const picture = png(900, 300), asked = [];

before(async () => {
  if (!able) return;
  const base = process.env.MAILTRIXY_TEST_DATABASE ?? (server = await Mariadb.start()).url('mt');
  provider = http.createServer((request, response) => {
    if (request.method === 'GET' && request.url.startsWith('/picture')) { response.writeHead(200, { 'Content-Length': picture.length }).end(picture); return; }
    let body = '';
    request.on('data', (piece) => { body += piece; }).on('end', () => { asked.push({ url: request.url, body }); response.end(JSON.stringify({ recipient_id: '1', message_id: `m-${asked.length}` })); });
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const url = `http://127.0.0.1:${provider.address().port}`;
  const fresh = await freshDatabase(base);
  a = await House.start({ database: fresh.url, graph: { graph_url: url, instagram_graph_url: url } });
  a.fresh = fresh;
  a.providerUrl = url;
  b = await House.beside(a);
});
after(async () => { await b?.stop(); await a?.stop(); provider?.close(); provider?.closeAllConnections(); await server?.stop(); });

const bytes = async (house, where) => {
  const answer = await fetch(house.url + where, { headers: { Authorization: `Bearer ${house.token}` } });
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
};
const filesOf = (house) => readdirSync(path.join(house.data, 'files'), { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).length;

test('a second server comes by the key alone, and it is the same', () => {
  assert.ok(existsSync(path.join(b.data, 'secret.key')));
  assert.deepEqual(readFileSync(path.join(b.data, 'secret.key')), readFileSync(path.join(a.data, 'secret.key')));
  for (const house of [a, b]) assert.ok(!house.log.includes(readFileSync(path.join(a.data, 'secret.key'), 'utf8').trim().split(' ')[1]));
});

test('the addon that was installed on one is active on both', async () => {
  assert.ok(readdirSync(path.join(b.data, 'addons')).length === 1);
  const answer = await b.webhook(b.envelope(b.fromCustomer('900000000000001', { message: { mid: 'first', text: 'hello' } })));
  assert.equal(answer.status, 200);
});

test("another installation's key is refused in words", () => {
  const data = mkdtempSync(path.join(tmpdir(), 'mailtrixy-test-'));
  try {
    writeFileSync(path.join(data, 'secret.key'), `1 ${'ab'.repeat(32)}\n`, { mode: 0o600 });
    const said = runProgramFailing(['serve', '--data', data, '--database', a.database, '--listen', '127.0.0.1:0']);
    assert.match(said.stderr, /is not the key of the instance in this database/);
  } finally { rmSync(data, { recursive: true, force: true }); }
});

test('a picture that came to one server is shown by the other, with ranges', async () => {
  await a.webhook(a.envelope(a.fromCustomer('900000000000002', { message: { mid: 'pic', attachments: [{ type: 'image', payload: { url: `${a.providerUrl}/picture` } }] } })));
  const kept = await until(async () => {
    for (const c of await b.allConversations()) for (const m of await b.messages(c.id)) if (m.attachments?.[0]?.state === 'kept') return m;
    return null;
  }, (m) => m !== null, 60_000);
  for (const house of [a, b]) {
    const whole = await bytes(house, kept.attachments[0].url);
    assert.equal(whole.status, 200);
    assert.deepEqual(whole.bytes, picture);
    const small = await bytes(house, kept.attachments[0].preview_url);
    assert.equal(small.status, 200);
    assert.equal(small.bytes.subarray(8, 12).toString(), 'WEBP');
    const part = await fetch(house.url + kept.attachments[0].url, { headers: { Authorization: `Bearer ${house.token}`, Range: 'bytes=10-19' } });
    assert.equal(part.status, 206);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), picture.subarray(10, 20));
  }
});

test('an upload to one server is there on the other; many at once fetch it', async () => {
  const big = Buffer.alloc(5_000_000);
  for (let k = 0; k < big.length; k += 4) big.writeUInt32LE((k * 2654435761) >>> 0, k);
  const up = await b.api('POST', b.w('/uploads?name=big.bin'), big, { type: 'application/octet-stream' });
  assert.equal(up.status, 201);
  const all = await Promise.all(Array.from({ length: 6 }, () => bytes(a, a.w(`/uploads/${up.body.id}/content`))));
  for (const one of all) { assert.equal(one.status, 200); assert.ok(one.bytes.equals(big)); }
});

test('a reply goes out with its file, whichever server that was brought to', async () => {
  const at = (house, bytes) => { const name = createHash('sha256').update(bytes).digest('hex'); return path.join(house.data, 'files', String(house.workspace), name.slice(0, 2), name); };
  const conversation = await a.conversationOf('hello');
  const reply = async (house, bytes, spoil) => {
    const up = await house.api('POST', house.w('/uploads?name=x.png&channel=instagram'), bytes, { type: 'image/png' });
    assert.equal(up.status, 201, up.text);
    if (spoil) await spoil(path.basename(at(house, bytes)));
    const sent = await house.api('POST', house.w(`/conversations/${conversation.id}/messages`), { attachments: [up.body.id] });
    assert.equal(sent.status, 201, sent.text);
    const id = sent.body.messages?.[0].id ?? sent.body.id;
    return until(async () => (await a.messages(conversation.id)).find((m) => m.id === id), (m) => ['sent', 'failed'].includes(m.status), 30_000);
  };
  const ofA = png(301, 200), ofB = png(302, 200), gone = png(303, 200);
  assert.equal((await reply(a, ofA)).status, 'sent');
  assert.equal((await reply(b, ofB)).status, 'sent');
  // Whoever delivers has fetched the one that was not brought to it.
  assert.notEqual(existsSync(at(a, ofB)), existsSync(at(b, ofA)));
  const other = existsSync(at(a, ofB)) ? b : a;
  const failed = await reply(other, gone, (sha256) => a.fresh.ask(`DELETE FROM file_bytes WHERE sha256 = '${sha256}'`));
  assert.equal(failed.status, 'failed');
  assert.match(JSON.stringify(failed.error), /no longer kept here/);
  // Brought once more it is whole again.
  assert.equal((await other.api('POST', other.w('/uploads?name=x.png&channel=instagram'), gone, { type: 'image/png' })).status, 201);
});

test('a server that loses its folder, or is killed while it keeps, loses nothing that was answered', async () => {
  const answered = [];
  let running = true, number = 0;
  const load = Promise.all(Array.from({ length: 3 }, async () => {
    while (running) {
      const text = `file ${number++} `.repeat(90_000);
      try { const r = await b.api('POST', b.w('/uploads?name=x.txt'), text, { type: 'text/plain' }); if (r.status === 201) answered.push({ id: r.body.id, text }); } catch { /* killed */ }
      if (answered.length > 200) return;
    }
  }));
  await until(async () => answered.length, (n) => n >= 5, 60_000);
  await b.down('SIGKILL');
  running = false;
  await load;
  for (const { id, text } of answered) {
    const there = await bytes(a, a.w(`/uploads/${id}/content`));
    assert.equal(there.status, 200);
    assert.ok(there.bytes.toString() === text);
  }
  rmSync(b.data, { recursive: true, force: true });
  b.data = mkdtempSync(path.join(tmpdir(), 'mailtrixy-test-'));
  await b.up();
  assert.equal(filesOf(b), 0);
  assert.equal((await bytes(b, b.w(`/uploads/${answered[0].id}/content`))).bytes.toString(), answered[0].text);
  assert.match(a.command(['doctor']) ?? '', /customers' files: all \d+ are there/);
});

test('an addon switched off on one is off on the other, and comes back', async () => {
  const active = async (house) => (await house.webhook(house.envelope(house.fromCustomer('900000000000003', { message: { mid: `x-${Date.now()}`, text: 'there?' } })))).status;
  a.command(['addon', 'deactivate', 'instagram']);
  for (const house of [a, b]) await until(() => active(house), (status) => status !== 200, 30_000);
  b.command(['addon', 'install', addonZip]);
  b.command(['addon', 'activate', 'instagram']);
  for (const house of [a, b]) await until(() => active(house), (status) => status === 200, 30_000);
});

