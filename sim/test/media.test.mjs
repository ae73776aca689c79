// Media that is sent by its address: fetched, checked, copied; and how the simulator serves files.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { refused, startPair } from './lib.mjs';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const FILES = {
  '/photo.png': (response) => answer(response, 'image/png', PNG),
  '/photo.html': (response) => answer(response, 'text/html', '<p>no photo</p>'),
  '/elsewhere': (response) => { response.writeHead(302, { Location: 'http://192.0.2.1/photo.png' }); response.end(); },
  '/large.png': (response) => { response.writeHead(200, { 'Content-Type': 'image/png', 'Content-Length': 8e6 + 1 }); response.write(PNG); },
  '/endless.png': (response) => {
    response.writeHead(200, { 'Content-Type': 'image/png' });
    const more = () => { while (!response.destroyed && response.write(Buffer.alloc(1e6))); };
    response.on('drain', more);
    more();
  },
  '/slow': () => {},
  '/list.pdf': (response) => answer(response, 'application/pdf', '%PDF-1.4'),
};
const answer = (response, type, body) => { response.setHeader('Content-Type', type); response.end(body); };

let p, shop, base;
before(async () => {
  p = await startPair();
  await p.sim.act(p.customer, 'text');
  shop = http.createServer((request, response) => {
    const serve = FILES[request.url];
    if (serve) serve(response); else { response.statusCode = 404; response.end(); }
  });
  await new Promise((resolve) => { shop.listen(0, '127.0.0.1', resolve); });
  base = `http://127.0.0.1:${shop.address().port}`;
});
after(async () => { shop.closeAllConnections(); shop.close(); await p.stop(); });
const sendMedia = (type, url) => p.send({ attachment: { type, payload: { url } } });

test('a photo is copied, and the copy is what the customer and the echo get', async () => {
  assert.equal((await sendMedia('image', `${base}/photo.png`)).status, 200);
  const { url } = (await p.sim.waitForReply(p.customer)).at(-1).attachments[0];
  assert.ok(url.startsWith(`${p.sim.url}/ig_messaging_cdn/`));
  assert.deepEqual(Buffer.from(await (await fetch(url)).arrayBuffer()), PNG);
  const echo = p.callback.posts.at(-1).body.entry[0].messaging[0].message;
  assert.equal(echo.attachments[0].payload.url, url);
  assert.equal((await sendMedia('file', `${base}/list.pdf`)).status, 200);
  const two = { type: 'image', payload: { url: `${base}/photo.png` } };
  assert.equal((await p.send({ attachments: [two, two] })).status, 200);
});

test('what cannot be fetched is refused, and nothing is sent', async () => {
  const before = (await p.sim.thread(p.customer)).messages.length;
  refused(await sendMedia('image', `${base}/missing.png`), 100, 2018008);
  refused(await sendMedia('image', 'http://127.0.0.1:1/photo.png'), 100, 2018008);
  refused(await sendMedia('image', 'https://example.org/photo.png'), 100, 2018008);
  refused(await sendMedia('image', `${base}/elsewhere`), 100, 2018008);
  refused(await sendMedia('image', `${base}/photo.html`), 100, 2018047);
  refused(await sendMedia('video', `${base}/photo.png`), 100, 2018047);
  refused(await sendMedia('image', `${base}/large.png`), 100, 2018109);
  refused(await sendMedia('image', `${base}/endless.png`), 100, 2018109);
  await p.sim.post('options', { media_timeout_ms: 80 });
  refused(await sendMedia('video', `${base}/slow`), 100, 2018294);
  refused(await sendMedia('image', `${base}/slow`), 100, 2018008);
  await p.sim.post('options', { media_timeout_ms: 75_000 });
  assert.equal((await p.sim.thread(p.customer)).messages.length, before);
});

test('the shape of attachments', async () => {
  refused(await sendMedia('hologram', `${base}/photo.png`), 100, undefined);
  refused(await sendMedia('image', 'file:///photo.png'), 100, undefined);
  refused(await p.send({ attachment: { type: 'image', payload: { attachment_id: '1' } } }), 100, undefined);
  refused(await p.send({ attachments: [{ type: 'file', payload: { url: `${base}/list.pdf` } }] }), 100, undefined);
  refused(await p.send({ attachments: Array(11).fill({ type: 'image', payload: { url: `${base}/photo.png` } }) }), 100, undefined);
  refused(await p.send({ text: 'x', attachment: { type: 'like_heart' } }), 100, undefined);
  assert.equal((await p.send({ attachment: { type: 'like_heart' } })).status, 200);
  await p.sim.post('options', { media_fetch: 'trust' });
  assert.equal((await sendMedia('image', 'https://example.org/photo.png')).status, 200);
  await p.sim.post('options', { media_fetch: 'loopback' });
});

test('an uploaded file never runs in a browser', async () => {
  const upload = async (type, name, body) => (await fetch(`${p.sim.url}/control/upload?${new URLSearchParams({ name })}`, { method: 'POST', headers: { 'Content-Type': type }, body })).json();
  for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml; charset=utf-8']) {
    const { headers } = await fetch((await upload(type, "it's (mine).html", '<script>alert(1)</script>')).url);
    assert.equal(headers.get('content-type'), 'application/octet-stream');
    assert.equal(headers.get('content-disposition'), "attachment; filename*=UTF-8''it%27s%20%28mine%29.html");
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('content-security-policy'), /sandbox/);
  }
  const photo = await fetch((await upload('image/png', 'photo.png', PNG)).url);
  assert.equal(photo.headers.get('content-type'), 'image/png');
  assert.equal(photo.headers.get('content-disposition'), null);
  const pdf = await fetch((await upload('application/pdf', 'list.pdf', '%PDF-1.4')).url);
  assert.equal(pdf.headers.get('content-type'), 'application/pdf');
  assert.match(pdf.headers.get('content-disposition'), /^attachment/);
});
