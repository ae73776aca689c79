// Meta's bad days: what goes wrong with a Graph call, how often, and when.

import { ERRORS, GraphError, TOKEN_TROUBLE } from '../graph/error.mjs';
import { businessUsage } from '../graph/limits.mjs';
import { WHATSAPP_CODES, isAsync, whatsappError } from '../whatsapp/error.mjs';
import { shortId } from './ids.mjs';

/**
 * What a fault does. Those of `after` happen once the call has had its effect: a message is in the
 * customer's hands although the caller hears nothing, or something else. Those of `inside` change the
 * effect, those of `file` what a media address gives.
 */
const KINDS = {
  error: { phase: 'before' },
  error_after: { phase: 'after' },
  not_json: { phase: 'before' },
  lost_request: { phase: 'before' },
  lost_answer: { phase: 'after' },
  hold: { phase: 'after' },
  delay: { phase: 'after' },
  fail_later: { phase: 'inside' }, // WhatsApp accepts the message, and its status becomes failed
  media_private: { phase: 'inside', on: 'media_url' }, // the address of a file is one inside a network
  media_expired: { phase: 'file' },
  media_redirect: { phase: 'file' },
  media_larger: { phase: 'file' },
  media_wrong_type: { phase: 'file' },
  media_wrong_hash: { phase: 'file' },
  media_slow: { phase: 'file' },
  media_cut: { phase: 'file' },
  media_fault: { phase: 'file' }, // 503
};

const CALL_NAMES = ['send', 'action', 'me', 'app', 'debug_token', 'page', 'accounts', 'subscribed_apps', 'subscriptions',
  'profile', 'conversations', 'conversation', 'message', 'token', 'number', 'waba', 'phone_numbers', 'templates', 'register', 'upload', 'media_url',
  'media_delete', 'media_file', 'media_in_webhook', 'any'];

const PRIVATE_URL = 'http://10.255.255.1/private.jpg';

const usage = (type, minutes) => (account) => businessUsage(account?.waba ?? account, type, minutes);

/** Names for the usual kinds of bad weather; each may be refined by the fields of the control call. */
const PRESETS = {
  lost_answer: () => ({ kind: 'lost_answer' }),
  lost_request: () => ({ kind: 'lost_request' }),
  not_json: () => ({ kind: 'not_json', status: 500 }),
  error_although_sent: () => ({ kind: 'error_after', error: ERRORS.error_although_sent }),
  expired_token: () => ({ kind: 'error', on: 'any', error: () => new GraphError({ code: 190, subcode: 463, message: TOKEN_TROUBLE.expired[1] }) }),
  rate_limit: ({ minutes = 5 }) => ({ kind: 'error', error: ERRORS.rate_limit, headers: usage('messenger', minutes) }),
  business_limit: ({ minutes = 5 }) => ({ kind: 'error', error: ERRORS.business_limit, headers: usage('instagram', minutes) }),
  media_private: () => ({ kind: 'media_private', on: 'media_url' }),
  media_private_in_webhook: () => ({ kind: 'media_private', on: 'media_in_webhook' }),
  wa_app_limit: ({ minutes = 5 }, world) => ({ kind: 'error', error: () => whatsappError(world, 4), headers: usage('whatsapp', minutes) }),
  wa_account_limit: ({ minutes = 5 }, world) => ({ kind: 'error', error: () => whatsappError(world, 80008), headers: usage('whatsapp_business_management', minutes) }),
};

for (const kind of Object.keys(KINDS).filter((name) => KINDS[name].phase === 'file')) PRESETS[kind] = () => ({ kind, on: 'media_file' });

/** `wa_131047` and so on: as an answer, or, where that is usual (or `async` is said), as a status later. */
for (const code of WHATSAPP_CODES) {
  PRESETS[`wa_${code}`] = ({ async: later = isAsync(code), details }, world) => (later ? { kind: 'fail_later', code } : { kind: 'error', error: () => whatsappError(world, code, details) });
}

