// One listener on loopback: both Graph hosts, the control API, the media, the phone page.

import http from 'node:http';
import { answerJson, serveControl, servePhone } from './control/door.mjs';
import { serveCdn, serveElsewhere, serveWhatsappMedia } from './core/files.mjs';
import { Stage } from './core/stage.mjs';
import { serveGraph } from './graph/door.mjs';
import { closeConnections } from './webhook/post.mjs';

export async function startSimulator({ port = 0 } = {}) {
  const stage = new Stage();
  const sockets = new Set();
  const server = http.createServer((request, response) => {
    serve(stage, request, response).catch((error) => {
      console.error(error);
      if (response.headersSent) response.destroy(); else answerJson(response, 500, { error: error.message });
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket) => { sockets.add(socket); socket.on('close', () => sockets.delete(socket)); });
  await new Promise((resolve, reject) => { server.once('error', reject).listen(port, '127.0.0.1', resolve); });
  const url = `http://127.0.0.1:${server.address().port}`;
  stage.world.media.base = url;
  const stop = async () => {
    stage.world.watch.stop();
    stage.world.clock.stop();
    closeConnections();
    const closed = new Promise((resolve) => { server.close(resolve); });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { stage, url, graph_url: `${url}/graph-facebook`, instagram_graph_url: `${url}/graph-instagram`, phone_url: `${url}/phone`, stop };
}

async function serve(stage, request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost');
  const [, first, ...rest] = pathname.split('/');
  const path = rest.join('/');
  const base = (host) => `${stage.world.media.base}/graph-${host}`;
  if (first === 'graph-facebook') return serveGraph(stage, 'facebook', request, response, path, searchParams, base('facebook'));
  if (first === 'graph-instagram') return serveGraph(stage, 'instagram', request, response, path, searchParams, base('instagram'));
  if (first === 'control') return serveControl(stage, request, response, path, searchParams);
  if (first === 'ig_messaging_cdn') return serveCdn(stage, request, response, searchParams);
  if (first === 'whatsapp_business') return serveWhatsappMedia(stage, request, response, searchParams);
  if (first === 'elsewhere') return serveElsewhere(stage, request, response);
  if (first === 'phone') return servePhone(response, path);
  if (first === '') { response.writeHead(302, { Location: '/phone' }); return response.end(); }
  return answerJson(response, 404, { error: 'there is nothing here' });
}
