// Which WhatsApp call a request is: what its path names, and whether this System User token may ask for it.

import { GraphError, noSuchObject } from '../graph/error.mjs';
import { Checker } from './check.mjs';
import { whatsappError } from './error.mjs';
import { countManagement } from './limits.mjs';
import { lookUpMedia, mediaAnswer, upload } from './media.mjs';
import * as read from './read.mjs';
import { addressee, checkReceipt, checkSend, isReceipt, markRead, send } from './send.mjs';
import { readNewTemplate, reviewTemplate } from './template.mjs';
import { createTemplate } from './world.mjs';

const told = async (answer) => ({ answer: await answer });

/** The call of a System User's token, or null. */
export function findWhatsappCall(stage, token, call, urlOf) {
  const [first, edge, ...rest] = call.segments, { waba } = token;
  if (rest.length > 0) return null;
  if (first === 'me' && edge === undefined && call.method === 'GET') return { name: 'me', account: null, run: () => told({ id: '122100000000001', name: 'MailTrixy System User' }) };
  if (first === waba.id) return wabaCall(stage, token, call, edge, urlOf);
  const number = stage.world.numbers.get(first);
  if (number?.waba === waba) return numberCall(stage, token, call, number, edge);
  return edge === undefined ? mediaCall(stage, token, call, first) : null;
}

function needScope(token, scope) {
  if (token.scopes.includes(scope)) return;
  throw new GraphError({ code: 200, status: 403, message: `(#200) You do not have the necessary permissions required to send messages on behalf of this WhatsApp Business Account: ${scope}` });
}

function numberCall(stage, token, call, number, edge) {
  const { world } = stage, context = { stage, world, number, check: new Checker(world) }, { params, method } = call;
  const managed = (name, run) => ({ name, account: number, check: () => countManagement(world, number.waba), run });
  if (edge === undefined && method === 'GET') return managed('number', () => told(read.number(stage, number, call)));
  if (method !== 'POST') return null;
  if (edge === 'messages') {
    needScope(token, 'whatsapp_business_messaging');
    return isReceipt(params) ? receiptCall(stage, context, params) : messageCall(stage, context, params);
  }
  if (edge === 'media') {
    needScope(token, 'whatsapp_business_messaging');
    return { name: 'upload', account: number, check: () => null, run: () => told({ id: upload(stage, number, context.check, params) }) };
  }
  if (edge === 'register') {
    needScope(token, 'whatsapp_business_management');
    return managed('register', () => told(register(context, params)));
  }
  return null;
}

function messageCall(stage, context, params) {
  const to = addressee(context, params);
  return { name: 'send', account: context.number, customer: to.person ?? undefined, check: () => checkSend(context, params, to), run: (checked, fault) => send(stage, context, to, checked, fault) };
}

function receiptCall(stage, context, params) {
  const customer = context.world.messages.get(params.message_id)?.customer;
  return { name: 'action', account: context.number, customer, check: () => checkReceipt(context, params), run: (entry) => markRead(stage, params, entry) };
}

function register({ check: c, world, number }, params) {
  if (params.messaging_product !== 'whatsapp') throw c.refuse('The parameter messaging_product is required.');
  if (!/^\d{6}$/.test(params.pin ?? '')) throw c.refuse('Param pin must be 6 digits.');
  if (number.pin !== null && number.pin !== params.pin) throw whatsappError(world, 133005);
  Object.assign(number, { registered: true, pin: params.pin, condition: number.condition === 'unregistered' ? null : number.condition });
  return { success: true };
}

function wabaCall(stage, token, call, edge, urlOf) {
  const { world } = stage, { waba } = token, { method } = call;
  needScope(token, 'whatsapp_business_management');
  const managed = (name, run) => ({ name, account: waba, check: () => countManagement(world, waba), run });
  if (edge === undefined && method === 'GET') return managed('waba', () => told(read.account(stage, waba, call)));
  if (edge === 'phone_numbers' && method === 'GET') return managed('phone_numbers', () => told(read.phoneNumbers(stage, waba, call)));
  if (edge === 'subscribed_apps' && ['GET', 'POST', 'DELETE'].includes(method)) return managed('subscribed_apps', () => told(read.subscribedApps(stage, waba, call)));
  if (edge !== 'message_templates') return null;
  if (method === 'GET') return managed('templates', () => told(read.templates(stage, waba, call, (params) => urlOf(call.segments, params))));
  if (method !== 'POST') return null;
  return managed('templates', () => {
    const check = new Checker(world), given = readNewTemplate(check, call.params);
    const template = makeTemplate(stage, waba, given, check);
    return told({ id: template.id, status: template.status, category: template.category });
  });
}

function makeTemplate(stage, waba, given, check) {
  try {
    return addTemplate(stage, { waba: waba.id, ...given });
  } catch (error) {
    throw check.refuse(error.message);
  }
}

/** A template; one that waits for its review is approved by itself when the option says so. */
export function addTemplate(stage, given) {
  const template = createTemplate(stage.world, given);
  template.approve = () => template.status === 'PENDING' && reviewTemplate(stage, template, 'APPROVED');
  return template;
}

function mediaCall(stage, token, call, id) {
  const { world } = stage, entry = lookUpMedia(world, token.waba, id);
  if (!entry || !['GET', 'DELETE'].includes(call.method)) return null;
  needScope(token, 'whatsapp_business_messaging');
  const { phone_number_id: given } = call.params;
  if (given !== undefined && given !== entry.number.id) throw noSuchObject(call.method, id);
  if (call.method === 'GET') return { name: 'media_url', account: entry.number, run: (_, fault) => told(mediaAnswer(stage, entry, fault?.kind === 'media_private' ? { url: fault.location } : {})) };
  return { name: 'media_delete', account: entry.number, run: () => { world.whatsappMedia.delete(id); return told({ success: true }); } };
}
