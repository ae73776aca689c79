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

export async function startServer() {
  const data = mkdtempSync(path.join(tmpdir(), 'mailtrixy-bench-'));
  const run = (args, input) => execFileSync(program, [...args, '--data', data], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'inherit'] }).trim();
  run(['setup', '--email', 'bench@example.org', '--name', 'Bench', '--workspace', 'Bench', '--password-stdin'], 'a long enough password');
  run(['addon', 'install', path.join(root, 'build/instagram-addon-v1.0.0.zip')]);
  run(['addon', 'activate', 'instagram']);
  const token = run(['token', '--email', 'bench@example.org']);
  const port = await freePort(), nowhere = await freePort();
  const server = await spawnReady(program, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--log-level', 'error',
    '--graph-url', `http://127.0.0.1:${nowhere}`, '--instagram-graph-url', `http://127.0.0.1:${nowhere}`], (line) => line.startsWith('MailTrixy listens'));
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

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

// Arguments as --name value; numbers only.
export function options(defaults) {
  const found = { ...defaults }, words = process.argv.slice(2);
  for (let k = 0; k < words.length; k += 2) {
    const name = words[k].replace(/^--/, '');
    if (!(name in defaults) || !Number.isFinite(Number(words[k + 1]))) throw new Error(`options: ${Object.keys(defaults).map((n) => `--${n} N`).join(' ')}`);
    found[name] = Number(words[k + 1]);
  }
  return found;
}
