// The phone page: what it is made of is served, and a recording becomes what phones send.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { sniff } from '../core/filetype.mjs';
import { webmToOgg } from '../phone/ogg.mjs';
import { startPair } from './lib.mjs';

let p;
before(async () => { p = await startPair(); });
after(() => p.stop());

const VOICE = readFileSync(new URL('../core/voice.ogg', import.meta.url));

/** The packets of an Ogg stream, its pages' checks and numbers looked at. */
function packetsOf(ogg) {
  const packets = [];
  for (let at = 0, number = 0; at < ogg.length; number++) {
    assert.equal(ogg.subarray(at, at + 4).toString('latin1'), 'OggS');
    assert.equal(ogg.readUInt32LE(at + 18), number, 'the pages are numbered');
    const lacing = [...ogg.subarray(at + 27, at + 27 + ogg[at + 26])];
    const head = 27 + lacing.length, page = Buffer.from(ogg.subarray(at, at + head + lacing.reduce((sum, one) => sum + one, 0)));
    const told = page.readUInt32LE(22);
    page.writeUInt32LE(0, 22);
    assert.equal(told, checksum(page), 'the check of a page');
    for (let start = head, i = 0, size = 0; i < lacing.length; i++) {
      size += lacing[i];
      if (lacing[i] < 255) { packets.push(page.subarray(start, start + size)); start += size; size = 0; }
    }
    at += page.length;
  }
  return packets;
}

function checksum(bytes) {
  let crc = 0;
  for (const byte of bytes) for (let bit = 7; bit >= 0; bit--) crc = (((crc << 1) | 0) ^ ((((crc >>> 31) ^ (byte >> bit)) & 1) ? 0x04c11db7 : 0)) >>> 0;
  return crc;
}

/** WebM as a browser's recorder writes it: sizes of the big elements unknown. */
function webmOf(head, packets) {
  const size = (length) => { const b = Buffer.alloc(4); b.writeUInt32BE(0x10000000 + length); return b; };
  const element = (id, ...content) => { const body = Buffer.concat(content); return Buffer.concat([Buffer.from(id, 'hex'), size(body.length), body]); };
  const open = (id, ...content) => Buffer.concat([Buffer.from(id, 'hex'), Buffer.from('01ffffffffffffff', 'hex'), ...content]);
  const tracks = element('1654ae6b', element('ae', element('d7', Buffer.from([1])), element('86', Buffer.from('A_OPUS')), element('63a2', head)));
  const block = (packet) => element('a3', Buffer.from([0x81, 0, 0, 0x80]), packet);
  const half = Math.ceil(packets.length / 2);
  const cluster = (some) => open('1f43b675', element('e7', Buffer.from([0])), ...some.map(block));
  return Buffer.concat([element('1a45dfa3', element('4282', Buffer.from('webm'))), open('18538067', tracks, cluster(packets.slice(0, half)), cluster(packets.slice(half)))]);
}

test('a recording in WebM becomes Ogg with the same packets', () => {
  const [head, , ...packets] = packetsOf(VOICE);
  const ogg = Buffer.from(webmToOgg(new Uint8Array(webmOf(head, packets))));
  assert.deepEqual(sniff(ogg), { type: 'audio/ogg', opus: true, channels: 1 });
  const [gotHead, tags, ...got] = packetsOf(ogg);
  assert.deepEqual(gotHead, head);
  assert.equal(tags.subarray(0, 8).toString(), 'OpusTags');
  assert.deepEqual(got, packets);
  assert.equal(webmToOgg(new Uint8Array(Buffer.from('no webm at all'))), null);
});

test('the page and all that it imports are served, and nothing else', async () => {
  const seen = new Set(), wanted = ['', 'page.css', 'icon.svg', 'page.mjs'];
  while (wanted.length > 0) {
    const name = wanted.shift();
    if (seen.has(name)) continue;
    seen.add(name);
    const answer = await fetch(`${p.sim.url}/phone/${name}`);
    assert.equal(answer.status, 200, name);
    assert.match(answer.headers.get('content-security-policy'), /default-src 'none'/);
    for (const [, imported] of (await answer.text()).matchAll(/from '\.\/([a-z]+\.mjs)'/g)) wanted.push(imported);
  }
  assert.ok(seen.has('ogg.mjs'));
  assert.equal((await fetch(`${p.sim.url}/phone/..%2fserver.mjs`)).status, 404);
});
