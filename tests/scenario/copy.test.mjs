// mailtrixy copy: a whole installation into another database and back, with everything that belongs to it; what it refuses; killed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { House, program, until } from './lib/house.mjs';
import { Mariadb, installed } from './lib/mariadb.mjs';
import { png } from './lib/picture.mjs';
import { Number, numberFields } from './lib/whatsapp.mjs';

let scratch, house, number, server, picture, note, uploads;
const mariadb = installed() && process.env.MAILTRIXY_COPY_SQLITE_ONLY === undefined;
const noMariadb = mariadb ? false : 'no MariaDB is installed';

before(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), 'mailtrixy-copy-'));
  if (mariadb) server = await Mariadb.start();
  house = await House.start({ database: '' });
  number = await Number.connect(house, numberFields());
  for (let k = 0; k < 30; k++)
    await house.webhook(house.envelope(house.fromCustomer(`9100000000000${String(k % 7).padStart(2, '0')}`, { message: { mid: `c-${k}`, text: `Grüße 😀 number ${k}` } })));
  // Enough for a kill to find it on its way.
  for (let k = 0; k < 6; k++)
    assert.equal((await house.webhook(house.envelope(...Array.from({ length: 500 }, (_, n) => house.fromCustomer('910000000000050', { message: { mid: `m-${k}-${n}`, text: `one of many ${k} ${n}` } }))))).status, 200);
  await number.receive(number.from('491700000001', { type: 'text', text: { body: 'a zebra by WhatsApp' } }));
  picture = png(900, 600);
  note = 'a note\n'.repeat(100000);      // more than one piece in a database
  uploads = [];
  for (const [name, bytes, type] of [['zebra.png', picture, 'image/png'], ['note.txt', note, 'text/plain']]) {
    const answer = await house.api('POST', house.w(`/uploads?name=${name}`), bytes, { type });
    assert.equal(answer.status, 201);
    uploads.push(answer.body);
  }
  await until(() => house.conversations('?q=zebra'), (list) => list.length === 1);
  house.before = await seen(house);
  await house.down();
});
after(async () => { rmSync(house.data, { recursive: true, force: true }); rmSync(scratch, { recursive: true, force: true }); await server?.stop(); });

// What people see of it, but for what moves by itself.
async function seen(h) {
  const still = ({ status, error, ...rest }) => rest;
  const conversations = await h.allConversations(), messages = {};
  for (const c of conversations) messages[c.id] = (await h.messages(c.id)).map(still);
  const search = {};
  for (const q of ['zebra', 'grüße 7', '4917']) search[q] = (await h.conversations(`?q=${encodeURIComponent(q)}`)).map((c) => c.id).sort();
  return { conversations: conversations.map(({ last_message, ...c }) => c), messages, search, journal: await h.journal(),
    accounts: (await h.api('GET', h.w('/accounts'))).body.items.map(({ id, name, channel, fields }) => ({ id, name, channel, fields })),
    people: (await h.api('GET', h.w('/members'))).body };
}

const copy = (...args) => { const r = spawnSync(program, ['copy', ...args], { encoding: 'utf8' }); return { status: r.status, said: r.stdout, told: r.stderr }; };

async function moveIn(database, data) {
  const h = new House({});
  Object.assign(h, { database, data, token: house.token, workspace: house.workspace, account: house.account });
  await h.up();
  return h;
}

async function isTheSame(database, data) {
  const h = await moveIn(database, data);
  try {
    assert.deepEqual(await seen(h), house.before);
    for (const [upload, bytes] of [[uploads[0], picture], [uploads[1], Buffer.from(note)]]) {
      const answer = await fetch(h.url + h.w(`/uploads/${upload.id}/content`), { headers: { Authorization: `Bearer ${h.token}` } });
      assert.equal(answer.status, 200);
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), Buffer.from(bytes));
    }
    // The addon is loaded and the sealed secrets open: webhooks of both channels are taken, and rows get ids of their own.
    assert.equal((await h.webhook(h.envelope(h.fromCustomer('910000000000099', { message: { mid: `new-${data}`, text: 'after the move' } })))).status, 200);
    const there = new Number(h, number.account, number.fields);
    there.next = 100;
    assert.equal((await there.post(there.messages([there.from('491700000002', { type: 'text', text: { body: 'after the move, too' } })]))).status, 200);
    assert.ok(await h.conversationOf('after the move'));
  } finally {
    await h.down();
  }
}

