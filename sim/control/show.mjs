// The world in words that JSON can carry: what the control API and the phone page are told.

export const showMessage = (m) => ({
  mid: m.mid, at: m.at, from: m.from, via: m.via ?? null, kind: m.kind ?? null, text: m.text, deleted: m.deleted, edited: m.edits.length > 0, unsupported: m.unsupported,
  attachments: m.attachments.map(({ type, url, payload }) => ({ type, url, title: payload?.title ?? null, voice: payload?.voice ?? false, details: payload ?? {} })), reply_to: m.reply_to, story: m.story,
  type: m.type ?? null, status: m.status ?? null, error: m.error ?? null, callback_data: m.callback_data ?? null, header: m.header ?? null, footer: m.footer ?? null,
  buttons: m.buttons, template: m.template ?? null, quick_replies: m.quick_replies, reactions: m.reactions, read: m.read ?? false, seen: m.seen ?? false, tag: m.tag ?? null,
});

export const showCustomer = (c, stage) => (c.number ? showPerson(c, stage) : showInstagramCustomer(c, stage));

const showInstagramCustomer = (c, stage) => ({
  channel: 'instagram',
  id: c.id, account: c.account.id, name: c.name, username: c.username, picture_url: c.picture ? stage.mediaUrl(c.picture) : null, condition: c.condition,
  opened_at: c.opened_at, owner_app: c.owner_app, typing: c.typing, conversation_id: c.conversation_id, messages: c.thread.length,
});

const showPerson = (c, stage) => ({
  channel: 'whatsapp', id: c.id, number: c.number.id, waba: c.number.waba.id, wa_id: c.wa_id, user_id: c.user_id, hidden: c.hidden, name: c.name, username: c.username, aliases: c.aliases,
  picture_url: c.picture ? stage.mediaUrl(c.picture) : null, condition: c.condition, read_receipts: c.read_receipts, opened_at: c.opened_at, typing: c.typing, messages: c.thread.length,
});

export const showWaba = (a) => ({ id: a.id, app: a.app.id, name: a.name, subscribed: a.subscribed, override: a.override, token: a.token, failing_since: a.failing_since });

export const showNumber = (n) => ({
  id: n.id, waba: n.waba.id, display_phone_number: n.shown, digits: n.digits, verified_name: n.verified_name, quality: n.quality, registered: n.registered, condition: n.condition,
  coexistence: n.coexistence, allowed: n.allowed, fields: whatsappFields(n),
});

export const showTemplate = ({ id, waba, name, language, category, status, reason, components }) => ({ id, waba: waba.id, name, language, category, status, reason, components });

/** The fields of the Configure form for WhatsApp; the verify token is the user's own. */
export const whatsappFields = (n) => ({ phone_number_id: n.id, access_token: n.waba.token, verify_token: 'my-own-verify-token', app_secret: n.waba.app.secret });

/** What the customer sees: a message that failed on the way is not there. */
export const showThread = (c, stage) => ({ customer: showCustomer(c, stage), messages: c.thread.filter(({ lost }) => !lost).map(showMessage) });

export const showAccount = (a) => ({
  id: a.id, scoped_id: a.scoped_id, app: a.app.id, backend: a.backend, username: a.username, name: a.name, page: a.page, token: a.token, user_token: a.user_token ?? null,
  subscribed_fields: a.subscribed_fields, condition: a.condition, failing_since: a.failing_since,
});

export const showApp = (a) => ({
  id: a.id, name: a.name, secret: a.secret, instagram_secret: a.instagram_secret, require_proof: a.require_proof, live: a.live, human_agent: a.human_agent,
  fields: a.fields, callback: a.callback, whatsapp_fields: a.whatsapp_fields, whatsapp_callback: a.whatsapp_callback,
});

export const showEvent = (e) => (e ? { id: e.id, account: e.account.id, field: e.field, state: e.state, reason: e.reason, at: e.at } : null);

export const showPost = (p) => ({ id: p.id, app: p.app.id, state: p.state, first_at: p.first_at, next_at: p.next_at ?? null, events: p.records.map(({ id }) => id), attempts: p.attempts, body: p.text, url: p.url });

export const showFault = ({ id, preset, kind, on, left, hits }) => ({ id, preset, kind, on, left: left === Infinity ? null : left, hits });

/** The fields of the Configure form, for the way that this account is connected. */
export const formFields = (a) => (a.backend === 'facebook' ? {
  page_id: a.page.id, page_name: a.page.name, ig_user_id: a.id, ig_username: a.username, page_access_token: a.token, app_secret: a.app.secret,
} : { ig_user_id: a.id, ig_username: a.username, ig_access_token: a.token, app_secret: a.app.secret });
