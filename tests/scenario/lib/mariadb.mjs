// Real MariaDB servers for tests and benches: one alone, or a Galera cluster. Each lives in a temporary folder on free loopback ports,
// belongs to whoever starts it, and dies with the process that started it. What is waited for is what the server says in its log.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../../..');
const provider = '/usr/lib/galera/libgalera_smm.so';
// As root the servers belong to Debian's user for them: tools that copy a node's data to another refuse to work as root.
const me = userInfo().username, owner = me === 'root' ? 'mysql' : me;
const asOwner = (name) => [find('setpriv'), [...(owner === me ? [] : [`--reuid=${owner}`, `--regid=${owner}`, '--init-groups']), '--pdeathsig', 'KILL', find(name)]];
const give = (folder) => { if (owner !== me) execFileSync('chown', ['-R', `${owner}:`, folder]); };

// Who the program signs in as: may do everything with databases called mt… and nothing else. The password holds what a URL must escape.
const login = { user: 'mailtrixy', password: 'p@ss:w/rd%?#' };

export class NotInstalled extends Error {}

// Where a program lies, also for somebody whose PATH has no sbin.
function find(name) {
  for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/usr/local/bin', '/usr/bin']) {
    const at = path.join(folder, name);
    try { accessSync(at, constants.X_OK); return at; } catch { /* not here */ }
  }
  throw new NotInstalled(`${name} is not installed. Debian: apt-get install mariadb-server mariadb-client galera-4 rsync (./dev test does it)`);
}
export function installed({ galera = false } = {}) {
  try { find('mariadbd'); find('mariadb'); find('mariadb-install-db'); } catch { return false; }
  return !galera || existsSync(provider);
}

