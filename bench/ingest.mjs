// ./dev bench ingest: durable signed webhooks a second through the whole program, beside the floor made of the same parts, on the
// same machine in the same run. Rounds of both alternate, so that a machine that changes its speed changes both.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { account, cpuSeconds, freePort, median, options, peakMb, residentMb, root, secret, spawnReady, startServer, webhookPath } from './lib/server.mjs';

const o = options({ requests: 60000, connections: 64, senders: 1000, stored: 1000, rounds: 3 });
const tool = (name) => path.join(root, 'build/bench', name);
let first = 1;
const load = (port, requests, senders) => {
  const line = execFileSync(tool('bench-load'), [port, webhookPath, account, secret, o.connections, requests, senders, first].map(String), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  first += requests;
  return JSON.parse(line);
};
const row = (name, r) => console.log(`  ${name.padEnd(34)} ${String(Math.round(r.per_second)).padStart(7)}/s   p50 ${r.p50_ms.toFixed(2)} ms   p99 ${r.p99_ms.toFixed(2)} ms   max ${r.max_ms.toFixed(1)} ms`);

const server = await startServer();
const folder = mkdtempSync(path.join(tmpdir(), 'mailtrixy-floor-'));
try {
  if (o.stored > 0) {
    console.log(`filling the database with ${o.stored} conversations`);
    load(server.port, o.stored, o.stored);
  }
  const floorPort = await freePort();
  const floor = await spawnReady(tool('bench-floor'), ['serve', String(floorPort), secret, path.join(folder, 'floor.db')], (line) => line === 'ready');
  const ours = [], theirs = [];
  let refused = 0, cpu = 0;
  for (let round = 0; round < o.rounds; round++) {
    const before = cpuSeconds(server.pid);
    ours.push(load(server.port, o.requests, o.senders));
    cpu += cpuSeconds(server.pid) - before;
    refused += ours.at(-1).refused;
    row(`round ${round + 1}: MailTrixy`, ours.at(-1));
    theirs.push(load(floorPort, o.requests, o.senders));
    row(`round ${round + 1}: floor`, theirs.at(-1));
  }
  const memory = residentMb(server.pid), peak = peakMb(server.pid);
  const lag = /mailtrixy_search_lag (\d+)/.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1];
  await floor.stop();
  const bare = await spawnReady(tool('bench-floor'), ['http', String(floorPort)], (line) => line === 'ready');
  const http = load(floorPort, o.requests, o.senders);
  await bare.stop();
  const parts = JSON.parse(execFileSync(tool('bench-floor'), ['parts', secret, path.join(folder, 'parts.db')], { encoding: 'utf8' }));
  const mid = (list, key) => median(list.map((r) => r[key]));
  console.log(`\n${o.connections} connections, ${o.senders} senders, ${o.stored} conversations stored before, ${o.rounds} rounds of ${o.requests}; medians`);
  row('MailTrixy', Object.fromEntries(['per_second', 'p50_ms', 'p99_ms', 'max_ms'].map((k) => [k, mid(ours, k)])));
  row('floor: same parts, nothing else', Object.fromEntries(['per_second', 'p50_ms', 'p99_ms', 'max_ms'].map((k) => [k, mid(theirs, k)])));
  row('floor, HTTP alone', http);
  console.log(`  parts alone: JSON ${parts.json_us} µs, HMAC ${parts.hmac_us} µs, SQLite in groups of 64 ${parts.store_us} µs`);
  console.log(`  MailTrixy / floor: ${(100 * mid(ours, 'per_second') / mid(theirs, 'per_second')).toFixed(0)} %   processor ${(1e6 * cpu / (o.rounds * o.requests)).toFixed(1)} µs a webhook   not 200: ${refused}`);
  console.log(`  memory: ${memory.toFixed(0)} MB resident now, ${peak.toFixed(0)} MB at most${lag === undefined ? '' : `   search index behind by ${lag} messages`}`);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