export const PRESET_NAMES = [...Object.keys(PRESETS), ...Object.keys(ERRORS).filter((name) => !(name in PRESETS))];

export class Weather {
  constructor(world) {
    this.world = world;
    this.faults = [];
    this.holding = [];
  }

  /** Adds a fault; `times` 0 means until it is cleared. */
  add(given) {
    const { preset } = given;
    if (preset !== undefined && !PRESET_NAMES.includes(preset)) throw new Error(`there is no preset "${preset}"; known are ${PRESET_NAMES.join(', ')}`);
    const base = preset === undefined ? {} : PRESETS[preset]?.(given, this.world) ?? { kind: 'error', error: ERRORS[preset] };
    const kind = given.kind ?? base.kind ?? 'error';
    const on = given.on ?? base.on ?? KINDS[kind]?.on ?? (KINDS[kind]?.phase === 'file' ? 'media_file' : 'send');
    if (!KINDS[kind]) throw new Error(`there is no fault of kind "${kind}"; known are ${Object.keys(KINDS).join(', ')}`);
    if (!CALL_NAMES.includes(on)) throw new Error(`"on" is one of ${CALL_NAMES.join(', ')}`);
    if (given.times !== undefined && !(Number.isInteger(given.times) && given.times >= 0)) throw new Error('"times" is a whole number, 0 for always');
    if (kind === 'fail_later' && !Number.isInteger(given.code ?? base.code)) throw new Error('a failure needs a "code" or a "preset"');
    if (kind.startsWith('error') && !base.error && !Number.isInteger(given.code)) throw new Error('an error needs a "code" or a "preset"');
    const fault = {
      id: shortId('fault'), preset: preset ?? null, kind, on, phase: KINDS[kind].phase, left: given.times ?? 1, hits: 0,
      account: given.account ?? null, customer: given.customer ?? null, ms: given.ms ?? 0, status: given.status ?? base.status ?? null,
      location: kind === 'media_private' ? given.location ?? PRIVATE_URL : given.location ?? null, bytes: given.bytes ?? null,
      failure: kind === 'fail_later' ? { code: given.code ?? base.code, details: given.details, after_sent: given.after_sent ?? false } : null,
      body: given.body ?? null, headers: given.headers ?? base.headers ?? null, makeError: () => this.#error(given, base),
    };
    if (fault.left === 0) fault.left = Infinity;
    this.faults.push(fault);
    this.world.watch.touch({ topic: 'weather' });
    return fault;
  }

  /** The fault that strikes this call, if any; it is used up by being taken. */
  take(call) {
    const isFile = call.name.startsWith('media_file') || call.name === 'media_in_webhook';
    const fault = this.faults.find((one) => ((one.on === 'any' && !isFile) || one.on === call.name)
      && (!one.account || one.account === call.account?.id || one.account === call.account?.waba?.id) && (!one.customer || one.customer === call.customer));
    if (!fault) return null;
    fault.hits += 1;
    fault.left -= 1;
    if (fault.left <= 0) this.faults.splice(this.faults.indexOf(fault), 1);
    this.world.watch.touch({ topic: 'weather' });
    return fault;
  }

  /** Waits until the held answers are let go. */
  hold() {
    return new Promise((resolve) => {
      this.holding.push(resolve);
      this.world.watch.touch({ topic: 'holding' });
    });
  }

  release() {
    const released = this.holding.splice(0);
    for (const resolve of released) resolve();
    return released.length;
  }

  clear(id) {
    this.faults = id ? this.faults.filter((fault) => fault.id !== id && fault.preset !== id) : [];
    if (!id) this.release();
    this.world.watch.touch({ topic: 'weather' });
  }

  #error(given, base) {
    const details = { ...base.error?.().details };
    for (const name of ['code', 'subcode', 'message', 'type', 'status', 'is_transient', 'title', 'advice']) {
      if (given[name] !== undefined) details[name] = given[name];
    }
    return new GraphError(details);
  }
}

export function headersOf(fault, account) {
  return typeof fault.headers === 'function' ? fault.headers(account) : fault.headers ?? {};
}
