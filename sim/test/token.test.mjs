// Who may do what with which token.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { refused, startPair } from './lib.mjs';

let p, user, wayB;
const text = (recipient) => ({ recipient: { id: recipient }, message: { text: 'hello' } });

before(async () => {
  p = await startPair();
  await p.sim.act(p.customer, 'text');
  user = (await p.sim.get('accounts'))[0].user_token;
  const account = await p.sim.post('accounts', { app: p.demo.app, backend: 'instagram', username: 'way.b' });
  const customer = (await p.sim.post('customers', { account: account.id, username: 'ben' })).id;
  await p.sim.act(customer, 'text', { wait: false });
  const token = account.token;
  wayB = { account, customer, graph: (method, path, body) => p.graph(method, path, body, { token, host: p.sim.instagram_graph_url }) };
});
after(() => p.stop());

test('way A: only the Page token sends, and only by the Page', async () => {
  const { page_id: page, ig_user_id: instagram } = p.demo.fields;
  assert.equal((await p.graph('POST', `${page}/messages`, text(p.customer))).status, 200);
  refused(await p.graph('POST', `${instagram}/messages`, text(p.customer)), 100, 33);
  for (const node of ['me', page]) refused(await p.graph('POST', `${node}/messages`, text(p.customer), { token: user }), 210, undefined);
  refused(await p.graph('GET', `${page}/conversations?platform=instagram`, undefined, { token: user }), 210, undefined);
  refused(await p.graph('GET', `${page}/subscribed_apps`, undefined, { token: user }), 210, undefined);
  refused(await p.graph('GET', `${instagram}/subscribed_apps`), 100, 33);
  refused(await p.graph('POST', `${page}/messages/more`, text(p.customer)), 100, 33);
});

test('way B: the account sends by its own id', async () => {
  for (const node of ['me', wayB.account.id]) assert.equal((await wayB.graph('POST', `${node}/messages`, text(wayB.customer))).status, 200);
  refused(await p.graph('POST', 'me/messages', text(wayB.customer)), 100, 2534014);
  const me = await wayB.graph('GET', 'me?fields=id,user_id');
  assert.equal(me.body.user_id, wayB.account.id);
  assert.notEqual(me.body.id, wayB.account.id);
});

test('way B: the proof may be made with the secret that Instagram alone has', async () => {
  await p.sim.post('apps/change', { instagram_secret: 'of instagram' });
  const proof = createHmac('sha256', 'of instagram').update(wayB.account.token).digest('hex');
  assert.equal((await wayB.graph('GET', `me?appsecret_proof=${proof}`)).status, 200);
  await p.sim.post('apps/change', { instagram_secret: null });
  refused(await wayB.graph('GET', `me?appsecret_proof=${proof}`), 100, undefined);
});

test('the permission to message is asked for', async () => {
  await p.sim.post('tokens/change', { account: p.demo.account, scopes: ['pages_show_list'] });
  refused(await p.send({ text: 'x' }), 10, undefined);
  refused(await p.graph('GET', 'me/conversations?platform=instagram'), 10, undefined);
  refused(await p.graph('GET', 'me/subscribed_apps'), 200, undefined);
  await p.sim.post('tokens/change', { account: p.demo.account, scopes: ['instagram_manage_messages', 'pages_manage_metadata'] });
});

test('a person sees the Pages and their tokens; a Page has none', async () => {
  const pages = await p.graph('GET', 'me/accounts?fields=id,access_token,tasks,instagram_business_account{id,username}', undefined, { token: user });
  assert.deepEqual(pages.body.data, [{ id: p.demo.fields.page_id, access_token: p.demo.fields.page_access_token, tasks: ['MESSAGING', 'MANAGE'], instagram_business_account: { id: p.demo.account, username: 'fjord.ceramics' } }]);
  refused(await p.graph('GET', 'me/accounts'), 100, undefined);
  assert.equal((await p.graph('GET', `${p.demo.fields.page_id}?fields=name`, undefined, { token: user })).body.name, 'Fjord Ceramics');
  await p.sim.post('accounts/change', { account: p.demo.account, condition: 'not_linked' });
  assert.equal((await p.graph('GET', 'me?fields=instagram_business_account')).body.instagram_business_account, undefined);
  await p.sim.post('accounts/change', { account: p.demo.account, condition: null });
});

test('the app itself, by its id and secret', async () => {
  const token = `${p.demo.app}|${p.secret}`;
  assert.deepEqual((await p.graph('GET', 'app', undefined, { token })).body, { id: p.demo.app, name: 'Demo App' });
  assert.equal((await p.graph('GET', `${p.demo.app}/subscriptions`, undefined, { token })).body.data[0].callback_url, p.callback.url);
  refused(await p.graph('GET', 'me', undefined, { token }), 2500, undefined);
  refused(await p.graph('POST', 'me/messages', text(p.customer), { token }), 2500, undefined);
  refused(await p.graph('GET', 'app', undefined, { token: `${p.demo.app}|wrong` }), 190, undefined);
  refused(await p.graph('GET', `${p.demo.app}/subscriptions`), 15, undefined);
});

test('debug_token tells what is really wrong with a token', async () => {
  const token = `${p.demo.app}|${p.secret}`;
  const debug = async (input) => (await p.graph('GET', `debug_token?${new URLSearchParams({ input_token: input })}`, undefined, { token })).body.data;
  assert.equal((await debug(p.demo.fields.page_access_token)).type, 'PAGE');
  assert.equal((await debug(user)).type, 'USER');
  assert.equal((await debug(token)).type, 'APP');
  for (const [trouble, subcode] of [['password_changed', 460], ['app_removed', 458], ['role_lost', 492]]) {
    await p.sim.post('tokens/change', { account: p.demo.account, trouble });
    const data = await debug(p.demo.fields.page_access_token);
    assert.equal(data.is_valid, false);
    assert.equal(data.error.subcode, subcode);
  }
  await p.sim.post('tokens/change', { account: p.demo.account, trouble: null, expires_at: 1 });
  assert.equal((await debug(p.demo.fields.page_access_token)).error.subcode, 463);
  await p.sim.post('tokens/change', { account: p.demo.account, expires_at: 0 });
  assert.equal((await debug('nonsense')).is_valid, false);
  refused(await p.graph('GET', 'debug_token', undefined, { token }), 100, undefined);
});

test('way B: a token is renewed once it is a day old, also by a new one', async () => {
  const renew = (token) => p.graph('GET', 'refresh_access_token?grant_type=ig_refresh_token', undefined, { token, host: p.sim.instagram_graph_url });
  const fresh = await p.sim.post('accounts', { app: p.demo.app, backend: 'instagram', username: 'renewed' });
  refused(await renew(fresh.token), 100, undefined);
  await p.sim.post('clock', { advance_ms: 25 * 3600e3 });
  const same = await renew(fresh.token);
  assert.deepEqual([same.body.access_token, same.body.expires_in], [fresh.token, 60 * 24 * 3600]);
  await p.sim.post('options', { renewed_token: 'new' });
  await p.sim.post('clock', { advance_ms: 25 * 3600e3 });
  const other = (await renew(fresh.token)).body.access_token;
  assert.notEqual(other, fresh.token);
  for (const token of [fresh.token, other]) assert.equal((await p.graph('GET', 'me?fields=id', undefined, { token, host: p.sim.instagram_graph_url })).status, 200);
});
