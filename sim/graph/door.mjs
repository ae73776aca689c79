// The Graph API's door: which call this is, what the weather does to it, and how the answer leaves.

import { headersOf } from '../core/weather.mjs';
import { ERRORS, GraphError, badParameter, noSuchObject } from './error.mjs';
import * as read from './read.mjs';
import { checkToken, readGraphRequest } from './request.mjs';
import { checkSend, recipientOf, send } from './send.mjs';

/** Serves one request to `host` ('facebook' or 'instagram'); `path` is what follows the base. */
export async function serveGraph(stage, host, request, response, path, query, base) {
  const record = { at: stage.world.clock.now(), host, method: request.method, path, name: null, account: null, customer: null, params: null, status: null, answer: null };
  stage.world.calls.push(record, 1000);
  try {
    const call = await readGraphRequest(request, path, query);
    Object.assign(record, { params: call.params, authorized_by: request.headers.authorization ? 'header' : call.params.access_token ? 'parameter' : null });
    await answerCall(stage, host, call, record, response, base);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    reply(stage, record, response, error.status(stage.world.options), error.body(host), error.details.headers);
  }
}

async function answerCall(stage, host, call, record, response, base) {
  const route = resolve(stage, host, call, base);
  Object.assign(record, { name: route.name, account: route.account?.id ?? null, customer: route.customer?.id ?? null });
  const fault = stage.weather.take({ name: route.name, account: route.account, customer: route.customer?.id });
  record.fault = fault?.preset ?? fault?.kind ?? null;
  if (fault?.phase === 'before') return strikeBefore(stage, host, fault, route, record, response);
  route.check?.();
  const { answer, after } = await route.run();
  if (fault) return strikeAfter(stage, host, fault, route, record, response, answer, after);
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
  response.writeHead(status, {
    'Content-Type': typeof answer === 'string' ? 'text/html; charset=utf-8' : 'application/json; charset=UTF-8', 'facebook-api-version': 'v25.0',
    'X-App-Usage': JSON.stringify({ call_count: 1, total_cputime: 0, total_time: 1 }), ...headers,
  });
  response.end(text);
  stage.world.watch.touch({ topic: 'call' });
}

// ---- which call it is ----

const told = (answer) => ({ answer });

function resolve(stage, host, call, base) {
  const { world } = stage;
  const [first, edge] = call.segments;
  if (first === 'debug_token') return { name: 'debug_token', run: () => told(read.debugToken(world, call)) };
  if (edge === 'subscriptions') return { name: 'subscriptions', run: () => told(read.subscriptions(world, call, first)) };
  if (first === 'refresh_access_token' && host === 'instagram') return refreshCall(world, host, call);
  const token = checkToken(world, host, call);
  if (first === 'app') return { name: 'app', account: token.account, run: () => told({ id: token.app.id, name: token.app.name }) };
  const account = ownAccount(token, first);
  if (account) return accountCall(stage, host, token, account, call, edge, base);
  return objectCall(stage, token, call, first);
}

/** The token's own account, if the path means it. */
function ownAccount(token, id) {
  const { account } = token;
  return id === 'me' || id === account.id || id === account.page?.id || id === account.scoped_id ? account : null;
}

function accountCall(stage, host, token, account, call, edge, base) {
  const { world } = stage, [first] = call.segments;
  if (edge === 'messages' && call.method === 'POST') return sendCall(stage, token, account, call);
  if (edge === 'accounts' && call.method === 'GET') return { name: 'accounts', account, run: () => told(read.pagesOf(world, token)) };
  if (edge === 'subscribed_apps' && ['GET', 'POST', 'DELETE'].includes(call.method)) {
    if (token.kind === 'page' && !token.scopes.includes('pages_manage_metadata')) throw new GraphError({ code: 200, message: '(#200) Requires pages_manage_metadata permission to manage the object' });
    return { name: 'subscribed_apps', account, run: () => told(read.subscribedApps(world, account, call)) };
  }
  if (edge === 'conversations' && call.method === 'GET') {
    const urlOf = (more) => `${base}/${call.segments.join('/')}?${new URLSearchParams({ ...call.params, ...more })}`;
    return { name: 'conversations', account, run: () => told(read.conversations(world, account, call, urlOf)) };
  }
  if (edge === undefined && call.method === 'GET') {
    const instagram = token.kind !== 'instagram' && first === account.id;
    return { name: first === 'me' ? 'me' : 'page', account, run: () => told(instagram ? read.instagramNode(account, call) : read.node(world, token, call)) };
  }
  throw noSuchObject(call.method, call.segments.join('/'));
}

function sendCall(stage, token, account, call) {
  const needed = token.kind === 'instagram' ? 'instagram_business_manage_messages' : 'instagram_manage_messages';
  if (!token.scopes.includes(needed)) throw ERRORS.permission();
  const customer = recipientOf(stage.world, account, call.params);
  return {
    name: call.params.sender_action === undefined ? 'send' : 'action', account, customer,
    check: () => checkSend(stage.world, account, customer, call.params), run: () => send(stage, account, customer, call.params),
  };
}

function objectCall(stage, token, call, id) {
  const { world } = stage, { account } = token;
  const customer = world.customers.get(id), thread = world.conversations.get(id), message = world.messages.get(id);
  if (call.method !== 'GET') throw noSuchObject(call.method, id ?? '');
  if (customer?.account === account) return { name: 'profile', account, customer, run: () => told(read.profile(stage, customer, call)) };
  if (thread?.account === account) return { name: 'conversation', account, customer: thread, run: () => told(read.conversation(world, account, thread, call)) };
  if (message?.customer.account === account) return { name: 'message', account, customer: message.customer, run: () => told(read.message(world, account, message, call)) };
  throw noSuchObject(call.method, id ?? '');
}

/** Way B: a token of at least a day's age that still lives gets another sixty days. */
function refreshCall(world, host, call) {
  const token = checkToken(world, host, call);
  return { name: 'token', account: token.account, run: () => {
    if (call.params.grant_type !== 'ig_refresh_token') throw badParameter('grant_type must be ig_refresh_token.');
    if (world.clock.now() - token.issued_at < 24 * 3600e3) throw badParameter('The token is younger than 24 hours.');
    token.issued_at = world.clock.now();
    token.expires_at = token.issued_at + 60 * 24 * 3600e3;
    return told({ access_token: token.value, token_type: 'bearer', expires_in: 60 * 24 * 3600 });
  } };
}
