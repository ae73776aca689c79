// The inner objects of a webhook: one for each thing that happens in a thread. An event knows the
// dashboard field it belongs to and the array of the entry (`messaging`, `standby` or `changes`) it goes into.

const FIELD_OF_KEY = {
  message: 'messages', message_edit: 'message_edit', reaction: 'message_reactions', read: 'messaging_seen',
  postback: 'messaging_postbacks', referral: 'messaging_referral', optin: 'messaging_optins',
  pass_thread_control: 'messaging_handover', take_thread_control: 'messaging_handover', request_thread_control: 'messaging_handover',
};

/** Something the customer did. `inner` has one key that tells the kind. */
export function fromCustomer(customer, at, inner) {
  return event(customer, inner, { sender: { id: customer.id }, recipient: { id: customer.account.id }, timestamp: at, ...inner });
}

/** Something the business did, by the API or on its phone: sender and recipient are reversed. */
export function fromBusiness(customer, at, inner) {
  return event(customer, inner, { sender: { id: customer.account.id }, recipient: { id: customer.id }, timestamp: at, ...inner });
}

function event(customer, inner, item) {
  const key = Object.keys(inner)[0];
  const field = FIELD_OF_KEY[key] ?? 'messages';
  const ours = customer.owner_app === customer.account.app.id || field === 'messaging_handover';
  if (ours) return { field, slot: 'messaging', item };
  // Another app owns the thread: this one only listens, and gets postbacks without their payload.
  if (item.postback) item.postback = { ...item.postback, payload: undefined };
  return { field: 'standby', slot: 'standby', item };
}

export function comment(given) {
  const value = {
    id: given.comment_id, from: { id: given.from_id, username: given.username }, text: given.text,
    media: { id: given.media_id, media_product_type: 'FEED' },
  };
  return { field: 'comments', slot: 'changes', item: { field: 'comments', value } };
}

/** The message part of a webhook, for a message of the thread. */
export function messagePart(message, more = {}) {
  const part = { mid: message.mid };
  if (message.text !== null) part.text = message.text;
  if (message.unsupported) part.is_unsupported = true;
  if (message.quick_reply) part.quick_reply = { payload: message.quick_reply };
  if (message.attachments.length > 0) part.attachments = message.attachments.map(attachmentPart);
  if (message.reply_to) part.reply_to = { mid: message.reply_to };
  if (message.story) part.reply_to = { story: message.story };
  if (message.referral) part.referral = message.referral;
  return { ...part, ...more };
}

function attachmentPart({ type, url, payload }) {
  if (type === 'ephemeral' || type === 'like_heart') return { type };
  return { type, payload: { ...(url ? { url } : {}), ...payload } };
}

/** What the dashboard's "Test" button sends, in the shape of way A or of way B. */
export function dashboardTest(shape, accountId) {
  const value = {
    sender: { id: '12334' }, recipient: { id: '23245' }, timestamp: '1527459824', message: { mid: 'random_mid', text: 'random_text' },
  };
  const time = Math.floor(Date.now() / 1000);
  if (shape === 'whatsapp') {
    const sample = { from: '16315551181', id: 'ABGGFlA5Fpa', timestamp: '1504902988', type: 'text', text: { body: 'this is a text message' } };
    const inner = { messaging_product: 'whatsapp', metadata: { display_phone_number: '16505551111', phone_number_id: '123456123' }, contacts: [{ profile: { name: 'test user name' }, wa_id: '16315551181' }], messages: [sample] };
    return { object: 'whatsapp_business_account', entry: [{ id: '0', changes: [{ field: 'messages', value: inner }] }] };
  }
  if (shape === 'changes') return { entry: [{ id: accountId ?? '0', time, changes: [{ field: 'messages', value }] }], object: 'instagram' };
  return { entry: [{ id: '0', time, messaging: [value] }], object: 'instagram' };
}
