// The control API: what a test, `./dev run` and the phone page ask of the simulator. One table; each handler gets the stage and
// the call's body or query, and returns what is answered as JSON.

import { NotHere } from '../core/world.mjs';
import { changeOptions } from '../core/options.mjs';
import { PRESET_NAMES } from '../core/weather.mjs';
import { actOnBusinessPhone, echo } from '../people/business.mjs';
import { CUSTOMER_ACTS, actAsCustomer } from '../people/customer.mjs';
import { PERSON_ACTS, actAsPerson } from '../whatsapp/acts.mjs';
import { actOnShopsPhone, sendHistory, syncContact } from '../whatsapp/phone.mjs';
import { addTemplate } from '../whatsapp/route.mjs';
import { STATUSES, emitStatus, releaseStatuses } from '../whatsapp/status.mjs';
import { reviewTemplate } from '../whatsapp/template.mjs';
import { emitField } from '../whatsapp/value.mjs';
import { createNumber, createPerson, createSystemToken, createWaba, templatesOf } from '../whatsapp/world.mjs';
import { dashboardTest } from '../webhook/event.mjs';
import { saveCallback } from '../webhook/handshake.mjs';
import { change } from './change.mjs';
import { makeDemo, showDemo } from './demo.mjs';
import { formFields, showAccount, showApp, showCustomer, showEvent, showFault, showMessage, showNumber, showPost, showTemplate, showThread, showWaba } from './show.mjs';

const WAIT_MS = 60_000;
const timeout = (given) => Math.min(Number(given.timeout_ms) || WAIT_MS, 60_000);

async function settled(stage, { event, message }, given) {
  if (given.wait && event) await stage.world.watch.until(() => !['queued', 'sending', 'retrying'].includes(event.state), timeout(given));
  return { event: showEvent(event), message: message ? showMessage(message) : null };
}

