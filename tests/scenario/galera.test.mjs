// Three Galera nodes, two servers that write on different ones, and a balancer that sends anything anywhere, while nodes and servers are
// killed. Whatever was answered 200 is there once, no customer gets anything twice, and nobody outside hears of a conflict.
// MAILTRIXY_SOAK_SECONDS: so long, with faults in any order (./dev soak galera).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Simulator } from '../../sim/client.mjs';
import { Balancer } from './lib/balancer.mjs';
import { House } from './lib/house.mjs';
import { Galera } from './lib/mariadb.mjs';
import { chance } from './lib/order.mjs';
import { Answers, Traffic, allMessages } from './lib/traffic.mjs';

const soak = Number(process.env.MAILTRIXY_SOAK_SECONDS ?? 0), seed = Number(process.env.MAILTRIXY_SOAK_SEED ?? 1);
let cluster, sim, balancer, servers, traffic, answers;

// Each server goes to the nodes in an order of its own.
const orders = [[0, 1, 2], [1, 2, 0]];
const api = (...args) => { const [method, where, body] = args; return servers[0].api(method, where, body, { url: balancer.url }); };

before(async () => {
  cluster = await Galera.start();
  const name = await cluster.database();
  sim = await Simulator.start();
  balancer = await Balancer.start(() => servers.map((s) => s.url));
  const demo = await sim.get('demo'), graph = { graph_url: sim.graph_url, instagram_graph_url: sim.instagram_graph_url };
  const one = await House.start({ graph, database: cluster.url(name, orders[0]), publicUrl: balancer.url, fields: demo.fields });
  servers = [one];
  servers.push(await House.beside(one, { database: cluster.url(name, orders[1]) }));
  await sim.post('options', { time_scale: 0.01, unsubscribe_after_ms: 0 });	// Meta sends again after 100 ms instead of 10 s
  const handshake = await sim.post('callback', { url: one.account.webhook_url, verify_token: one.account.verify_token });
  assert.ok(handshake.verified, handshake.reason);
  const talks = [];
  for (const customer of demo.customers.slice(0, 3).map((c) => c.id)) {
    await sim.act(customer, 'text', { text: `Hello from ${customer}` });
    const met = (await one.allConversations()).find((c) => c.last_message?.text === `Hello from ${customer}`);
    assert.ok(met, 'the first words are there');
    talks.push({ customer, conversation: met.id });
  }
  traffic = new Traffic({ house: one, seed, post: async (body) => (await one.webhook(body, { url: balancer.url })).status });
  answers = new Answers({ api, house: one, sim, talks });
  traffic.start();
  answers.start();
}, { timeout: 300_000 });

after(async () => {
  if (traffic) traffic.running = false;
  if (answers) answers.running = false;
  for (const server of [...(servers ?? [])].reverse()) await server.stop();
  await balancer?.stop();
  await sim?.stop();
  await cluster?.stop();
});

const nodeDies = async (k) => { await cluster.kill(k); await traffic.flows(60); await cluster.size((k + 1) % 3, 2); };
const nodeComesBack = async (k) => { await cluster.back(k); await cluster.size(k, 3); await traffic.flows(60); };
const serverDies = async (k) => { await servers[k].down('SIGKILL'); await traffic.flows(60); };
const serverComesBack = async (k) => { await servers[k].up(); await traffic.flows(60); };
// Nothing outside but what a server's own death cuts: faults that were answered.
const noFaults = (why) => assert.deepEqual(balancer.faults.map((f) => [f.status, f.path.replace(/\d+/g, 'N'), f.text]), [], why);

test('two servers write on different nodes', async () => {
  await traffic.flows(100);
  const writers = await cluster.nodes[0].ask("SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_replicated'");
  const others = await cluster.nodes[1].ask("SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_replicated'");
  assert.ok(Number(writers[0][0]) > 10 && Number(others[0][0]) > 10, `${writers} ${others}`);
  noFaults('two at once are nobody\'s conflict');
});

test('a node is killed and comes back', { skip: soak > 0, timeout: 300_000 }, async () => {
  await nodeDies(0);
  await nodeComesBack(0);
  noFaults('its servers go on at another node');
});

test('a server is killed and comes back', { skip: soak > 0, timeout: 300_000 }, async () => {
  await serverDies(1);
  await serverComesBack(1);
  noFaults('the other one goes on');
});

test('a node and the server of another are killed at once, and come back', { skip: soak > 0, timeout: 300_000 }, async () => {
  await Promise.all([nodeDies(1), serverDies(0)]);
  await Promise.all([nodeComesBack(1), serverComesBack(0)]);
  noFaults('the others go on');
});

test('soak', { skip: soak === 0, timeout: (soak + 600) * 1000 }, async () => {
  const pick = chance(seed), end = Date.now() + soak * 1000;
  for (let round = 1; Date.now() < end; round++) {
    const node = pick(3), server = pick(2), kind = pick(4), before = traffic.acknowledged;
    if (kind === 0) { await nodeDies(node); await nodeComesBack(node); }
    else if (kind === 1) { await serverDies(server); await serverComesBack(server); }
    else if (kind === 2) { await Promise.all([nodeDies(node), serverDies(server)]); await Promise.all([nodeComesBack(node), serverComesBack(server)]); }
    else { await servers[server].down(); await traffic.flows(60); await serverComesBack(server); }
    console.log(`# round ${round}: ${['node', 'server', 'both', 'SIGTERM'][kind]} ${node} ${server}; ${traffic.acknowledged - before} webhooks, slowest so far ${traffic.slowest} ms, ${balancer.faults.length} faults`);
    noFaults(`round ${round}`);
  }
});

test('every webhook is there once, nobody got anything twice, and all servers show the same', { timeout: 300_000 }, async () => {
  await traffic.finish();
  await answers.finish();
  console.log(`# ${traffic.talks.length} messages, ${traffic.acknowledged} webhooks answered 200 (${traffic.doubled} again), slowest ${traffic.slowest} ms; others ${JSON.stringify([...traffic.statuses].filter(([s]) => s !== 200))}; ${answers.sent.length} answers (${answers.retries} asked again); ${balancer.cut} requests cut`);
  assert.ok(answers.sent.length > 20, 'answers went out');
  assert.deepEqual(await answers.differences(servers[0]), []);
  console.log(`# ${answers.unknown} answers unknown`);
  for (const server of servers) assert.deepEqual(await traffic.differences(server), []);
  assert.equal((await sim.get('wait/webhooks', { timeout_ms: 60_000 })).timeout, false);
  const seen = [];
  for (const server of servers) {
    const all = await server.allConversations();
    seen.push([all, await Promise.all(answers.talks.map((t) => allMessages(server, t.conversation)))]);
  }
  assert.deepEqual(seen[0], seen[1]);
  noFaults('to the end');
});
