// A copy while the server works, an installation made of it, and what doctor says of both.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test as anyTest } from 'node:test';
import { House, onlySqlite, password, program, runProgram, runProgramFailing } from './lib/house.mjs';

// The other engine has tools of its own for copies: what backup does there is in backup_shared.test.mjs.
const test = (name, body) => anyTest(name, { skip: onlySqlite }, body);

let house, scratch;
before(async () => {
  if (onlySqlite) return;
  scratch = mkdtempSync(path.join(tmpdir(), 'mailtrixy-backup-'));
  house = await House.start();
  for (const bytes of ['one file', 'another file']) assert.equal((await house.api('POST', house.w('/uploads?name=note.txt'), bytes, { type: 'text/plain' })).status, 201);
});
after(async () => { await house?.stop(); if (scratch) rmSync(scratch, { recursive: true, force: true }); });

const doctor = (data) => { const r = spawnSync(program, ['doctor', '--data', data], { encoding: 'utf8' }); return { status: r.status, text: r.stdout + r.stderr }; };
const write = (k) => house.webhook(house.envelope(house.fromCustomer(`9000000000000${String(k % 20).padStart(2, '0')}`, { message: { mid: `b-${k}`, text: `message ${k}` } })));
const texts = async (h) => {
  const all = [];
  for (const c of await h.allConversations()) all.push(...(await h.messages(c.id)).map((m) => m.text));
  return new Set(all);
};

test('a backup under load holds all that was answered before it began, and starts as an installation', async () => {
  const before = [];
  for (let k = 0; k < 40; k++) { assert.equal((await write(k)).status, 200); before.push(`message ${k}`); }
  let running = true, number = 40;
  const load = Promise.all(Array.from({ length: 4 }, async () => { while (running) await write(number++); }));
  const to = path.join(scratch, 'one');
  const said = house.command(['backup', '--to', to]);
  running = false;
  await load;
  assert.match(said, /is whole/);
  assert.match(said, /secret\.key is not in it/);
  assert.ok(!existsSync(path.join(to, 'secret.key')));
  assert.equal(statSync(to).mode & 0o77, 0);

  const copy = new House({ graph: undefined });
  copy.data = path.join(scratch, 'restored');
  runProgram(['restore', '--from', to, '--key', path.join(house.data, 'secret.key'), '--data', copy.data]);
  copy.token = house.token;
  copy.workspace = house.workspace;
  copy.account = house.account;
  await copy.up();
  try {
    const there = await texts(copy);
    assert.match(doctor(copy.data).text, /customers' files: all 2 are there/);
    assert.deepEqual(before.filter((t) => !there.has(t)), []);
    const answer = await copy.webhook(copy.envelope(copy.fromCustomer('900000000000099', { message: { mid: 'after', text: 'the secrets open' } })));
    assert.equal(answer.status, 200, 'the addon is active and the App Secret opens');
  } finally { await copy.down(); }
});

test('a backup is whole or not there', () => {
  const to = path.join(scratch, 'two');
  house.command(['backup', '--to', to, '--with-key']);
  assert.ok(existsSync(path.join(to, 'secret.key')));
  assert.match(runProgramFailing(['backup', '--data', house.data, '--to', to]).stderr, /is there already/);
  assert.match(runProgramFailing(['backup', '--data', house.data, '--to', path.join(scratch, 'no/such/folder')]).stderr, /no\/such\/folder/);
  assert.match(runProgramFailing(['backup', '--data', path.join(scratch, 'nothing'), '--to', path.join(scratch, 'x')]).stderr, /no data directory/);
  assert.ok(!existsSync(path.join(scratch, 'x.part')));
});

test('restore takes backups alone, and an empty data directory alone', () => {
  const data = path.join(scratch, 'target');
  assert.match(runProgramFailing(['restore', '--from', house.data, '--data', data]).stderr, /is no backup/);
  writeFileSync(path.join(scratch, 'backup.txt'), 'something else\n');
  assert.match(runProgramFailing(['restore', '--from', scratch, '--data', data]).stderr, /is no backup/);
  assert.match(runProgramFailing(['restore', '--from', path.join(scratch, 'two'), '--data', house.data]).stderr, /another mailtrixy serve uses|is there/);
  runProgram(['restore', '--from', path.join(scratch, 'two'), '--data', data]);
  assert.deepEqual(readFileSync(path.join(data, 'secret.key')), readFileSync(path.join(house.data, 'secret.key')));
  assert.match(runProgramFailing(['restore', '--from', path.join(scratch, 'two'), '--data', data]).stderr, /is there: a backup is put back into an empty/);
});


test('doctor finds nothing in a sound installation, and each of these faults', () => {
  const sound = doctor(house.data);
  assert.match(sound.text, /database is whole/);
  assert.match(sound.text, /customers' files: all 2 are there/);
  assert.match(sound.text, /a server runs/);
  assert.match(sound.text, /addon Instagram Direct Messages 1\.0\.0 is active/);
  assert.ok(!sound.text.includes('✗'), sound.text);
  assert.equal(sound.status, 0);

  const data = path.join(scratch, 'target');
  chmodSync(data, 0o755);
  const stranger = path.join(scratch, 'stranger');	// whose key is a good one, and not this database's
  runProgram(['setup', '--data', stranger, '--email', 'x@example.org', '--name', 'X', '--workspace', 'X', '--password-stdin'], password);
  writeFileSync(path.join(data, 'secret.key'), readFileSync(path.join(stranger, 'secret.key')));
  const ill = doctor(data);
  assert.equal(ill.status, 1);
  assert.match(ill.text, /✗ data directory .* others on this machine may look in/);
  assert.match(ill.text, /✗ instagram account .*\n    → Put the secret\.key back/);
  assert.match(ill.text, /no server runs/);
  for (const name of readdirSync(path.join(data, 'files'), { recursive: true, withFileTypes: true }).filter((f) => f.isFile()).slice(0, 1)) rmSync(path.join(name.path ?? name.parentPath, name.name));
  assert.match(doctor(data).text, /customers' files: of 2, 1 are not on the disk or not whole/);
  const hash = readdirSync(path.join(data, 'addons'))[0];
  appendFileSync(path.join(data, 'addons', hash, readdirSync(path.join(data, 'addons', hash)).find((f) => f.endsWith('.so')) ?? 'addon.json'), 'x');
  assert.match(doctor(data).text, /✗ addon Instagram .* was changed on the server's disk\. Upload the package once more/);
  assert.equal(doctor(path.join(scratch, 'nothing')).status, 1);
});

test('doctor tells of a damaged database', () => {
  const data = path.join(scratch, 'damaged');
  runProgram(['restore', '--from', path.join(scratch, 'two'), '--data', data]);
  const file = path.join(data, 'mailtrixy.db'), bytes = readFileSync(file);
  bytes.fill(0xa5, Math.floor(bytes.length / 8192 / 2) * 8192 + 64, Math.floor(bytes.length / 8192 / 2) * 8192 + 8000);
  for (let page = 20; page < bytes.length / 8192; page++) bytes.fill(0xa5, page * 8192 + 1, page * 8192 + 12);
  writeFileSync(file, bytes);
  const ill = doctor(data);
  assert.equal(ill.status, 1);
  assert.match(ill.text, /✗ (database|the installation does not open|accounts|addons)/);
});
