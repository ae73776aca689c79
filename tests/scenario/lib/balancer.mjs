// What stands before several servers: sends each request to any of them, to another when that one is not there. It does nothing else, so
// that what a server answers is what the world sees; it notes every answer that is the server's fault.
import { once } from 'node:events';
import http from 'node:http';

export class Balancer {
  /** targets: returns the URLs of the servers, those that are dead too. */
  static async start(targets) {
    const b = new Balancer();
    Object.assign(b, { targets, faults: [], cut: 0, count: 0, agent: new http.Agent({ keepAlive: true, maxSockets: 64 }) });
    b.server = http.createServer((request, response) => { b.pass(request, response).catch(() => response.destroy()); }).listen(0, '127.0.0.1');
    await once(b.server, 'listening');
    b.url = `http://127.0.0.1:${b.server.address().port}`;
    return b;
  }

  async pass(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const list = this.targets(), first = Math.floor(Math.random() * list.length);
    for (let k = 0; k < list.length; k++) {
      const target = list[(first + k) % list.length], began = Date.now();
      try {
        const answer = await this.ask(target, request, Buffer.concat(parts));
        if (answer.statusCode >= 500) {
          const body = [];
          for await (const part of answer) body.push(part);
          const text = Buffer.concat(body).toString();
          this.faults.push({ at: Date.now(), took: Date.now() - began, status: answer.statusCode, target, path: request.url, text: text.slice(0, 300) });
          response.writeHead(answer.statusCode, answer.headers).end(text);
          return;
        }
        this.count++;
        response.writeHead(answer.statusCode, answer.headers);
        answer.on('error', () => response.destroy()).pipe(response);
        return;
      } catch (e) {
        if (e.code === 'ECONNREFUSED') continue;	// not there: nothing was done
        this.cut++;
        break;
      }
    }
    response.writeHead(502).end('{"error":{"code":"cut","message":"the server went away"}}');
  }

  ask(target, request, body) {
    return new Promise((resolve, reject) => {
      const headers = { ...request.headers };
      delete headers['transfer-encoding'];
      http.request(target + request.url, { method: request.method, headers: { ...headers, 'content-length': body.length }, agent: this.agent }, resolve).on('error', reject).end(body);
    });
  }

  async stop() {
    this.agent.destroy();
    this.server.closeAllConnections();
    this.server.close();
  }
}
