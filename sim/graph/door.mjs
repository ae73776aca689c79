// The Graph API's door: what is noted of a call, what the weather does to it, and how the answer leaves.

import { headersOf } from '../core/weather.mjs';
import { GraphError } from './error.mjs';
import { readGraphRequest } from './request.mjs';
import { findCall } from './route.mjs';

const RECORD_BYTES = 500; // what a record takes beside its parameters and its answer

/** Serves one request to `host` ('facebook' or 'instagram'); `path` is what follows the base. */
export async function serveGraph(stage, host, request, response, path, query, base) {
  const record = { at: stage.world.clock.now(), host, method: request.method, path, name: null, account: null, customer: null, params: null, status: null, answer: null };
  stage.world.calls.push(record, RECORD_BYTES + path.length);
  try {
    const call = await readGraphRequest(request, path, query);
    note(stage, record, request, call, query);
    await answerCall(stage, host, call, record, response, base);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    reply(stage, record, response, error.status(stage.world.options), error.body(host), error.details.headers);
  }
}

/** The log keeps the parameters without the token. */
function note(stage, record, request, call, query) {
  const { access_token: token, file, ...rest } = call.params;
  const params = file?.bytes ? { ...rest, file: { filename: file.filename, type: file.type, size: file.bytes.length } } : call.params.file === undefined ? rest : { ...rest, file };
  Object.assign(record, { params, authorized_by: request.headers.authorization ? 'header' : token === undefined ? null : 'parameter' });
  stage.world.calls.grow(record, (file?.bytes ? 0 : call.bytes) + query.toString().length);
}

async function answerCall(stage, host, call, record, response, base) {
  const route = findCall(stage, host, call, base);
  Object.assign(record, { name: route.name, account: route.account?.id ?? null, customer: route.customer?.id ?? null });
  const fault = stage.weather.take({ name: route.name, account: route.account, customer: route.customer?.id });
  record.fault = fault?.preset ?? fault?.kind ?? null;
  if (fault?.phase === 'before') return strikeBefore(stage, host, fault, route, record, response);
  const checked = await route.check?.();
  const { answer, after } = await route.run(checked, fault);
  if (fault?.phase === 'after') return strikeAfter(stage, host, fault, route, record, response, answer, after);
  reply(stage, record, response, 200, answer);
  after?.();
}

function strikeBefore(stage, host, fault, route, record, response) {
  const { account } = route;
  if (fault.kind === 'lost_request') return lose(stage, record, response);
  if (fault.kind === 'not_json') return reply(stage, record, response, fault.status ?? 500, fault.body ?? '<html><body>Sorry, something went wrong.</body></html>', headersOf(fault, account));
  const error = fault.makeError();
  return reply(stage, record, response, fault.status ?? error.status(stage.world.options), error.body(host), headersOf(fault, account));
}

async function strikeAfter(stage, host, fault, route, record, response, answer, after) {
  if (fault.kind === 'lost_answer') lose(stage, record, response);
  else if (fault.kind === 'error_after') {
    const error = fault.makeError();
    reply(stage, record, response, fault.status ?? error.status(stage.world.options), error.body(host), headersOf(fault, route.account));
  } else {
    if (fault.kind === 'hold') await stage.weather.hold();
    if (fault.kind === 'delay') await new Promise((resolve) => { setTimeout(resolve, fault.ms); });
    reply(stage, record, response, 200, answer, headersOf(fault, route.account));
  }
  after?.();
}

function lose(stage, record, response) {
  record.status = 0;
  response.destroy();
  stage.world.watch.touch({ topic: 'call' });
}

function reply(stage, record, response, status, answer, headers = {}) {
  record.status = status;
  record.answer = answer;
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  stage.world.calls.grow(record, Buffer.byteLength(text));
  response.writeHead(status, {
    'Content-Type': typeof answer === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=UTF-8', 'facebook-api-version': 'v25.0',
    'X-App-Usage': JSON.stringify({ call_count: 1, total_cputime: 0, total_time: 1 }), ...headers,
  });
  response.end(text);
  stage.world.watch.touch({ topic: 'call' });
}