// A port that nothing listens on, below those that the system gives to outgoing connections: it must still be free when a server
// that was killed comes back.
const given = new Set();
async function quietPort() {
  for (;;) {
    const port = 20000 + randomBytes(2).readUInt16BE() % 12000;
    if (given.has(port)) continue;
    const free = await new Promise((resolve) => {
      const probe = net.createServer().once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) { given.add(port); return port; }
  }
}

// In memory where there is room: the many tables of many fresh databases would wait for the disk.
function newFolder(base) {
  if (base === undefined) try { const { bavail, bsize } = statfsSync('/dev/shm'); accessSync('/dev/shm', constants.W_OK); if (bavail * bsize > 3e9) base = '/dev/shm'; } catch { /* there is none */ }
  const folder = mkdtempSync(path.join(base ?? tmpdir(), 'mailtrixy-mariadb-'));
  made.folders.add(folder);
  return folder;
}

// What is still there when this process ends, whyever, goes with it.
const made = { folders: new Set(), running: new Set() };
process.on('exit', () => {
  for (const child of made.running) child.kill('SIGKILL');
  for (const folder of made.folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

const quote = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** The URL of a database on these servers, tried in this order. */
export const urlOf = (ports, name, rest = '') =>
  `mysql://${login.user}:${encodeURIComponent(login.password)}@${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${name}${rest}`;

/** One statement or several by the command line's client; the rows as lists of texts. where: its arguments. */
export function ask(where, text) {
  return new Promise((resolve, reject) => {
    execFile(find('mariadb'), ['--no-defaults', '-N', '-B', ...where, '-e', text], { encoding: 'utf8', maxBuffer: 1 << 28 }, (e, out, said) => {
      if (e) reject(new Error(said.trim() || e.message));
      else resolve(out === '' ? [] : out.replace(/\n$/, '').split('\n').map((line) => line.split('\t')));
    });
  });
}

class Node {
  constructor(folder, port, lines) { Object.assign(this, { folder, port, lines, socket: path.join(folder, 'db.sock'), said: [], waiters: [], log: '' }); }

  get pid() { return this.child.pid; }
  get running() { return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null; }

  writeConfig() {
    mkdirSync(path.join(this.folder, 'tmp'), { recursive: true });
    writeFileSync(path.join(this.folder, 'my.cnf'), ['[mysqld]', `datadir = ${this.folder}/data`, `tmpdir = ${this.folder}/tmp`, `socket = ${this.socket}`,
      `pid-file = ${this.folder}/db.pid`, 'bind-address = 127.0.0.1', `port = ${this.port}`, 'skip-name-resolve', 'character-set-server = utf8mb4',
      'innodb_log_file_size = 64M', 'max_connections = 500', ...this.lines, ''].join('\n'));
  }

  spawn(args) {
    this.said = [];
    // Whoever started it may be killed: then it goes too.
    const [command, before] = asOwner('mariadbd');
    this.child = spawn(command, [...before, `--defaults-file=${this.folder}/my.cnf`, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const child = this.child;
    made.running.add(child);
    this.exited = once(child, 'exit').finally(() => made.running.delete(child));
    readline.createInterface({ input: this.child.stderr }).on('line', (line) => {
      this.said.push(line);
      this.log = `${this.log}${line}\n`.slice(-500_000);
      for (const w of this.waiters.filter((one) => one.pattern.test(line))) { this.waiters.splice(this.waiters.indexOf(w), 1); w.resolve(line); }
    });
  }

  /** The first line of the log since the start, there or to come, that matches. from: only those after so many. */
  says(pattern, { ms = 60_000, from = 0 } = {}) {
    const there = this.said.slice(from).find((line) => pattern.test(line));
    if (there !== undefined) return Promise.resolve(there);
    return new Promise((resolve, reject) => {
      const end = (words) => reject(new Error(`mariadbd ${words}, waiting for ${pattern}: ${this.log.slice(-3000)}`));
      const timer = setTimeout(() => end(`did not say it in ${ms} ms`), ms);
      this.waiters.push({ pattern, resolve: (line) => { clearTimeout(timer); resolve(line); } });
      this.exited.then(([code, signal]) => { clearTimeout(timer); end(`ended with ${code ?? signal}`); });
    });
  }

  /** Ends it with a signal; resolves when it is gone. SIGKILL is the power cut. */
  async down(signal = 'SIGTERM') {
    if (this.running) this.child.kill(signal);
    await this.exited;
  }

  /** SQL as the server's own root. */
  ask(text) { return ask([`--socket=${this.socket}`, `--user=${me}`], text); }
  async one(text) { return (await this.ask(text))[0]?.[0]; }
}

// Data directories that were just made, with our login: made once, copied for each server. Several test programs may come here at once.
const template = () => keep('alone', async (folder) => {
  const node = new Node(folder, await quietPort(), []), [command, before] = asOwner('mariadb-install-db');
  node.writeConfig();
  give(folder);
  await new Promise((resolve, reject) => {
    execFile(command, [...before, `--defaults-file=${folder}/my.cnf`, '--auth-root-authentication-method=socket', `--auth-root-socket-user=${me}`, '--skip-test-db'],
      (e, out, said) => (e ? reject(new Error(`mariadb-install-db: ${out}${said}`)) : resolve()));
  });
  node.spawn([]);
  await node.says(/ready for connections/);
  await node.ask(`CREATE USER ${login.user}@127.0.0.1 IDENTIFIED BY ${quote(login.password)}; GRANT ALL ON \`mt%\`.* TO ${login.user}@127.0.0.1`);
  await node.down();
});
// One that was a cluster of one node: copies of it are nodes that have nothing to send each other.
const clusterTemplate = () => keep('cluster', async (folder) => {
  const ports = await clusterPorts(), node = new Node(folder, ports.sql, galeraLines('n1', ports, `127.0.0.1:${ports.gcomm}`));
  node.writeConfig();
  cpSync(await template(), path.join(folder, 'data'), { recursive: true });
  give(folder);
  node.spawn(['--wsrep-new-cluster']);
  await node.says(SYNCED);
  await node.down();
  rmSync(path.join(folder, 'data/galera.cache'));
});

async function keep(name, make) {
  const version = execFileSync(find('mariadbd'), ['--version'], { encoding: 'utf8' }).replace(/^.*Ver /, '').replace(/[^\w.-].*$/s, '');
  const at = path.join(root, '.dev', `mariadb-${version}-${me}-${name}`);
  if (existsSync(at)) return at;
  const folder = newFolder();
  try {
    await make(folder);
    mkdirSync(path.dirname(at), { recursive: true });
    const part = mkdtempSync(`${at}.part-`);
    cpSync(path.join(folder, 'data'), part, { recursive: true });
    try { renameSync(part, at); } catch (e) { rmSync(part, { recursive: true }); if (!existsSync(at)) throw e; }
    return at;
  } finally { rmSync(folder, { recursive: true, force: true }); }
}

const freshName = () => `mt_${randomBytes(6).toString('hex')}`;

/** One server. durable: each commit waits for the disk, as in production. lines: more of the [mysqld] section. folder: where its own is made. */
export class Mariadb {
  static async start({ durable = false, lines = [], folder: base } = {}) {
    const data = await template(), folder = newFolder(base), server = new Mariadb();
    try {
      server.node = new Node(folder, await quietPort(), ['innodb_buffer_pool_size = 256M', `innodb_flush_log_at_trx_commit = ${durable ? 1 : 2}`, ...lines]);
      server.node.writeConfig();
      cpSync(data, path.join(folder, 'data'), { recursive: true });
      give(folder);
      await server.up();
    } catch (e) { await server.stop(); throw e; }
    return server;
  }

  get port() { return this.node.port; }
  async up() { this.node.spawn([]); await this.node.says(/ready for connections/); }
  down(signal) { return this.node.down(signal); }
  ask(text) { return this.node.ask(text); }
  one(text) { return this.node.one(text); }
  url(name = 'mt', rest) { return urlOf([this.port], name, rest); }
  /** A new, empty database; its name. */
  async database(name = freshName()) { await this.ask(`CREATE DATABASE ${name}`); return name; }

  async stop() {
    if (this.node.running) await this.node.down('SIGKILL');	// its folder goes: nothing is to be written down
    rmSync(this.node.folder, { recursive: true, force: true });
  }
}

/** A Galera cluster: nodes[0] …, each alike. */
export class Galera {
  static async start({ nodes = 3, lines = [], folder } = {}) {
    if (!existsSync(provider)) throw new NotInstalled('Galera is not installed. Debian: apt-get install galera-4 rsync (./dev test does it)');
    const data = await clusterTemplate(), cluster = new Galera();
    cluster.folder = newFolder(folder);
    cluster.nodes = [];
    try {
      const ports = [];
      for (let k = 0; k < nodes; k++) ports.push(await clusterPorts());
      const all = ports.map((p) => `127.0.0.1:${p.gcomm}`).join(',');
      for (const [k, p] of ports.entries()) {
        const node = new Node(path.join(cluster.folder, `n${k + 1}`), p.sql, [...galeraLines(`n${k + 1}`, p, all), ...lines]);
        cluster.nodes.push(node);
        node.writeConfig();
        cpSync(data, path.join(node.folder, 'data'), { recursive: true });
      }
      await cluster.begin();
    } catch (e) { await cluster.stop(); throw e; }
    return cluster;
  }

  async begin() {
    const [first, ...others] = this.nodes;
    give(this.folder);
    first.spawn(['--wsrep-new-cluster']);
    await first.says(SYNCED);
    for (const node of others) { node.spawn([]); await node.says(SYNCED); }	// one by one: two who come at once make the group think for 4 s
  }

  url(name = 'mt', order = this.nodes.map((_, k) => k), rest) { return urlOf(order.map((k) => this.nodes[k].port), name, rest); }
  ask(text) { return this.nodes.find((n) => n.running).ask(text); }
  async database(name = freshName()) { await this.ask(`CREATE DATABASE ${name}`); return name; }

  /** The power of one node fails. */
  async kill(k) { await this.nodes[k].down('SIGKILL'); }

  /** A node comes back from where it was; resolves when it has caught up. */
  async back(k) {
    const node = this.nodes[k];
    node.spawn([`--wsrep-recover`]);
    const line = await node.says(/WSREP: Recovered position/);
    await node.exited;
    const position = /Recovered position:? *(\S+)/.exec(line)[1];
    node.spawn(/^0{8}-/.test(position) ? [] : [`--wsrep_start_position=${position}`]);
    await node.says(SYNCED);
  }

  /** When the others have noticed that a node is gone (or that it is back): so many are in the primary component. */
  async size(k, wanted, ms = 60_000) {
    const end = Date.now() + ms;
    for (;;) {
      const rows = await this.nodes[k].ask("SELECT variable_value FROM information_schema.global_status WHERE variable_name IN ('wsrep_cluster_size', 'wsrep_ready') ORDER BY variable_name").catch(() => []);
      if (rows[0]?.[0] === String(wanted) && rows[1]?.[0] === 'ON') return;
      if (Date.now() > end) throw new Error(`the cluster did not become ${wanted} nodes: ${JSON.stringify(rows)}`);
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
  }

  async stop() {
    await Promise.all(this.nodes.filter((n) => n.running).map((n) => n.down('SIGKILL')));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const SYNCED = /WSREP: Synchronized with group, ready for connections/;

const clusterPorts = async () => ({ sql: await quietPort(), gcomm: await quietPort(), ist: await quietPort(), sst: await quietPort() });

function galeraLines(name, p, all) {
  // A dead node is noticed after 2 s; these five belong together.
  const evs = 'evs.keepalive_period=PT0.5S;evs.inactive_check_period=PT0.5S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT6S;evs.install_timeout=PT3S';
  return ['innodb_buffer_pool_size = 128M', 'innodb_flush_log_at_trx_commit = 2', 'binlog_format = ROW', 'innodb_autoinc_lock_mode = 2',
    'wsrep_on = ON', `wsrep_provider = ${provider}`, `wsrep_cluster_address = gcomm://${all}`, 'wsrep_cluster_name = mailtrixy-test',
    `wsrep_node_name = ${name}`, `wsrep_node_address = 127.0.0.1:${p.gcomm}`, `wsrep_node_incoming_address = 127.0.0.1:${p.sql}`,
    'wsrep_sst_method = rsync', `wsrep_sst_auth = ${me}:`, `wsrep_sst_receive_address = 127.0.0.1:${p.sst}`,
    `wsrep_provider_options = "base_host=127.0.0.1;base_port=${p.gcomm};gmcast.listen_addr=tcp://127.0.0.1:${p.gcomm};ist.recv_addr=127.0.0.1:${p.ist};ist.recv_bind=127.0.0.1:${p.ist};gcache.size=64M;${evs}"`];
}

/** The parts of a URL, with its first host: what urlOf made, or somebody's own server. */
export function partsOf(url) {
  const u = new URL(url.replace(/^(mysql|mariadb):/, 'http:').replace(/@([^/,]*),[^/]*/, '@$1'));
  return { host: u.hostname, port: u.port || '3306', user: decodeURIComponent(u.username), password: decodeURIComponent(u.password), name: u.pathname.slice(1) };
}

/**
 * A new database on the server of MAILTRIXY_TEST_DATABASE (mysql://USER:PASSWORD@HOST:PORT/PREFIX, whose user may make databases that
 * begin with PREFIX): its URL, and what takes it away again. Without the variable null: the test runs on SQLite.
 */
export async function freshDatabase(base = process.env.MAILTRIXY_TEST_DATABASE) {
  if (!base) return null;
  const { host, port, user, password, name: prefix } = partsOf(base), where = ['--protocol=TCP', `--host=${host}`, `--port=${port}`, `--user=${user}`, `--password=${password}`], name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await ask(where, `CREATE DATABASE ${name}`);
  return { name, url: base.replace(/(@[^/]*\/)[^?]*/, `$1${name}`), ask: (text) => ask([...where, name], text), drop: () => ask(where, `DROP DATABASE IF EXISTS ${name}`) };
}
