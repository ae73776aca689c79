// Files through the doors: brought by agents, served to members and, by a signed link, to a provider; and what nobody gets.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { House, inTime, password, until } from './lib/house.mjs';
import { png } from './lib/picture.mjs';
import { faults } from './lib/schema.mjs';
import { Wire, ask, asked } from './lib/wire.mjs';

const max = 100 * 1024 * 1024;
let house, agent, viewer, elsewhere;

// A provider that takes everything and remembers what it was asked for.
const provider = { asked: [], next: 0 };
provider.server = createServer(async (request, answer) => {
  let text = '';
  for await (const part of request) text += part;
  let body = null;
  try { body = JSON.parse(text); } catch { /* a form, or nothing */ }
  provider.asked.push({ method: request.method, where: request.url, text, body });
  answer.setHeader('Content-Type', 'application/json').end(JSON.stringify({ recipient_id: '1', message_id: `mid.files-${++provider.next}`, data: [], success: true }));
});
const sentToCustomer = (passes) => until(() => provider.asked.find((a) => a.body?.recipient && passes(a.body)), Boolean);

const member = (email, role) => house.api('POST', house.w('/members'), { email, name: role, role, password })
  .then((answer) => { assert.equal(answer.status, 201, answer.text); return house.command(['token', '--email', email]); });

before(async () => {
  provider.server.listen(0, '127.0.0.1');
  await once(provider.server, 'listening');
  const url = `http://127.0.0.1:${provider.server.address().port}`;
  house = await House.start({ graph: { graph_url: url, instagram_graph_url: url } });
  agent = await member('agent@example.org', 'agent');
  viewer = await member('viewer@example.org', 'viewer');
  elsewhere = (await house.api('POST', '/api/v1/workspaces', { name: 'Elsewhere' })).body.id;
});
after(async () => {
  await house.stop();
  provider.server.closeAllConnections();
  provider.server.close();
});

const upload = (body, name = 'file.bin', options = {}) => ask(house, 'POST', house.w(`/uploads?name=${encodeURIComponent(name)}${options.query ?? ''}`), { body, ...options });
const content = (id, options, query = '') => ask(house, options?.method ?? 'GET', house.w(`/uploads/${id}/content${query}`), options);
const drafts = () => readdirSync(path.join(house.data, 'files/new'));
const figure = async (name) => Number(new RegExp(`^mailtrixy_${name} (\\d+)$`, 'm').exec((await house.api('GET', '/metrics')).text)[1]);

test('what is brought is what its bytes are, whatever name and type it is told', async () => {
  const picture = png(900, 600);
  const told = await upload(picture, 'Größe "1".jpg', { headers: { 'Content-Type': 'text/html' } });
  assert.equal(told.status, 201, told.bytes.toString());
  assert.deepEqual({ ...told.body, id: 0 }, { id: 0, name: 'Größe "1".jpg', mime_type: 'image/png', bytes: picture.length, width: 900, height: 600, type: 'image',
    preview_url: house.w(`/uploads/${told.body.id}/content?preview=1`) });
  assert.deepEqual((await content(told.body.id)).bytes, picture);
  const small = await ask(house, 'GET', told.body.preview_url);
  assert.equal(small.headers['content-type'], 'image/webp');
  assert.equal(small.bytes.toString('latin1', 0, 4), 'RIFF');
  const text = (await upload(Buffer.from('Plain words, nothing else.\n'), 'words.txt')).body;
  assert.deepEqual([text.mime_type, text.type, text.width, text.preview_url], ['text/plain', 'file', null, null]);
  assert.equal((await content(text.id, {}, '?preview=1')).status, 404);
  assert.equal((await upload(randomBytes(500), '../../etc/passwd\u0007')).body.name, 'passwd');
});

