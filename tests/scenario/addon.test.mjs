// An addon's life through the API: what is wrong is refused in words and leaves nothing; what is right works, stops and works again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { House, addonZip, defaultFields, program } from './lib/house.mjs';
import { freshDatabase } from './lib/mariadb.mjs';
import { unzip, zip } from './lib/zip.mjs';

let house;
const good = readFileSync(addonZip), files = unzip(good);
before(async () => { house = await House.start({ addon: false }); });
after(() => house.stop());

const upload = (bytes, query = '') => house.api('POST', `/api/v1/admin/addons${query}`, bytes, { type: 'application/zip' });
const list = async () => (await house.api('GET', '/api/v1/admin/addons')).body.items;
const entries = (changes = {}) => Object.entries({ ...files, ...changes }).filter(([, bytes]) => bytes !== null).map(([name, bytes]) => [name, bytes]);

// A package with another manifest or other files, hashed anew but not signed.
function rebuilt({ manifest = (m) => m, changes = {} } = {}) {
  const all = { ...files, ...changes };
  delete all['addon.sig'];
  const m = JSON.parse(all['addon.json']);
  m.files = Object.fromEntries(Object.entries(all).filter(([name, bytes]) => name !== 'addon.json' && bytes !== null)
    .map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]));
  all['addon.json'] = Buffer.from(JSON.stringify(manifest(m)));
  return zip(Object.entries(all).filter(([, bytes]) => bytes !== null));
}

test('bad packages are refused with their reason and leave nothing', async () => {
  const newer = rebuilt({ manifest: (m) => ({ ...m, abi: { major: 99, minor: 0 } }) });
  const bad = {
    'not a zip': [Buffer.from('hello'), 422], 'empty': [Buffer.alloc(0), 422], 'cut short': [good.subarray(0, good.length - 100), 422],
    'a way out': [zip([...entries(), ['../evil.txt', 'x']]), 422], 'an absolute name': [zip([...entries(), ['/etc/evil', 'x']]), 422],
    'a backslash': [zip([...entries(), ['..\\evil', 'x']]), 422], 'a link': [zip([...entries(), ['link', '/etc/passwd', { mode: 0o120777 }]]), 422],
    'a name twice': [zip([...entries(), ['addon.json', files['addon.json']]]), 422], 'a stranger file': [zip([...entries(), ['more.txt', 'x']]), 422],
    'a changed file': [zip(entries({ 'GUIDE.md': Buffer.from('changed') })), 422], 'a missing file': [zip(entries({ 'GUIDE.md': null })), 422],
    'no manifest': [zip(entries({ 'addon.json': null })), 422], 'a broken manifest': [zip(entries({ 'addon.json': Buffer.from('{') })), 422],
    'a bomb': [zip([...entries(), ['zeros', Buffer.alloc(48 * 1024 * 1024)]]), 422],
    'a newer ABI': [newer, 422],
  };
  for (const [name, [bytes, status]] of Object.entries(bad)) {
    const answer = await upload(bytes, '?allow_unsigned=yes');
    assert.ok(answer.status === status || (answer.status === 400 && bytes.length === 0), `${name}: ${answer.status} ${answer.text}`);
    assert.match(answer.headers.get('content-type'), /problem\+json/, name);
    assert.ok(answer.body.detail.length > 10, name);
    assert.ok(!answer.text.includes(house.data), `${name} tells a path of the server`);
  }
  assert.match((await upload(newer, '?allow_unsigned=yes')).body.detail, /99/);
  assert.deepEqual(await list(), []);
  const left = readdirSync(path.join(house.data, 'addons'), { withFileTypes: true }).map((e) => e.name);
  assert.deepEqual(left, []);
});

test('an unsigned package needs a confirmation', async () => {
  const unsigned = rebuilt();
  const answer = await upload(unsigned);
  assert.equal(answer.status, 409, answer.text);
  assert.match(answer.body.type, /addon_unsigned/);
  assert.deepEqual(await list(), []);
  assert.equal((await upload(unsigned, '?allow_unsigned=yes')).status, 201);
  assert.equal((await list())[0].signed_by, null);
  assert.equal((await house.api('DELETE', '/api/v1/admin/addons/instagram')).status, 204);
});

