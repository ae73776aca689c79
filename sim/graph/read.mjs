// What the Graph API tells about tokens, apps, Pages, accounts and customers.

import { DASHBOARD_FIELDS } from '../core/world.mjs';
import { ERRORS, GraphError, TOKEN_TROUBLE, badParameter, missingField, noSuchObject } from './error.mjs';
import { parseFields, project } from './fields.mjs';
import { lookUp, troubleWith } from './token.mjs';

const PAGE_FIELDS = ['feed', 'messages', 'messaging_postbacks', 'message_reads', 'message_reactions', 'message_echoes', 'messaging_optins', 'standby', 'mention'];
const INSTAGRAM_FIELDS = DASHBOARD_FIELDS.filter((name) => !['message_echoes', 'messaging_handover'].includes(name));
const PERSON = '100000000000099';

const wanted = (params, usual) => parseFields(params.fields || usual);
const seconds = (ms) => Math.floor(ms / 1000);

export function debugToken(world, caller, call) {
  const input = inputToken(world, call.params.input_token);
  if (!input || input.app !== caller.app) return { data: { is_valid: false, error: { code: 190, message: 'The access token could not be decrypted' }, scopes: [] } };
  const { account, app, scopes } = input, trouble = troubleWith(input, world.clock.now());
  const data = {
    app_id: app.id, type: { instagram: 'USER', system: 'SYSTEM_USER' }[input.kind] ?? input.kind.toUpperCase(), application: app.name, is_valid: !trouble,
    expires_at: seconds(input.expires_at), data_access_expires_at: seconds(input.issued_at + 90 * 24 * 3600e3), issued_at: seconds(input.issued_at), scopes,
    ...(account ? { user_id: PERSON, granular_scopes: scopes.map((scope) => ({ scope, target_ids: [account.page?.id ?? account.id] })) } : {}),
    ...(input.waba ? { user_id: '122100000000001', granular_scopes: scopes.map((scope) => ({ scope, ...(scope === 'business_management' ? {} : { target_ids: [input.waba.id] }) })) } : {}),
    ...(input.kind === 'page' ? { profile_id: account.page.id } : {}),
  };
  if (trouble) data.error = { code: 190, message: TOKEN_TROUBLE[trouble][1], subcode: TOKEN_TROUBLE[trouble][0] };
  return { data };
}

function inputToken(world, value) {
  if (typeof value !== 'string' || value === '') throw badParameter('The parameter input_token is required.');
  try {
    return lookUp(world, value);
  } catch {
    return null;
  }
}

export const application = ({ app }, call) => project(wanted(call.params, 'id,name'), { id: app.id, name: app.name, link: undefined }, 'Application');

export function subscriptions(caller, call, id) {
  const { app } = caller;
  if (caller.kind !== 'app') throw new GraphError({ code: 15, message: '(#15) This method must be called with an app access_token.' });
  if (app.id !== id) throw noSuchObject(call.method, id);
  const listed = [['instagram', app.callback, app.fields], ['whatsapp_business_account', app.whatsapp_callback, app.whatsapp_fields]];
  return { data: listed.filter(([, { url }]) => url).map(([object, { url, verified }, fields]) => ({ object, callback_url: url, active: verified, fields: fields.map((name) => ({ name, version: 'v25.0' })) })) };
}

/** The account itself in way B; its `id` is the app's own, `user_id` the one that webhooks carry. */
export function instagramSelf(world, account, call) {
  const known = { id: account.scoped_id, user_id: account.id, username: account.username, name: account.name, account_type: 'BUSINESS' };
  const answer = project(wanted(call.params, 'id,username'), known, 'IGUser');
  return world.options.me_as_data_array ? { data: [answer] } : answer;
}

/** The account seen from way A. */
export const instagramNode = (account, call) => project(wanted(call.params, 'id'), instagramFields(account), 'IGUser');

const instagramFields = ({ id, username, name }) => ({ id, username, name });

export const person = (call) => project(wanted(call.params, 'id,name'), { id: PERSON, name: 'A Person' }, 'User');

export const page = (account, token, call) => project(wanted(call.params, 'id,name'), pageFields(account, token), 'Page');

function pageFields(account, token) {
  const linked = account.condition !== 'not_linked', forPerson = token.kind === 'user';
  return {
    id: account.page.id, name: account.page.name, messaging_feature_status: { hop_v2: 'DISABLED', msgr_multi_app: 'DISABLED', ig_multi_app: 'DISABLED' },
    access_token: account.token, tasks: forPerson ? ['MESSAGING', 'MANAGE'] : undefined,
    instagram_business_account: linked ? ({ sub }) => project(sub ?? parseFields('id'), instagramFields(account), 'IGUser') : undefined,
  };
}

/** The Pages of a person, each with its token. */
export function pagesOf(world, token, call) {
  if (token.kind !== 'user') throw missingField('accounts', 'Page');
  const fields = wanted(call.params, 'id,name,access_token,tasks');
  const accounts = [...world.accounts.values()].filter((one) => one.app === token.app && one.page);
  return { data: accounts.map((account) => project(fields, pageFields(account, token), 'Page')) };
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
  if (customer.condition === 'gone') throw noSuchObject('get', customer.id);
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