test('from SQLite to SQLite: the same installation, and a repeated command says that it is done', async () => {
  const data = path.join(scratch, 'sqlite');
  const r = copy('--from', house.data, '--to', `sqlite:${data}/`);
  assert.equal(r.status, 0, r.told);
  assert.match(r.said, /The copy is whole: \d+ rows, compared one by one; 2 files, 1 packages of addons/);
  assert.match(r.told, /copy messages: 3031\n/);
  assert.match(r.told, /check messages: 3031\n/);
  assert.match(r.told, /index messages: /);
  assert.match(copy('--from', house.data, '--to', data).said, /was finished at/);
  assert.equal(copy('--from', house.data, '--to', data, '--check').status, 0);
  await isTheSame('', data);
  const other = copy('--from', house.data, '--to', data, '--check');
  assert.equal(other.status, 1, 'it was served since');
  assert.match(other.told, /is in the target alone/);
});

test('to MariaDB and back', { skip: noMariadb }, async () => {
  const database = server.url(await server.database()), data = path.join(scratch, 'maria'), back = path.join(scratch, 'back');
  let r = copy('--from', `sqlite:${house.data}/mailtrixy.db`, '--to', database, '--to-data', data);
  assert.equal(r.status, 0, r.told);
  assert.ok(!existsSync(path.join(data, 'files', String(house.workspace))), 'bytes of files are in the database');
  // A copy of it is served, so that what goes back is what came.
  r = copy('--from', database, '--from-data', data, '--to', `sqlite:${back}/mailtrixy.db`);
  assert.equal(r.status, 0, r.told);
  assert.match(r.said, /2 files, 1 packages/);
  await isTheSame('', back);
  await isTheSame(database, data);
  rmSync(data, { recursive: true, force: true });
});

test('a server at work on either side is told of, and nothing is touched', async () => {
  const h = await moveIn('', house.data);
  try {
    const r = copy('--from', house.data, '--to', path.join(scratch, 'busy'));
    assert.equal(r.status, 1);
    assert.match(r.told, /uses the data directory .*: stop it first/);
    assert.ok(!existsSync(path.join(scratch, 'busy/mailtrixy.db')));
  } finally { await h.down(); }
});

test('what makes no sense is refused in words', () => {
  const data = path.join(scratch, 'sqlite');
  assert.match(copy('--from', house.data).told, /--to is missing/);
  assert.match(copy('--from', path.join(scratch, 'nothing'), '--to', path.join(scratch, 'x')).told, /there is no database .*nothing/);
  assert.match(copy('--from', house.data, '--to', `sqlite:${house.data}/mailtrixy.db`).told, /are the same database/);
  const own = path.join(scratch, 'own');
  spawnSync(program, ['setup', '--data', own, '--email', 'a@b.example', '--name', 'A', '--workspace', 'A', '--password-stdin'], { input: 'correct horse battery' });
  assert.match(copy('--from', house.data, '--to', own).told, /the target is not empty/);
  assert.ok(existsSync(data));
  const other = path.join(scratch, 'other-key');
  spawnSync('mkdir', ['-p', other]);
  writeFileSync(path.join(other, 'secret.key'), readFileSync(path.join(own, 'secret.key')), { mode: 0o600 });
  assert.match(copy('--from', house.data, '--to', other).told, /is another key than the source's/);
});

// Killed at any moment, the same command goes on; meanwhile nobody serves the half of it.
async function killed(to, data) {
  const args = ['copy', '--from', house.data, '--to', to, '--to-data', data];
  let kills = 0, refused = 0, went = 0;
  // A little longer each time, by a share of it: on a machine that is slow, too, some kills find it at work and the sum stays small.
  for (let wait = 10; ; wait = Math.ceil(wait * 1.15)) {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    child.stderr.setEncoding('utf8').on('data', (text) => { told += text; });
    const timer = setTimeout(() => child.kill('SIGKILL'), wait);
    const [code, signal] = await once(child, 'close');
    clearTimeout(timer);
    went += /going on with the copy/.test(told);
    if (code === 0) break;
    assert.equal(signal, 'SIGKILL', told);
    kills++;
    if (/copy \w+: /.test(told) && refused === 0) {
      const r = spawnSync(program, ['serve', '--data', data, '--database', to, '--listen', '127.0.0.1:0'], { encoding: 'utf8', timeout: 60_000 });
      assert.match(r.stderr, /is a copy that is not finished/);
      refused++;
    }
  }
  assert.ok(kills > 3 && went > 0 && refused === 1, `${kills} kills, ${went} went on, ${refused} refused`);
}

test('killed again and again on its way', async () => {
  const data = path.join(scratch, 'killed');
  await killed(`sqlite:${data}/mailtrixy.db`, data);
  await isTheSame('', data);
});

test('killed on its way to MariaDB', { skip: noMariadb }, async () => {
  const data = path.join(scratch, 'killed-maria'), database = server.url(await server.database());
  await killed(database, data);
  await isTheSame(database, data);
});
