// For tests: starts the simulator as a process of its own and speaks its control API.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';

const MAIN = new URL('./main.mjs', import.meta.url).pathname;

export class Simulator {
  /** Starts one on a free port. `demo`: with the demo's app, account and customers. */
  static async start({ demo = true, callbackUrl } = {}) {
    const args = [MAIN, '--print-json', ...(demo ? ['--demo'] : []), ...(callbackUrl ? ['--callback-url', callbackUrl] : [])];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await Promise.race([
      once(readline.createInterface({ input: child.stdout }), 'line'),
      once(child, 'exit').then(([code]) => { throw new Error(`the simulator stopped with status ${code}`); }),
    ]);
    return Object.assign(new Simulator(), { child, ...JSON.parse(line) });
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }

  async get(path, query = {}) { return read(await fetch(`${this.url}/control/${path}?${new URLSearchParams(query)}`)); }

  async post(path, body = {}) {
    return read(await fetch(`${this.url}/control/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }));
  }

  /** The customer does something; resolves once the webhook of it is acknowledged (or dropped). */
  act(customer, kind, more = {}) { return this.post('act', { customer, kind, wait: true, ...more }); }

  /** Somebody types on the business's phone. */
  business(customer, kind, more = {}) { return this.post('business', { customer, kind, wait: true, ...more }); }

  weather(preset, more = {}) { return this.post('weather', { preset, ...more }); }
  thread(customer) { return this.get('thread', { customer }); }

  /** Waits until the customer sees so many messages of the business (or one with this text). */
  async waitForReply(customer, { messages = 1, text, timeout_ms: ms } = {}) {
    const answer = await this.get('wait/thread', { customer, from: 'business', messages, ...(text ? { text } : {}), ...(ms ? { timeout_ms: ms } : {}) });
    if (answer.timeout) throw new Error(`the customer did not see it: ${JSON.stringify(answer.messages.map((m) => m.text))}`);
    return answer.messages.filter((m) => m.from === 'business');
  }
}

async function read(answer) {
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error);
  return value;
}
