// ./dev bench live: from the webhook's first byte out to the event's arrival at a browser's socket, with many browsers listening.
import { createHmac } from 'node:crypto';
import net from 'node:net';
import { account, options, peakMb, residentMb, secret, startServer, webhookPath } from './lib/server.mjs';

const o = options({ listeners: 1000, events: 300, gap: 20 });
const server = await startServer();

// A listener reads bytes and looks for the message's text: no parser that would cost more than what is measured.
const listeners = [];
const waiting = new Map();	// text → {left, started, delays, resolve}
function listen() {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1');
    let tail = '';
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      const now = performance.now();
      tail += bytes.toString('latin1');
      if (tail.includes('event: hello')) resolve();
      for (const [text, w] of waiting) if (tail.includes(text)) { w.delays.push(now - w.started); tail = ''; if (--w.left === 0) { waiting.delete(text); w.resolve(); } break; }
      if (tail.length > 65536) tail = tail.slice(-4096);
    });
    socket.write(`GET /api/v1/workspaces/${server.workspace}/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.token}\r\n\r\n`);
    listeners.push(socket);
  });
}

try {
  for (let k = 0; k < o.listeners; k += 50) await Promise.all(Array.from({ length: Math.min(50, o.listeners - k) }, listen));
  const memory = residentMb(server.pid), delays = [], firsts = [];
  for (let n = 0; n < o.events; n++) {
    const text = `live-bench-${n}-end`, now = Date.now();
    const body = JSON.stringify({ object: 'instagram', entry: [{ id: account, time: now, messaging: [{ sender: { id: String(900000000000001 + n % 20) }, recipient: { id: account }, timestamp: now, message: { mid: `m-live-${n}-${now}`, text } }] }] });
    const all = new Promise((resolve, reject) => {
      waiting.set(text, { left: o.listeners, started: performance.now(), delays: [], resolve });
      setTimeout(() => reject(new Error(`event ${n} did not reach ${waiting.get(text)?.left} listeners in 10 s`)), 10000).unref();
    });
    const entry = waiting.get(text);
    const answer = await fetch(server.url + webhookPath, { method: 'POST', body, headers: { 'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } });
    if (answer.status !== 200) throw new Error(`webhook: ${answer.status}`);
    await all;
    firsts.push(entry.delays[0]);
    delays.push(...entry.delays);
    await new Promise((resolve) => setTimeout(resolve, o.gap));
  }
  delays.sort((a, b) => a - b); firsts.sort((a, b) => a - b);
  const at = (list, q) => list[Math.min(list.length - 1, Math.floor(list.length * q))].toFixed(2);
  console.log(`${o.listeners} listeners, ${o.events} webhooks: event at the browser's socket after p50 ${at(delays, 0.5)} ms, p99 ${at(delays, 0.99)} ms, max ${at(delays, 1)} ms`);
  console.log(`first listener: p50 ${at(firsts, 0.5)} ms, p99 ${at(firsts, 0.99)} ms (the listeners are read by one Node process, whose own time is in these figures)`);
  console.log(`memory with ${o.listeners} listeners: ${memory.toFixed(0)} MB resident, ${peakMb(server.pid).toFixed(0)} MB at most`);
} finally {
  for (const socket of listeners) socket.destroy();
  await server.stop();
}
