// What exists on Meta's side: apps, accounts with their Pages and tokens, customers and their threads.

import * as ids from './ids.mjs';
import { Clock } from './clock.mjs';
import { Watch } from './watch.mjs';
import { Ring } from './ring.mjs';
import { Media } from './media.mjs';
import { defaultOptions } from './options.mjs';

const MAX_CUSTOMERS = 50_000;
const MAX_MESSAGES_PER_THREAD = 500;

/** The webhook fields that can be ticked in the App Dashboard for the object `instagram`. */
export const DASHBOARD_FIELDS = [
  'comments', 'follow', 'live_comments', 'mentions', 'message_echoes', 'message_edit', 'message_reactions', 'messages',
  'messaging_handover', 'messaging_optins', 'messaging_postbacks', 'messaging_referral', 'messaging_seen', 'standby',
  'story_insights',
];

/** Those for the object `whatsapp_business_account`. */
export const WHATSAPP_FIELDS = [
  'account_alerts', 'account_review_update', 'account_update', 'business_capability_update', 'calls', 'history', 'message_template_quality_update',
  'message_template_status_update', 'messages', 'phone_number_name_update', 'phone_number_quality_update', 'security', 'smb_app_state_sync',
  'smb_message_echoes', 'template_category_update', 'user_preferences',
];

/** What can be wrong with an account, and with a customer. Those of an account are names of errors. */
export const ACCOUNT_CONDITIONS = ['messages_off', 'not_linked', 'restricted', 'relink', 'business_blocked', 'ineligible', 'permission', 'policy_block'];
export const CUSTOMER_CONDITIONS = ['blocked', 'gone', 'unavailable', 'no_consent', 'review_bot'];

const SCOPES = {
  facebook: ['instagram_basic', 'instagram_manage_messages', 'pages_manage_metadata', 'pages_messaging',
    'pages_read_engagement', 'pages_show_list', 'business_management'],
  instagram: ['instagram_business_basic', 'instagram_business_manage_messages'],
};

export class World {
  constructor() {
    this.clock = new Clock();
    this.watch = new Watch();
    this.media = new Media(this.clock);
    this.reset();
  }

  reset() {
    this.clock.stop();
    this.options = defaultOptions();
    this.apps = new Map();
    this.accounts = new Map();
    this.tokens = new Map();
    this.customers = new Map();
    this.conversations = new Map(); // conversation id -> customer
    this.messages = new Map(); // mid -> { customer, message }
    this.wabas = new Map(); // WhatsApp Business Accounts
    this.numbers = new Map(); // their phone numbers, by phone number id
    this.whatsappMedia = new Map(); // media id -> what it stands for
    this.templates = new Map(); // template id -> template
    this.calls = new Ring({ entries: 5000, bytes: 32e6 });
    this.alerts = new Ring({ entries: 500 });
  }

  createApp(given = {}) {
    const app = {
      id: given.id ?? ids.appId(),
      name: given.name ?? 'Test App',
      secret: given.secret ?? ids.appSecret(),
      // Way B may sign with a secret of its own; it is documented nowhere, so both can be simulated.
      instagram_secret: given.instagram_secret ?? null,
      require_proof: given.require_proof ?? false,
      live: given.live ?? true,
      human_agent: given.human_agent ?? true,
      fields: given.fields ?? [...DASHBOARD_FIELDS],
      callback: { url: given.callback_url ?? null, verify_token: null, verified: false, last_handshake: null },
      // Each kind of webhook has a callback of its own in the dashboard, and fields to tick.
      whatsapp_callback: { url: given.whatsapp_callback_url ?? null, verify_token: null, verified: false, last_handshake: null },
      whatsapp_fields: given.whatsapp_fields ?? [...WHATSAPP_FIELDS],
    };
    this.#claim(this.apps, app.id, app);
    return app;
  }

  createAccount(given) {
    const app = this.app(given.app);
    const backend = given.backend ?? 'facebook';
    if (!Object.hasOwn(SCOPES, backend)) throw new Error(`"backend" is one of ${Object.keys(SCOPES).join(', ')}`);
    const account = {
      id: given.id ?? ids.accountId(),
      scoped_id: given.scoped_id ?? ids.customerId(),
      app,
      backend,
      username: given.username ?? 'acme.shop',
      name: given.name ?? 'Acme Shop',
      picture: given.picture ?? null,
      page: backend === 'facebook'
        ? { id: given.page_id ?? ids.pageId(), name: given.page_name ?? given.name ?? 'Acme Shop' } : null,
      subscribed_fields: given.subscribed_fields === undefined ? ['messages', 'messaging_postbacks'] : given.subscribed_fields,
      condition: null, // one of ACCOUNT_CONDITIONS
      failing_since: null,
      sends: [], // times of the latest sends, for the rate limit
      reads: [],
    };
    this.#claim(this.accounts, account.id, account);
    account.token = this.createToken({ account, value: given.token, scopes: given.scopes }).value;
    if (account.page) account.user_token = this.createToken({ account, kind: 'user' }).value;
    return account;
  }

