// WhatsApp's media: uploads that are looked at, ids that run out, addresses that live five minutes and want the token.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { readMultipart } from '../core/multipart.mjs';
import { sniff } from '../core/filetype.mjs';
import { refused, startWhatsapp } from './lib.mjs';

const core = (name) => readFileSync(new URL(`../core/${name}`, import.meta.url));
const VOICE = core('voice.ogg'), JPEG = core('mug.jpg'), WEBP = core('sticker.webp'), MP4 = core('waves.mp4');
/** The same Ogg page with two channels told. */
const STEREO = Buffer.from(VOICE);
STEREO[VOICE.indexOf('OpusHead') + 9] = 2;

let p;
before(async () => { p = await startWhatsapp(); await p.sim.post('options', { pair_burst: 0 }); });
beforeEach(async () => { await p.act('text'); p.callback.posts = []; });
after(() => p.stop());
const get = (url, token = p.wa.token) => fetch(url, { redirect: 'manual', headers: token ? { Authorization: `Bearer ${token}` } : {} });
const idOf = async (...args) => {
  const answer = await p.upload(...args);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.id;
};
const settles = async (answer) => {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const { message } = await p.sim.get('wait/status', { message: answer.body.messages[0].id, status: 'delivered,failed' });
  return message.status === 'failed' ? message.error.code : message;
};

test('an upload is sent by its id and seen by the person', async () => {
  const sent = await settles(await p.send({ type: 'image', image: { id: await idOf(JPEG, 'image/jpeg'), caption: 'A mug' } }));
  assert.equal(sent.text, 'A mug');
  assert.deepEqual(Buffer.from(await (await fetch(sent.attachments[0].url)).arrayBuffer()), JPEG);
  const document = await settles(await p.send({ type: 'document', document: { id: await idOf(Buffer.from('%PDF-1.4 x'), 'application/pdf'), filename: 'Rechnung äöü.pdf' } }));
  assert.equal(document.attachments[0].title, 'Rechnung äöü.pdf');
  const voice = await settles(await p.send({ type: 'audio', audio: { id: await idOf(VOICE, 'audio/ogg; codecs=opus'), voice: true } }));
  assert.equal(voice.attachments[0].voice, true);
  p.callback.posts = [];
  await p.act('played', { target: voice.mid });
  assert.equal(p.statuses(voice.mid).at(-1).status, 'played');
  for (const [type, file, mime] of [['sticker', WEBP, 'image/webp'], ['video', MP4, 'video/mp4']]) assert.equal((await settles(await p.send({ type, [type]: { id: await idOf(file, mime) } }))).status, 'delivered', type);
});

test('an upload of a wrong type or size is refused', async () => {
  refused(await p.upload(JPEG, 'image/bmp'), 100, undefined);
  refused(await p.upload(JPEG, 'image/jpeg', { messaging_product: 'telegram' }), 100, undefined);
  refused(await p.upload(Buffer.alloc(0), 'image/jpeg'), 100, undefined);
  refused(await p.upload(Buffer.concat([JPEG, Buffer.alloc(5 * 1024 * 1024)]), 'image/jpeg'), 131053, undefined);
  refused(await p.graph('POST', `${p.wa.number}/media`, { messaging_product: 'whatsapp', type: 'image/jpeg' }), 100, undefined);
  const broken = await fetch(`${p.sim.graph_url}/v25.0/${p.wa.number}/media`, { method: 'POST', headers: { Authorization: `Bearer ${p.wa.token}`, 'Content-Type': 'multipart/form-data; boundary=x' }, body: '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno end' });
  assert.equal((await broken.json()).error.code, 100);
});

test('a file that is not what it is said to be fails later', async () => {
  const fails = async (type, bytes, mime, more = {}) => assert.equal(await settles(await p.send({ type, [type]: { id: await idOf(bytes, mime), ...more } })), 131053, `${type} ${mime}`);
  await fails('image', WEBP, 'image/webp');
  await fails('image', MP4, 'image/jpeg');
  await fails('sticker', JPEG, 'image/jpeg');
  await fails('audio', STEREO, 'audio/ogg');
  await fails('audio', Buffer.from('#!AMR\n'), 'audio/amr', { voice: true });
  await fails('document', Buffer.from([0xff, 0xfe, 0, 1]), 'text/plain');
  await p.sim.post('options', { errors: 'sync' });
  refused(await p.send({ type: 'image', image: { id: await idOf(WEBP, 'image/webp') } }), 131053, undefined);
  await p.sim.post('options', { errors: 'async' });
});

