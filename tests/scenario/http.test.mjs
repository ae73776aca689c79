// The door itself, by bare sockets: framing, limits, slow and vanishing clients, what every answer carries, and the page.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { House, inTime, metaJson, password, sign, until, webhookPath } from './lib/house.mjs';
import { Wire, asked } from './lib/wire.mjs';

let house;
before(async () => { house = await House.start(); });
after(() => house.stop());

const one = async (text, ms) => { const w = await (await Wire.open(house.port)).send(text).until((x) => x.closed || /\r\n\r\n/.test(x.text), ms); w.close(); return w; };

test('what is no HTTP/1.1 is refused in words', async () => {
  for (const [text, status] of [
    ['hello\r\n\r\n', 400], ['GET / HTTP/1.1\r\n\r\n', 400], ['GET / HTTP/3.7\r\nHost: x\r\n\r\n', 505],
    [asked('POST', webhookPath, 'Content-Length: 5\r\nContent-Length: 6\r\n'), 400], [asked('POST', webhookPath, 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'), 400],
    [asked('POST', webhookPath, 'Transfer-Encoding: gzip\r\n'), 501], [asked('GET', '/healthz', 'X : y\r\n'), 400],
    [asked('GET', '/healthz', `X-Long: ${'y'.repeat(17000)}\r\n`), 431], [asked('GET', `/${'y'.repeat(17000)}`), 431],
    [`${asked('POST', webhookPath, 'Transfer-Encoding: chunked\r\n')}zz\r\n`, 400],
  ]) {
    const w = await one(text);
    assert.equal(w.answers()[0], status, text.slice(0, 120));
    assert.match(w.text, /Content-Type: application\/problem\+json/i);
    assert.match(w.text, /Connection: close/i);
  }
});

test('a body that is too large is refused before it is sent', async () => {
  for (const [where, length] of [[webhookPath, 5_000_000], ['/api/v1/session', 300_000], ['/api/v1/admin/addons', 33 * 1024 * 1024 + 1], ['/api/v1/session', 9_000_000_000_000_000]]) {
    const w = await one(asked('POST', where, `Content-Type: application/json\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n`));
    assert.deepEqual(w.answers(), [413], where);
  }
  // And one that grows past the limit in chunks.
  const w = await Wire.open(house.port);
  w.send(asked('POST', '/api/v1/session', 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n'));
  for (let k = 0; k < 40 && !w.closed; k++) w.send(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
  await w.until((x) => x.answers().length > 0);
  assert.deepEqual(w.answers(), [413]);
  w.close();
});

test('a client that waits for leave to send its body gets it', async () => {
  const body = metaJson(house.envelope(house.fromCustomer('900000000000401', { message: { mid: 'http-continue', text: 'waited' } })));
  const w = await Wire.open(house.port);
  w.send(asked('POST', webhookPath, `Content-Length: ${body.length}\r\nExpect: 100-continue\r\nX-Hub-Signature-256: ${sign(body, house.account.secret)}\r\n`));
  await w.until((x) => x.text.includes('100 Continue'));
  w.send(body);
  await w.until((x) => x.answers().length === 2);
  assert.deepEqual(w.answers(), [100, 200]);
  w.close();
});

test('a webhook in pieces of one byte, in chunks, and with its header in other case', async () => {
  const body = metaJson(house.envelope(house.fromCustomer('900000000000402', { message: { mid: 'http-chunks', text: 'in pieces' } })));
  const w = await Wire.open(house.port);
  w.socket.setNoDelay(true);
  const text = asked('POST', webhookPath, `transfer-encoding: chunked\r\nx-HUB-signature-256: ${sign(body, house.account.secret)}\r\n`)
    + [...body.matchAll(/[^]{1,7}/g)].map(([part]) => `${part.length.toString(16)};x=y\r\n${part}\r\n`).join('') + '0\r\nTrailer: z\r\n\r\n';
  for (const byte of text) { w.send(byte); if (Math.random() < 0.02) await new Promise(setImmediate); }
  await w.until((x) => x.answers().length === 1);
  assert.deepEqual(w.answers(), [200]);
  w.close();
});

test('requests in a row on one connection are answered in their order', async () => {
  const w = await Wire.open(house.port);
  const wheres = Array.from({ length: 60 }, (_, k) => ['/healthz', '/api/v1/setup', '/nothing/here', '/readyz'][k % 4]);
  w.send(wheres.map((where) => asked('GET', where)).join('\r\n'));
  await w.until((x) => x.answers().length === 60);
  assert.deepEqual(w.answers(), wheres.map((where) => (where === '/nothing/here' ? 404 : 200)));
  assert.equal(w.closed, false);
  w.close();
});

test('HEAD has the head of GET and no body; a wrong method names the right ones', async () => {
  const w = await one(asked('HEAD', '/api/v1/setup', 'Connection: close\r\n'));
  await w.until((x) => x.closed);
  assert.match(w.text, /Content-Length: [1-9]/);
  assert.ok(w.text.endsWith('\r\n\r\n'));
  const put = await house.api('PUT', '/api/v1/session', {}, { token: null });
  assert.equal(put.status, 405);
  assert.equal(put.headers.get('allow'), 'POST, DELETE');
  assert.equal((await house.api('DELETE', webhookPath)).headers.get('allow'), 'GET, HEAD, POST');
  assert.equal((await house.api('POST', '/', {})).status, 405);
  const unknown = await house.api('GET', '/api/v1/unknown');
  assert.equal(unknown.status, 404);
  assert.match(unknown.headers.get('content-type'), /problem\+json/);
});

test('clients that leave in the middle of anything do no harm', async () => {
  const body = metaJson(house.envelope(house.fromCustomer('900000000000403', { message: { mid: 'http-leaver', text: 'left' } })));
  const whole = asked('POST', webhookPath, `Content-Length: ${body.length}\r\nX-Hub-Signature-256: ${sign(body, house.account.secret)}\r\n`) + body;
  const conversations = asked('GET', house.w('/conversations'), `Authorization: Bearer ${house.token}\r\n`);
  const events = asked('GET', house.w('/events'), `Authorization: Bearer ${house.token}\r\n`);
  await Promise.all(Array.from({ length: 300 }, async (_, k) => {
    const w = await Wire.open(house.port);
    const text = [whole, conversations, events, whole + conversations][k % 4];
    w.send(k % 5 === 0 ? text.slice(0, Math.floor(text.length * Math.random())) : text);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
    w.close();
  }));
  assert.equal((await house.api('GET', '/readyz')).status, 200);
  // The event was committed whoever waited for its answer, and once.
  await until(async () => (await house.conversations()).filter((c) => c.last_message.text === 'left').length, (n) => n === 1);
  await until(async () => (await house.api('GET', '/metrics')).text, (t) => /mailtrixy_live_streams 0\n/.test(t) && /http_body_bytes 0\n/.test(t));
});

test('a client that sends too slowly is cut off, one that is only idle may stay', { timeout: 300_000 }, async () => {
  const slow = await Wire.open(house.port), idle = await Wire.open(house.port), body = await Wire.open(house.port);
  idle.send(asked('GET', '/healthz'));
  slow.send('GET /healthz HTTP/1.1\r\nHost: x\r\n');
  body.send(asked('POST', webhookPath, 'Content-Length: 1000\r\n'));
  const drip = setInterval(() => { if (!slow.closed) slow.send('X: y\r\n'); if (!body.closed) body.send('z'); }, 1000);
  await Promise.all([slow.until((x) => x.closed, 120_000), body.until((x) => x.closed, 120_000)]);
  clearInterval(drip);
  idle.send(asked('GET', '/healthz'));
  await idle.until((x) => x.answers().length === 2);
  idle.close();
});

test('a live stream whose client does not read is cut, and the others go on', { timeout: 300_000 }, async () => {
  const deaf = await Wire.open(house.port);
  deaf.send(asked('GET', house.w('/events'), `Authorization: Bearer ${house.token}\r\n`));
  await deaf.until((x) => x.text.includes('event: hello'));
  deaf.socket.pause();
  let n = 0;
  await until(async () => {
    const updates = Array.from({ length: 400 }, () => house.fromCustomer('900000000000404', { message: { mid: `deaf-${++n}`, text: 'y'.repeat(4000) } }));
    assert.equal((await house.webhook(house.envelope(...updates))).status, 200);
    return (await house.api('GET', '/metrics')).text;
  }, (t) => /live_streams_cut_total [1-9]/.test(t), 120_000);
  deaf.close();
  const stream = await house.events();
  assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000405', { message: { mid: 'deaf-after', text: 'still here' } })))).status, 200);
  await stream.wait((e) => e.json?.message?.text === 'still here');
});

test('every answer tells browsers what they may not do', async () => {
  for (const where of ['/', '/api/v1/setup', '/nothing', '/healthz', webhookPath]) {
    const answer = await house.api('GET', where, undefined, { token: null });
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', where);
    assert.match(answer.headers.get('content-security-policy'), /frame-ancestors 'none'/, where);
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/, where);
    assert.ok(answer.headers.get('referrer-policy') && answer.headers.get('cross-origin-opener-policy') && answer.headers.get('date'), where);
  }
});

test('the page is served at each of its addresses, packed, and its assets for ever', async () => {
  for (const where of ['/', '/login', '/setup', '/settings/channels', '/settings/members', '/settings/tokens', '/settings/webhooks', '/admin/addons', '/admin/addons/instagram/settings']) {
    const answer = await house.api('GET', where, undefined, { token: null, headers: { Accept: 'text/html' } });
    assert.equal(answer.status, 200, where);
    assert.match(answer.headers.get('content-type'), /^text\/html/);
    assert.match(answer.headers.get('content-security-policy'), /script-src 'self';/);
    assert.equal(answer.headers.get('cache-control'), 'no-cache');
  }
  const page = await house.api('GET', '/', undefined, { token: null });
  const again = await house.api('GET', '/', undefined, { token: null, headers: { 'If-None-Match': page.headers.get('etag') } });
  assert.equal(again.status, 304);
  const assets = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((m) => m[1]);
  assert.ok(assets.length >= 2);
  for (const asset of assets) {
    const plain = await house.api('GET', asset, undefined, { token: null, headers: { 'Accept-Encoding': 'identity' } });
    assert.equal(plain.status, 200);
    assert.match(plain.headers.get('cache-control'), /immutable/);
    const packed = await house.api('GET', asset, undefined, { token: null, headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(packed.headers.get('content-encoding'), 'gzip');
    assert.equal(packed.text, plain.text);
  }
  const lost = await house.api('GET', '/assets/app-0000000000.js', undefined, { token: null, headers: { Accept: 'text/html' } });
  assert.equal(lost.status, 404);
});

test('a session of an https installation has a Secure cookie, and other sites cannot sign anybody in', async () => {
  const answer = await house.api('POST', '/api/v1/session', { email: 'owner@example.org', password }, { token: null, headers: { 'Sec-Fetch-Site': 'cross-site' } });
  assert.equal(answer.status, 403);
  const secure = await House.start({ publicUrl: 'https://inbox.example.org', addon: false });
  try {
    const signedIn = await secure.api('POST', '/api/v1/session', { email: 'owner@example.org', password }, { token: null });
    assert.match(signedIn.headers.get('set-cookie'), /; Secure/);
    assert.ok(signedIn.headers.get('strict-transport-security'));
  } finally { await secure.stop(); }
});

test('API tokens: made, listed without their secret, used, taken away', async () => {
  const made = await house.api('POST', '/api/v1/tokens', { name: 'script' });
  assert.equal(made.status, 201);
  assert.equal((await house.api('GET', '/api/v1/me', undefined, { token: made.body.token })).status, 200);
  const list = await house.api('GET', '/api/v1/tokens');
  assert.ok(list.body.items.some((t) => t.id === made.body.id && t.name === 'script') && !list.text.includes(made.body.token));
  assert.equal((await house.api('DELETE', `/api/v1/tokens/${made.body.id}`)).status, 204);
  assert.equal((await house.api('GET', '/api/v1/me', undefined, { token: made.body.token })).status, 401);
  assert.equal((await house.api('DELETE', `/api/v1/tokens/${made.body.id}`)).status, 404);
  assert.equal((await house.api('POST', '/api/v1/tokens', { name: 5 })).status, 422);
  assert.equal((await house.api('POST', '/api/v1/tokens', [])).status, 400);
  assert.equal((await house.api('POST', '/api/v1/tokens', '{"name":"a","name":')).status, 400);
});

test('the API describes itself', async () => {
  const answer = await house.api('GET', '/api/v1/openapi.json', undefined, { token: null });
  assert.equal(answer.body.openapi, '3.1.0');
  assert.ok(answer.body.paths['/api/v1/workspaces/{w}/conversations'].get);
});

test('each operation of the document takes the role that it names, and no less', { timeout: 300_000 }, async () => {
  const { paths } = (await house.api('GET', '/api/v1/openapi.json')).body;
  const tokens = { owner: house.token }, ranks = ['viewer', 'agent', 'admin', 'owner'];
  for (const role of ['viewer', 'agent', 'admin']) {
    const answer = await house.api('POST', house.w('/members'), { email: `matrix-${role}@example.org`, name: role, role, password });
    assert.equal(answer.status, 201, answer.text);
    tokens[role] = house.command(['token', '--email', `matrix-${role}@example.org`]);
  }
  const other = (await house.api('POST', '/api/v1/workspaces', { name: 'Elsewhere' })).body.id;
  let asked = 0;
  for (const [path, methods] of Object.entries(paths)) for (const [method, operation] of Object.entries(methods)) {
    const ask = (workspace, token) => house.api(method.toUpperCase(), path.replace('{w}', workspace).replace(/\{slug\}/, 'no-such-addon').replace(/\{\w+\}/g, '999999999'),
      operation.requestBody ? {} : undefined, { token, type: operation.requestBody?.content['application/zip'] ? 'application/zip' : undefined });
    if (operation.security?.length === 0) continue;
    const name = `${method} ${path}`;
    assert.equal((await ask(house.workspace, null)).status, 401, name);
    if (operation['x-role'] === 'instance admin') {
      for (const role of ['viewer', 'agent', 'admin']) assert.equal((await ask(house.workspace, tokens[role])).status, 403, `${role} ${name}`);
    } else if (operation['x-role']) {
      for (const role of ranks.slice(0, ranks.indexOf(operation['x-role']))) assert.equal((await ask(house.workspace, tokens[role])).status, 403, `${role} ${name}`);
      for (const role of ['viewer', 'agent', 'admin']) assert.equal((await ask(other, tokens[role])).status, 404, `stranger ${name}`);
    }
    asked++;
  }
  assert.ok(asked > 30);
});

test('live streams take half of the places at most, and idle connections give theirs to new ones', { timeout: 300_000 }, async () => {
  const small = await House.start({ addon: false, args: ['--max-connections', '20'] });
  const wires = [];
  try {
    const wire = async () => { wires.push(await Wire.open(small.port)); return wires.at(-1); };
    const answers = [];
    for (let k = 0; k < 12; k++) {
      const w = (await wire()).send(asked('GET', small.w('/events'), `Authorization: Bearer ${small.token}\r\n`));
      await w.until((x) => x.answers().length > 0);
      answers.push(w.answers()[0]);
    }
    assert.deepEqual(answers, [...Array(10).fill(200), 503, 503]);
    for (let k = 0; k < 40; k++) {
      const w = (await wire()).send(asked('GET', '/healthz'));
      await w.until((x) => x.answers().length > 0);
      assert.deepEqual(w.answers(), [200], `connection ${k}`);
    }
    assert.equal(wires.slice(0, 10).filter((w) => w.closed).length, 0);
  } finally {
    for (const w of wires) w.close();
    await small.stop();
  }
});

test('SIGTERM ends the server in time, even while a provider does not answer a check', { timeout: 300_000 }, async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const url = `http://127.0.0.1:${silent.address().port}`;
  const waiting = await House.start({ graph: { graph_url: url, instagram_graph_url: url } });
  const check = waiting.api('POST', waiting.w(`/accounts/${waiting.account.id}/check`)).catch((e) => e);
  await until(async () => (await waiting.api('GET', '/metrics')).text, (t) => /worker_running_requests [2-9]/.test(t));
  const began = Date.now();
  assert.equal(await waiting.down(), 0);
  assert.ok(Date.now() - began < inTime, `${Date.now() - began} ms`);
  await check;
  silent.closeAllConnections();
  silent.close();
  await waiting.stop();
});
