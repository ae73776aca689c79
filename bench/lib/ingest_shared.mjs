// `bench ingest --database`: webhooks a second on MariaDB, one server and two, beside SQLite on the same machine and beside the floor: what
// a plain client can commit there that writes the same rows in groups and does nothing else (bench/floor_mariadb.c). All in one run,
// rounds alternating.
import { tmpdir } from 'node:os';
import { Galera, Mariadb, freshDatabase, partsOf } from '../../tests/scenario/lib/mariadb.mjs';
import { load, middle, row, runTool } from './load.mjs';
import { cpuSeconds, startAnother, startServer } from './server.mjs';

// Ways in which the plain client may write: how rows are sent, connections, webhooks a transaction.
const ways = [['bulk', 1, 64], ['bulk', 1, 256], ['bulk', 2, 64], ['bulk', 4, 64], ['rows', 1, 64]];
const nameOf = ([mode, connections, group]) => `floor: ${mode}, ${connections} connection${connections > 1 ? 's' : ''}, groups of ${group}`;

// Where it is measured: `url(k)` is how server k reaches it.
async function place(database) {
  const options = { durable: true, folder: tmpdir(), lines: ['innodb_buffer_pool_size = 1G', 'innodb_log_file_size = 512M'] };
  if (database === 'galera') {
    const cluster = await Galera.start({ folder: tmpdir(), lines: options.lines });
    return { base: (k = 0) => cluster.url('mt', [0, 1, 2].map((n) => (n + k) % 3)), words: 'a throwaway Galera cluster of three nodes, innodb_flush_log_at_trx_commit=2', stop: () => cluster.stop() };
  }
  if (database !== 'mariadb') return { base: () => database, words: 'the server of the URL', stop: async () => {} };
  const server = await Mariadb.start(options);
  return { base: () => server.url('mt'), words: 'a throwaway MariaDB, each commit on the disk', stop: () => server.stop() };
}

export async function benchShared(o) {
  const where = await place(o.database), stops = [];
  try {
    const ours = await freshDatabase(where.base()), plain = await freshDatabase(where.base());
    stops.push(() => ours.drop(), () => plain.drop());
    const urlOf = (k) => where.base(k).replace(/(@[^/]*\/)[^?]*/, `$1${ours.name}`);
    const sqlite = await startServer();
    stops.push(sqlite.stop);
    const one = await startServer({ database: urlOf(0) });
    stops.push(one.stop);
    const two = await startAnother({ database: urlOf(1) });
    stops.push(two.stop);
    // The floor writes into tables that the program has made.
    const maker = await startServer({ database: plain.url });
    await maker.stop();
    console.log(`${where.words}; filling both databases with ${o.stored} conversations`);
    for (const port of [sqlite.port, one.port]) if (o.stored > 0) await load(port, o.stored, o.stored, o.connections);

    const subjects = [
      { name: 'MailTrixy on SQLite', run: () => load(sqlite.port, o.requests, o.senders, o.connections) },
      { name: 'MailTrixy, one server', server: true, run: () => load(one.port, o.requests, o.senders, o.connections) },
      { name: 'MailTrixy, two servers', server: true, run: () => load([one.port, two.port], o.requests, o.senders, o.connections) },
      ...ways.map((way) => ({ name: nameOf(way), floor: true, run: () => floor(plain.url, way, o) })),
    ];
    let refused = 0, cpu = 0;
    for (const s of subjects) s.rounds = [];
    for (let round = 0; round < o.rounds; round++)
      for (const s of subjects) {
        const before = cpuSeconds(one.pid) + cpuSeconds(two.pid), r = await s.run();
        if (s.server) cpu += cpuSeconds(one.pid) + cpuSeconds(two.pid) - before;
        refused += r.refused ?? 0;
        s.rounds.push(r);
        row(`round ${round + 1}: ${s.name}`, r);
      }
    report(subjects, { o, refused, cpu });
  } finally {
    for (const stop of stops.reverse()) await stop().catch((e) => console.error(String(e)));
    await where.stop();
  }
}

let first = 0;
function floor(url, [mode, connections, group], o) {
  const { host, port, user, password, name } = partsOf(url);
  first += o.requests;
  return runTool('bench-floor-mariadb', [host, port, user, password, name, mode, connections, group, o.requests, o.senders, first - o.requests]);
}

function report(subjects, { o, refused, cpu }) {
  console.log(`\n${o.connections} connections, ${o.senders} senders, ${o.stored} conversations stored before, ${o.rounds} rounds of ${o.requests}; medians (the floor's times are a whole group's)`);
  for (const s of subjects) { s.middle = middle(s.rounds); row(s.name, s.middle); }
  const rate = (name) => subjects.find((s) => s.name === name).middle.per_second, floors = subjects.filter((s) => s.floor);
  const single = floors[0], best = floors.reduce((a, b) => (b.middle.per_second > a.middle.per_second ? b : a));
  const percent = (a, b) => `${(100 * a / b).toFixed(0)} %`;
  for (const name of ['MailTrixy, one server', 'MailTrixy, two servers'])
    console.log(`  ${name} / floor with one connection: ${percent(rate(name), single.middle.per_second)}   / best floor (${best.name.slice(7)}): ${percent(rate(name), best.middle.per_second)}   / SQLite: ${percent(rate(name), rate('MailTrixy on SQLite'))}`);
  console.log(`  processor of the servers: ${(1e6 * cpu / (2 * o.rounds * o.requests)).toFixed(1)} µs a webhook   not 200: ${refused}`);
}
