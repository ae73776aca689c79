// ./dev bench widen [--rows N] [--database galera]: conversations.channel opens to addons in a table of a million rows, on a MariaDB server or
// on three nodes of a cluster, while two servers write. Prints each step's time, and what the writers noticed.
import { execFileSync } from 'node:child_process';
import { Galera, Mariadb } from '../tests/scenario/lib/mariadb.mjs';
import { tool } from './lib/load.mjs';
import { options } from './lib/server.mjs';

const o = options({ rows: 1_000_000, database: 'mariadb' }), cluster = o.database === 'galera';
const lines = ['innodb_buffer_pool_size = 1G', 'innodb_log_file_size = 512M'];
const server = cluster ? await Galera.start({ nodes: 3, lines }) : await Mariadb.start({ lines });
try {
  const name = await server.database(), url = (k) => (cluster ? server.url(name, [k]) : server.url(name));
  console.log(`${o.rows} rows on ${cluster ? 'three nodes of a Galera cluster' : 'one MariaDB server'}, two servers that write`);
  execFileSync(tool('bench-widen'), [url(0), url(2), String(o.rows), url(1)], { stdio: 'inherit' });
} finally { await server.stop(); }
