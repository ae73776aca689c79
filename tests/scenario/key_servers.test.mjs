// The instance's key and its addons, where servers with a data directory each come to one database at the same moment, or by another
// login than before. On MariaDB only.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { after, before, test as anyTest } from 'node:test';
import { addonZip, House, password, program, runProgramFailing, until } from './lib/house.mjs';
import { freshDatabase, installed, Mariadb } from './lib/mariadb.mjs';

const able = installed();
const test = (name, body) => anyTest(name, { skip: able ? false : 'MariaDB is not installed' }, body);

let server;
const folders = [];
before(async () => { if (able) server = await Mariadb.start(); });
after(async () => { for (const f of folders) rmSync(f, { recursive: true, force: true }); await server?.stop(); });

const folder = () => { const f = mkdtempSync(path.join(tmpdir(), 'mailtrixy-test-')); folders.push(f); return f; };
const keyOf = (data) => readFileSync(path.join(data, 'secret.key'), 'utf8');
/** Commands that begin at the same moment: what each said, or its error. */
const atOnce = (commands) => Promise.all(commands.map((args) => new Promise((resolve) => {
  execFile(program, args, { encoding: 'utf8' }, (e, out, said) => resolve({ status: e ? e.code : 0, out, said }));
})));

test('servers that start at once on an empty database agree on one key', async () => {
  for (let round = 0; round < 3; round++) {
    const { url, drop } = await freshDatabase(server.url('mt')), houses = Array.from({ length: 3 }, () => new House({ database: url }));
    for (const house of houses) Object.assign(house, { data: folder(), database: url });
    try {
      await Promise.all(houses.map((house) => house.up()));
      for (const house of houses) assert.equal(keyOf(house.data), keyOf(houses[0].data));
    } finally {
      for (const house of houses) await house.stop();
      await drop();
    }
  }
});

test('the same addon installed and activated on two servers at once is installed once', async () => {
  const fresh = await freshDatabase(server.url('mt')), a = await House.start({ database: fresh.url, addon: false });
  a.fresh = fresh;
  const b = await House.beside(a), c = { where: ['--data', folder(), '--database', fresh.url] };
  try {
    for (let round = 0; round < 3; round++) {
      for (const words of [['install', addonZip], ['activate', 'instagram'], ['deactivate', 'instagram']]) {
        const ends = await atOnce([a, b, c].map((house) => ['addon', ...words, ...house.where]));
        for (const end of ends) assert.equal(end.status, 0, end.said);
      }
      assert.equal(await fresh.ask('SELECT COUNT(*) FROM addons').then((rows) => rows[0][0]), '1');
      const ends = await atOnce([a, b, c].map((house) => ['addon', 'remove', 'instagram', ...house.where]));
      assert.equal(ends.filter((end) => end.status === 0).length, 1);
      assert.deepEqual(await fresh.ask('SELECT COUNT(*) FROM addon_packages'), [['0']]);
    }
    a.command(['addon', 'install', addonZip]);
    b.command(['addon', 'activate', 'instagram']);
    assert.match(a.command(['doctor']), /addon Instagram .* is active/);
  } finally { await b.stop(); await a.stop(); }
});

test('a server that cannot load an addon says so, and takes it from nobody', async () => {
  const fresh = await freshDatabase(server.url('mt')), a = await House.start({ database: fresh.url, account: false });
  a.fresh = fresh;
  const card = async () => (await a.api('GET', '/api/v1/admin/addons')).body.items.find((one) => one.slug === 'instagram');
  let b;
  try {
    await fresh.ask('DELETE FROM addon_packages WHERE position = 1');
    b = await House.beside(a);
    const told = await until(card, (one) => one.status_reason !== null, 20_000);
    assert.equal(told.status, 'active');
    assert.match(told.status_reason, new RegExp(`^The server at \\S+ 127.0.0.1:${b.port} cannot load it: The addon's files are missing in the database`));
    const [doctor] = await atOnce([['doctor', ...b.where]]);
    assert.equal(doctor.status, 1);
    assert.match(doctor.out, new RegExp(`✗ addon Instagram .*: The server at \\S+ 127.0.0.1:${b.port} cannot load it`));
    a.command(['addon', 'install', addonZip]);
    const mended = await until(card, (one) => one.status_reason === null, 20_000);
    assert.equal(mended.status, 'active');
    assert.match(b.command(['doctor']), /addon Instagram .* is active/);
  } finally { await b?.stop(); await a.stop(); }
});

test('after the database got another password, a server that has the key brings it along', async () => {
  const { url, drop } = await freshDatabase(server.url('mt')), a = await House.start({ database: url, addon: false });
  try {
    await a.down();
    await server.ask("ALTER USER mailtrixy@127.0.0.1 IDENTIFIED BY 'another'");
    const now = url.replace(/:[^:@/]*@/, ':another@'), fresh = { data: folder() };
    const refused = runProgramFailing(['serve', '--data', fresh.data, '--database', now, '--listen', '127.0.0.1:0']);
    assert.match(refused.stderr, /closed with another password than today's/);
    assert.ok(!refused.stderr.includes('another@'));
    a.database = now;
    await a.up();
    const b = await House.beside(a, { data: fresh.data });
    assert.equal(keyOf(b.data), keyOf(a.data));
    await b.stop();
  } finally {
    await server.ask("ALTER USER mailtrixy@127.0.0.1 IDENTIFIED BY 'p@ss:w/rd%?#'");
    await a.stop();
    await drop();
  }
});

test('with a login without a password the key is carried by hand, and the words say so', async () => {
  const name = await server.database(), url = `mysql://${userInfo().username}@/${name}?socket=${encodeURIComponent(server.node.socket)}`;
  const a = await House.start({ database: url, addon: false });
  let b;
  try {
    assert.deepEqual(await server.ask(`SELECT name FROM ${name}.settings WHERE name LIKE 'seal.%'`), [['seal.check']]);
    assert.match(a.command(['doctor']), /the database does not keep it/);
    const data = folder(), refused = runProgramFailing(['serve', '--data', data, '--database', url, '--listen', '127.0.0.1:0']);
    assert.match(refused.stderr, /without a password cannot fetch.*copy secret\.key/s);
    cpSync(path.join(a.data, 'secret.key'), path.join(data, 'secret.key'));
    b = await House.beside(a, { data });
    assert.equal((await b.api('POST', '/api/v1/session', { email: 'owner@example.org', password })).status < 300, true);
  } finally { await b?.stop(); await a.stop(); }
});
