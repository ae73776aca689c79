// One MariaDB: it is killed under load and comes back; it says no in all the ways that operators meet.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { House, password, program, until } from './lib/house.mjs';
import { Mariadb } from './lib/mariadb.mjs';
import { startStreet } from './lib/street.mjs';
import { Answers, Traffic } from './lib/traffic.mjs';

let server;
before(async () => { server = await Mariadb.start({ durable: true }); }, { timeout: 300_000 });
after(() => server?.stop());

test('the database is killed under load: 503 until it is back, then all goes on by itself, and nothing that was answered is lost', { timeout: 600_000 }, async () => {
  const s = await startStreet({ database: server.url(await server.database()) });
  try {
    await s.sim.post('options', { time_scale: 0.01, unsubscribe_after_ms: 0 });
    const talks = [];
    for (const customer of s.customers.slice(0, 2)) talks.push({ customer, conversation: (await s.meet(customer, `Hello from ${customer}`)).id });
    const during = new Map();
    let away = false;
    const traffic = new Traffic({ house: s.house, post: async (body) => {
      const { status } = await s.house.webhook(body);
      if (away) during.set(status, (during.get(status) ?? 0) + 1);
      return status;
    } });
    const answers = new Answers({ api: (...args) => s.house.api(...args), house: s.house, sim: s.sim, talks });
    const stream = await s.house.events();
    traffic.start();
    answers.start();
    for (let round = 0; round < 3; round++) {
      await traffic.flows(200);
      await server.down('SIGKILL');
      away = true;
      // Until Meta is told to come again.
      await until(() => traffic.statuses.get(503) ?? 0, (n) => n > round * 4);
      assert.equal((await s.house.api('GET', s.house.w('/conversations'))).status, 503, 'a browser is told that it is for a moment');
      away = false;
      await server.up();
      await traffic.flows(50);
    }
    await traffic.finish();
    await answers.finish();
    assert.deepEqual([...traffic.statuses.keys()].filter((status) => status !== 200 && status !== 503), [], JSON.stringify([...traffic.statuses]));
    assert.deepEqual(await answers.differences(s.house), []);
    assert.deepEqual(await traffic.differences(s.house), []);
    const last = await s.sim.act(s.customers[0], 'text', { text: 'and live again' });
    assert.ok(last);
    await stream.wait((e) => e.data?.includes('and live again'));
    console.log(`# ${traffic.talks.length} messages, answers ${JSON.stringify([...traffic.statuses])}, slowest ${traffic.slowest} ms; ${answers.sent.length} replies, ${answers.unknown} unknown`);
  } finally { await s.stop(); }
});

// What a command says of a database that it cannot use: its status and its words, without the password.
async function refusal(url, args = []) {
  const data = mkdtempSync(path.join(tmpdir(), 'mailtrixy-no-'));
  try {
    const r = spawnSync(program, ['setup', '--data', data, '--database', url, '--email', 'o@example.org', '--name', 'O', '--workspace', 'W', '--password-stdin', ...args], { input: password, encoding: 'utf8', timeout: 120_000 });
    const said = r.stdout + r.stderr;
    assert.ok(!said.includes('p@ss') && !said.includes('p%40ss') && !said.includes('wrong-word'), `the password is in it: ${said}`);
    assert.doesNotMatch(said, /AddressSanitizer|runtime error/);
    return { status: r.status, said };
  } finally { rmSync(data, { recursive: true, force: true }); }
}

test('what is wrong with a database is said in words that help', async () => {
  const url = server.url(await server.database());
  const cases = {
    'a wrong password': [url.replace(/:p%40[^@]*@/, ':wrong-word@'), /password/i],
    'no such database': [url.replace(/\/mt_.*/, '/other_one'), /other_one/],
    'nobody listens': [url.replace(/:\d+\//, ':1/'), /127\.0\.0\.1/],
    'a URL without a name': [url.replace(/\/mt_.*/, '/'), /name/],
  };
  for (const [name, [where, words]] of Object.entries(cases)) {
    const { status, said } = await refusal(where);
    assert.notEqual(status, 0, name);
    assert.match(said, words, name);
  }
});

test('a missing right is named', async () => {
  const name = await server.database();
  await server.ask(`CREATE USER reader@127.0.0.1 IDENTIFIED BY 'p@ss2'; GRANT SELECT, INSERT ON ${name}.* TO reader@127.0.0.1`);
  const { status, said } = await refusal(`mysql://reader:p%40ss2@127.0.0.1:${server.port}/${name}`);
  assert.notEqual(status, 0);
  assert.match(said, /CREATE/);
  assert.match(said, /right|privilege|GRANT/i);
});

test('a server that does not check values is no danger: the program sets its own mode', async () => {
  const name = await server.database();
  await server.ask("SET GLOBAL sql_mode = ''");
  try {
    const house = await House.start({ database: server.url(name) });
    assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'M', text: 'strict' } })))).status, 200);
    assert.equal((await house.conversations())[0].channel, 'instagram');
    await house.stop();
  } finally { await server.ask('SET GLOBAL sql_mode = DEFAULT'); }
});

test('the socket and a password file', async () => {
  const name = await server.database(), folder = mkdtempSync(path.join(tmpdir(), 'mailtrixy-socket-'));
  try {
    await server.ask("CREATE USER IF NOT EXISTS mailtrixy@localhost IDENTIFIED BY 'from the file'; GRANT ALL ON `mt%`.* TO mailtrixy@localhost");
    writeFileSync(path.join(folder, 'word'), 'from the file\n', { mode: 0o600 });
    const house = await House.start({ database: `mysql://mailtrixy@/${name}?socket=${server.node.socket}&password_file=${path.join(folder, 'word')}` });
    assert.equal((await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'M', text: 'x' } })))).status, 200);
    assert.equal(readFileSync(path.join(folder, 'word'), 'utf8'), 'from the file\n');
    await house.stop();
  } finally { rmSync(folder, { recursive: true, force: true }); }
});

test('doctor finds nothing wrong', async () => {
  const house = await House.start({ database: server.url(await server.database()) });
  try {
    const said = house.command(['doctor']);
    assert.ok(!said.includes('✗'), said);
  } finally { await house.stop(); }
});
