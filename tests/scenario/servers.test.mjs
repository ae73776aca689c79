// Two servers on one database, each with a data directory of its own: what one does the other knows, each thing is done once, and one of
// them may die, stand still or leave at any moment.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { House, becomes, metaJson, password, sign, until, webhookPath } from './lib/house.mjs';
import { Mariadb, freshDatabase, installed } from './lib/mariadb.mjs';
import { startStreet } from './lib/street.mjs';

const skip = installed() || process.env.MAILTRIXY_TEST_DATABASE ? false : 'MariaDB is not installed';
let db, fresh, s, a, b, shopper, talk;
before(async () => {
  if (skip) return;
  if (!process.env.MAILTRIXY_TEST_DATABASE) db = await Mariadb.start();
  fresh = await freshDatabase(process.env.MAILTRIXY_TEST_DATABASE ?? db.url());
  s = await startStreet({ database: fresh.url });
  a = s.house;
  b = await House.beside(a);
  [shopper] = s.customers;
  talk = await s.meet(shopper, 'Hello to both');
});
after(async () => {
  await b?.stop();
  await s?.stop();
  await fresh?.drop();
  await db?.stop();
});
const both = (name, fn) => test(name, { skip, timeout: 300_000 }, fn);

const duties = async (house) => {
  const { text } = await house.api('GET', '/metrics');
  return [...text.matchAll(/mailtrixy_duty\{name="([a-z]+)"\} 1/g)].map((m) => m[1]).sort();
};
const all = ['accounts', 'delivery', 'housekeeping', 'media'];
const holderOf = async (duty) => {
  const [one] = await until(async () => { const found = []; for (const h of [a, b]) if (h.child.exitCode === null && !h.stopped && (await duties(h)).includes(duty)) found.push(h); return found; }, (l) => l.length === 1, 40_000);
  return one;
};
const other = (house) => (house === a ? b : a);
const on = (house, conversation, text) => house.api('POST', house.w(`/conversations/${conversation.id}/messages`), { text });
const message = (house, id) => house.messages(talk.id).then((list) => list.find((m) => m.id === id));
const stateOn = (house, id, ...states) => until(() => message(house, id), (m) => states.includes(m?.status));
const times = async (text) => (await s.got(shopper)).filter((t) => t === text).length;

both('both live, and each duty is done by one', async () => {
  await until(async () => [...await duties(a), ...await duties(b)].sort(), (l) => JSON.stringify(l) === JSON.stringify(all));
  assert.match((await a.api('GET', '/metrics')).text, /^mailtrixy_servers 2$/m);
  const said = b.command(['doctor']);
  assert.equal(said.match(/✓ server .* lives/g).length, 2, said);
  assert.match(said, /✓ delivery is done by /);
});

both('a message that came to one shows on the other within a second', async () => {
  for (const [from, to] of [[a, b], [b, a]]) {
    const stream = await to.events(), took = [];
    for (let k = 0; k < 5; k++) {
      const text = `to one, seen on the other ${from.port} ${k}`, begun = Date.now();
      const answer = await from.webhook(a.envelope(a.fromCustomer(shopper, { message: { mid: `m-${from.port}-${k}`, text } })));
      assert.equal(answer.status, 200);
      await stream.wait((e) => e.json?.message?.text === text);
      took.push(Date.now() - begun);
    }
    assert.ok(Math.min(...took) < 1000, `${took} ms`);	// all of them, on a machine that has nothing else to do
    stream.close();
  }
});

