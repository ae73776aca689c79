// What a customer can do in the Instagram app, and the webhook that each act causes.

import { comment, fromCustomer, messagePart } from '../webhook/event.mjs';

const SAMPLE_OF_TYPE = { image: 'mug', video: 'waves', audio: 'chord', file: 'size-chart' };
const EMOJI = { love: '❤️', laugh: '😂', wow: '😮', sad: '😢', angry: '😡', like: '👍', other: '🔥' };

/** Each act takes (stage, customer, given) and returns `{ message?, event }`. Given are the fields of the control call. */
const ACTS = {
  text: (stage, customer, given) => write(stage, customer, given, { text: given.text ?? 'Hello!' }),
  media: (stage, customer, given) => write(stage, customer, given, {
    text: given.text, attachments: (given.attachments ?? []).map((one) => attachment(stage, customer, one.type, one)),
  }),
  photo: mediaAct('image'),
  video: mediaAct('video'),
  audio: mediaAct('audio'),
  file: mediaAct('file'),
  share: mediaAct('share', 'fjord'),
  ig_post: mediaAct('ig_post', 'fjord'),
  ig_reel: mediaAct('ig_reel', 'waves'),
  reel: mediaAct('reel', 'waves'),
  story: mediaAct('story', 'flowers'),
  story_mention: mediaAct('story_mention', 'flowers'),
  unknown_attachment: mediaAct('hologram', 'mug'),
  ephemeral: (stage, customer, given) => write(stage, customer, given, { attachments: [{ type: 'ephemeral' }] }),
  unsupported: (stage, customer, given) => write(stage, customer, given, { unsupported: true }),
  story_reply: (stage, customer, given) => write(stage, customer, given, {
    text: given.text ?? 'Love this!',
    story: { id: given.story_id ?? '18000000000000001', url: given.url ?? stage.mediaUrl(given.media ?? 'flowers') },
  }),
  quick_reply: (stage, customer, given) => write(stage, customer, given, {
    text: given.title ?? given.text ?? 'Yes', quick_reply: given.payload ?? 'YES',
  }),
  ad: (stage, customer, given) => write(stage, customer, given, {
    text: given.text ?? 'Is this still available?',
    referral: {
      ref: given.ref ?? 'autumn', ad_id: given.ad_id ?? '120000000000001', source: 'ADS', type: 'OPEN_THREAD',
      ads_context_data: { ad_title: given.ad_title ?? 'Autumn glazes', photo_url: stage.mediaUrl('mug') },
    },
  }),

  postback(stage, customer, given) {
    const at = given.timestamp ?? stage.world.clock.now();
    const title = given.title ?? 'Prices';
    const message = stage.world.addMessage(customer, { from: 'customer', kind: 'postback', mid: given.mid, at, text: title });
    opensWindow(customer, at);
    const postback = { mid: message.mid, title, payload: given.payload ?? 'PRICES' };
    return { message, event: stage.emit(customer, fromCustomer(customer, at, { postback })) };
  },
  reaction(stage, customer, given) {
    const { message } = ownMessage(stage, customer, given);
    const name = given.reaction ?? 'love';
    const emoji = given.emoji ?? EMOJI[name] ?? EMOJI.other;
    const at = given.timestamp ?? stage.world.clock.now();
    if (message) message.reactions.customer = emoji;
    if (stage.world.options.reaction_opens_window) opensWindow(customer, at);
    return changed(stage, customer, at, { reaction: { mid: given.target, action: 'react', reaction: name, emoji } });
  },
  unreact(stage, customer, given) {
    const { message } = ownMessage(stage, customer, given);
    if (message) delete message.reactions.customer;
    return changed(stage, customer, given.timestamp, { reaction: { mid: given.target, action: 'unreact' } });
  },
  edit(stage, customer, given) {
    const { message } = ownMessage(stage, customer, given, 'customer');
    const text = given.text ?? 'Edited';
    const number = given.num_edit ?? (message?.edits.length ?? 0) + 1;
    if (message) {
      message.edits.push({ text: message.text, at: stage.world.clock.now() });
      message.text = text;
    }
    const shown = stage.world.options.num_edit_as_number ? Number(number) : String(number);
    return changed(stage, customer, given.timestamp, { message_edit: { mid: given.target, text, num_edit: shown } });
  },
  unsend(stage, customer, given) {
    const { message } = ownMessage(stage, customer, given, 'customer');
    if (message) Object.assign(message, { deleted: true, text: null, attachments: [], story: null });
    return changed(stage, customer, given.timestamp, { message: { mid: given.target, is_deleted: true } });
  },
  read(stage, customer, given) {
    const latest = customer.thread.filter(({ from }) => from === 'business').at(-1);
    const mid = given.target ?? latest?.mid;
    if (!mid) throw new Error('there is nothing to read yet');
    const upTo = customer.thread.findIndex((message) => message.mid === mid);
    customer.thread.slice(0, upTo + 1).forEach((message) => { if (message.from === 'business') message.read = true; });
    return changed(stage, customer, given.timestamp, { read: { mid } });
  },
  referral: (stage, customer, given) => changed(stage, customer, given.timestamp, {
    referral: { ref: given.ref ?? 'poster', source: given.source ?? 'https://ig.me/m/shop', type: 'OPEN_THREAD' },
  }),
  optin: (stage, customer, given) => changed(stage, customer, given.timestamp, {
    optin: given.optin ?? { type: 'notification_messages', payload: 'NEWS', notification_messages_token: 'token' },
  }),
  /** Any inner object, e.g. of a kind that nobody knows yet. */
  unknown: (stage, customer, given) => changed(stage, customer, given.timestamp, given.inner ?? { telepathy: { mid: 'unknown', strength: 7 } }),
  /** Another app (or Meta's inbox) takes or gives back the thread. */
  handover(stage, customer, given) {
    const verb = given.verb ?? 'pass';
    const owner = given.owner_app ?? customer.account.app.id;
    const part = verb === 'request' ? { requested_owner_app_id: owner } : verb === 'take' ? { previous_owner_app_id: customer.owner_app } : { new_owner_app_id: owner };
    if (verb !== 'request') customer.owner_app = owner;
    return changed(stage, customer, given.timestamp, { [`${verb}_thread_control`]: { ...part, metadata: given.metadata ?? '' } });
  },
  comment: (stage, customer, given) => ({
    event: stage.emit(customer, comment({
      comment_id: given.comment_id ?? '17900000000000001', from_id: customer.id, username: customer.username,
      text: given.text ?? 'Beautiful!', media_id: given.media_id ?? '17990000000000001',
    })),
  }),
};