test('a file in chunks, of one byte, and of none', async () => {
  const whole = randomBytes(700_001);
  const pieces = function* () { for (let at = 0; at < whole.length; at += 9_999) yield whole.subarray(at, at + 9_999); };
  const made = await upload(pieces(), 'chunks');
  assert.equal(made.status, 201);
  assert.deepEqual((await content(made.body.id)).bytes, whole);
  assert.equal((await upload(Buffer.from('x'))).body.bytes, 1);
  for (const body of [Buffer.alloc(0), (function* () {})()]) {
    const none = await upload(body);
    assert.deepEqual([none.status, none.body.type], [422, 'urn:mailtrixy:problem:file_empty']);
  }
  // Waits for leave, then sends.
  const w = await Wire.open(house.port);
  w.send(asked('POST', house.w('/uploads?name=late'), `Authorization: Bearer ${house.token}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n`));
  await w.until((x) => x.text.includes('100 Continue'));
  w.send('later');
  await w.until((x) => x.answers().length === 2);
  assert.deepEqual(w.answers(), [100, 201]);
  // The connection goes on.
  w.send(asked('GET', '/healthz'));
  await w.until((x) => x.answers().length === 3);
  w.close();
});

test('100 MB are taken, and not a byte more', { timeout: 300_000 }, async () => {
  const piece = randomBytes(1024 * 1024), hash = createHash('sha256');
  const pieces = function* () { for (let k = 0; k < 100; k++) { hash.update(piece); yield piece; } };
  const full = await upload(pieces(), 'full');
  assert.equal(full.status, 201, full.bytes.toString());
  assert.equal(full.body.bytes, max);
  const back = await content(full.body.id);
  assert.equal(createHash('sha256').update(back.bytes).digest('hex'), hash.digest('hex'));
  const over = await upload((function* () { for (let k = 0; k < 100; k++) yield piece; yield Buffer.from('!'); })(), 'over');
  assert.equal(over.status, 413);
  const w = await Wire.open(house.port);
  w.send(asked('POST', house.w('/uploads'), `Authorization: Bearer ${house.token}\r\nContent-Length: ${max + 1}\r\n`));
  await w.until((x) => x.answers().length > 0);
  assert.deepEqual(w.answers(), [413]);
  w.close();
  await until(drafts, (list) => list.length === 0);
  await until(() => figure('http_upload_bytes'), (n) => n === 0);
});

test('who may not send is told before the body is read', async () => {
  for (const [token, workspace, status] of [[null, house.workspace, 401], ['no-such-token', house.workspace, 401], [viewer, house.workspace, 403], [agent, elsewhere, 404], [agent, '999', 404]]) {
    const w = await Wire.open(house.port);
    w.send(asked('POST', `/api/v1/workspaces/${workspace}/uploads?name=x`, `${token ? `Authorization: Bearer ${token}\r\n` : ''}Content-Length: ${max}\r\nExpect: 100-continue\r\n`));
    await w.until((x) => x.answers().length > 0);
    assert.deepEqual(w.answers(), [status]);
    assert.match(w.text, /problem\+json/);
    w.close();
  }
  // By cookie without the CSRF token, from a page of elsewhere.
  const signedIn = await house.api('POST', '/api/v1/session', { email: 'agent@example.org', password }, { token: null });
  const cookie = signedIn.headers.get('set-cookie').split(';')[0];
  const headers = { Cookie: cookie };
  assert.equal((await upload(Buffer.from('x'), 'x', { token: null, headers })).status, 403);
  assert.equal((await upload(Buffer.from('x'), 'x', { token: null, headers: { ...headers, 'X-CSRF-Token': signedIn.body.csrf_token } })).status, 201);
  await until(drafts, (list) => list.length === 0);
});

test("an upload is its owner's alone", async () => {
  const mine = (await upload(Buffer.from('mine'), 'mine.txt', { token: agent })).body;
  assert.equal((await content(mine.id, { token: agent })).bytes.toString(), 'mine');
  for (const [method, where] of [['GET', `/uploads/${mine.id}/content`], ['DELETE', `/uploads/${mine.id}`]]) {
    assert.equal((await ask(house, method, house.w(where))).status, 404, method);
    assert.equal((await ask(house, method, house.w(where), { token: viewer })).status, 403, method);
    assert.equal((await ask(house, method, house.w(where), { token: null })).status, 401, method);
    assert.equal((await ask(house, method, `/api/v1/workspaces/${elsewhere}${where}`)).status, 404, method);
  }
  assert.equal((await ask(house, 'DELETE', house.w(`/uploads/${mine.id}`), { token: agent })).status, 204);
  assert.equal((await content(mine.id, { token: agent })).status, 404);
  assert.equal((await ask(house, 'DELETE', house.w(`/uploads/${mine.id}`), { token: agent })).status, 404);
});

