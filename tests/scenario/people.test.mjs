// Who may do what: the matrix of roles, foreign workspaces, sessions and their protection.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EventStream, House, addonZip, defaultFields, password, runProgram, runProgramFailing, until } from './lib/house.mjs';
import { readFileSync } from 'node:fs';

let house, conversation, message, other;
const tokens = {};
before(async () => {
  house = await House.start();
  tokens.owner = house.token;
  for (const role of ['admin', 'agent', 'viewer']) {
    const answer = await house.api('POST', house.w('/members'), { email: `${role}@example.org`, name: `The ${role}`, role, password });
    assert.equal(answer.status, 201, answer.text);
    tokens[role] = house.command(['token', '--email', `${role}@example.org`]);
  }
  await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'm-people-1', text: 'hello' } })));
  conversation = (await house.conversations())[0];
  message = (await house.messages(conversation.id))[0];
  const made = await house.api('POST', '/api/v1/workspaces', { name: 'Other' });
  assert.equal(made.status, 201, made.text);
  other = made.body.id;
  const stranger = await house.api('POST', `/api/v1/workspaces/${other}/members`, { email: 'stranger@example.org', name: 'Stranger', role: 'owner', password });
  assert.equal(stranger.status, 201, stranger.text);
  tokens.stranger = house.command(['token', '--email', 'stranger@example.org']);
});
after(() => house.stop());

// [method, path after the workspace, body, who may]. 'refused' is 403 for members and 404 for strangers.
const ranks = ['viewer', 'agent', 'admin', 'owner'];
const matrix = () => [
  ['GET', '/channels', undefined, 'viewer'],
  ['GET', '/accounts', undefined, 'viewer'],
  ['GET', `/accounts/${house.account.id}`, undefined, 'viewer'],
  ['GET', '/conversations', undefined, 'viewer'],
  ['GET', `/conversations/${conversation.id}`, undefined, 'viewer'],
  ['GET', `/conversations/${conversation.id}/messages`, undefined, 'viewer'],
  ['GET', '/conversations/counts', undefined, 'viewer'],
  ['GET', '/members', undefined, 'viewer'],
  ['PATCH', `/conversations/${conversation.id}`, { unread: 0 }, 'agent'],
  ['POST', `/conversations/${conversation.id}/messages`, { text: 'a note', note: true }, 'agent'],
  ['POST', '/accounts', { channel: 'instagram', backend: 'facebook', fields: {} }, 'admin'],
  ['PUT', `/accounts/${house.account.id}`, { fields: { page_name: 'Renamed' } }, 'admin'],
  ['GET', '/webhook-events', undefined, 'admin'],
  ['POST', '/members', { email: 'x', name: '', role: 'viewer', password: 'x' }, 'admin'],
  ['PATCH', '', { name: 'Acme' }, 'admin'],
];
test('every role reaches what it may and nothing more', async () => {
  for (const [method, path, body, least] of matrix()) {
    for (const role of ranks) {
      const { status, text } = await house.api(method, house.w(path), body, { token: tokens[role] });
      const may = ranks.indexOf(role) >= ranks.indexOf(least);
      if (may) assert.ok(![401, 403, 404, 405, 500].includes(status), `${role} ${method} ${path}: ${status} ${text}`);
      else assert.equal(status, 403, `${role} ${method} ${path}: ${text}`);
    }
    assert.equal((await house.api(method, house.w(path), body, { token: tokens.stranger })).status, 404, `stranger ${method} ${path}`);
    assert.equal((await house.api(method, house.w(path), body, { token: null })).status, 401, `nobody ${method} ${path}`);
    assert.equal((await house.api(method, house.w(path), body, { token: 'not-a-token' })).status, 401);
  }
});

test('only an instance admin reaches /admin', async () => {
  for (const [who, may] of [['owner', true], ['admin', false], ['agent', false], ['viewer', false], ['stranger', false]])
    assert.equal((await house.api('GET', '/api/v1/admin/addons', undefined, { token: tokens[who] })).status, may ? 200 : 403, who);
  assert.equal((await house.api('POST', '/api/v1/admin/addons', readFileSync(addonZip), { token: tokens.admin, type: 'application/zip' })).status, 403);
});