both('what one connected the other knows at once: handshake, webhook, another secret, another account of the same app', async () => {
  const post = (house, account, secret, text, n) => {
    const bytes = metaJson({ object: 'instagram', entry: [{ id: account.key, time: Date.now(), messaging: [{ sender: { id: '7700' + n }, recipient: { id: account.key }, timestamp: Date.now(), message: { mid: `new-${n}`, text } }] }] });
    return fetch(house.url + webhookPath, { method: 'POST', body: bytes, headers: { 'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(bytes, secret) } });
  };
  for (let n = 0; n < 6; n++) {
    const [one, two] = n % 2 ? [a, b] : [b, a];
    const same = n >= 4;		// an account of an app that is known already
    const fields = { page_id: `2000000000000${n}`, page_name: `New ${n}`, ig_user_id: `1784142000000000${n}`, ig_username: `new${n}`,
      page_access_token: `EAAG-new-token-${n}`, app_secret: same ? 'new-app-secret-number-3-again-0123' : `new-app-secret-number-${n}-0123456789` };
    const account = await one.connect(fields);
    // A handshake would make it known; so not for those whose first webhook shall.
    const shake = () => fetch(`${two.url}${webhookPath}?hub.mode=subscribe&hub.verify_token=${encodeURIComponent(account.verify_token)}&hub.challenge=42`);
    if (n < 2) assert.equal(await (await shake()).text(), '42');
    const text = `to the new account ${n}`;
    assert.equal((await post(two, account, fields.app_secret, text, n)).status, 200);
    assert.ok((await one.allConversations()).some((c) => c.last_message?.text === text), text);
    if (n !== 3) continue;
    const changed = await one.api('PUT', one.w(`/accounts/${account.id}`), { fields: { app_secret: 'new-app-secret-number-3-again-0123' } });
    assert.equal(changed.status, 200, changed.text);
    for (const [k, house] of [two, one].entries())
      assert.equal((await post(house, account, 'new-app-secret-number-3-again-0123', `${text} again`, `${n}1${k}`)).status, 200, `on ${k ? 'the same' : 'the other'}`);
    assert.equal((await post(two, account, fields.app_secret, 'old secret', `${n}2`)).status, 401);
  }
});

both('replies on either are each sent once, in the order in which they were written', async () => {
  const texts = [], ids = [];
  for (let k = 0; k < 20; k++) {
    texts.push(`reply ${k} on either`);
    const answer = await on(k % 2 ? a : b, talk, texts[k]);
    assert.equal(answer.status, 201, answer.text);
    ids.push(answer.body.id);
  }
  for (const id of ids) await stateOn(b, id, 'sent', 'delivered', 'read');
  assert.deepEqual((await s.got(shopper)).filter((t) => texts.includes(t)), texts);
});

both('no request needs to come to the server of the one before', async () => {
  const signIn = await a.api('POST', '/api/v1/session', { email: 'owner@example.org', password }, { token: null });
  assert.equal(signIn.status, 200, signIn.text);
  const headers = { Cookie: signIn.headers.get('set-cookie').split(';')[0], 'X-CSRF-Token': signIn.body.csrf_token };
  const as = (house, method, where, body, more = {}) => house.api(method, where, body, { token: null, headers, ...more });
  assert.equal((await as(b, 'GET', '/api/v1/me')).status, 200);
  const uploaded = await as(a, 'POST', a.w('/uploads?name=note.pdf&channel=instagram'), '%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n', { type: 'application/octet-stream' });
  assert.equal(uploaded.status, 201, uploaded.text);
  const file = await as(b, 'POST', b.w(`/conversations/${talk.id}/messages`), { attachments: [uploaded.body.id] });
  assert.equal(file.status, 201, file.text);
  await stateOn(a, file.body.id, 'sent', 'delivered', 'read');
  const answer = await as(b, 'POST', b.w(`/conversations/${talk.id}/messages`), { text: 'written on b', client_id: 'c-1' });
  assert.equal(answer.status, 201, answer.text);
  const again = await as(a, 'POST', a.w(`/conversations/${talk.id}/messages`), { text: 'written on b', client_id: 'c-1' });
  assert.equal(again.body.id, answer.body.id, 'the same message, not another');
  await stateOn(a, answer.body.id, 'sent', 'delivered', 'read');
  // A stream that broke on one goes on at the other, with all that came between.
  const stream = await a.events();
  await a.webhook(a.envelope(a.fromCustomer(shopper, { message: { mid: 'r-1', text: 'before the break' } })));
  await stream.wait((e) => e.json?.message?.text === 'before the break');
  stream.close();
  await b.webhook(a.envelope(a.fromCustomer(shopper, { message: { mid: 'r-2', text: 'during the break' } })));
  const resumed = await b.events(stream.lastId);
  await resumed.wait((e) => e.json?.message?.text === 'during the break');
  assert.ok(!resumed.seen.some((e) => e.event === 'reset' || e.json?.message?.text === 'before the break'), 'neither told twice nor loaded anew');
  resumed.close();
  // Whoever signs out on one is out on the other.
  assert.equal((await as(b, 'DELETE', '/api/v1/session')).status, 204);
  assert.equal((await as(a, 'GET', '/api/v1/me')).status, 401);
});

both('an addon that is switched off and on at one is so at the other', async () => {
  const knows = async (house) => (await fetch(`${house.url}${webhookPath}?hub.mode=subscribe&hub.verify_token=none&hub.challenge=1`)).status;
  for (const [one, two] of [[a, b], [b, a]]) {
    assert.equal((await one.api('POST', '/api/v1/admin/addons/instagram/deactivate')).status, 200);
    await until(() => knows(two), (status) => status === 404);
    // Two who activate it at the same time both end with it active.
    const answers = await Promise.all([one, two].map((h) => h.api('POST', '/api/v1/admin/addons/instagram/activate')));
    assert.deepEqual(answers.map((x) => x.status), [200, 200], answers.map((x) => x.text).join(' '));
    for (const h of [one, two]) await until(() => knows(h), (status) => status === 403);
  }
  const { body: { id } } = await on(b, talk, 'after the addon came back');
  await stateOn(a, id, 'sent', 'delivered', 'read');
});

both('the delivering server is killed in the middle of a message: it is not sent again, and the next ones go on', async () => {
  const dies = await holderOf('delivery'), lives = other(dies);
  await s.sim.weather(undefined, { kind: 'hold', on: 'send' });
  const { body: { id } } = await on(dies, talk, 'the power fails here');
  const next = (await on(lives, talk, 'and this one goes on')).body.id;
  await s.sim.get('wait/holding');
  await dies.down('SIGKILL');
  await s.sim.post('weather/clear');
  await stateOn(lives, id, 'unknown', 'sent', 'delivered', 'read');	// an echo may have settled it
  await stateOn(lives, next, 'sent', 'delivered', 'read');
  assert.ok(await times('the power fails here') <= 1);
  assert.equal(await times('and this one goes on'), 1);
  await dies.up();
  await stateOn(dies, (await on(dies, talk, 'back again')).body.id, 'sent', 'delivered', 'read');
});

both('the delivering server stands still in the middle of a message: another goes on, and its late answer counts', async (t) => {
  const stands = await holderOf('delivery'), lives = other(stands);
  t.after(() => { stands.stopped = false; stands.child.kill('SIGCONT'); });
  await s.sim.post('options', { echo: 'never' });
  await s.sim.weather(undefined, { kind: 'hold', on: 'send' });
  const { body: { id } } = await on(lives, talk, 'stopped here');
  await s.sim.get('wait/holding');
  stands.stopped = true;
  stands.child.kill('SIGSTOP');
  const next = (await on(lives, talk, 'the other one sends this')).body.id;
  await stateOn(lives, id, 'unknown');
  await s.sim.post('weather/clear');
  await stateOn(lives, next, 'sent', 'delivered', 'read');
  assert.equal(await times('the other one sends this'), 1);
  stands.child.kill('SIGCONT');
  stands.stopped = false;
  await stateOn(lives, id, 'sent', 'delivered', 'read');
  assert.equal(await times('stopped here'), 1);
  await s.sim.post('options', { echo: 'before' });
  // It takes nothing that is another's, and has its share again later.
  assert.deepEqual((await duties(stands)).filter((d) => d === 'delivery'), []);
});

both('a server that is told to stop hands over at once', async () => {
  const leaves = await holderOf('delivery'), lives = other(leaves);
  const count = async (house) => Number((await house.api('GET', '/metrics')).text.match(/^mailtrixy_servers (\d+)$/m)[1]);	// with one that was killed
  const before = await count(lives), begun = Date.now(), gone = leaves.down('SIGTERM');
  const { body: { id } } = await on(lives, talk, 'while one leaves');
  await until(() => duties(lives), (l) => JSON.stringify(l) === JSON.stringify(all));
  const took = Date.now() - begun;
  await stateOn(lives, id, 'sent', 'delivered', 'read');
  assert.equal(await gone, 0);
  assert.ok(took < 9000, `${took} ms`);	// from a dead one they are taken after 10 s
  assert.equal(await times('while one leaves'), 1);
  await becomes(() => count(lives), before - 1);
  await leaves.up();
  // And has its share again when it has been there for a while.
  await until(() => duties(leaves), (l) => l.length === 2);
  await becomes(async () => [...await duties(a), ...await duties(b)].sort(), all);
});

test('while the database is away nothing is lost and nobody is dead: 503, and all goes on by itself', { skip: skip || (process.env.MAILTRIXY_TEST_DATABASE ? 'not on a server of others' : false), timeout: 300_000 }, async () => {
  const before = [await duties(a), await duties(b)];
  const { body: { id } } = await on(a, talk, 'just before the database went');
  await stateOn(b, id, 'sent', 'delivered', 'read');
  await db.down('SIGKILL');
  for (const house of [a, b]) {
    await until(async () => (await house.api('GET', '/readyz')).status, (status) => status === 503);
    assert.equal((await house.api('GET', '/healthz')).status, 200);
    const begun = Date.now(), body = a.envelope(a.fromCustomer(shopper, { message: { mid: `away-${house.port}`, text: `while it was away ${house.port}` } }));
    const answer = await house.webhook(body);
    assert.equal(answer.status, 503, answer.text);
    assert.ok(Date.now() - begun < 30_000, `${Date.now() - begun} ms`);
    assert.ok(answer.text.length < 1000);
  }
  await db.up();
  for (const house of [a, b]) {
    await until(async () => (await house.api('GET', '/readyz')).status, (status) => status === 200);
    const answer = await house.webhook(a.envelope(a.fromCustomer(shopper, { message: { mid: `away-${house.port}`, text: `while it was away ${house.port}` } })));
    assert.equal(answer.status, 200, answer.text);
  }
  await becomes(async () => [await duties(a), await duties(b)], before, 'each goes on with what it had');
  const after = (await on(b, talk, 'just after it came back')).body.id;
  await stateOn(a, after, 'sent', 'delivered', 'read');
  assert.equal(await times('just after it came back'), 1);
});