export const CUSTOMER_ACTS = Object.keys(ACTS);

/** Lets a customer act; `given.kind` names the act. */
export function actAsCustomer(stage, customer, given) {
  const act = Object.hasOwn(ACTS, given.kind) ? ACTS[given.kind] : null;
  if (!act) throw new Error(`a customer cannot "${given.kind}"; known are ${CUSTOMER_ACTS.join(', ')}`);
  const result = act(stage, customer, given);
  stage.world.threadChanged(customer);
  return result;
}

function mediaAct(type, sample = SAMPLE_OF_TYPE[type]) {
  return (stage, customer, given) => write(stage, customer, given, {
    text: given.text, attachments: [attachment(stage, customer, type, { media: sample, ...given })],
  });
}

function attachment(stage, customer, type, { url, media, title, payload }) {
  const address = url ?? stage.privateUrl(customer.account, customer) ?? stage.mediaUrl(media ?? SAMPLE_OF_TYPE[type] ?? 'mug');
  return { type, media: url ? null : media ?? null, url: address, payload: { ...(title ? { title } : {}), ...payload } };
}

function write(stage, customer, given, content) {
  const at = given.timestamp ?? stage.world.clock.now();
  const message = stage.world.addMessage(customer, { from: 'customer', mid: given.mid, at, reply_to: given.reply_to, ...content });
  opensWindow(customer, at);
  return { message, event: stage.emit(customer, fromCustomer(customer, at, { message: messagePart(message) })) };
}

function opensWindow(customer, at) {
  customer.opened_at = Math.max(customer.opened_at ?? 0, at);
}

function changed(stage, customer, at, inner) {
  return { event: stage.emit(customer, fromCustomer(customer, at ?? stage.world.clock.now(), inner)) };
}

/** The message an act is about. It may be unknown (Meta refers to messages older than us), never another thread's. */
function ownMessage(stage, customer, given, from) {
  if (!given.target) throw new Error(`"${given.kind}" needs "target", the mid of a message`);
  const entry = stage.world.messages.get(given.target);
  if (entry && entry.customer !== customer) throw new Error('that message is of another thread');
  if (entry && from && entry.message.from !== from) throw new Error(`only the sender can "${given.kind}" a message`);
  return { message: entry?.message };
}