test('the shape of media in a message', async () => {
  const id = await idOf(JPEG, 'image/jpeg'), voice = await idOf(VOICE, 'audio/ogg');
  refused(await p.send({ type: 'image', image: { id: '12345' } }), 100, undefined);
  refused(await p.send({ type: 'image', image: { id, link: 'http://127.0.0.1/' } }), 100, undefined);
  refused(await p.send({ type: 'image', image: { id, caption: 'x'.repeat(1025) } }), 100, undefined);
  refused(await p.send({ type: 'image', image: { id, filename: 'x.jpg' } }), 100, undefined);
  refused(await p.send({ type: 'audio', audio: { id: voice, caption: 'no' } }), 100, undefined);
  refused(await p.send({ type: 'audio', audio: { id: voice, voice: 'yes' } }), 100, undefined);
});

test('media by link is fetched; what cannot be had fails later', async () => {
  const shop = http.createServer((request, response) => {
    if (request.url !== '/mug.jpg') { response.statusCode = 404; return response.end(); }
    response.setHeader('Content-Type', 'image/jpeg');
    return response.end(JPEG);
  });
  const port = await new Promise((resolve) => shop.listen(0, '127.0.0.1', () => resolve(shop.address().port)));
  const send = (path) => p.send({ type: 'image', image: { link: `http://127.0.0.1:${port}${path}` } });
  assert.equal((await settles(await send('/mug.jpg'))).status, 'delivered');
  assert.equal(await settles(await send('/gone.jpg')), 131053);
  assert.equal(await settles(await p.send({ type: 'image', image: { link: 'https://example.org/x.jpg' } })), 131053);
  shop.closeAllConnections();
  shop.close();
});

test('what a person sends is fetched in two steps, with the token, within five minutes', async () => {
  await p.act('photo', { text: 'look' });
  const { image } = p.values().at(-1).messages[0], told = (await p.graph('GET', `${image.id}?phone_number_id=${p.wa.number}`)).body;
  assert.equal(told.mime_type, 'image/jpeg');
  assert.equal(told.messaging_product, 'whatsapp');
  assert.equal(told.file_size, JPEG.length);
  assert.equal(image.caption, 'look');
  const bytes = Buffer.from(await (await get(told.url)).arrayBuffer());
  assert.equal(createHash('sha256').update(bytes).digest('base64'), image.sha256);
  assert.equal(createHash('sha256').update(bytes).digest('hex'), told.sha256);
  assert.equal((await get(image.url)).status, 200);
  assert.equal((await get(told.url, null)).status, 401);
  assert.equal((await get(told.url, p.demo.fields.page_access_token)).status, 401);
  assert.equal((await get(`${told.url}x`)).status, 404);
  await p.sim.post('clock', { advance_ms: 5 * 60e3 + 2000 });
  assert.equal((await get(told.url)).status, 404);
  assert.equal((await get((await p.graph('GET', image.id)).body.url)).status, 200);
  refused(await p.graph('GET', `${image.id}?phone_number_id=1`), 100, 33);
  await p.sim.post('options', { file_size_as_text: true, media_sha256: 'base64' });
  const again = (await p.graph('GET', image.id)).body;
  assert.deepEqual([again.file_size, again.sha256], [String(JPEG.length), image.sha256]);
  await p.sim.post('options', { file_size_as_text: false, media_sha256: 'hex' });
  await p.sim.post('clock', { advance_ms: 7 * 24 * 3600e3 });
  refused(await p.graph('GET', image.id), 100, 33);
});

test('an upload lives thirty days, or until it is deleted', async () => {
  const [kept, deleted] = [await idOf(JPEG, 'image/jpeg'), await idOf(JPEG, 'image/jpeg')];
  assert.deepEqual((await p.graph('DELETE', deleted)).body, { success: true });
  refused(await p.graph('GET', deleted), 100, 33);
  await p.sim.post('clock', { advance_ms: 29 * 24 * 3600e3 });
  assert.equal((await p.graph('GET', kept)).status, 200);
  await p.sim.post('clock', { advance_ms: 2 * 24 * 3600e3 });
  refused(await p.graph('GET', kept), 100, 33);
});

