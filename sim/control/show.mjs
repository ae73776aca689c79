// The world in words that JSON can carry: what the control API and the phone page are told.

export const showMessage = (m) => ({
  mid: m.mid, at: m.at, from: m.from, via: m.via ?? null, kind: m.kind ?? null, text: m.text, deleted: m.deleted, edited: m.edits.length > 0, unsupported: m.unsupported,
  attachments: m.attachments.map(({ type, url, payload }) => ({ type, url, title: payload?.title ?? null })), reply_to: m.reply_to, story: m.story,
  quick_replies: m.quick_replies, reactions: m.reactions, read: m.read ?? false, seen: m.seen ?? false, tag: m.tag ?? null,
});

export const showCustomer = (c, stage) => ({
  id: c.id, account: c.account.id, name: c.name, username: c.username, picture_url: c.picture ? stage.mediaUrl(c.picture) : null, condition: c.condition,
  opened_at: c.opened_at, owner_app: c.owner_app, typing: c.typing, conversation_id: c.conversation_id, messages: c.thread.length,
});

export const showThread = (c, stage) => ({ customer: showCustomer(c, stage), messages: c.thread.map(showMessage) });

export const showAccount = (a) => ({
  id: a.id, scoped_id: a.scoped_id, app: a.app.id, backend: a.backend, username: a.username, name: a.name, page: a.page, token: a.token, user_token: a.user_token ?? null,
  subscribed_fields: a.subscribed_fields, condition: a.condition, failing_since: a.failing_since,
});

export const showApp = (a) => ({
  id: a.id, name: a.name, secret: a.secret, instagram_secret: a.instagram_secret, require_proof: a.require_proof, live: a.live, human_agent: a.human_agent,
  fields: a.fields, callback: a.callback,
});

export const showEvent = (e) => (e ? { id: e.id, account: e.account.id, field: e.field, state: e.state, reason: e.reason, at: e.at } : null);

export const showPost = (p) => ({ id: p.id, app: p.app.id, state: p.state, first_at: p.first_at, next_at: p.next_at ?? null, events: p.records.map(({ id }) => id), attempts: p.attempts, body: p.text });

export const showFault = ({ id, preset, kind, on, left, hits }) => ({ id, preset, kind, on, left: left === Infinity ? null : left, hits });

/** The fields of the Configure form, for the way that this account is connected. */
export const formFields = (a) => (a.backend === 'facebook' ? {
  page_id: a.page.id, page_name: a.page.name, ig_user_id: a.id, ig_username: a.username, page_access_token: a.token, app_secret: a.app.secret,
} : { ig_user_id: a.id, ig_username: a.username, ig_access_token: a.token, app_secret: a.app.secret });
