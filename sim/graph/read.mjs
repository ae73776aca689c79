// What the Graph API tells: tokens, apps, Pages, accounts, customers, conversations.

import { DASHBOARD_FIELDS } from '../core/world.mjs';
import { ERRORS, GraphError, badParameter, noSuchObject } from './error.mjs';
import { parseFields, project } from './fields.mjs';
import { appOfToken } from './request.mjs';

const DETAILED_MESSAGES = 20; // of a conversation only its newest have details
const PAGE_FIELDS = ['feed', 'messages', 'messaging_postbacks', 'message_reads', 'message_reactions', 'message_echoes', 'messaging_optins', 'standby', 'mention'];
const INSTAGRAM_FIELDS = DASHBOARD_FIELDS.filter((name) => !['message_echoes', 'messaging_handover'].includes(name));

const wanted = (params, usual) => parseFields(params.fields || usual);
const iso = (ms) => new Date(ms).toISOString().replace(/\.\d{3}Z$/, '+0000');
const linked = ({ id, username }) => ({ id, username });

export function debugToken(world, call) {
  const input = world.tokens.get(call.params.input_token);
  const app = appOfToken(world, call.token) ?? world.tokens.get(call.token)?.app;
  if (!app) throw new GraphError({ code: 190, message: 'Invalid OAuth access token' });
  if (!input || input.app !== app) return { data: { is_valid: false, error: { code: 190, message: 'The access token could not be decrypted' }, scopes: [] } };
  const expired = input.expires_at !== 0 && input.expires_at <= world.clock.now();
  const data = {
    app_id: app.id, type: input.kind === 'page' ? 'PAGE' : 'USER', application: app.name, is_valid: !expired && !input.trouble,
    expires_at: Math.floor(input.expires_at / 1000), data_access_expires_at: Math.floor((input.issued_at + 90 * 24 * 3600e3) / 1000),
    issued_at: Math.floor(input.issued_at / 1000), scopes: input.scopes,
    granular_scopes: input.scopes.map((scope) => ({ scope, target_ids: [input.account.page?.id ?? input.account.id] })),
    user_id: '100000000000099', ...(input.kind === 'page' ? { profile_id: input.account.page.id } : {}),
  };
  if (!data.is_valid) data.error = { code: 190, message: 'Error validating access token', subcode: 463 };
  return { data };
}

export function subscriptions(world, call, id) {
  const app = appOfToken(world, call.token);
  if (!app || app.id !== id) throw noSuchObject(call.method, id);
  const { url, verified } = app.callback;
  return { data: url ? [{ object: 'instagram', callback_url: url, active: verified, fields: app.fields.map((name) => ({ name, version: 'v25.0' })) }] : [] };
}

/** The object behind /me, a Page id or an account id. */
export function node(world, token, call) {
  const { account } = token;
  if (token.kind === 'instagram') {
    const known = { id: account.scoped_id, user_id: account.id, username: account.username, name: account.name, account_type: 'BUSINESS' };
    const answer = project(wanted(call.params, 'id,username'), known, 'IGUser');
    return world.options.me_as_data_array ? { data: [answer] } : answer;
  }
  if (token.kind === 'user') return project(wanted(call.params, 'id,name'), { id: '100000000000099', name: 'A Person' }, 'User');
  const known = {
    id: account.page.id, name: account.page.name, messaging_feature_status: { hop_v2: 'DISABLED', msgr_multi_app: 'DISABLED', ig_multi_app: 'DISABLED' },
    instagram_business_account: account.condition === 'not_linked' ? undefined : linked(account),
  };
  return project(wanted(call.params, 'id,name'), known, 'Page');
}

export function instagramNode(account, call) {
  return project(wanted(call.params, 'id,username'), { id: account.id, username: account.username, name: account.name }, 'IGUser');
}

export function pagesOf(world, token) {
  const accounts = [...world.accounts.values()].filter(({ app, page }) => app === token.app && page);
  return { data: accounts.map((account) => ({
    id: account.page.id, name: account.page.name, access_token: account.token, tasks: ['MESSAGING', 'MANAGE'], instagram_business_account: linked(account),
  })) };
}

