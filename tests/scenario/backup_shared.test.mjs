// A backup of an instance on MariaDB while it is served, and both ways back: as an instance on SQLite, and into an empty MariaDB.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test as anyTest } from 'node:test';
import { House, program, until } from './lib/house.mjs';
import { installed, Mariadb } from './lib/mariadb.mjs';

const able = installed();
const test = (name, body) => anyTest(name, { skip: able ? false : 'MariaDB is not installed' }, body);
let server, house, name, scratch, to, upload, kept, rows;
const note = Buffer.from('a note\n'.repeat(100000));

before(async () => {
  if (!able) return;
  scratch = mkdtempSync(path.join(tmpdir(), 'mailtrixy-backup-'));
  server = await Mariadb.start();
  name = await server.database();
  house = await House.start({ database: server.url(name) });
  upload = (await house.api('POST', house.w('/uploads?name=note.txt'), note, { type: 'text/plain' })).body;
  for (let k = 0; k < 40; k++) assert.equal((await write(k)).status, 200);
  assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000098', { message: { mid: 'still', text: 'Grüße 😀 from a zebra' } })))).status, 200);
  await until(() => house.conversations('?q=zebra'), (list) => list.length === 1);
  kept = await seen(house);
  rows = await asked(name);
});
after(async () => { await house?.stop(); await server?.stop(); if (scratch) rmSync(scratch, { recursive: true, force: true }); });

const write = (k) => house.webhook(house.envelope(house.fromCustomer(`9000000000000${String(k % 20).padStart(2, '0')}`, { message: { mid: `b-${k}`, text: `message ${k}` } })));
async function run(args, env = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let said = '', told = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { said += text; });
  child.stderr.setEncoding('utf8').on('data', (text) => { told += text; });
  const [status] = await once(child, 'close');
  return { status, said, told };
}
// What the API shows of what stands still meanwhile.
async function seen(h) {
  const found = await h.conversations('?q=zebra');
  return { found, messages: await h.messages(found[0].id), members: (await h.api('GET', h.w('/members'))).body,
    accounts: (await h.api('GET', h.w('/accounts'))).body.items.map(({ id, name, channel, fields }) => ({ id, name, channel, fields })) };
}
const texts = async (h) => {
  const all = [];
  for (const c of await h.allConversations()) all.push(...(await h.messages(c.id)).map((m) => m.text));
  return all.sort();
};
async function moveIn(database, data) {
  const h = new House({});
  Object.assign(h, { database, data, token: house.token, workspace: house.workspace, account: house.account });
  await h.up();
  return h;
}
// By another program than ours: what both of our readers got wrong alike, as a NULL that became an empty text, would show nowhere else.
const asked = (database) => server.ask(`USE ${database}; SELECT * FROM messages WHERE text LIKE '%zebra%'; SELECT * FROM users; SELECT * FROM workspaces;
  SELECT * FROM attachments; SELECT c.* FROM conversations c JOIN messages m ON m.conversation_id = c.id WHERE m.text LIKE '%zebra%'`);
async function works(h) {
  assert.deepEqual(await seen(h), kept);
  const answer = await fetch(h.url + h.w(`/uploads/${upload.id}/content`), { headers: { Authorization: `Bearer ${h.token}` } });
  assert.equal(answer.status, 200);
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), note);
  assert.equal((await h.webhook(h.envelope(h.fromCustomer('900000000000099', { message: { mid: 'after', text: 'the secrets open' } })))).status, 200);
}
let restored;

test('a backup while webhooks come holds all that was answered before, and becomes an instance on SQLite', async () => {
  let running = true, number = 40;
  const load = Promise.all(Array.from({ length: 3 }, async () => { while (running) assert.equal((await write(number++)).status, 200); }));
  to = path.join(scratch, 'one');
  const r = await run(['backup', ...house.where, '--to', to]);
  running = false;
  await load;
  assert.equal(r.status, 0, r.told);
  assert.ok(number > 45, 'webhooks were taken meanwhile');
  assert.match(r.said, /is whole: the database and 1 files, 0 MB/);
  assert.match(r.said, /secret\.key is not in it/);
  assert.match(readFileSync(path.join(to, 'backup.txt'), 'utf8'), new RegExp(`^mailtrixy backup 1\nmade .*\nfiles 1\nbytes ${note.length}\n`));
  assert.equal(statSync(to).mode & 0o77, 0);
  const names = readdirSync(to);
  for (const name of ['mailtrixy.db', 'files', 'addons', 'backup.txt']) assert.ok(names.includes(name), name);
  for (const name of names) assert.doesNotMatch(name, /secret\.key|-wal|-shm|serve\.lock/);

  const data = path.join(scratch, 'sqlite');
  const back = await run(['restore', '--from', to, '--key', path.join(house.data, 'secret.key'), '--data', data]);
  assert.equal(back.status, 0, back.told);
  const h = await moveIn('', data);
  try {
    restored = await texts(h);
    for (let k = 0; k < 40; k++) assert.ok(restored.includes(`message ${k}`), `message ${k}`);
    await works(h);
  } finally { await h.down(); }
});

