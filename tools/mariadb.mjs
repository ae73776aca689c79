// Starts throwaway databases and prints their URL. They go when this ends: SIGTERM, Ctrl+C.
//	node tools/mariadb.mjs			one MariaDB; its user may make any database called mt…
//	node tools/mariadb.mjs galera [NODES]	a cluster
// --name NAME: makes this database too. --durable: every commit waits for the disk.
import { Galera, Mariadb, NotInstalled } from '../tests/scenario/lib/mariadb.mjs';

const words = process.argv.slice(2);
const take = (name) => { const at = words.indexOf(name); if (at >= 0) words.splice(at, 1); return at >= 0; };
const value = (name) => { const at = words.indexOf(name); return at >= 0 ? words.splice(at, 2)[1] : undefined; };
const name = value('--name'), durable = take('--durable');

let server, ending = false;
const end = async (status = 0) => {
  if (ending) return;
  ending = true;
  await server?.stop();
  process.exit(status);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => end());

try {
  if (words[0] === 'galera') server = await Galera.start({ nodes: Number(words[1] ?? 3), lines: durable ? ['innodb_flush_log_at_trx_commit = 1'] : [] });
  else server = await Mariadb.start({ durable });
  if (name) await server.database(name);
  if (ending) await server.stop();
  else console.log(server.url(name));
  setInterval(() => {}, 1 << 30);
} catch (e) {
  console.error(e instanceof NotInstalled ? e.message : e);
  await end(1);
}