  createToken({ account, kind, value, scopes, expires_at }) {
    const page = account.backend === 'facebook';
    const kinds = page ? ['page', 'user'] : ['instagram'];
    if (kind !== undefined && !kinds.includes(kind)) throw new Error(`the kind of this account's tokens is one of ${kinds.join(', ')}`);
    const now = this.clock.now();
    const token = {
      value: value ?? (page ? ids.pageToken() : ids.instagramToken()),
      kind: kind ?? (page ? 'page' : 'instagram'),
      account,
      app: account.app,
      scopes: scopes ?? SCOPES[account.backend],
      issued_at: now,
      expires_at: expires_at ?? (page ? 0 : now + 60 * 24 * 3600e3),
      trouble: null, // a subcode of error 190 while the token is not accepted
    };
    this.tokens.set(token.value, token);
    return token;
  }

  createCustomer(given) {
    if (this.customers.size >= MAX_CUSTOMERS) throw new Error(`no more than ${MAX_CUSTOMERS} customers`);
    const account = this.account(given.account);
    const customer = {
      id: given.id ?? ids.customerId(),
      account,
      name: given.name === undefined ? 'Ada Example' : given.name,
      username: given.username ?? 'ada.example',
      picture: given.picture ?? null,
      follower_count: given.follower_count ?? 120,
      follows_business: given.follows_business ?? true,
      verified: given.verified ?? false,
      has_role: given.has_role ?? true, // may be messaged while the app is not Live
      condition: null, // one of CUSTOMER_CONDITIONS
      conversation_id: ids.conversationId(),
      folder: given.folder ?? 'general',
      opened_at: null, // the customer's latest act that opens the window
      updated_at: null,
      owner_app: account.app.id,
      typing: false,
      thread: [],
    };
    this.#claim(this.customers, customer.id, customer);
    this.conversations.set(customer.conversation_id, customer);
    return customer;
  }

  app(id) {
    return found(id === undefined ? only(this.apps) : this.apps.get(id), 'app', id);
  }

  account(id) {
    if (id === undefined) return found(only(this.accounts), 'account', id);
    const account = this.accounts.get(id) ?? [...this.accounts.values()].find((one) => one.page?.id === id);
    return found(account, 'account', id);
  }

  waba(id) {
    return found(id === undefined ? only(this.wabas) : this.wabas.get(id), 'WhatsApp Business Account', id);
  }

  number(id) {
    return found(id === undefined ? only(this.numbers) : this.numbers.get(id), 'phone number', id);
  }

  /** Keeps a thing under its id, which must be free. */
  claim(map, id, thing) {
    this.#claim(map, id, thing);
    return thing;
  }

  /** How many customers there may still be. */
  get roomForCustomers() {
    return MAX_CUSTOMERS - this.customers.size;
  }

  customer(id) {
    return found(id === undefined ? only(this.customers) : this.customers.get(id), 'customer', id);
  }

  message(mid) {
    return found(this.messages.get(mid), 'message', mid);
  }

  /** Adds a message to a customer's thread, in the order of event time. */
  addMessage(customer, given) {
    const message = this.makeMessage(given);
    const later = customer.thread.findIndex((other) => other.at > message.at);
    customer.thread.splice(later < 0 ? customer.thread.length : later, 0, message);
    this.messages.set(message.mid, { customer, message });
    while (customer.thread.length > MAX_MESSAGES_PER_THREAD) this.messages.delete(customer.thread.shift().mid);
    customer.updated_at = Math.max(customer.updated_at ?? 0, message.at);
    this.threadChanged(customer);
    return message;
  }

  /** A message that is in no thread yet. */
  makeMessage(given) {
    const message = {
      mid: given.mid ?? ids.messageId(), at: this.clock.now(), text: null, attachments: [], reply_to: null, story: null,
      quick_reply: null, quick_replies: [], buttons: [], reactions: {}, edits: [], deleted: false, unsupported: false,
      ...stripUndefined(given),
    };
    if (this.messages.has(message.mid)) throw new Error(`message id ${message.mid} is taken`);
    return message;
  }

  threadChanged(customer) {
    this.watch.touch({ topic: 'thread', customer: customer.id });
  }

  alert(kind, details) {
    this.alerts.push({ at: this.clock.now(), kind, ...details });
    this.watch.touch({ topic: 'alert' });
  }

  #claim(map, id, thing) {
    if (map.has(id)) throw new Error(`the id ${id} is taken`);
    map.set(id, thing);
  }
}

function found(thing, noun, id) {
  if (thing) return thing;
  throw new NotHere(id === undefined ? `name the ${noun}: there is none or more than one` : `there is no ${noun} ${id}`);
}

/** Something that a control call named and that does not exist. */
export class NotHere extends Error {}

function only(map) {
  return map.size === 1 ? map.values().next().value : undefined;
}

function stripUndefined(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
