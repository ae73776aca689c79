// ./dev run: the server with the Meta simulator beside it, the demo account connected, two links.
// Everything goes through the outside: the program's commands and its HTTP API, as an operator would do it.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';
import { randomBytes } from 'node:crypto';

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');
const program = process.env.MAILTRIXY_PROGRAM ?? path.join(root, 'build/mailtrixy');
const zip = path.join(root, 'build/instagram-addon-v1.0.0.zip');
const data = process.env.MAILTRIXY_DATA ?? path.join(root, '.dev/demo');
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
  process.exit(status);
};
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

async function main() {
  const fresh = !existsSync(path.join(data, 'mailtrixy.db'));
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const port = await pickPort(Number(process.env.MAILTRIXY_PORT ?? 8080));
  const simPort = await pickPort(port + 1);
  const url = `http://127.0.0.1:${port}`;
  const sim = await start('the simulator', process.execPath,
    ['sim/main.mjs', '--port', String(simPort), '--callback-url', `${url}/addons/instagram/webhook`, '--demo', '--print-json'],
    (line) => line.startsWith('{') && JSON.parse(line));

  if (fresh) {
    run(['setup', '--data', data, '--email', owner.email, '--name', owner.name, '--workspace', owner.workspace, '--password-stdin'],
      randomBytes(18).toString('base64url'));
    run(['addon', 'install', zip, '--data', data]);
    run(['addon', 'activate', 'instagram', '--data', data]);
  }
  await start('the server', program, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--public-url', url,
    '--graph-url', sim.graph_url, '--instagram-graph-url', sim.instagram_graph_url,
    '--log-level', process.env.MAILTRIXY_LOG_LEVEL ?? 'warning'], (line) => line.startsWith('MailTrixy listens'));

  // One token for all runs: each would otherwise leave another in the list of API tokens.
  const kept = path.join(data, 'demo-token');
  if (!existsSync(kept)) writeFileSync(kept, run(['token', '--data', data, '--email', owner.email]), { mode: 0o600 });
  const token = readFileSync(kept, 'utf8');
  const me = await request(url, 'GET', '/api/v1/me', undefined, token);
  const accounts = `/api/v1/workspaces/${me.workspaces[0].id}/accounts`;
  const demo = await request(sim.url, 'GET', '/control/demo');
  let account = (await request(url, 'GET', accounts, undefined, token)).items.find((a) => a.channel === 'instagram');
  account ??= await request(url, 'POST', accounts, { channel: 'instagram', backend: 'facebook', fields: demo.fields }, token);
  await request(sim.url, 'POST', '/control/callback', { url: `${url}/addons/instagram/webhook`, verify_token: account.verify_token });

  const link = run(['link', '--data', data, '--email', owner.email, '--public-url', url]);
  console.log(`
  MailTrixy is running, with a simulated Meta beside it.

    The inbox (signed in as the demo owner, works once):  ${link}
    The customer's phone:                                 ${sim.url}/phone

  Write on the phone; the message appears in the inbox. Answer there; it comes back on the phone.
  Ctrl+C stops both. The demo's data is in ${path.relative(process.cwd(), data) || '.'}; delete that folder to begin again.
`);
}

main().catch((e) => { console.error(String(e.message ?? e)); stop(1); });
