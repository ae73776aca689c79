// The control API: who may call it, what it accepts, and what it remembers.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { Ring } from '../core/ring.mjs';
import { startPair } from './lib.mjs';

let p;
before(async () => { p = await startPair(); });
after(() => p.stop());

const call = (path, { method = 'POST', headers = {}, body = '{}' } = {}) => new Promise((resolve, reject) => {
  const request = http.request(`${p.sim.url}/control/${path}`, { method, headers }, (response) => {
    let text = '';
    response.on('data', (part) => { text += part; });
    response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
  });
  request.on('error', reject).end(method === 'POST' ? body : undefined);
});
const JSON_TYPE = { 'Content-Type': 'application/json' };

test('only JSON, so that a page from elsewhere has to ask and is refused', async () => {
  assert.equal((await call('clock', { headers: { 'Content-Type': 'application/json; charset=utf-8' } })).status, 200);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', '']) {
    assert.equal((await call('reset', { headers: type ? { 'Content-Type': type } : {} })).status, 415, type);
  }
  assert.equal((await call('clock', { method: 'OPTIONS' })).status >= 400, true);
  for (const body of ['[]', 'null', '"x"', '{', Buffer.from([0x7b, 0xff, 0x7d])]) assert.equal((await call('clock', { headers: JSON_TYPE, body })).status, 400);
});

test('only by a name of this machine, and not from a page of another one', async () => {
  const port = new URL(p.sim.url).port;
  for (const Host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'localhost']) assert.equal((await call('apps', { method: 'GET', headers: { Host } })).status, 200, Host);
  for (const Host of [`evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', 'a b']) assert.equal((await call('apps', { method: 'GET', headers: { Host } })).status, 403, Host);
  assert.equal((await call('clock', { headers: { ...JSON_TYPE, Origin: p.sim.url } })).status, 200);
  for (const Origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
    assert.equal((await call('clock', { headers: { ...JSON_TYPE, Origin } })).status, 403);
    assert.equal((await call('upload', { headers: { 'Content-Type': 'text/plain', Origin } })).status, 403);
  }
});

test('misspelt names and values are said, and nothing is changed', async () => {
  const refusals = [
    ['accounts/change', { condition: 'sad' }], ['accounts/change', { conditon: 'restricted' }], ['accounts/change', { subscribed_fields: 'messages' }],
    ['customers/change', { customer: p.customer, condition: 'restricted' }], ['customers/change', { customer: p.customer, name: 'New', has_role: 'no' }],
    ['apps/change', { live: false, fields: ['mesages'] }], ['apps/change', { secret: null }],
    ['tokens/change', { trouble: 'tired' }], ['tokens/change', { scopes: 'all' }], ['tokens/change', { expires_at: -1 }],
    ['options', { send_per_minute: 1 }], ['options', { echo: 'loud' }], ['options', { retry_ms: ['soon'] }], ['options', { human_agent_missing: { code: '10' } }],
    ['options', { batch_max: 0 }], ['weather', { preset: 'hail' }], ['weather', { preset: 'temporary', times: 'often' }],
    ['accounts', { backend: 'fax' }], ['tokens', { kind: 'app' }],
  ];
  // But the pictures' addresses, which are signed anew every second.
  const all = async () => JSON.stringify(await Promise.all(['apps', 'accounts', 'customers', 'options', 'weather'].map((path) => p.sim.get(path))),
    (name, value) => (name === 'picture_url' ? undefined : value));
  const before = await all();
  for (const [path, body] of refusals) assert.equal((await call(path, { headers: JSON_TYPE, body: JSON.stringify(body) })).status, 400, JSON.stringify(body));
  assert.equal(await all(), before);
  assert.equal((await call('accounts/change', { headers: JSON_TYPE, body: '{"account":"1"}' })).status, 404);
  for (const condition of ['restricted', null]) assert.equal((await p.sim.post('accounts/change', { condition })).condition, condition);
});

test('the log of calls keeps no token', async () => {
  await p.sim.act(p.customer, 'text');
  const token = p.demo.fields.page_access_token;
  await p.graph('POST', `me/messages?access_token=${token}`, { recipient: { id: p.customer }, message: { text: 'logged' } }, { token: null });
  const record = (await p.sim.get('calls')).at(-1);
  assert.deepEqual(record.params, { recipient: { id: p.customer }, message: { text: 'logged' } });
  assert.equal(record.authorized_by, 'parameter');
  assert.ok(!JSON.stringify(record).includes(token));
});

test('a log forgets by what its entries really take', () => {
  const ring = new Ring({ entries: 10, bytes: 1000 });
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ring.push({ name }, 100));
  ring.grow(b, 600);
  assert.deepEqual(ring.list(), [a, b, c]);
  ring.grow(c, 150);
  assert.deepEqual(ring.list(), [b, c]);
  ring.grow(a, 5000); // long forgotten
  ring.grow(c, 5000);
  assert.deepEqual(ring.list(), [c]);
});

test('an app that is not Live hears only of people with a role', async () => {
  await p.sim.post('apps/change', { live: false });
  const stranger = await p.sim.post('customers', { username: 'stranger', has_role: false });
  const { event } = await p.sim.act(stranger.id, 'text');
  assert.equal(event.state, 'dropped');
  assert.match(event.reason, /not Live/);
  assert.equal((await p.sim.act(p.customer, 'text')).event.state, 'acknowledged');
  await p.sim.post('apps/change', { live: true });
});
