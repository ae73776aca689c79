// ./dev run: the server with the Meta simulator beside it, the demo's Instagram and WhatsApp accounts connected, and the links to both sides.
// Everything goes through the outside: the program's commands and its HTTP API, as an operator would do it.
// With `mariadb` on a throwaway MariaDB, with `galera` on a throwaway cluster, with `--database URL` on one that is there.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';
import { randomBytes } from 'node:crypto';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const program = process.env.MAILTRIXY_PROGRAM ?? path.join(root, 'build/mailtrixy');
const zip = path.join(root, 'build/instagram-addon-v1.0.0.zip');
const [kind, given] = process.argv.slice(2);
if (kind !== undefined && !['mariadb', 'galera'].includes(kind) && !(kind === '--database' && given)) { console.error('./dev run [mariadb|galera|--database URL]'); process.exit(2); }
const data = process.env.MAILTRIXY_DATA ?? path.join(root, kind ? '.dev/demo-shared' : '.dev/demo');
let where = ['--data', data];
const webhooks = { instagram: '/addons/instagram/webhook', whatsapp: '/api/webhooks/whatsapp' };
const owner = { email: 'demo@mailtrixy.example', name: 'Demo Owner', workspace: 'Demo Company' };

const free = (port) => new Promise((resolve) => {
  const probe = net.createServer();
  probe.once('error', () => resolve(false));
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
});
const pickPort = async (wanted) => {
  for (let port = wanted; port < wanted + 50; port++) if (await free(port)) return port;
  throw new Error(`no free port from ${wanted} on`);
};

const children = [];
let stopping = false;
const stop = async (status) => {
  if (stopping) return;
  stopping = true;
  for (const child of children.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  await engine?.stop();
  process.exit(status);
};
let engine;
process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));

// Starts a program and waits for the first line of its output that `ready` turns into a value.
const start = (name, command, args, ready) => new Promise((resolve, reject) => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: root });
  children.push(child);
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    const value = ready(line);
    if (value) resolve(value);
  });
  child.once('exit', (code) => {
    reject(new Error(`${name} stopped with status ${code}`));
    if (!stopping) { console.error(`${name} stopped with status ${code}`); stop(1); }
  });
});

const request = async (base, method, where, body, token) => {
  const answer = await fetch(base + where, {
    method, body: body === undefined ? undefined : JSON.stringify(body),
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(token ? { Authorization: `Bearer ${token}` } : {}) },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : null;
};

const run = (args, input) => execFileSync(program, args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] }).trim();
/** The same, but a refusal is an answer: true when the command did it. */
const tried = (args) => {
  try { execFileSync(program, args, { stdio: 'ignore' }); return true; } catch { return false; }
};

/** A new demo: the first user, the addon of this build. */
function setUp() {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  run(['setup', ...where, '--email', owner.email, '--name', owner.name, '--workspace', owner.workspace, '--password-stdin'], randomBytes(18).toString('base64url'));
  run(['addon', 'install', zip, ...where]);
  run(['addon', 'activate', 'instagram', ...where]);
}

/**
 * An earlier run's data, perhaps with an older build of the addon under the same version: an active one is not replaced, so it is
 * switched off for a moment. Data that this build cannot go on with makes way for new data, unless somebody chose its folder.
 */
function goOn() {
  const install = () => tried(['addon', 'install', zip, ...where]);
  const replaced = install() || (tried(['addon', 'deactivate', 'instagram', ...where]) && install());
  if (replaced && tried(['addon', 'activate', 'instagram', ...where])) return;
  if (process.env.MAILTRIXY_DATA) throw new Error(`the addon in ${data} cannot be replaced by this build's: choose an empty folder as MAILTRIXY_DATA`);
  console.log('The data of an earlier demo does not fit this build: the demo begins anew.');
  rmSync(data, { recursive: true });
  setUp();
}

/** Where the demo keeps its data, other than in its folder: on a throwaway database, or on the one whose URL was given. */
async function onDatabase() {
  if (kind !== '--database') {
    const { Galera, Mariadb } = await import('../tests/scenario/lib/mariadb.mjs');
    engine = await (kind === 'galera' ? Galera : Mariadb).start();
    rmSync(data, { recursive: true, force: true });	// an earlier run's, whose database is gone
    where = ['--data', data, '--database', engine.url(await engine.database('mt_demo'))];
    setUp();
    return;
  }
  where = ['--data', data, '--database', given];
  if (tried(['addon', 'list', ...where]) && existsSync(path.join(data, 'demo-token'))) goOn(); else setUp();
}

