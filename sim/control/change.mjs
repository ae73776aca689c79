// What a control call may change, and the values that each thing takes: a misspelt name must not pass for a test that found nothing.

import { ACCOUNT_CONDITIONS, CUSTOMER_CONDITIONS, DASHBOARD_FIELDS, WHATSAPP_FIELDS } from '../core/world.mjs';
import { TOKEN_TROUBLE } from '../graph/error.mjs';
import { NUMBER_CONDITIONS, PERSON_CONDITIONS } from '../whatsapp/world.mjs';

const text = { fits: (value) => typeof value === 'string', words: 'a text' };
const yesOrNo = { fits: (value) => typeof value === 'boolean', words: 'true or false' };
const time = { fits: (value) => Number.isFinite(value) && value >= 0, words: 'a time in milliseconds' };
const names = { fits: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'), words: 'a list of names' };
const oneOf = (known) => ({ fits: (value) => known.includes(value), words: `one of ${known.join(', ')}` });
const listOf = (known) => ({ fits: (value) => Array.isArray(value) && value.every((one) => known.includes(one)), words: `a list of ${known.join(', ')}` });
const orNull = ({ fits, words }) => ({ fits: (value) => value === null || fits(value), words: `${words}, or null` });

const CHANGES = {
  app: { live: yesOrNo, human_agent: yesOrNo, require_proof: yesOrNo, fields: listOf(DASHBOARD_FIELDS), whatsapp_fields: listOf(WHATSAPP_FIELDS), secret: text, instagram_secret: orNull(text) },
  account: { condition: orNull(oneOf(ACCOUNT_CONDITIONS)), subscribed_fields: orNull(names) },
  customer: { condition: orNull(oneOf(CUSTOMER_CONDITIONS)), name: orNull(text), username: text, has_role: yesOrNo, owner_app: text },
  waba: { name: text, subscribed: yesOrNo },
  number: {
    condition: orNull(oneOf(Object.keys(NUMBER_CONDITIONS))), registered: yesOrNo, verified_name: text, coexistence: yesOrNo, pin: orNull(text), allowed: orNull(names),
    quality: oneOf(['GREEN', 'YELLOW', 'RED', 'UNKNOWN']),
  },
  person: {
    condition: orNull(oneOf(Object.keys(PERSON_CONDITIONS))), name: orNull(text), username: orNull(text), hidden: yesOrNo, aliases: names, read_receipts: yesOrNo,
    has_role: yesOrNo, wa_id: text, user_id: text, opened_at: orNull(time),
  },
  token: { trouble: orNull(oneOf(Object.keys(TOKEN_TROUBLE))), expires_at: time, scopes: names },
};

/** Changes a thing of a `kind` and returns it, or throws without changing anything. `selectors` are the members that name it. */
export function change(kind, thing, given, selectors = [kind]) {
  const wanted = Object.entries(given).filter(([name]) => !selectors.includes(name));
  for (const [name, value] of wanted) {
    const check = Object.hasOwn(CHANGES[kind], name) ? CHANGES[kind][name] : null;
    if (!check) throw new Error(`"${name}" of a ${kind} cannot be changed; what can: ${Object.keys(CHANGES[kind]).join(', ')}`);
    if (!check.fits(value)) throw new Error(`"${name}" is ${check.words}`);
  }
  return Object.assign(thing, structuredClone(Object.fromEntries(wanted)));
}
