// Live updates: what happens reaches an open page, and a page that was away misses nothing.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { House, addonZip, password } from './lib/house.mjs';
import { unzip, zip } from './lib/zip.mjs';

let house, n = 0;
before(async () => { house = await House.start(); });
after(() => house.stop());
const say = async (text, customer = '900000000000001') => assert.equal((await house.webhook(house.envelope(house.fromCustomer(customer, { message: { mid: `live-${++n}`, text } })))).status, 200);

test('a message arrives with its conversation', async () => {
  const stream = await house.events();
  await say('hello live');
  const e = await stream.wait((x) => x.event === 'message' && x.json.message.text === 'hello live');
  assert.equal(e.json.conversation.channel, 'instagram');
  assert.equal(e.json.conversation.unread, 1);
  assert.ok(e.id);
});

test('a stream that comes back with its last id misses nothing, also over a restart', async () => {
  const first = await house.events();
  await say('before');
  await first.wait((x) => x.json?.message?.text === 'before');
  const lastId = first.lastId;
  first.close();
  await say('while away 1');
  await house.down('SIGKILL');
  await house.up();
  await say('while away 2', '900000000000002');
  const second = await house.events(lastId);
  await second.wait((x) => x.json?.message?.text === 'while away 1');
  await second.wait((x) => x.json?.message?.text === 'while away 2');
  assert.ok(!second.seen.some((x) => x.json?.message?.text === 'before'));
});

test('an id that nobody remembers gets a reset', async () => {
  const stream = await house.events('999999999999');
  await stream.wait((x) => x.event === 'reset' || x.event === 'hello');
  await say('still alive');
  await stream.wait((x) => x.json?.message?.text === 'still alive');
});

test('other workspaces hear nothing', async () => {
  const other = (await house.api('POST', '/api/v1/workspaces', { name: 'Quiet' })).body.id;
  const mine = house.workspace;
  house.workspace = other;
  const quiet = await house.events();
  house.workspace = mine;
  const loud = await house.events();
  await say('not for all');
  await loud.wait((x) => x.json?.message?.text === 'not for all');
  assert.ok(!quiet.seen.some((x) => x.event === 'message'));
});

test('a removed member\'s stream ends', { timeout: 300_000 }, async () => {
  const member = (await house.api('POST', house.w('/members'), { email: 'leaver@example.org', name: 'Leaver', role: 'agent', password })).body;
  const token = house.token;
  house.token = house.command(['token', '--email', 'leaver@example.org']);
  const stream = await house.events();
  house.token = token;
  assert.equal((await house.api('DELETE', house.w(`/members/${member.user_id}`))).status, 204);
  await assert.rejects(stream.wait(() => false, 200_000), /ended/);
});

// What is told to everybody must not overtake what a workspace has not heard yet: it would never hear it.
test('addons that come and go take no message away from a stream', { timeout: 300_000 }, async () => {
  const files = unzip(readFileSync(addonZip));
  delete files['addon.sig'];
  const manifest = { ...JSON.parse(files['addon.json']), slug: 'other', channel: 'other', files: {} };
  delete files['addon.json'];
  for (const [name, bytes] of Object.entries(files)) manifest.files[name] = createHash('sha256').update(bytes).digest('hex');
  const other = zip([['addon.json', JSON.stringify(manifest)], ...Object.entries(files)]);
  const stream = await house.events();
  let busy = true;
  const talk = (async () => {
    const texts = [];
    while (busy) await Promise.all(Array.from({ length: 8 }, (_, k) => { const text = `beside ${texts.length}`; texts.push(text); return say(text, `90000000000001${k}`); }));
    return texts;
  })();
  try {
    for (let round = 0; round < 60; round++) {
      assert.equal((await house.api('POST', '/api/v1/admin/addons?allow_unsigned=yes', other, { type: 'application/zip' })).status, 201);
      assert.equal((await house.api('DELETE', '/api/v1/admin/addons/other')).status, 204);
    }
  } finally { busy = false; }
  const texts = await talk;
  await say('the last one');
  await stream.wait((e) => e.json?.message?.text === 'the last one');
  assert.ok(stream.seen.some((e) => e.event === 'addon'));
  const heard = new Set(stream.seen.map((e) => e.json?.message?.text));
  assert.deepEqual(texts.filter((text) => !heard.has(text)), []);
  const ids = stream.seen.filter((e) => e.id).map((e) => Number(e.id));
  assert.ok(ids.every((id, k) => k === 0 || id >= ids[k - 1]), 'ids go back');
});
