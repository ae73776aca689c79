// Which call a request is: what its path names, and whether this token may ask for it.

import { GraphError, badParameter, noSuchObject } from './error.mjs';
import * as history from './history.mjs';
import * as read from './read.mjs';
import { findWhatsappCall } from '../whatsapp/route.mjs';
import { checkSend, recipientOf, send } from './send.mjs';
import { checkToken, requireAccountToken, requireMessaging } from './token.mjs';

const told = (answer) => ({ answer });

/**
 * `{ name, account?, customer?, check?, run }`: `check` refuses what is wrong, and what it resolves to is given to `run`,
 * which has the effect and resolves to `{ answer, after? }`. `base` is the address of the host.
 */
export function findCall(stage, host, call, base) {
  const { world } = stage, token = checkToken(world, host, call), [first, edge, ...rest] = call.segments;
  const others = () => (token.kind === 'system' ? findWhatsappCall(stage, token, call, addresses(base, call))
    : ownCall(stage, token, call, first, edge, base) ?? objectCall(stage, token, call, first, edge, base));
  const route = rest.length > 0 ? null : fixedCall(stage, host, token, call) ?? others();
  if (!route) throw noSuchObject(call.method, first ?? '');
  return route;
}

/** Calls about the app and its tokens. */
function fixedCall({ world }, host, token, call) {
  const [first, edge] = call.segments;
  if (call.method !== 'GET') return null;
  if (host === 'instagram') return first === 'refresh_access_token' && !edge ? refreshCall(world, token, call) : null;
  if (first === 'debug_token' && !edge) return { name: 'debug_token', run: () => told(read.debugToken(world, token, call)) };
  if ((first === 'app' || first === token.app.id) && !edge) return { name: 'app', account: token.account, run: () => told(read.application(token, call)) };
  if (edge === 'subscriptions') return { name: 'subscriptions', run: () => told(read.subscriptions(token, call, first)) };
  return null;
}

/** Calls about the token's own Page or account. */
function ownCall(stage, token, call, first, edge, base) {
  const { world } = stage, { account } = token, node = ownNode(token, first);
  if (!node) return null;
  if (!account) throw new GraphError({ code: 2500, message: 'An active access token must be used to query information about the current user.' });
  if (edge === undefined && call.method === 'GET') return { name: first === 'me' ? 'me' : 'page', account, run: () => told(nodeAnswer(world, token, call, node)) };
  // Way A's edges are the Page's: its Instagram account can be looked at, nothing more.
  if (node === 'linked') return null;
  if (edge === 'messages' && call.method === 'POST') return sendCall(stage, token, account, call);
  if (edge === 'accounts' && call.method === 'GET' && account.page) return { name: 'accounts', account, run: () => told(read.pagesOf(world, token, call)) };
  if (edge === 'subscribed_apps' && ['GET', 'POST', 'DELETE'].includes(call.method)) return subscribedAppsCall(world, token, account, call);
  if (edge === 'conversations' && call.method === 'GET') {
    requireMessaging(token);
    return { name: 'conversations', account, run: () => told(history.conversations(world, account, call, addresses(base, call))) };
  }
  return null;
}

/** What an id means to this token: its 'person', 'page' or 'instagram' account, the Page's 'linked' one, or nothing of its own. */
function ownNode({ kind, account }, id) {
  if (id === 'me') return kind === 'user' ? 'person' : kind;
  if (!account || id === undefined) return null;
  if (kind === 'instagram') return id === account.id || id === account.scoped_id ? 'instagram' : null;
  if (id === account.id) return 'linked';
  return id === account.page.id ? 'page' : null;
}

function nodeAnswer(world, token, call, node) {
  if (node === 'person') return read.person(call);
  if (node === 'linked') return read.instagramNode(token.account, call);
  return node === 'page' ? read.page(token.account, token, call) : read.instagramSelf(world, token.account, call);
}

function subscribedAppsCall(world, token, account, call) {
  requireAccountToken(token);
  if (token.kind === 'page' && !token.scopes.includes('pages_manage_metadata')) throw new GraphError({ code: 200, message: '(#200) Requires pages_manage_metadata permission to manage the object' });
  return { name: 'subscribed_apps', account, run: () => told(read.subscribedApps(world, account, call)) };
}

function sendCall(stage, token, account, call) {
  requireMessaging(token);
  const { params } = call, customer = recipientOf(stage.world, account, params);
  return {
    name: params.sender_action === undefined ? 'send' : 'action', account, customer,
    check: () => checkSend(stage, account, customer, params), run: (content) => send(stage, customer, params, content),
  };
}

/** Calls about a customer, a conversation or a message of the token's account. */
function objectCall(stage, token, call, id, edge, base) {
  const { world } = stage, { account } = token;
  if (call.method !== 'GET' || !account) return null;
  const customer = world.customers.get(id), thread = world.conversations.get(id), message = world.messages.get(id);
  const owner = customer ?? thread ?? message?.customer;
  if (owner?.account !== account || (edge !== undefined && !(thread && edge === 'messages'))) return null;
  requireMessaging(token);
  const urlOf = addresses(base, call), route = (name, run) => ({ name, account, customer: owner, run: () => told(run()) });
  if (customer) return route('profile', () => read.profile(stage, customer, call));
  if (message) return route('message', () => history.message(world, message, call));
  return route('conversation', () => (edge ? history.messages : history.conversation)(world, thread, call, urlOf));
}

/** Makes the addresses of further pages. They carry the token and the proof, as Meta's do. */
function addresses(base, call) {
  const { appsecret_proof: proof } = call.params;
  return (segments, params) => {
    const all = { ...params, access_token: call.token, ...(proof === undefined ? {} : { appsecret_proof: proof }) };
    const given = Object.entries(all).filter(([, value]) => value !== undefined);
    return `${[base, call.version, ...segments].filter(Boolean).join('/')}?${new URLSearchParams(given)}`;
  };
}

/** Way B: a token of at least a day's age that still lives gets another sixty days, or makes room for a new one. */
function refreshCall(world, token, call) {
  return { name: 'token', account: token.account, run: () => {
    if (call.params.grant_type !== 'ig_refresh_token') throw badParameter('grant_type must be ig_refresh_token.');
    if (world.clock.now() - token.issued_at < 24 * 3600e3) throw badParameter('The token is younger than 24 hours.');
    const renewed = world.options.renewed_token === 'new' ? world.createToken({ account: token.account, scopes: token.scopes }) : token;
    renewed.issued_at = world.clock.now();
    renewed.expires_at = renewed.issued_at + 60 * 24 * 3600e3;
    if (renewed !== token && token.account.token === token.value) token.account.token = renewed.value;
    return told({ access_token: renewed.value, token_type: 'bearer', expires_in: 60 * 24 * 3600 });
  } };
}