test('the same backup goes back into an empty MariaDB, and nowhere else', async () => {
  const data = path.join(scratch, 'maria'), empty = await server.database(), database = server.url(empty);
  const bytes = readFileSync(path.join(to, 'mailtrixy.db'));
  let r = await run(['restore', '--from', to, '--data', data, '--database', database]);
  assert.equal(r.status, 2);
  assert.match(r.told, /secret\.key is neither in the backup nor in .*--key FILE/);
  r = await run(['restore', '--from', to, '--key', path.join(house.data, 'secret.key'), '--data', data, '--database', database]);
  assert.equal(r.status, 0, r.told);
  assert.match(r.said, /The database holds all \d+ rows and 1 files again/);
  assert.deepEqual(await asked(empty), rows);
  assert.ok(!existsSync(path.join(data, 'restore.db')));
  assert.deepEqual(readFileSync(path.join(to, 'mailtrixy.db')), bytes, 'the backup is as it was');
  rmSync(path.join(data, 'files'), { recursive: true, force: true });
  const h = await moveIn(database, data);
  try {
    assert.deepEqual(await texts(h), restored);
    await works(h);
    const busy = await run(['restore', '--from', to, '--data', data, '--database', database]);
    assert.match(busy.told, /another mailtrixy serve uses the data directory/);
  } finally { await h.down(); }
  const full = await run(['restore', '--from', to, '--key', path.join(house.data, 'secret.key'), '--data', path.join(scratch, 'x'), '--database', house.database]);
  assert.equal(full.status, 1);
  assert.match(full.told, /a server (uses|runs on) the .*database|a server uses the database/);
  const strange = await run(['restore', '--from', to, '--data', data, '--database', `sqlite:${data}/x.db`]);
  assert.match(strange.told, /leave --database out for SQLite/);
});

test('copy refuses a source and a target that a server lives on, with another data directory', async () => {
  const other = path.join(scratch, 'other');
  mkdirSync(other, { mode: 0o700 });
  copyFileSync(path.join(house.data, 'secret.key'), path.join(other, 'secret.key'));
  let r = await run(['copy', '--from', house.database, '--from-data', other, '--to', path.join(scratch, 'busy')]);
  assert.equal(r.status, 1);
  assert.match(r.told, /--from: a server uses the database \(.*\): stop it first/);
  r = await run(['copy', '--from', path.join(scratch, 'sqlite'), '--to', house.database, '--to-data', other]);
  assert.equal(r.status, 1);
  assert.match(r.told, /--to: a server uses the database \(.*\): stop it first/);
});

test('URLs of copy from the environment and a password from a file: no command line shows one; doctor tells of a half copy', async () => {
  const name = await server.database(), url = new URL(server.url(name)), data = path.join(scratch, 'env'), file = path.join(scratch, 'word');
  writeFileSync(file, decodeURIComponent(url.password), { mode: 0o600 });
  const bare = `mysql://${url.username}@${url.host}/${name}?password_file=${file}`;
  const env = { MAILTRIXY_COPY_FROM: path.join(scratch, 'sqlite'), MAILTRIXY_COPY_TO: bare };
  const child = spawn(program, ['copy', '--to-data', data], { env: { ...process.env, ...env } });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { told += text; if (/copy \w+: /.test(told)) child.kill('SIGKILL'); });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL', told);
  const ill = spawnSync(program, ['doctor', '--data', data, '--database', bare], { encoding: 'utf8' });
  assert.equal(ill.status, 1);
  assert.match(ill.stdout, /✗ the installation does not open: the database is a copy that is not finished: run the same mailtrixy copy/);
  assert.match((await run(['backup', '--data', data, '--database', bare, '--to', path.join(scratch, 'half')])).told, /a copy that is not finished/);
  const r = await run(['copy', '--to-data', data], env);
  assert.equal(r.status, 0, r.told);
  assert.match(r.told, /going on with the copy/);
});