test('a failing migration says why, leaves nothing half-done, and a mended package goes on', async () => {
  const name = Object.keys(files).find((n) => n.startsWith('migrations/002'));
  const broken = rebuilt({ changes: { [name]: Buffer.from('{"id":2,"description":"broken","steps":[{"widen":"users.email"}]}') } });
  assert.equal((await upload(broken, '?allow_unsigned=yes')).status, 201);
  const answer = await house.api('POST', '/api/v1/admin/addons/instagram/activate');
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status} ${answer.text}`);
  const card = (await list())[0];
  assert.equal(card.status, 'failed');
  assert.match(card.status_reason, /users\.email|migration/i);
  assert.deepEqual((await house.api('GET', house.w('/channels'))).body.items.filter((c) => c.slug === 'instagram'), []);
  assert.equal((await upload(good)).status, 201);
});

test('install, activate, connect, deactivate, activate', async () => {
  const installed = await upload(good);
  assert.equal(installed.status, 201, installed.text);
  assert.equal(installed.body.slug, 'instagram');
  assert.equal(installed.body.name, 'Instagram Direct Messages');
  assert.equal(installed.body.version, '1.0.0');
  const activated = await house.api('POST', '/api/v1/admin/addons/instagram/activate');
  assert.equal(activated.status, 200, activated.text);
  assert.equal(activated.body.status, 'active');
  assert.equal((await house.api('POST', '/api/v1/admin/addons/instagram/activate')).status, 200, 'again');
  const channel = (await house.api('GET', house.w('/channels'))).body.items.find((c) => c.slug === 'instagram');
  assert.deepEqual(channel.fields.filter((f) => !f.backends || f.backends.includes('facebook')).map((f) => f.label),
    ['Page ID', 'Page Name', 'IG User ID', 'IG Username', 'Page Access Token', 'App Secret']);
  house.account = await house.connect(defaultFields());
  assert.equal(house.account.status, 'connected');
  assert.ok(house.account.verify_token.length >= 24);
  assert.equal(house.account.webhook_url, `${house.url}/addons/instagram/webhook`);
  const overview = (await house.api('GET', '/api/v1/admin/addons/instagram/overview')).body;
  assert.equal(overview.webhook_url, house.account.webhook_url);
  assert.equal(overview.connected[0].workspace_name, 'Acme');
  for (const p of ['instagram_basic', 'instagram_manage_messages', 'pages_messaging', 'pages_manage_metadata']) assert.ok(JSON.stringify(overview.checklist).includes(p), p);
  assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'm1', text: 'kept' } })))).status, 200);
  assert.equal((await house.conversations('?channel=instagram')).length, 1);

  assert.equal((await house.api('DELETE', '/api/v1/admin/addons/instagram')).status, 409);
  assert.equal((await house.api('POST', '/api/v1/admin/addons/instagram/deactivate')).body.status, 'inactive');
  assert.deepEqual(await house.conversations(), []);
  assert.equal((await house.webhook(house.envelope())).status, 404);
  assert.deepEqual((await house.api('GET', house.w('/channels'))).body.items.filter((c) => c.slug === 'instagram'), []);
  assert.equal((await house.api('POST', '/api/v1/admin/addons/instagram/activate')).body.status, 'active');
  assert.equal((await house.conversations())[0].last_message.text, 'kept');
});

test('it is all there after a restart', async () => {
  assert.equal(await house.down(), 0);
  await house.up();
  assert.equal((await list())[0].status, 'active');
  assert.equal((await house.conversations())[0].last_message.text, 'kept');
  assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'm2', text: 'after' } })))).status, 200);
});

// Only a first activation runs the migrations, so each kill gets an installation of its own. That no row is lost when the kill
// falls into the widening itself is tests/widen_test.c, statement by statement, on a table full of rows.
test('SIGKILL during a first activation: it can be activated again, and works', async () => {
  // How long it takes here is measured at the first one, which nobody kills; then a little earlier each time, until some kills came in time.
  let killed = 0, delay = 0;
  for (let round = 0; round < 7 || killed < 3; round++) {
    const house = await House.start({ addon: false });
    try {
      await house.down();
      house.command(['addon', 'install', addonZip]);
      const command = [program, ['addon', 'activate', 'instagram', ...house.where]], began = Date.now();
      if (round > 0) {
        try { execFileSync(...command, { timeout: Math.max(1, delay), killSignal: 'SIGKILL', stdio: 'ignore' }); } catch (e) { assert.equal(e.code, 'ETIMEDOUT'); killed += e.signal === 'SIGKILL'; }
      }
      execFileSync(...command, { stdio: 'pipe' });
      const took = Date.now() - began;
      assert.match(house.command(['addon', 'list']), /instagram.*active/, `killed after ${delay} ms`);
      await house.up();
      house.account = await house.connect(defaultFields());
      assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'after', text: 'after the kill' } })))).status, 200);
      assert.equal((await house.conversations('?channel=instagram'))[0].last_message.text, 'after the kill');
      delay = Math.floor((round === 0 ? took : delay) * 0.8);
    } finally { await house.stop(); }
  }
});

test('a deactivated channel comes back with all its conversations', async () => {
  const kept = await House.start();
  try {
    for (let k = 0; k < 40; k++) await kept.webhook(kept.envelope(...Array.from({ length: 50 }, (_, n) => kept.fromCustomer(`9${String(k * 50 + n).padStart(14, '0')}`, { message: { mid: `k${k}-${n}`, text: 'x' } }))));
    const before = (await kept.allConversations()).length;
    assert.equal(before, 2000);
    await kept.down();
    for (const verb of ['deactivate', 'activate', 'deactivate', 'activate']) kept.command(['addon', verb, 'instagram']);
    await kept.up();
    assert.equal((await kept.allConversations()).length, before);
  } finally { await kept.stop(); }
});

test('the commands do the same without a browser', async () => {
  const fresh = await freshDatabase();
  const folder = mkdtempSync(path.join(tmpdir(), 'mailtrixy-addon-'));
  try {
    for (const [name, bytes] of Object.entries(files)) {
      if (name === 'addon.sig') continue;
      mkdirSync(path.dirname(path.join(folder, 'src', name)), { recursive: true });
      writeFileSync(path.join(folder, 'src', name), bytes);
    }
    const run = (...args) => execFileSync(program, ['addon', ...args], { encoding: 'utf8' });
    const where = ['--data', path.join(folder, 'data'), ...(fresh ? ['--database', fresh.url] : [])];
    run('keygen', '--out', path.join(folder, 'mine'));
    run('pack', path.join(folder, 'src'), '--key', path.join(folder, 'mine.key'), '--out', path.join(folder, 'mine.zip'));
    assert.throws(() => run('install', path.join(folder, 'mine.zip'), ...where), /./);
    mkdirSync(path.join(folder, 'data', 'trusted-keys'), { recursive: true });
    writeFileSync(path.join(folder, 'data', 'trusted-keys', 'mine.pub'), readFileSync(path.join(folder, 'mine.pub')));
    run('install', path.join(folder, 'mine.zip'), ...where);
    run('activate', 'instagram', ...where);
    assert.match(run('list', ...where), /instagram.*1\.0\.0.*active/);
  } finally { rmSync(folder, { recursive: true, force: true }); await fresh?.drop(); }
});
