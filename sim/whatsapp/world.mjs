// What exists on WhatsApp's side: business accounts with their phone numbers, the people who write to them, templates.

import * as ids from '../core/ids.mjs';

export const WHATSAPP = 'whatsapp_business_account';
export const SCOPES = ['business_management', 'whatsapp_business_management', 'whatsapp_business_messaging'];

/** What can be wrong with a number; each is an error that its sends get. */
export const NUMBER_CONDITIONS = {
  unregistered: 133010, spam: 131048, locked: 131031, payment: 131042, display_name: 131037, upgrade: 131057, country: 130497,
  misclassified: 131064, deleted: 33, permission: 131005, policy: 368, certificate: 131045,
};

/** What can be wrong with a person; each is the error that what is sent to them ends with. */
export const PERSON_CONDITIONS = { undeliverable: 131026, blocked: 131026, blocked_by_us: 130403, opted_out: 131050, ecosystem: 131049, experiment: 130472, country: 130497 };

/** A WhatsApp Business Account and a System User token for it. */
export function createWaba(world, given = {}) {
  const waba = {
    id: given.id ?? ids.wabaId(), object: WHATSAPP, app: world.app(given.app), name: given.name ?? 'Acme Shop',
    subscribed: given.subscribed ?? true, // whether its webhooks go to the app
    override: null, // a callback of its own: { url }
    failing_since: null, managed: [], // times of the latest management calls
  };
  world.claim(world.wabas, waba.id, waba);
  waba.token = createSystemToken(world, waba, { value: given.token, scopes: given.scopes }).value;
  return waba;
}

/** A long-lived token; with `expires_at` a temporary one of the dashboard. */
export function createSystemToken(world, waba, { value, scopes, expires_at } = {}) {
  const token = {
    value: value ?? ids.pageToken(), kind: 'system', account: null, waba, app: waba.app, scopes: scopes ?? SCOPES,
    issued_at: world.clock.now(), expires_at: expires_at ?? 0, trouble: null,
  };
  world.tokens.set(token.value, token);
  return token;
}

export function createNumber(world, given = {}) {
  const shown = given.display_phone_number ?? '+1 555-000-1111';
  const number = {
    id: given.id ?? ids.numberId(), waba: world.waba(given.waba), shown, digits: shown.replace(/\D/g, ''), verified_name: given.verified_name ?? 'Acme Shop',
    quality: 'GREEN', registered: given.registered ?? true, pin: given.pin ?? null,
    coexistence: given.coexistence ?? false, // also used by the WhatsApp Business app on a phone
    allowed: given.allowed ?? null, // a test number writes to these people only
    condition: null, override: null, traffic: [], blocked: new Set(),
  };
  return world.claim(world.numbers, number.id, number);
}

/** Somebody who writes to a number. Their own phone number may be hidden behind a username. */
export function createPerson(world, given) {
  if (world.roomForCustomers <= 0) throw new Error('there are too many customers already');
  const number = world.number(given.number), phone = given.wa_id ?? `4790${String(Math.floor(Math.random() * 1e6)).padStart(6, '0')}`;
  if (!/^\d{5,20}$/.test(phone)) throw new Error('"wa_id" is 5 to 20 digits');
  const person = {
    id: given.id ?? phone, number, wa_id: phone,
    aliases: given.aliases ?? [], // other ways to type the number, e.g. with Brazil's ninth digit
    user_id: given.user_id ?? ids.userId(given.country), username: given.username ?? null, hidden: given.hidden ?? false,
    name: given.name === undefined ? 'Ada Example' : given.name, picture: given.picture ?? null,
    read_receipts: given.read_receipts ?? true, has_role: given.has_role ?? true, condition: null,
    opened_at: null, updated_at: null, typing: false, typing_off: null, folder: 'general', sends: null, thread: [],
  };
  return world.claim(world.customers, person.id, person);
}

/** Whoever answers to what was typed as `to`; null when nobody does. */
export function personByPhone(world, number, typed) {
  const digits = typed.replace(/[\s()+.-]/g, '');
  return peopleOf(world, number).find((one) => one.wa_id === digits || one.aliases.includes(digits)) ?? null;
}

export const personByUserId = (world, number, userId) => peopleOf(world, number).find((one) => one.user_id === userId) ?? null;

export const peopleOf = (world, number) => [...world.customers.values()].filter((one) => one.number === number);

export function createTemplate(world, given) {
  const waba = world.waba(given.waba);
  if (!/^[a-z0-9_]{1,512}$/.test(given.name ?? '')) throw new Error('"name" of a template is small letters, digits and _');
  const template = {
    id: given.id ?? ids.templateId(), waba, name: given.name, language: given.language ?? 'en_US', category: given.category ?? 'UTILITY',
    status: given.status ?? 'APPROVED', parameter_format: given.parameter_format ?? 'POSITIONAL', components: given.components ?? [{ type: 'BODY', text: 'Hello!' }],
    reason: 'NONE',
  };
  if (templatesOf(world, waba).some((one) => one.name === template.name && one.language === template.language)) throw new Error('there is a template of that name in that language');
  world.claim(world.templates, template.id, template);
  if (template.status === 'PENDING' && world.options.review_ms > 0) template.cancelReview = world.clock.after(world.options.review_ms, () => template.approve?.());
  return template;
}

export const templatesOf = (world, waba) => [...world.templates.values()].filter((one) => one.waba === waba);

/** A person's latest message or call opens the window for a day. */
export const windowIsOpen = (world, person) => person.opened_at !== null && world.clock.now() - person.opened_at < 24 * 3600e3;

export function opensWindow(person, at) {
  person.opened_at = Math.max(person.opened_at ?? 0, at);
}
