// The store on the nodes of a cluster: tests/cluster_test.c, which needs three of them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { Galera, installed } from './lib/mariadb.mjs';

const program = path.join(path.dirname(process.env.MAILTRIXY_PROGRAM ?? 'build/mailtrixy'), 'tests/cluster_test');

test('units on three nodes: no false verdict, and a column opens while they go on', { skip: !installed({ galera: true }) && 'Galera is not installed', timeout: 120_000 }, async () => {
  const cluster = await Galera.start({ nodes: 3 });
  try {
    const name = await cluster.database();
    const urls = [0, 1, 2].map((k) => cluster.url(name, [k])).join(' ');
    const { status, words } = await new Promise((resolve) => {
      execFile(program, [], { encoding: 'utf8', env: { ...process.env, MAILTRIXY_TEST_CLUSTER: urls }, timeout: 90_000, killSignal: 'SIGKILL' },
        (e, out, said) => resolve({ status: e ? e.code ?? e.signal : 0, words: out + said }));
    });
    if (process.env.MAILTRIXY_TEST_SHOW) console.log(words);
    assert.equal(status, 0, words);
    assert.match(words, /opens_beside_writers/);
  } finally { await cluster.stop(); }
});
