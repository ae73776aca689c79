// The line to the provider: a stranger's certificate gets nothing to read, a detour is not followed, and what goes over the line is
// not in the log.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { House, defaultFields, until } from './lib/house.mjs';
import { startStreet } from './lib/street.mjs';

const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
const close = (server) => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });

// A customer writes and gets an answer; the message's id and its conversation.
async function answered(house, text) {
  const posted = await house.webhook(house.envelope(house.fromCustomer('900000000000001', { message: { mid: 'mid-1', text: 'hello?' } })));
  assert.equal(posted.status, 200);
  const [conversation] = await until(() => house.conversations(), (list) => list.length > 0);
  const sent = await house.api('POST', house.w(`/conversations/${conversation.id}/messages`), { text });
  assert.equal(sent.status, 201, sent.text);
  return { message: async () => (await house.messages(conversation.id)).find((m) => m.id === sent.body.id) };
}

test('a server that cannot prove who it is gets no request', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'mailtrixy-test-'));
  const file = (name) => path.join(folder, name);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost', '-keyout', file('key.pem'), '-out', file('cert.pem')], { stdio: 'ignore' });
  let asked = 0, met = 0;
  const stranger = https.createServer({ key: readFileSync(file('key.pem')), cert: readFileSync(file('cert.pem')) }, (_, answer) => { asked++; answer.end('{}'); });
  stranger.on('tlsClientError', () => { met++; });
  const url = `https://localhost:${await listen(stranger)}`;
  const house = await House.start({ graph: { graph_url: url, instagram_graph_url: url } });
  try {
    const sent = await answered(house, 'for no stranger');
    const waiting = await until(sent.message, (m) => m.error !== null);
    assert.equal(waiting.status, 'queued', 'nothing left, so it is tried again');
    assert.match(waiting.error.message, /could not be reached/);
    await until(() => met, (times) => times > 0); // the handshake was begun
    assert.equal(asked, 0);
    assert.equal((await house.api('GET', house.w(`/accounts/${house.account.id}`))).body.status, 'connected');
  } finally { await house.stop(); await close(stranger); rmSync(folder, { recursive: true }); }
});

test('a redirect is not followed: the token goes nowhere else', async () => {
  let elsewhere = 0;
  const other = http.createServer((_, answer) => { elsewhere++; answer.end('{}'); });
  const port = await listen(other);
  const here = http.createServer((request, answer) => { request.resume(); answer.writeHead(307, { Location: `http://127.0.0.1:${port}/` }).end(); });
  const url = `http://127.0.0.1:${await listen(here)}`;
  const house = await House.start({ graph: { graph_url: url, instagram_graph_url: url } });
  try {
    const sent = await answered(house, 'straight on');
    await until(sent.message, (m) => !['queued', 'sending'].includes(m.status) || m.error !== null);
    assert.equal(elsewhere, 0);
  } finally { await house.stop(); await close(here); await close(other); }
});

test('nothing of a message, a token or a secret is in the log, at its most talkative', async () => {
  const street = await startStreet({ args: ['--log-level', 'debug'] });
  const { house, sim, demo } = street, [ada, bjorn] = street.customers;
  try {
    const conversation = await street.meet(ada, 'a customer\'s secret words');
    for (const [weather, states] of [[null, ['sent']], ['temporary', ['sent']], ['person_blocked', ['failed']], ['lost_answer', ['sent', 'unknown']],
      ['lost_request', ['sent', 'unknown']], ['not_json', ['sent', 'unknown', 'failed']]]) {
      if (weather) await sim.weather(weather);
      const sent = (await street.reply(conversation, { text: `an agent's secret words, ${weather}` })).body;
      await street.becomes(conversation, sent.id, ...states);
    }
    await house.api('POST', house.w(`/accounts/${house.account.id}/check`));
    await house.webhook(house.envelope(house.fromCustomer(bjorn, { message: { mid: 'm-forged', text: 'a forger\'s secret words' } })), { secret: 'wrong' });
    await sim.post('tokens/change', { trouble: 'expired' });
    await street.reply(conversation, { text: 'the last secret words' });
    await until(async () => (await house.api('GET', house.w(`/accounts/${house.account.id}`))).body, (a) => a.status === 'reconnect_needed');
    await until(() => house.log, (log) => /deliver/.test(log)); // it does tell of deliveries
    for (const hidden of ['secret words', demo.fields.page_access_token, demo.fields.app_secret, house.account.verify_token, house.token, 'appsecret_proof'])
      assert.ok(!house.log.includes(hidden), `the log holds "${hidden.slice(0, 12)}…"`);
  } finally { await street.stop(); }
});