export function subscribedApps(world, account, call) {
  const { app } = account;
  if (call.method === 'GET') {
    return { data: account.subscribed_fields ? [{ id: app.id, name: app.name, category: 'Business', link: 'https://example.org', subscribed_fields: account.subscribed_fields }] : [] };
  }
  if (call.method === 'DELETE') {
    account.subscribed_fields = null;
    return { success: true };
  }
  const known = account.page ? PAGE_FIELDS : INSTAGRAM_FIELDS;
  const given = String(call.params.subscribed_fields ?? '').split(',').map((name) => name.trim()).filter(Boolean);
  if (given.length === 0) throw badParameter('The parameter subscribed_fields is required.');
  const strange = given.findIndex((name) => !known.includes(name));
  if (strange >= 0) throw badParameter(`Param subscribed_fields[${strange}] must be one of {${known.join(', ')}} - got "${given[strange]}".`);
  account.subscribed_fields = [...new Set(given)];
  account.failing_since = null;
  world.watch.touch({ topic: 'webhook' });
  return { success: true };
}

export function profile(stage, customer, call) {
  if (customer.condition === 'no_consent' || customer.condition === 'blocked') throw ERRORS.no_consent();
  if (customer.condition === 'review_bot') throw ERRORS.review_bot();
  if (!customer.thread.some(({ from }) => from === 'customer')) throw ERRORS.no_consent();
  const known = {
    id: customer.id, name: customer.name ?? undefined, username: customer.username, follower_count: customer.follower_count,
    profile_pic: customer.picture ? stage.mediaUrl(customer.picture) : undefined, is_user_follow_business: customer.follows_business,
    is_business_follow_user: false, is_verified_user: customer.verified,
  };
  return project(wanted(call.params, 'id,name'), known, 'IGUser');
}

// ---- conversations ----

function checkReading(world, account) {
  if (account.condition && ERRORS[account.condition]) throw ERRORS[account.condition]();
  const now = world.clock.now();
  account.reads = account.reads.filter((at) => now - at < 1000);
  if (account.reads.length >= world.options.conversations_per_second) throw ERRORS.rate_limit();
  account.reads.push(now);
}

export function conversations(world, account, call, urlOf) {
  checkReading(world, account);
  if (call.params.platform !== 'instagram') throw badParameter('The parameter platform must be instagram.');
  const limit = Math.min(Number(call.params.limit) || 25, 100), after = Number(call.params.after) || 0;
  const all = [...world.customers.values()].filter((one) => one.account === account && one.thread.length > 0
    && (call.params.user_id === undefined || one.id === call.params.user_id)).sort((a, b) => b.updated_at - a.updated_at);
  const page = all.slice(after, after + limit), more = all.length > after + limit;
  const data = page.map((one) => project(wanted(call.params, 'id,updated_time'), { id: one.conversation_id, updated_time: iso(one.updated_at) }, 'UnifiedThread'));
  return { data, paging: { cursors: { before: String(after), after: String(after + limit) }, ...(more ? { next: urlOf({ after: String(after + limit) }) } : {}) } };
}

export function conversation(world, account, customer, call) {
  checkReading(world, account);
  const newestFirst = [...customer.thread].reverse().map(({ mid, at }) => ({ id: mid, created_time: iso(at) }));
  return project(wanted(call.params, 'id,updated_time'), { id: customer.conversation_id, updated_time: iso(customer.updated_at), messages: () => ({ data: newestFirst }) }, 'UnifiedThread');
}

const attachmentOf = ({ type, url }, id) => ({ id: String(id), ...({ image: { image_data: { url } }, video: { video_data: { url } } }[type] ?? { file_url: url }) });

export function message(world, account, { customer, message: one }, call) {
  checkReading(world, account);
  const newest = customer.thread.slice(-DETAILED_MESSAGES);
  if (one.deleted || !newest.includes(one)) throw ERRORS.message_deleted();
  const business = { id: account.id, username: account.username }, person = { id: customer.id, username: customer.username };
  const fromUs = one.from === 'business';
  const known = {
    id: one.mid, created_time: iso(one.at), from: fromUs ? business : person, to: { data: [fromUs ? person : business] }, message: one.text ?? undefined,
    attachments: one.attachments.length ? { data: one.attachments.map(attachmentOf) } : undefined, is_unsupported: one.unsupported || undefined,
    shares: undefined, story: one.story ? { reply_to: one.story } : undefined,
    reactions: one.reactions.customer ? { data: [{ reaction: one.reactions.customer, users: [person] }] } : undefined,
  };
  return project(wanted(call.params, 'id,created_time'), known, 'Message');
}