export const ROUTES = {
  'GET demo': (stage) => { if (!stage.demo) throw new NotHere('the simulator runs without --demo'); return showDemo(stage); },
  'POST callback': (stage, given) => saveCallback(stage.world, stage.world.app(given.app), { object: given.object, callback_url: given.url, verify_token: given.verify_token, verify: given.verify ?? true }),
  'POST reset': (stage, given) => { stage.reset(); if (given.demo ?? stage.demo) makeDemo(stage, given.callback_url, given.whatsapp_callback_url); return {}; },

  'GET apps': (stage) => [...stage.world.apps.values()].map(showApp),
  'POST apps': (stage, given) => showApp(stage.world.createApp(given)),
  'POST apps/change': (stage, given) => showApp(change('app', stage.world.app(given.app), given)),
  'GET accounts': (stage) => [...stage.world.accounts.values()].map((a) => ({ ...showAccount(a), fields: formFields(a) })),
  'POST accounts': (stage, given) => { const a = stage.world.createAccount(given); return { ...showAccount(a), fields: formFields(a) }; },
  'POST accounts/change': (stage, given) => showAccount(change('account', stage.world.account(given.account), given)),
  'POST tokens/change': (stage, given) => {
    const token = stage.world.tokens.get(given.token ?? (given.waba ? stage.world.waba(given.waba) : stage.world.account(given.account)).token);
    if (!token) throw new NotHere('there is no such token');
    change('token', token, given, ['token', 'account', 'waba']);
    return { trouble: token.trouble, expires_at: token.expires_at, scopes: token.scopes };
  },
  'POST tokens': (stage, given) => {
    if (given.waba) {
      const waba = stage.world.waba(given.waba);
      waba.token = createSystemToken(stage.world, waba, given).value;
      return { token: waba.token };
    }
    const account = stage.world.account(given.account);
    const { kind, value } = stage.world.createToken({ ...given, account });
    account[kind === 'user' ? 'user_token' : 'token'] = value;
    return { token: value };
  },
  'GET customers': (stage) => [...stage.world.customers.values()].slice(0, 1000).map((c) => showCustomer(c, stage)),
  'POST customers': (stage, given) => showCustomer(given.number === undefined ? stage.world.createCustomer(given) : createPerson(stage.world, given), stage),
  'POST customers/change': (stage, given) => {
    const customer = stage.world.customer(given.customer);
    return showCustomer(change(customer.number ? 'person' : 'customer', customer, given, ['customer']), stage);
  },

  // WhatsApp
  'GET wabas': (stage) => [...stage.world.wabas.values()].map(showWaba),
  'POST wabas': (stage, given) => showWaba(createWaba(stage.world, given)),
  'POST wabas/change': (stage, given) => showWaba(change('waba', stage.world.waba(given.waba), given)),
  'GET numbers': (stage) => [...stage.world.numbers.values()].map(showNumber),
  'POST numbers': (stage, given) => showNumber(createNumber(stage.world, given)),
  'POST numbers/change': (stage, given) => showNumber(change('number', stage.world.number(given.number), given)),
  'GET templates': (stage, given) => templatesOf(stage.world, stage.world.waba(given.waba)).map(showTemplate),
  'POST templates': (stage, given) => showTemplate(addTemplate(stage, given)),
  'POST templates/review': (stage, given) => {
    const template = templatesOf(stage.world, stage.world.waba(given.waba)).find((one) => one.name === given.name && one.language === (given.language ?? one.language));
    if (!template) throw new NotHere(`there is no template ${given.name}`);
    return settled(stage, { event: reviewTemplate(stage, template, given.status ?? 'APPROVED', given.reason) }, given);
  },
  // Any status of a message, wherever the message stands: late, again, out of order, of an id that nobody knows.
  'POST status': (stage, given) => {
    if (!STATUSES.includes(given.status)) throw new Error(`"status" is one of ${STATUSES.join(', ')}`);
    const { customer, message } = given.customer ? { customer: stage.world.customer(given.customer), message: { mid: given.message, callback_data: given.callback_data } } : stage.world.message(given.message);
    const error = given.status === 'failed' ? { code: given.code ?? 131000, details: given.details } : null;
    return settled(stage, { event: emitStatus(stage, customer, message, given.status, { error, at: given.timestamp }) }, given);
  },
  'POST statuses/release': (stage) => ({ released: releaseStatuses(stage) }),
  'POST field': (stage, given) => settled(stage, { event: emitField(stage, stage.world.waba(given.waba), given.field, given.value ?? {}) }, given),
  'POST history': (stage, given) => ({ events: sendHistory(stage, stage.world.number(given.number), given).map(showEvent) }),
  'POST contact': (stage, given) => settled(stage, { event: syncContact(stage, stage.world.customer(given.customer), given.action) }, given),
  'GET elsewhere': (stage) => stage.elsewhere,

  'GET acts': (stage, given) => (given.channel === 'whatsapp' ? PERSON_ACTS : CUSTOMER_ACTS),
  'POST act': (stage, given) => { const who = stage.world.customer(given.customer); return settled(stage, (who.number ? actAsPerson : actAsCustomer)(stage, who, given), given); },
  'POST business': (stage, given) => { const who = stage.world.customer(given.customer); return settled(stage, (who.number ? actOnShopsPhone : actOnBusinessPhone)(stage, who, given), given); },
  'GET thread': (stage, given) => showThread(stage.world.customer(given.customer), stage),
  'GET calls': (stage, given) => stage.world.calls.list().filter((c) => !given.name || c.name === given.name),
  'GET alerts': (stage) => stage.world.alerts.list(),

  'GET options': (stage) => stage.world.options,
  'POST options': (stage, given) => { changeOptions(stage.world.options, given); return stage.world.options; },
  'GET weather': (stage) => ({ presets: PRESET_NAMES, faults: stage.weather.faults.map(showFault) }),
  'POST weather': (stage, given) => showFault(stage.weather.add(given)),
  'POST weather/clear': (stage, given) => { stage.weather.clear(given.id); return {}; },
  'POST weather/release': (stage) => ({ released: stage.weather.release() }),
  'POST clock': async (stage, given) => { await stage.world.clock.advance(Number(given.advance_ms) || 0); return { now: stage.world.clock.now(), offset_ms: stage.world.clock.offset }; },

  'GET webhooks': (stage, given) => ({ pending: stage.delivery.pending().length, held: stage.delivery.held.length, posts: stage.delivery.posts.list().slice(-(Number(given.last) || 100)).map(showPost) }),
  'POST webhooks/release': (stage, given) => ({ released: stage.delivery.release(given).map(showEvent) }),
  'POST webhooks/raw': async (stage, given) => showPost(await stage.delivery.sendRaw(stage.world.app(given.app), given)),
  'POST webhooks/test': async (stage, given) => showPost(await stage.delivery.sendRaw(stage.world.app(given.app), { body: dashboardTest(given.shape, given.account) })),
  'POST echoes/release': async (stage) => {
    const held = stage.heldEchoes.splice(0);
    for (const { customer, message } of held) await echo(stage, customer, message);
    return { released: held.length };
  },

  // Waiting: resolves when it is so, or with {timeout: true}.
  'GET wait/thread': async (stage, given) => {
    const customer = stage.world.customer(given.customer), count = Number(given.messages) || 1;
    const ours = () => customer.thread.filter((m) => !m.lost && (!given.from || m.from === given.from));
    const seen = await stage.world.watch.until(() => ours().length >= count && (!given.text || ours().some((m) => m.text === given.text)), timeout(given));
    return { ...showThread(customer, stage), timeout: !seen };
  },
  // A message of the business with one of these statuses, named by its id, its text or what the app calls it.
  'GET wait/status': async (stage, given) => {
    const wanted = (given.status ?? '').split(',');
    const find = () => [...stage.world.messages.values()].find(({ message: m }) => m.from === 'business' && (!given.message || m.mid === given.message)
      && (!given.text || m.text === given.text) && (!given.callback_data || m.callback_data === given.callback_data) && wanted.includes(m.status));
    const seen = await stage.world.watch.until(find, timeout(given));
    return { timeout: !seen, message: seen ? showMessage(seen.message) : null };
  },
  'GET wait/typing': async (stage, given) => {
    const customer = stage.world.customer(given.customer);
    return { timeout: !(await stage.world.watch.until(() => customer.typing === (given.typing !== 'false'), timeout(given))) };
  },
  'GET wait/webhooks': async (stage, given) => ({ timeout: !(await stage.world.watch.until(() => stage.delivery.pending().length === 0, timeout(given))) }),
  'GET wait/calls': async (stage, given) => {
    const count = () => stage.world.calls.list().filter((c) => c.status !== null && (!given.name || c.name === given.name)).length;
    const seen = await stage.world.watch.until(() => count() >= (Number(given.count) || 1), timeout(given));
    return { count: count(), timeout: !seen };
  },
  'GET wait/holding': async (stage, given) => ({ timeout: !(await stage.world.watch.until(() => stage.weather.holding.length > 0, timeout(given))) }),
};