test('a foreign workspace\'s ids are unknown', async () => {
  const inOther = (rest) => `/api/v1/workspaces/${other}${rest}`;
  for (const [method, path, body] of [
    ['GET', `/conversations/${conversation.id}`], ['GET', `/conversations/${conversation.id}/messages`], ['GET', `/accounts/${house.account.id}`],
    ['POST', `/conversations/${conversation.id}/messages`, { text: 'hi' }], ['PATCH', `/conversations/${conversation.id}`, { status: 'done' }],
    ['DELETE', `/accounts/${house.account.id}`], ['POST', `/conversations/${conversation.id}/messages/${message.id}/retry`]]) {
    const foreign = await house.api(method, inOther(path), body, { token: tokens.stranger });
    const unknown = await house.api(method, inOther(path.replace(/\d+/, '999999999')), body, { token: tokens.stranger });
    assert.equal(foreign.status, 404, `${method} ${path}: ${foreign.text}`);
    assert.deepEqual(foreign.body, unknown.body);
    assert.match(foreign.headers.get('content-type'), /application\/problem\+json/);
  }
  assert.deepEqual((await house.api('GET', inOther('/conversations'), undefined, { token: tokens.stranger })).body.items, []);
});

test('strange ids are unknown, not errors', async () => {
  for (const id of ['0', '-1', 'abc', '1e3', '99999999999999999999', '%00', '1%2f2', ' 1'])
    assert.ok([404, 400].includes((await house.api('GET', house.w(`/conversations/${encodeURIComponent(id)}`))).status), id);
});

test('signing in by cookie needs the CSRF token for changes', async () => {
  const signIn = await house.api('POST', '/api/v1/session', { email: 'owner@example.org', password }, { token: null });
  assert.equal(signIn.status, 200, signIn.text);
  const cookie = signIn.headers.get('set-cookie');
  assert.match(cookie, /mailtrixy_session=/);
  assert.match(cookie, /HttpOnly/i);
  assert.match(cookie, /SameSite=Lax/i);
  const headers = { Cookie: cookie.split(';')[0] }, as = (extra = {}) => ({ token: null, headers: { ...headers, ...extra } });
  const me = await house.api('GET', '/api/v1/me', undefined, as());
  assert.equal(me.status, 200);
  const patch = (extra) => house.api('PATCH', house.w(`/conversations/${conversation.id}`), { unread: 0 }, as(extra));
  assert.equal((await patch({})).status, 403);
  assert.equal((await patch({ 'X-CSRF-Token': 'wrong' })).status, 403);
  assert.equal((await patch({ 'X-CSRF-Token': me.body.csrf_token })).status, 200);
  assert.equal((await house.api('DELETE', '/api/v1/session', undefined, as({ 'X-CSRF-Token': me.body.csrf_token }))).status, 204);
  assert.equal((await house.api('GET', '/api/v1/me', undefined, as())).status, 401);
});

test('a wrong password is refused, and too many of them are slowed down', async () => {
  const wrong = () => house.api('POST', '/api/v1/session', { email: 'viewer@example.org', password: 'wrong wrong wrong' }, { token: null });
  const unknown = await house.api('POST', '/api/v1/session', { email: 'nobody@example.org', password: 'wrong wrong wrong' }, { token: null });
  const first = await wrong();
  assert.equal(first.status, 401);
  assert.deepEqual(first.body, unknown.body);
  let status = 401;
  for (let k = 0; k < 15 && status === 401; k++) status = (await wrong()).status;
  assert.equal(status, 429);
  assert.ok(Number((await wrong()).headers.get('retry-after')) > 0);
});

test('a one-time link signs in once', async () => {
  const link = new URL(house.command(['link', '--email', 'agent@example.org', '--public-url', house.url]));
  const visit = () => house.api('GET', link.pathname + link.search, undefined, { token: null });
  const first = await visit();
  assert.ok([302, 303].includes(first.status), `${first.status}`);
  assert.match(first.headers.get('set-cookie'), /mailtrixy_session=/);
  const second = await visit();
  assert.equal(second.headers.get('set-cookie'), null);
});