test('parts, heads and what the client has already', async () => {
  const bytes = randomBytes(400_000), { id } = (await upload(bytes, 'parts.bin')).body;
  const whole = await content(id), tag = whole.headers.etag;
  assert.deepEqual(whole.bytes, bytes);
  assert.equal(tag, `"${createHash('sha256').update(bytes).digest('hex')}"`);
  assert.equal(whole.headers['accept-ranges'], 'bytes');
  const head = await content(id, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers['content-length'], head.headers.etag, head.bytes.length], [200, '400000', tag, 0]);
  for (const [range, from, to] of [['bytes=0-0', 0, 0], ['bytes=0-399999', 0, 399_999], ['bytes=399999-', 399_999, 399_999], ['bytes=200000-999999999999999999999', 200_000, 399_999],
    ['bytes=-1', 399_999, 399_999], ['bytes=-9999999', 0, 399_999], ['bytes=131071-131073', 131_071, 131_073], ['Bytes=5-300000', 5, 300_000]]) {
    const part = await content(id, { headers: { Range: range } });
    assert.equal(part.status, 206, range);
    assert.equal(part.headers['content-range'], `bytes ${from}-${to}/400000`);
    assert.ok(part.bytes.equals(bytes.subarray(from, to + 1)), range);
  }
  for (const range of ['bytes=400000-', 'bytes=999999999999999999999-', 'bytes=-0']) {
    const none = await content(id, { headers: { Range: range } });
    assert.deepEqual([none.status, none.headers['content-range']], [416, 'bytes */400000'], range);
  }
  for (const range of ['bytes=0-1,5-6', 'bytes=5-2', 'bytes=a-b', 'bytes=', 'bytes=-', 'lines=0-1', 'bytes=--1', 'bytes=0 1'])
    assert.equal((await content(id, { headers: { Range: range } })).status, 200, range);
  const ifRange = (value) => content(id, { headers: { Range: 'bytes=0-9', 'If-Range': value } }).then((answer) => answer.status);
  assert.deepEqual([await ifRange(tag), await ifRange('"other"'), await ifRange(`W/${tag}`), await ifRange('Wed, 01 Jan 2025 00:00:00 GMT')], [206, 200, 200, 200]);
  const ifNone = (value) => content(id, { headers: { 'If-None-Match': value } });
  for (const value of [tag, `"a", W/${tag}`, '*']) {
    const same = await ifNone(value);
    assert.deepEqual([same.status, same.headers.etag, same.bytes.length], [304, tag, 0], value);
  }
  assert.equal((await ifNone('"a"')).status, 200);
});

