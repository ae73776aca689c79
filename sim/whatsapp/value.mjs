// The `value` of a WhatsApp webhook: for whom it is, who wrote, and what.

/** Sends a value under a field; the record that comes back tells what becomes of it. */
export function emitValue(stage, number, field, more, { person = null, force = false } = {}) {
  const value = { messaging_product: 'whatsapp', metadata: metadata(number), ...more };
  return emitField(stage, number.waba, field, value, { number, person, force });
}

/** Any field of the account, e.g. `account_update`, whose value has another shape. */
export function emitField(stage, waba, field, value, { number = null, person = null, force = false } = {}) {
  const unheard = person && !waba.app.live && !person.has_role;
  const event = { field, slot: 'changes', item: { field, value }, number };
  return stage.delivery.emit(waba, event, { force, drop: unheard ? 'the app is not Live and the person has no role in it' : null });
}

export const metadata = (number) => ({ display_phone_number: number.digits, phone_number_id: number.id });

export const seconds = (world, ms) => {
  const value = Math.floor(ms / 1000);
  return world.options.timestamp_as_number ? value : String(value);
};

/** An entry of `contacts[]`. */
export function contactOf(world, person) {
  const profile = { ...(person.name === null ? {} : { name: person.name }), ...(person.username ? { username: person.username } : {}) };
  return { profile, ...(person.hidden ? {} : { wa_id: person.wa_id }), ...(world.options.bsuid || person.hidden ? { user_id: person.user_id } : {}) };
}

/** Who a message is from: a number, unless it is hidden, and the business-scoped id. */
export function senderOf(world, person) {
  return { ...(person.hidden ? {} : { from: person.wa_id }), ...(world.options.bsuid || person.hidden ? { from_user_id: person.user_id } : {}) };
}

/** The same for a status, which is about what was sent to the person. */
export function recipientOf(world, person) {
  return { ...(person.hidden ? {} : { recipient_id: person.wa_id }), ...(world.options.bsuid || person.hidden ? { recipient_user_id: person.user_id } : {}) };
}

/** One value out of several of the same number and field, as Meta batches them. */
export function mergeValues(values) {
  const merged = { ...values[0] };
  for (const name of ['contacts', 'messages', 'statuses', 'errors', 'message_echoes']) {
    const all = values.flatMap((one) => one[name] ?? []);
    if (all.length > 0) merged[name] = name === 'contacts' ? unique(all) : all;
  }
  return merged;
}

function unique(contacts) {
  const known = new Map(contacts.map((one) => [one.user_id ?? one.wa_id, one]));
  return [...known.values()].reverse(); // their order need not be that of the messages
}