test('the weather of files: for WhatsApp and for Instagram alike', async () => {
  await p.act('photo');
  const whatsapp = async () => (await p.graph('GET', p.values().at(-1).messages[0].image.id)).body.url;
  const instagram = (await p.sim.act(p.customer, 'photo')).message.attachments[0].url;
  p.callback.posts = p.callback.posts.filter(({ body }) => body.object !== 'instagram');
  for (const url of [await whatsapp(), instagram]) {
    const good = Buffer.from(await (await get(url)).arrayBuffer());
    await p.sim.weather('media_expired');
    assert.equal((await get(url)).status, 404);
    await p.sim.weather('media_fault');
    assert.equal((await get(url)).status, 503);
    await p.sim.weather('media_redirect');
    const away = await get(url);
    assert.equal(away.status, 302);
    assert.notEqual(new URL(away.headers.get('location')).hostname, new URL(url).hostname);
    await p.sim.weather('media_wrong_type');
    assert.equal((await get(url)).headers.get('content-type'), 'text/html');
    await p.sim.weather('media_wrong_hash');
    assert.notDeepEqual(Buffer.from(await (await get(url)).arrayBuffer()), good);
    await p.sim.weather('media_larger', { bytes: 3e6 });
    assert.ok((await (await get(url)).arrayBuffer()).byteLength > 3e6);
    await p.sim.weather('media_cut');
    await assert.rejects(get(url).then((answer) => answer.arrayBuffer()));
    await p.sim.weather('media_slow', { ms: 5 });
    assert.deepEqual(Buffer.from(await (await get(url)).arrayBuffer()), good);
    assert.deepEqual(Buffer.from(await (await get(url)).arrayBuffer()), good, 'the sky is clear again');
  }
  await p.sim.weather('media_private');
  assert.match(await whatsapp(), /^http:\/\/10\./);
  assert.match(await whatsapp(), /^http:\/\/127\./);
  await p.sim.weather('media_private_in_webhook');
  assert.match((await p.sim.act(p.customer, 'photo')).message.attachments[0].url, /^http:\/\/10\./);
  await p.sim.weather('media_redirect');
  await fetch(instagram, { headers: { Authorization: 'Bearer secret' } });
  assert.equal((await p.sim.get('elsewhere')).length, 1, 'who follows is noted');
});

test('a form is read as its standard has it', () => {
  const read = (lines, type = 'multipart/form-data; boundary=b') => readMultipart(type, Buffer.from(lines.join('\r\n'), 'latin1'));
  const head = (rest) => `Content-Disposition: form-data; ${rest}`;
  assert.deepEqual(read(['--b', head('name="a"'), '', 'one', '--b--', '']).map(({ name, filename, bytes }) => [name, filename, bytes.toString()]), [['a', null, 'one']]);
  assert.equal(read(['--b', head('name="a"'), '', '', '--b--'])[0].bytes.length, 0);
  assert.equal(read(['--b', head('name="f"; filename="a \\"b\\".png"'), 'Content-Type: image/png', '', '\r\n--a\r\n', '--b--'])[0].bytes.toString(), '\r\n--a\r\n');
  assert.equal(read(['--b', head('name="f"; filename="a \\"b\\".png"'), '', 'x', '--b--'])[0].filename, 'a "b".png');
  assert.equal(read(['ignored', '--b \t', head('name=a'), '', 'x', '--b--'], 'multipart/form-data; boundary="b"')[0].name, 'a');
  for (const lines of [['--b', head('name="a"'), '', 'no end'], ['nothing'], ['--b', head(''), '', 'x', '--b--'], ['--bx', head('name="a"'), '', 'x', '--b--'], ['--b', 'Content-Type: x', '', 'x', '--b--']]) assert.throws(() => read(lines), lines.join('|'));
  assert.throws(() => read(['--b--'], 'multipart/form-data'));
});

test('files are known by their bytes', () => {
  assert.deepEqual(sniff(VOICE), { type: 'audio/ogg', opus: true, channels: 1 });
  assert.equal(sniff(STEREO).channels, 2);
  assert.equal(sniff(JPEG).type, 'image/jpeg');
  assert.deepEqual(sniff(WEBP).type, 'image/webp');
  assert.equal(sniff(core('sticker-animated.webp')).animated, true);
  assert.equal(sniff(MP4).type, 'video/mp4');
  assert.equal(sniff(Buffer.from('hello')).type, 'text/plain');
  assert.equal(sniff(Buffer.from([0, 1, 2])).type, null);
});
