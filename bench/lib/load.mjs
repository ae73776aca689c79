// The load of `bench ingest`: how it is started, and how its figures are shown.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { account, median, root, secret, webhookPath } from './server.mjs';

export const tool = (name) => path.join(root, 'build/bench', name);

export const runTool = (name, args) => new Promise((resolve, reject) => {
  execFile(tool(name), args.map(String), { encoding: 'utf8' }, (e, out, said) => {
    if (said) process.stderr.write(said);
    if (e) reject(e); else resolve(JSON.parse(out));
  });
});

let first = 1;	// every webhook of a run is another one
/** Distinct webhooks, to one server or shared among several at once. */
export async function load(ports, requests, senders, connections) {
  const list = [ports].flat(), each = Math.floor(requests / list.length), began = performance.now();
  const answers = await Promise.all(list.map((port, k) => runTool('bench-load', [port, webhookPath, account, secret, Math.max(1, Math.floor(connections / list.length)), each, senders, first + k * each])));
  first += each * list.length;
  if (answers.length === 1) return answers[0];
  // Each signs before its clock starts: together they take as long as the slowest took.
  return { per_second: each * list.length / Math.max(...answers.map((a) => a.seconds)), refused: answers.reduce((sum, a) => sum + a.refused, 0), wall: performance.now() - began,
    p50_ms: median(answers.map((a) => a.p50_ms)), p99_ms: Math.max(...answers.map((a) => a.p99_ms)), max_ms: Math.max(...answers.map((a) => a.max_ms)) };
}

export const row = (name, r) => console.log(`  ${name.padEnd(46)} ${String(Math.round(r.per_second)).padStart(7)}/s   p50 ${r.p50_ms.toFixed(2)} ms   p99 ${r.p99_ms.toFixed(2)} ms   max ${r.max_ms.toFixed(1)} ms`);
export const middle = (list) => Object.fromEntries(['per_second', 'p50_ms', 'p99_ms', 'max_ms'].map((k) => [k, median(list.map((r) => r[k]))]));