test('a browser shows the short list alone, and nothing runs', async () => {
  const evil = '<html><script>alert(1)</script></html>';
  const served = async (body, name) => content((await upload(Buffer.from(body), name)).body.id);
  for (const [body, name] of [[`<!doctype html>${evil}`, 'photo.png'], ['<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'drawing.svg'],
    ['<?xml version="1.0"?><a/>', 'a.xml'], [Buffer.from('4d5a900003000000', 'hex'), 'run.exe']]) {
    const answer = await served(body, name);
    assert.match(answer.headers['content-disposition'], /^attachment; /, name);
    assert.match(answer.headers['content-security-policy'], /^sandbox; default-src 'none'/, name);
    assert.doesNotMatch(answer.headers['content-type'], /html|xml|svg/, name);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  }
  const picture = await served(png(20, 20), 'Größe "1" 😀.png');
  assert.equal(picture.headers['content-disposition'], `inline; filename="Gr__e _1_ _.png"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22%20%F0%9F%98%80.png`);
  assert.equal(picture.headers['content-type'], 'image/png');
  assert.match(picture.headers['content-security-policy'], /^sandbox; default-src 'none'; .*img-src 'self'/);
  assert.equal(picture.headers['cache-control'], 'private, max-age=31536000, immutable');
  assert.equal(picture.headers['cross-origin-resource-policy'], 'same-origin');
  const words = await served('Only <b>words</b>, to a reader of plain text.\n', 'words.txt');
  assert.equal(words.headers['content-security-policy'].includes('script'), false);
});

test('no address leads out of the files', async () => {
  for (const where of ['/files/..', '/files/%2e%2e', '/files/..%2f..%2fetc%2fpasswd', '/files/../mailtrixy.db', '/files/', '/files/x', `/files/${'A'.repeat(300)}`, '/files/%00',
    house.w('/uploads/../content'), house.w('/uploads/%2e%2e/content'), house.w('/uploads/1%2f2/content'), house.w('/uploads/-1/content'), house.w('/uploads/01/content'),
    house.w('/messages/1/attachments/..'), house.w('/messages/1/attachments/-1'), house.w('/messages/1/attachments/00'), house.w('/messages/1/attachments/99999999999'), house.w('/messages/%2e%2e/attachments/0')]) {
    const w = await Wire.open(house.port);
    w.send(asked('GET', where, `Authorization: Bearer ${house.token}\r\n`));
    await w.until((x) => x.answers().length > 0);
    assert.deepEqual(w.answers(), [404], where);
    w.close();
  }
});

test('a client that leaves in the middle leaves nothing behind', async () => {
  const wires = await Promise.all(Array.from({ length: 12 }, async (_, k) => {
    const w = await Wire.open(house.port);
    w.send(asked('POST', house.w('/uploads?name=gone'), `Authorization: Bearer ${house.token}\r\n${k % 2 ? 'Transfer-Encoding: chunked' : 'Content-Length: 5000000'}\r\n`));
    return w;
  }));
  await until(drafts, (list) => list.length === 12);
  const part = Buffer.alloc(900_000, 7);
  wires.forEach((w, k) => { if (k % 2) w.socket.write(`${part.length.toString(16)}\r\n`); w.socket.write(part); });
  await until(() => figure('http_upload_bytes'), (n) => n >= 6 * 5_000_000 + 6 * 800_000);
  wires.forEach((w) => w.close());
  await until(drafts, (list) => list.length === 0);
  await until(() => figure('http_upload_bytes'), (n) => n === 0);
  await until(() => figure('http_body_bytes'), (n) => n === 0);
});

test('one person has 32 places for uploads, and others have theirs', async () => {
  const wires = [];
  const begin = async (token) => {
    const w = await Wire.open(house.port);
    wires.push(w);
    return w.send(asked('POST', house.w('/uploads'), `Authorization: Bearer ${token}\r\nContent-Length: 10\r\nExpect: 100-continue\r\n`)).until((x) => x.answers().length > 0);
  };
  try {
    // At once: each has 20 s for its whole request.
    for (const w of await Promise.all(Array.from({ length: 32 }, () => begin(agent)))) assert.deepEqual(w.answers(), [100]);
    assert.deepEqual((await begin(agent)).answers(), [429]);
    assert.deepEqual((await begin(house.token)).answers(), [100]);
    wires[0].send('0123456789');
    await wires[0].until((x) => x.answers().length === 2);
    assert.deepEqual(wires[0].answers(), [100, 201]);
    assert.deepEqual((await begin(agent)).answers(), [100]);
  } finally { wires.forEach((w) => w.close()); }
  await until(drafts, (list) => list.length === 0);
});

test('20 files at once, each to its end', { timeout: 300_000 }, async () => {
  const files = Array.from({ length: 20 }, (_, k) => Buffer.concat([Buffer.from(`file ${k} `), randomBytes(1_500_000 + k)]));
  const made = await Promise.all(files.map((bytes, k) => upload(bytes, `file ${k}`)));
  assert.deepEqual(made.map((m) => m.status), files.map(() => 201));
  const back = await Promise.all(made.map((m) => content(m.body.id)));
  back.forEach((answer, k) => assert.ok(answer.bytes.equals(files[k]), `file ${k}`));
  assert.deepEqual(drafts(), []);
});

test('while a large file leaves slowly everything else goes on, and it arrives whole', { timeout: 300_000 }, async () => {
  const bytes = randomBytes(60_000_000), { id } = (await upload(bytes, 'large')).body;
  const stream = await house.events();
  const slow = await Promise.all(Array.from({ length: 5 }, async () => {
    const w = await Wire.open(house.port);
    w.parts = [];
    w.socket.removeAllListeners('data').on('data', (d) => w.parts.push(d));
    w.send(asked('GET', house.w(`/uploads/${id}/content`), `Authorization: Bearer ${house.token}\r\nConnection: close\r\n`));
    await w.until((x) => x.parts.length > 0);
    w.socket.pause();
    return w;
  }));
  for (let k = 0; k < 20; k++) {
    assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000501', { message: { mid: `slow-${k}`, text: `still quick ${k}` } })))).status, 200);
    await stream.wait((e) => e.json?.message?.text === `still quick ${k}`);
    assert.equal((await content(id, { headers: { Range: 'bytes=100-199' } })).bytes.length, 100);
  }
  slow.slice(1).forEach((w) => w.close());
  slow[0].socket.resume();
  await slow[0].until((x) => x.closed, 120_000);
  const all = Buffer.concat(slow[0].parts), body = all.subarray(all.indexOf('\r\n\r\n') + 4);
  assert.ok(body.equals(bytes), `${body.length} of ${bytes.length} bytes`);
  stream.close();
});

// A customer who has just written.
async function meet(customer) {
  const mid = `meet-${customer}-${randomBytes(4).toString('hex')}`;
  assert.equal((await house.webhook(house.envelope(house.fromCustomer(customer, { message: { mid, text: `I am ${customer}` } })))).status, 200);
  return until(() => house.conversationOf(`I am ${customer}`), Boolean);
}
const reply = (conversation, body, options) => house.api('POST', house.w(`/conversations/${conversation.id}/messages`), body, options);

test('a file goes to the customer by a signed link, and to members by its message', async () => {
  const conversation = await meet('900000000000601'), picture = png(300, 200, 3);
  const { id } = (await upload(picture, '../Rechnung für Öl.png')).body;
  const sent = await reply(conversation, { text: 'Here it is', attachments: [id], client_id: 'files-1' });
  assert.equal(sent.status, 201, sent.text);
  const message = [sent.body, ...(sent.body.messages ?? [])].find((m) => m.attachments.length === 1), [file] = message.attachments;
  assert.deepEqual([file.state, file.type, file.mime_type, file.bytes, file.width, file.height, file.url], ['kept', 'image', 'image/png', picture.length, 300, 200, house.w(`/messages/${message.id}/attachments/0`)]);
  assert.equal((await reply(conversation, { text: 'Here it is', attachments: [id], client_id: 'files-1' })).body.id, sent.body.id);

  const seen = await ask(house, 'GET', file.url, { token: viewer });
  assert.equal(seen.status, 200);
  assert.deepEqual(seen.bytes, picture);
  assert.equal(seen.headers['content-disposition'], `inline; filename="Rechnung f_r _l.png"; filename*=UTF-8''Rechnung%20f%C3%BCr%20%C3%96l.png`);
  assert.match((await ask(house, 'GET', `${file.url}?download=1`, { token: viewer })).headers['content-disposition'], /^attachment; /);
  assert.equal((await ask(house, 'GET', file.preview_url, { token: viewer })).headers['content-type'], 'image/webp');
  assert.deepEqual((await ask(house, 'GET', file.url, { headers: { Range: 'bytes=-7' } })).bytes, picture.subarray(-7));
  assert.equal((await ask(house, 'HEAD', file.url)).headers['content-length'], String(picture.length));
  assert.equal((await ask(house, 'GET', file.url, { headers: { 'If-None-Match': seen.headers.etag } })).status, 304);
  for (const [token, where, status] of [[null, file.url, 401], [house.token, file.url.replace(`workspaces/${house.workspace}`, `workspaces/${elsewhere}`), 404], [agent, file.url.replace(`workspaces/${house.workspace}`, `workspaces/${elsewhere}`), 404],
    [agent, house.w(`/messages/${message.id}/attachments/1`), 404], [agent, house.w('/messages/999999/attachments/0'), 404]])
    assert.equal((await ask(house, 'GET', where, { token })).status, status, where);
  assert.equal((await content(id)).status, 404, 'what was sent is no upload any more');

  const link = (await sentToCustomer((b) => b.message?.attachment?.payload?.url)).body.message.attachment.payload.url;
  assert.ok(link.startsWith(`${house.url}/files/`), link);
  const where = link.slice(house.url.length), fetched = await ask(house, 'GET', where, { token: null });
  assert.equal(fetched.status, 200);
  assert.deepEqual([fetched.bytes.equals(picture), fetched.headers['content-type'], fetched.headers['content-disposition'].split(';')[0], fetched.headers['cache-control']], [true, 'image/png', 'attachment', 'no-store']);
  assert.deepEqual((await ask(house, 'GET', where, { token: null, headers: { Range: 'bytes=0-3' } })).bytes, picture.subarray(0, 4));
  assert.equal((await ask(house, 'HEAD', where, { token: null })).bytes.length, 0);
  const token = where.slice('/files/'.length);
  for (const wrong of [`${token.slice(0, -1)}${token.at(-1) === 'A' ? 'B' : 'A'}`, `${token[0] === 'A' ? 'B' : 'A'}${token.slice(1)}`, token.slice(0, -2), `${token}A`, `${token}/`, token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase()])
    assert.equal((await ask(house, 'GET', `/files/${wrong}`)).status, 404, wrong);
});

test('what cannot be sent is refused with the reason, and nothing is sent or kept', async () => {
  const conversation = await meet('900000000000602');
  const text = (await upload(Buffer.from('Only words.\n'), 'words.txt')).body;
  const refused = await reply(conversation, { attachments: [text.id] });
  assert.deepEqual([refused.status, refused.body.type], [422, 'urn:mailtrixy:problem:file_refused']);
  assert.match(refused.body.detail, /PDF/);
  const before = await upload(Buffer.from('Only words.\n'), 'words.txt', { query: '&channel=instagram' });
  assert.deepEqual([before.status, before.body.type], [422, 'urn:mailtrixy:problem:file_refused']);
  assert.equal((await upload(png(9, 9), 'a.png', { query: '&channel=instagram' })).body.type, 'image');
  assert.equal((await upload(png(9, 9), 'a.png', { query: '&channel=pigeon' })).status, 422);
  const others = (await upload(png(8, 8), 'b.png', { token: agent })).body;
  assert.equal((await reply(conversation, { attachments: [others.id] })).body.type, 'urn:mailtrixy:problem:file_refused');
  const template = await reply(conversation, { template: { name: 'hello', language: 'en', values: { 'body.1': 'Ana' } } });
  assert.deepEqual([template.status, template.body.type], [422, 'urn:mailtrixy:problem:cannot']);
  for (const [body, field] of [[{}, 'text'], [{ attachments: 'x' }, 'attachments'], [{ attachments: [5] }, 'attachments'], [{ attachments: Array(11).fill('1') }, 'attachments'], [{ text: 'x', reply_to: 'x' }, 'reply_to'],
    [{ template: { name: 'a' } }, 'template'], [{ template: 'a' }, 'template'], [{ template: { name: 'a', language: 'b', values: { c: 1 } } }, 'template'], [{ text: 'x', voice: 1 }, 'voice']]) {
    const answer = await reply(conversation, body);
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.ok(answer.body.errors.some((e) => e.field === field), JSON.stringify([body, answer.body.errors]));
  }
  assert.deepEqual((await house.messages(conversation.id)).filter((m) => m.direction === 'out'), []);
});

test('a reaction, that somebody writes, and that it was read reach the provider', async () => {
  const conversation = await meet('900000000000603'), [message] = await house.messages(conversation.id);
  const where = house.w(`/conversations/${conversation.id}/messages/${message.id}/reaction`);
  const put = (emoji, token) => house.api('PUT', where, { emoji }, { token });
  const set = await put('\u2764\ufe0f', agent);
  assert.equal(set.status, 200, set.text);
  assert.equal(set.body.reactions.filter((r) => r.by === 'us').length, 1);
  await sentToCustomer((b) => b.sender_action === 'react' && b.payload.message_id === message.external_id);
  const wrong = await put('not an emoji', agent);
  assert.deepEqual([wrong.status, wrong.body.type], [422, 'urn:mailtrixy:problem:cannot']);
  assert.equal((await put('', agent)).status, 200);
  await sentToCustomer((b) => b.sender_action === 'unreact');
  assert.equal((await put('\u2764\ufe0f', viewer)).status, 403);
  assert.equal((await house.api('PUT', where, {})).status, 422);
  assert.equal((await house.api('PUT', where.replace(`/messages/${message.id}`, '/messages/999999'), { emoji: '' })).status, 404);

  const typing = house.w(`/conversations/${conversation.id}/typing`);
  assert.equal((await house.api('POST', typing, undefined, { token: viewer })).status, 403);
  assert.equal((await house.api('POST', typing, undefined, { token: agent })).status, 204);
  await sentToCustomer((b) => b.sender_action === 'typing_on');
  assert.equal((await house.api('POST', house.w('/conversations/999999/typing'))).status, 404);
  assert.equal((await house.api('PATCH', house.w(`/conversations/${conversation.id}`), { unread: 0 }, { token: agent })).body.unread, 0);
  await sentToCustomer((b) => b.sender_action === 'mark_seen' && b.recipient.id === '900000000000603');
});

test("an account's switches, its templates, and what its channel can", async () => {
  const where = house.w(`/accounts/${house.account.id}`);
  const account = (await house.api('GET', where)).body;
  assert.deepEqual([account.read_receipts, account.typing], [true, true]);
  const quiet = await house.api('PATCH', where, { typing: false });
  assert.deepEqual([quiet.status, quiet.body.read_receipts, quiet.body.typing], [200, true, false]);
  assert.equal((await house.api('PATCH', where, { read_receipts: 'no' })).status, 422);
  assert.deepEqual([(await house.api('GET', where)).body.typing, (await house.api('PATCH', where, { typing: true, read_receipts: false })).body.read_receipts], [false, false]);
  assert.equal((await house.api('PATCH', where, {}, { token: agent })).status, 403);
  assert.equal((await house.api('PATCH', house.w('/accounts/999999'), { typing: true })).status, 404);
  assert.equal((await house.api('PATCH', where, { read_receipts: true })).body.typing, true);

  const none = await house.api('GET', `${where}/templates`, undefined, { token: viewer });
  assert.deepEqual([none.status, none.body], [200, { fetched_at: null, items: [], next_cursor: null }]);
  assert.equal((await house.api('POST', `${where}/templates`, undefined, { token: viewer })).status, 403);
  assert.equal((await house.api('POST', `${where}/templates`, undefined, { token: agent })).status, 409);
  assert.equal((await house.api('GET', house.w('/accounts/999999/templates'))).status, 404);

  const channel = (await house.api('GET', house.w('/channels'))).body.items.find((c) => c.slug === 'instagram'), can = channel.capabilities;
  assert.deepEqual([can.quote, can.react, can.seen, can.typing, can.templates, can.text_style], [true, { allowed: true, emoji: ['\u2764\ufe0f'] }, true, true, false, 'plain']);
  assert.deepEqual(can.media.map((m) => m.type), ['image', 'video', 'audio', 'file']);
  assert.deepEqual(can.media[3], { type: 'file', mime_types: ['application/pdf'], max_bytes: 25 * 1024 * 1024, caption_max: 0, help: can.media[3].help });
  assert.ok(channel.fields.every((f) => f.learned === false));
});

test('while a channel is hidden so are the files of its conversations', async () => {
  const conversation = await meet('900000000000606'), { id } = (await upload(png(30, 30, 6), 'hidden.png')).body;
  const url = (await reply(conversation, { attachments: [id] })).body.attachments[0].url, addon = '/api/v1/admin/addons/instagram';
  const see = async () => (await ask(house, 'GET', url)).status;
  assert.equal(await see(), 200);
  assert.equal((await house.api('POST', `${addon}/deactivate`)).status, 200);
  assert.equal(await see(), 404);
  assert.equal((await house.api('PATCH', house.w(`/accounts/${house.account.id}`), { typing: true })).status, 404);
  assert.equal((await house.api('POST', `${addon}/activate`)).status, 200);
  assert.equal(await see(), 200);
});

test("a customer's file that is not here yet says so, and is fetched again by a person's wish", async () => {
  const mid = `not-kept-${randomBytes(4).toString('hex')}`;
  const attachments = [{ type: 'image', payload: { url: 'http://127.0.0.1:9/ig_messaging_cdn/?asset_id=1&signature=x' } }];
  assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000604', { message: { mid, attachments } })))).status, 200);
  const conversation = await until(async () => (await house.conversations()).find((c) => c.last_message?.kind === 'image'), Boolean);
  const [message] = await house.messages(conversation.id);
  assert.ok(['fetching', 'lost'].includes(message.attachments[0].state));
  const get = await house.api('GET', house.w(`/messages/${message.id}/attachments/0`));
  assert.deepEqual([get.status, get.body.type], [409, 'urn:mailtrixy:problem:file_not_kept']);
  const again = (n, token) => house.api('POST', house.w(`/conversations/${conversation.id}/messages/${message.id}/attachments/${n}/fetch`), undefined, { token });
  assert.equal((await again(0, viewer)).status, 403);
  assert.equal((await again(0, agent)).status, 202);
  assert.equal((await again(1, agent)).status, 404);
  const other = await meet('900000000000605');
  assert.equal((await house.api('POST', house.w(`/conversations/${other.id}/messages/${message.id}/attachments/0/fetch`))).status, 404);
});

test('who sends a file too slowly, or does not read one, is cut off, and nothing is left of it', { timeout: 300_000 }, async () => {
  const { id } = (await upload(randomBytes(40_000_000), 'unread')).body;
  const bearer = `Authorization: Bearer ${house.token}\r\n`, slow = await Wire.open(house.port), deaf = await Wire.open(house.port);
  slow.send(asked('POST', house.w('/uploads'), `${bearer}Content-Length: 100000\r\n`));
  deaf.send(asked('GET', house.w(`/uploads/${id}/content`), bearer));
  await deaf.until((x) => x.text.length > 0);
  deaf.socket.pause();
  await until(() => figure('http_files_leaving'), (n) => n === 1);
  const drip = setInterval(() => { if (!slow.closed) slow.send('z'); }, 1000);
  await slow.until((x) => x.closed, 120_000);
  clearInterval(drip);
  await until(drafts, (list) => list.length === 0);
  // That the server has closed shows only in its figures: the socket itself is paused.
  await until(() => figure('http_files_leaving'), (n) => n === 0, 120_000);
  deaf.close();
});

test('what is answered is what the document of the API says', async () => {
  const conversation = await meet('900000000000607'), { id } = (await upload(png(40, 40, 9), 'told.png')).body;
  await reply(conversation, { text: 'Look', attachments: [id] });
  const own = (await upload(Buffer.from('words\n'), 'w.txt')).body;
  const { body: document } = await house.api('GET', '/api/v1/openapi.json'), base = '/api/v1/workspaces/{w}';
  const account = { id: house.account.id }, talk = { id: conversation.id };
  for (const [path, ids = {}] of [['/channels'], ['/accounts'], ['/accounts/{id}', account], ['/accounts/{id}/templates', account], ['/conversations'], ['/conversations/counts'], ['/conversations/{id}', talk],
    ['/conversations/{id}/messages', talk], ['/members'], ['/webhook-events']]) {
    const answer = await house.api('GET', house.w(path.replace(/\{(\w+)\}/g, (_, name) => ids[name])));
    const schema = document.paths[base + path].get.responses['200'].content['application/json'].schema;
    assert.equal(answer.status, 200, path);
    assert.deepEqual(faults(document, schema, answer.body), [], path);
  }
  assert.deepEqual(faults(document, document.components.schemas.Upload, own), []);
  assert.deepEqual(faults(document, document.components.schemas.Problem, (await reply(conversation, {})).body), []);
  const without = structuredClone(own);
  delete without.bytes;
  assert.deepEqual(faults(document, document.components.schemas.Upload, { ...without, extra: 1, type: 'house' }).length, 3);
});

test('SIGTERM ends the server in time while files come and go, and leaves no draft', { timeout: 300_000 }, async () => {
  const short = await House.start({ addon: false });
  const bytes = randomBytes(30_000_000);
  const { id } = (await ask(short, 'POST', short.w('/uploads?name=large'), { body: bytes })).body;
  const bearer = `Authorization: Bearer ${short.token}\r\n`, sender = await Wire.open(short.port), reader = await Wire.open(short.port);
  sender.send(asked('POST', short.w('/uploads?name=half'), `${bearer}Content-Length: 1000000\r\n`)).send('x'.repeat(400_000));
  reader.send(asked('GET', short.w(`/uploads/${id}/content`), bearer));
  await reader.until((x) => x.text.length > 0);
  reader.socket.pause();
  await until(() => readdirSync(path.join(short.data, 'files/new')), (list) => list.length === 1);
  const began = Date.now();
  assert.equal(await short.down(), 0);
  assert.ok(Date.now() - began < inTime, `${Date.now() - began} ms`);
  assert.deepEqual(readdirSync(path.join(short.data, 'files/new')), []);
  sender.close();
  reader.close();
  await short.stop();
});
