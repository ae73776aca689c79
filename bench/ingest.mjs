// ./dev bench ingest: durable signed webhooks a second through the whole program, beside the floor made of the same parts, on the
// same machine in the same run. Rounds of both alternate, so that a machine that changes its speed changes both.
// With --database (a URL, `mariadb` for a throwaway server, `galera` for a throwaway cluster): bench/lib/ingest_shared.mjs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { benchShared } from './lib/ingest_shared.mjs';
import { load, middle, row, tool } from './lib/load.mjs';
import { cpuSeconds, freePort, median, options, peakMb, residentMb, secret, spawnReady, startServer } from './lib/server.mjs';

const o = options({ requests: 60000, connections: 64, senders: 1000, stored: 1000, rounds: 3, database: '' });

async function benchSqlite() {
  const server = await startServer();
  const folder = mkdtempSync(path.join(tmpdir(), 'mailtrixy-floor-'));
  try {
    if (o.stored > 0) {
      console.log(`filling the database with ${o.stored} conversations`);
      await load(server.port, o.stored, o.stored, o.connections);
    }
    const floorPort = await freePort();
    const floor = await spawnReady(tool('bench-floor'), ['serve', String(floorPort), secret, path.join(folder, 'floor.db')], (line) => line === 'ready');
    const ours = [], theirs = [];
    let refused = 0, cpu = 0;
    for (let round = 0; round < o.rounds; round++) {
      const before = cpuSeconds(server.pid);
      ours.push(await load(server.port, o.requests, o.senders, o.connections));
      cpu += cpuSeconds(server.pid) - before;
      refused += ours.at(-1).refused;
      row(`round ${round + 1}: MailTrixy`, ours.at(-1));
      theirs.push(await load(floorPort, o.requests, o.senders, o.connections));
      row(`round ${round + 1}: floor`, theirs.at(-1));
    }
    const memory = residentMb(server.pid), peak = peakMb(server.pid);
    const lag = /mailtrixy_search_lag (\d+)/.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
    await floor.stop();
    const bare = await spawnReady(tool('bench-floor'), ['http', String(floorPort)], (line) => line === 'ready');
    const http = await load(floorPort, o.requests, o.senders, o.connections);
    await bare.stop();
    const parts = JSON.parse(execFileSync(tool('bench-floor'), ['parts', secret, path.join(folder, 'parts.db')], { encoding: 'utf8' }));
    const mid = (list, key) => median(list.map((r) => r[key]));
    console.log(`\n${o.connections} connections, ${o.senders} senders, ${o.stored} conversations stored before, ${o.rounds} rounds of ${o.requests}; medians`);
    row('MailTrixy', middle(ours));
    row('floor: same parts, nothing else', middle(theirs));
    row('floor, HTTP alone', http);
    console.log(`  parts alone: JSON ${parts.json_us} µs, HMAC ${parts.hmac_us} µs, SQLite in groups of 64 ${parts.store_us} µs`);
    console.log(`  MailTrixy / floor: ${(100 * mid(ours, 'per_second') / mid(theirs, 'per_second')).toFixed(0)} %   processor ${(1e6 * cpu / (o.rounds * o.requests)).toFixed(1)} µs a webhook   not 200: ${refused}`);
    console.log(`  memory: ${memory.toFixed(0)} MB resident now, ${peak.toFixed(0)} MB at most${lag === undefined ? '' : `   search index behind by ${lag} messages`}`);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await (o.database ? benchShared(o) : benchSqlite());
