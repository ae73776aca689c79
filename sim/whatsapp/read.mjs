// What the Graph API tells about numbers, their accounts and templates.

import { badParameter } from '../graph/error.mjs';
import { parseFields, project } from '../graph/fields.mjs';
import { NUMBER_CONDITIONS, templatesOf } from './world.mjs';
import { whatsappError } from './error.mjs';
import { saveOverride } from '../webhook/handshake.mjs';

const wanted = (params, usual) => parseFields(params.fields || usual);
const META_APP = { id: '2202427980124871', name: 'WA DevX Webhook Events 1P App', link: 'https://developers.facebook.com' };
const PAGE_MAX = 100;

const numbersOf = (world, waba) => [...world.numbers.values()].filter((one) => one.waba === waba);

function numberNode(world, number) {
  return {
    id: number.id, display_phone_number: number.shown, verified_name: number.verified_name, quality_rating: number.quality,
    code_verification_status: 'VERIFIED', name_status: number.condition === 'display_name' ? 'PENDING_REVIEW' : 'APPROVED',
    platform_type: number.registered ? 'CLOUD_API' : 'NOT_APPLICABLE', throughput: { level: number.coexistence ? 'STANDARD' : 'STANDARD' },
    status: number.registered ? 'CONNECTED' : 'DISCONNECTED', account_mode: number.allowed ? 'SANDBOX' : 'LIVE', is_official_business_account: false,
    is_on_biz_app: number.coexistence, messaging_limit_tier: 'TIER_1K', health_status: health(world, number.waba, number),
    webhook_configuration: { application: number.waba.app.whatsapp_callback.url ?? undefined, phone_number: number.override?.url },
    whatsapp_business_account: { id: number.waba.id, name: number.waba.name },
  };
}

export const number = ({ world }, one, call) => project(wanted(call.params, 'verified_name,code_verification_status,display_phone_number,quality_rating,id'), numberNode(world, one), 'WhatsAppBusinessPhoneNumber');

export function phoneNumbers({ world }, waba, call) {
  const fields = wanted(call.params, 'verified_name,display_phone_number,quality_rating,id');
  return { data: numbersOf(world, waba).map((one) => project(fields, numberNode(world, one), 'WhatsAppBusinessPhoneNumber')) };
}

export function account({ world }, waba, call) {
  const known = {
    id: waba.id, name: waba.name, currency: 'USD', timezone_id: '1', message_template_namespace: '0aa00000_0000_0000_0000_000000000000', account_review_status: 'APPROVED',
    health_status: health(world, waba), business_verification_status: 'verified', ownership_type: 'SELF',
    phone_numbers: { data: numbersOf(world, waba).map((one) => numberNode(world, one)) },
  };
  return project(wanted(call.params, 'id,name,currency,timezone_id,message_template_namespace'), known, 'WhatsAppBusinessAccount');
}

function health(world, waba, only = null) {
  const entities = (only ? [only] : numbersOf(world, waba)).map((one) => {
    const code = one.condition ? NUMBER_CONDITIONS[one.condition] : one.registered ? null : 133010;
    const state = !code ? 'AVAILABLE' : ['spam', 'display_name'].includes(one.condition) ? 'LIMITED' : 'BLOCKED';
    const error = code && whatsappError(world, code);
    return {
      entity_type: 'PHONE_NUMBER', id: one.id, can_send_message: state,
      ...(code ? { errors: [{ error_code: code, error_description: error.details.data.details, possible_solution: 'See the error code.' }] } : {}),
    };
  });
  const others = [['WABA', waba.id], ['BUSINESS', '100000000000077'], ['APP', waba.app.id]].map(([type, id]) => ({ entity_type: type, id, can_send_message: 'AVAILABLE' }));
  const worst = ['BLOCKED', 'LIMITED', 'AVAILABLE'].find((state) => [...entities, ...others].some((one) => one.can_send_message === state));
  return { can_send_message: worst, entities: [...entities, ...others] };
}

/** Which apps get the webhooks of the account. Meta's own listens always, which looks like a subscription and is none. */
export async function subscribedApps({ world }, waba, call) {
  const { app } = waba;
  if (call.method === 'GET') {
    const ours = { whatsapp_business_api_data: { id: app.id, name: app.name, link: 'https://example.org' }, ...(waba.override ? { override_callback_uri: waba.override.url } : {}) };
    return { data: [{ whatsapp_business_api_data: META_APP }, ...(waba.subscribed ? [ours] : [])] };
  }
  if (call.method === 'DELETE') {
    Object.assign(waba, { subscribed: false, override: null });
    return { success: true };
  }
  const { override_callback_uri: url, verify_token: token } = call.params;
  if (url !== undefined) {
    const problem = await saveOverride(world, url, token);
    if (problem) throw whatsappError(world, 2200, `Callback verification failed with the following errors: ${problem}`);
    waba.override = { url };
  } else waba.override = null;
  Object.assign(waba, { subscribed: true, failing_since: null });
  world.watch.touch({ topic: 'webhook' });
  return { success: true };
}

export function templates({ world }, waba, call, urlOf) {
  const { params } = call, size = params.limit === undefined ? 25 : Number(params.limit);
  if (!Number.isInteger(size) || size < 1) throw badParameter('Param limit must be an integer.');
  const fields = wanted(params, 'name,status,category,language,components,parameter_format,id');
  const all = templatesOf(world, waba).filter((one) => (params.name === undefined || one.name.includes(params.name)) && (params.status === undefined || one.status === params.status)
    && (params.language === undefined || one.language === params.language));
  const start = params.after === undefined ? 0 : readCursor(params.after), end = start + Math.min(size, PAGE_MAX), data = all.slice(start, end);
  const node = (one) => ({
    id: one.id, name: one.name, status: one.status, category: one.category, language: one.language, components: one.components, parameter_format: one.parameter_format,
    rejected_reason: one.reason, quality_score: { score: 'UNKNOWN' }, previous_category: undefined,
  });
  if (data.length === 0) return { data: [] };
  const cursors = { before: cursor(start), after: cursor(start + data.length) };
  return { data: data.map((one) => project(fields, node(one), 'WhatsAppMessageTemplate')), paging: { cursors, ...(all.length > end ? { next: urlOf({ ...params, after: cursors.after }) } : {}) } };
}

const cursor = (at) => Buffer.from(`t${at}`).toString('base64url');

function readCursor(text) {
  const at = /^t(\d{1,9})$/.exec(Buffer.from(String(text), 'base64url').toString('latin1'));
  if (!at) throw badParameter('Param after is not a valid cursor.');
  return Number(at[1]);
}