test('setup happens once', async () => {
  assert.deepEqual((await house.api('GET', '/api/v1/setup', undefined, { token: null })).body, { needed: false });
  assert.equal((await house.api('POST', '/api/v1/setup', { email: 'x@example.org', name: 'X', password, workspace: 'X' }, { token: null })).status, 409);
  const again = runProgramFailing(['setup', ...house.where, '--email', 'y@example.org', '--name', 'Y', '--workspace', 'Y', '--password-stdin'], password);
  assert.notEqual(again.status, 0);
});

test('the last owner stays', async () => {
  const owner = (await house.api('GET', house.w('/members'))).body.items.find((m) => m.role === 'owner');
  assert.equal((await house.api('DELETE', house.w(`/members/${owner.user_id}`))).status, 409);
  assert.equal((await house.api('PATCH', house.w(`/members/${owner.user_id}`), { role: 'viewer' })).status, 409);
  const admin = await house.api('POST', house.w('/members'), { email: 'boss@example.org', name: 'Boss', role: 'owner', password }, { token: tokens.admin });
  assert.equal(admin.status, 403);
});

test('forms tell every fault at its field', async () => {
  const answer = await house.api('POST', house.w('/accounts'), { channel: 'instagram', backend: 'facebook', fields: { ...defaultFields(5), page_id: 'not digits', app_secret: '' } });
  assert.equal(answer.status, 422);
  assert.match(answer.headers.get('content-type'), /application\/problem\+json/);
  const faults = Object.fromEntries(answer.body.errors.map((e) => [e.field.replace(/^fields\./, ''), e.message]));
  assert.ok(faults.page_id && faults.app_secret, answer.text);
  assert.ok(!answer.text.includes(defaultFields(5).page_access_token));
  assert.equal((await house.api('POST', house.w('/accounts'), { channel: 'carrier-pigeon', backend: 'x', fields: {} })).status, 422);
  assert.equal((await house.api('POST', house.w('/accounts'), '{"channel":', {})).status, 400);
  assert.equal((await house.api('POST', house.w('/accounts'), 'channel=instagram', { type: 'application/x-www-form-urlencoded' })).status, 415);
});

test('secrets are never shown again, and an account is connected once', async () => {
  const shown = await house.api('GET', house.w(`/accounts/${house.account.id}`));
  assert.ok(!shown.text.includes(house.account.secret) && !shown.text.includes(defaultFields().page_access_token));
  assert.equal(shown.body.fields.app_secret, `•••• ${house.account.secret.slice(-4)}`);
  assert.equal(shown.body.verify_token, house.account.verify_token);
  assert.equal((await house.api('GET', house.w(`/accounts/${house.account.id}`), undefined, { token: tokens.viewer })).body.verify_token ?? null, null);
  const twice = await house.api('POST', `/api/v1/workspaces/${other}/accounts`, { channel: 'instagram', backend: 'facebook', fields: defaultFields() }, { token: tokens.stranger });
  assert.equal(twice.status, 409);
  assert.ok(!twice.text.includes('Acme'));
});

test('who loses access is told nothing more: open streams end before the next change', async () => {
  const added = await house.api('POST', house.w('/members'), { email: 'leaver@example.org', name: 'Leaver', role: 'viewer', password });
  const member = house.command(['token', '--email', 'leaver@example.org']);
  const mine = await house.api('POST', '/api/v1/tokens', { name: 'lost phone' });
  const streams = [];
  for (const token of [member, mine.body.token]) streams.push(await EventStream.open(house.url + house.w('/events'), token));
  assert.equal((await house.api('DELETE', house.w(`/members/${added.body.user_id}`))).status, 204);
  assert.equal((await house.api('DELETE', `/api/v1/tokens/${mine.body.id}`)).status, 204);
  const stays = await house.events();
  await house.webhook(house.envelope(house.fromCustomer('900000000000777', { message: { mid: 'after-access', text: 'after access' } })));
  await stays.wait((e) => e.data.includes('after access'));
  await until(() => streams.map((s) => s.ended), (all) => all.every(Boolean));
  assert.ok(!streams.some((s) => s.seen.some((e) => e.data.includes('after access'))));
});

test('every command tells how it is used', () => {
  for (const command of [[], ['serve'], ['setup'], ['token'], ['addon'], ['addon', 'install']])
    assert.match(runProgram([...command, '--help']), /mailtrixy serve \[--data DIR\]/);
  assert.equal(runProgramFailing(['serve', '--nonsense']).status, 2);
});
