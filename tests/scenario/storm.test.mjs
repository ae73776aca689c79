// The power fails again and again while both channels bring words, files, edits, reactions, revokes and statuses, shuffled and doubled.
// What was answered 200 is there once; every file is kept once and whole; every message ends in the state that its events make.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { House, until } from './lib/house.mjs';
import { shuffled } from './lib/order.mjs';
import { Number as WhatsApp } from './lib/whatsapp.mjs';

const FILES = 24, PEOPLE = 9, ROUNDS = 6;
const bytesOf = (name) => Buffer.alloc(120_000, `file ${name}.`);
const sha256 = (bytes, as) => createHash('sha256').update(bytes).digest(as);

// The Graph API for media ids, and the files: each comes in two pieces.
async function startProvider() {
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x'), [, name] = /(?:media-|\/file\/)(\d+)$/.exec(pathname) ?? [];
    if (name === undefined) { response.writeHead(404).end('{}'); return; }
    const bytes = bytesOf(name);
    if (!pathname.startsWith('/file/')) {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ messaging_product: 'whatsapp', url: `${url}/file/${name}`, mime_type: 'image/jpeg', sha256: sha256(bytes, 'hex'), file_size: bytes.length, id: `media-${name}` }));
      return;
    }
    response.writeHead(200, { 'Content-Length': bytes.length });
    const half = bytes.length >> 1;
    response.write(bytes.subarray(0, half), () => setImmediate(() => response.end(bytes.subarray(half))));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, stop: () => { server.closeAllConnections(); return new Promise((resolve) => { server.close(resolve); }); } };
}

// What one message goes through on WhatsApp: its webhooks, and what the inbox shows of it in the end.
function talkOnWhatsApp(number, k) {
  const customer = `4917${String(100_000_000 + k % PEOPLE)}`, begun = Math.floor(Date.now() / 1000) - 60;
  const from = (rest, seconds = 0) => ({ ...number.from(customer, rest), timestamp: String(begun + seconds) });
  const post = (message) => () => number.post(number.messages([message]));
  const said = from({ type: 'text', text: { body: `words ${k}` } });
  const react = (emoji, seconds) => post(from({ type: 'reaction', reaction: { message_id: said.id, emoji } }, seconds));
  switch (k % 6) {
    case 0: return { id: said.id, posts: [post(said)], ends: { text: `words ${k}` } };
    case 1: {
      const name = k % FILES, picture = from({ type: 'image', image: { id: `media-${name}`, mime_type: 'image/jpeg', sha256: sha256(bytesOf(name), 'base64'), caption: `words ${k}` } });
      return { id: picture.id, posts: [post(picture)], ends: { text: `words ${k}`, file: name } };
    }
    case 2: return { id: said.id, posts: [post(said), post(from({ type: 'edit', edit: { original_message_id: said.id, message: { type: 'text', text: { body: `edited ${k}` } } } }, 5))], ends: { text: `edited ${k}`, edited: true } };
    case 3: return { id: said.id, posts: [post(said), react('👍', 5), react('❤️', 7)], ends: { text: `words ${k}`, emoji: '❤️' } };
    case 4: return { id: said.id, posts: [post(said), post(from({ type: 'revoke', revoke: { original_message_id: said.id } }, 5)), react('👍', 3)], ends: { text: null, unsent: true, emoji: '👍' } };
    default: {
      const id = number.id(), wanted = [['sent'], ['sent', 'delivered'], ['sent', 'delivered', 'read'], ['sent', 'failed']][(k / 6 | 0) % 4];
      const echo = { from: '15550001111', to: customer, id, timestamp: String(begun), type: 'text', text: { body: `words ${k}` } };
      return { id, ours: true, ends: { text: `words ${k}`, status: wanted.at(-1) },
        posts: [() => number.post(number.change('smb_message_echoes', number.value({ message_echoes: [echo] }))),
          ...wanted.map((status) => () => number.post(number.status(id, status, customer, status === 'failed' ? { errors: [{ code: 131026, title: 'Message undeliverable' }] } : {})))] };
    }
  }
}

