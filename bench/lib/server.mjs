// Starts the real program on an empty data directory with the Instagram addon active and one account connected, for a bench.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

export const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
export const secret = 'bench-app-secret';
export const account = '17841400000000001';
export const webhookPath = '/addons/instagram/webhook';
const program = path.join(root, 'build/mailtrixy');

export const freePort = () => new Promise((resolve, reject) => {
  const probe = net.createServer().once('error', reject);
  probe.listen(0, '127.0.0.1', () => { const { port } = probe.address(); probe.close(() => resolve(port)); });
});

export async function spawnReady(command, args, ready) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout });
  await Promise.race([
    new Promise((resolve) => lines.on('line', (line) => ready(line) && resolve())),
    once(child, 'exit').then(([code]) => { throw new Error(`${command} stopped with status ${code}`); }),
  ]);
  return { child, stop: async () => { child.kill('SIGTERM'); if (child.exitCode === null) await once(child, 'exit'); } };
}

export const residentMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
export const peakMb = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
export const cpuSeconds = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

// database: its URL; without one, SQLite in the data directory.
export async function startServer({ database } = {}) {
  const data = mkdtempSync(path.join(tmpdir(), 'mailtrixy-bench-')), where = ['--data', data, ...(database ? ['--database', database] : [])];
  const run = (args, input) => execFileSync(program, [...args, ...where], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] }).trim();
  run(['setup', '--email', 'bench@example.org', '--name', 'Bench', '--workspace', 'Bench', '--password-stdin'], 'a long enough password');
  run(['addon', 'install', path.join(root, 'build/instagram-addon-v1.0.0.zip')]);
  run(['addon', 'activate', 'instagram']);
  const token = run(['token', '--email', 'bench@example.org']);
  const port = await freePort(), server = await serve(port, where);
  const url = `http://127.0.0.1:${port}`;
  const api = async (method, where, body) => {
    const answer = await fetch(url + where, { method, headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const workspace = (await api('GET', '/api/v1/me')).workspaces[0].id;
  await api('POST', `/api/v1/workspaces/${workspace}/accounts`, { channel: 'instagram', backend: 'facebook', fields: {
    page_id: '100000000000001', page_name: 'Bench', ig_user_id: account, ig_username: 'bench', page_access_token: 'bench-token-0123456789', app_secret: secret } });
  return { ...server, pid: server.child.pid, port, url, token, workspace, api, data,
    stop: async () => { await server.stop(); rmSync(data, { recursive: true, force: true }); } };
}

const serve = async (port, where) => {
  const nowhere = await freePort();
  return spawnReady(program, ['serve', ...where, '--listen', `127.0.0.1:${port}`, '--log-level', 'error',
    '--graph-url', `http://127.0.0.1:${nowhere}`, '--instagram-graph-url', `http://127.0.0.1:${nowhere}`], (line) => line.startsWith('MailTrixy listens'));
};

// Another server of the same database, with a data directory of its own.
export async function startAnother({ database }) {
  const data = mkdtempSync(path.join(tmpdir(), 'mailtrixy-bench-')), port = await freePort(), server = await serve(port, ['--data', data, '--database', database]);
  return { ...server, pid: server.child.pid, port, stop: async () => { await server.stop(); rmSync(data, { recursive: true, force: true }); } };
}

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// Arguments as --name value: numbers, or words where the default is one.
export function options(defaults) {
  const found = { ...defaults }, words = process.argv.slice(2);
  for (let k = 0; k < words.length; k += 2) {
    const name = words[k].replace(/^--/, '');
    const isWord = typeof defaults[name] === 'string';
    if (!(name in defaults) || words[k + 1] === undefined || !(isWord || Number.isFinite(Number(words[k + 1])))) throw new Error(`options: ${Object.keys(defaults).map((n) => `--${n} ${typeof defaults[n] === 'string' ? 'TEXT' : 'N'}`).join(' ')}`);
    found[name] = isWord ? words[k + 1] : Number(words[k + 1]);
  }
  return found;
}