/** The account of a channel, connected with the fields of its Configure form if it is not yet. */
async function connect(ask, accounts, channel, body) {
  const known = (await ask('GET', accounts)).items.find((a) => a.channel === channel);
  return { account: known ?? await ask('POST', accounts, { channel, ...body }), isNew: !known };
}

/** The server finds out by itself which WhatsApp Business Account a number is of; then its templates can be had. */
async function fetchTemplates(ask, accounts, id) {
  for (let tries = 0; tries < 50 && !(await ask('GET', `${accounts}/${id}`)).fields.waba_id; tries++) await new Promise((resolve) => { setTimeout(resolve, 100); });
  await ask('POST', `${accounts}/${id}/templates`, {});
}

/** What somebody finds who opens the inbox for the first time. */
async function firstWords(sim, person) {
  const act = (kind, more = {}) => request(sim.url, 'POST', '/control/act', { customer: person, kind, wait: true, ...more });
  await act('text', { text: 'Hi! I found your *blue mugs* at the market. Do you have two of these?' });
  await act('photo', { text: 'This one' });
  await act('voice');
}

async function main() {
  const port = await pickPort(Number(process.env.MAILTRIXY_PORT ?? 8080));
  const simPort = await pickPort(port + 1);
  const url = `http://127.0.0.1:${port}`;
  const sim = await start('the simulator', process.execPath,
    ['sim/main.mjs', '--port', String(simPort), '--callback-url', url + webhooks.instagram, '--whatsapp-callback-url', url + webhooks.whatsapp, '--demo', '--print-json'],
    (line) => line.startsWith('{') && JSON.parse(line));

  if (kind) await onDatabase();
  else if (existsSync(path.join(data, 'mailtrixy.db'))) goOn();
  else setUp();
  await start('the server', program, ['serve', ...where, '--listen', `127.0.0.1:${port}`, '--public-url', url,
    '--graph-url', sim.graph_url, '--instagram-graph-url', sim.instagram_graph_url,
    '--log-level', process.env.MAILTRIXY_LOG_LEVEL ?? 'warning'], (line) => line.startsWith('MailTrixy listens'));

  // One token for all runs: each would otherwise leave another in the list of API tokens.
  const kept = path.join(data, 'demo-token');
  if (!existsSync(kept)) writeFileSync(kept, run(['token', ...where, '--email', owner.email]), { mode: 0o600 });
  const token = readFileSync(kept, 'utf8');
  const ask = (method, where, body) => request(url, method, where, body, token), tell = (where, body) => request(sim.url, 'POST', `/control/${where}`, body);
  const me = await ask('GET', '/api/v1/me'), accounts = `/api/v1/workspaces/${me.workspaces[0].id}/accounts`;
  const demo = await request(sim.url, 'GET', '/control/demo');
  const instagram = await connect(ask, accounts, 'instagram', { backend: 'facebook', fields: demo.fields });
  const whatsapp = await connect(ask, accounts, 'whatsapp', { fields: demo.whatsapp.fields });
  await tell('callback', { url: url + webhooks.instagram, verify_token: instagram.account.verify_token });
  await tell('callback', { object: 'whatsapp_business_account', url: url + webhooks.whatsapp, verify_token: whatsapp.account.verify_token });
  if (whatsapp.isNew) {
    await firstWords(sim, demo.whatsapp.customers[0].id);
    await fetchTemplates(ask, accounts, whatsapp.account.id);
  }

  const link = run(['link', ...where, '--email', owner.email, '--public-url', url]);
  console.log(`
  MailTrixy is running, with a simulated Meta beside it.

    The inbox (signed in as the demo owner, works once):  ${link}
    The customer's phone, on Instagram:                   ${sim.url}/phone
    The customer's phone, on WhatsApp:                    ${sim.url}/phone?app=whatsapp

  Write on the phone; the message appears in the inbox. Answer there; it comes back on the phone.
  Ctrl+C stops both. ${engine ? 'What was written goes with the database.' : `The demo's data is in ${path.relative(process.cwd(), data) || '.'}; delete that folder to begin again.`}
`);
}

main().catch((e) => { console.error(String(e.message ?? e)); stop(1); });