function talkOnInstagram(house, url, k) {
  const customer = `90000000000${String(1000 + k % PEOPLE)}`, mid = `mid-${k}`;
  const post = (rest, at) => { const body = house.envelope(house.fromCustomer(customer, rest, at)); return () => house.webhook(body); };
  const at = Date.now() - 60_000;
  if (k % 3 === 1) {
    const name = k % FILES;
    return { id: mid, posts: [post({ message: { mid, attachments: [{ type: 'image', payload: { url: `${url}/file/${name}` } }] } }, at)], ends: { text: null, file: name } };
  }
  const said = post({ message: { mid, text: `words ${k}` } }, at);
  if (k % 3 === 0) return { id: mid, posts: [said], ends: { text: `words ${k}` } };
  return { id: mid, posts: [said, post({ reaction: { mid, action: 'react', reaction: 'love', emoji: '❤️' } }, at + 5000)], ends: { text: `words ${k}`, emoji: '❤️' } };
}

test('SIGKILL under the load of both channels, with files, statuses, reactions and edits', { timeout: 600_000 }, async () => {
  const provider = await startProvider(), house = await House.start({ graph: { graph_url: provider.url, instagram_graph_url: provider.url } });
  try {
    const number = await WhatsApp.connect(house);
    const talks = [...Array.from({ length: 216 }, (_, k) => talkOnWhatsApp(number, k)), ...Array.from({ length: 108 }, (_, k) => talkOnInstagram(house, provider.url, k))];
    const posts = shuffled(talks.flatMap((talk) => talk.posts), 1), queue = [...posts], acknowledged = new Set();
    const perRound = Math.floor(posts.length / (ROUNDS + 1));
    for (let round = 0; round <= ROUNDS; round++) {
      let answers = 0, killed = null;
      const sender = async () => {
        while (!killed && queue.length > 0) {
          const post = queue.shift();
          try {
            if ((await post()).status !== 200) throw new Error('refused');
            // Meta sends some again although they were answered.
            if (!acknowledged.has(post) && acknowledged.size % 7 === 0) queue.push(post);
            acknowledged.add(post);
            if (++answers === perRound && round < ROUNDS) killed = house.down('SIGKILL');
          } catch (e) {
            if (!killed) throw e;
            queue.push(post);	// not answered: it comes again
          }
        }
      };
      await Promise.all(Array.from({ length: 24 }, sender));
      if (round < ROUNDS) { await killed; await house.up(); }
    }
    assert.equal(acknowledged.size, posts.length);
    const shown = async () => {
      const all = [];
      for (const c of await house.allConversations()) all.push(...(await house.messages(c.id)));
      return all;
    };
    const messages = await until(shown, (list) => list.length !== talks.length || list.every((m) => m.attachments.every((a) => a.state === 'kept')), 180_000);
    const by = new Map(messages.map((m) => [m.external_id, m]));
    assert.equal(messages.length, by.size, 'none twice');
    assert.deepEqual(talks.filter((talk) => !by.has(talk.id)).map((talk) => talk.id), [], 'none lost');
    assert.equal(messages.length, talks.length, 'and none made up');
    for (const { id, ends, ours } of talks) {
      const m = by.get(id), was = { text: m.text };
      if (m.edited) was.edited = true;
      if (m.unsent) was.unsent = true;
      const reactions = m.reactions.filter((r) => r.emoji);
      assert.ok(reactions.length <= 1, id);
      if (reactions.length === 1) was.emoji = reactions[0].emoji;
      if (ours) was.status = m.status;
      if (m.attachments.length > 0) {
        assert.equal(m.attachments.length, 1);
        was.file = ends.file;
        const answer = await fetch(house.url + m.attachments[0].url, { headers: { Authorization: `Bearer ${house.token}` } });
        assert.equal(sha256(Buffer.from(await answer.arrayBuffer()), 'hex'), sha256(bytesOf(ends.file), 'hex'), `${id}: whole`);
      }
      assert.deepEqual(was, ends, id);
    }
    const conversations = await house.allConversations();
    assert.equal(conversations.length, 2 * PEOPLE);
    assert.equal(conversations.reduce((sum, c) => sum + c.unread, 0), talks.filter((talk) => !talk.ours).length, 'each counted once as unread');
    const folder = path.join(house.data, 'files', house.workspace);
    const wanted = new Set(talks.filter((talk) => talk.ends.file !== undefined).map((talk) => talk.ends.file));
    assert.equal(readdirSync(folder).flatMap((two) => readdirSync(path.join(folder, two))).length, wanted.size, 'one file each, whoever sent it');
  } finally { await house.stop(); await provider.stop(); }
});
