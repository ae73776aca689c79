// The `message` of a send call: what it may hold, and how much of it.

import { ERRORS, badParameter } from './error.mjs';
import { MEDIA_TYPES, fetchMedia } from './fetch.mjs';

const TEXT_MAX_BYTES = 1000;
const IMAGES_MAX = 10;
const QUICK_REPLIES_MAX = 13;
const TITLE_MAX_CHARACTERS = 20;
const PAYLOAD_MAX_CHARACTERS = 1000;

/** Checks a message; returns its parts as they will stand in the thread, the media not fetched yet. */
export function readMessage(world, customer, { message, reply_to: replyTo }) {
  if (!isObject(message)) throw badParameter('The parameter message is required.');
  const { text, attachment, attachments, quick_replies: quickReplies } = message;
  const kinds = [text, attachment, attachments].filter((part) => part !== undefined).length;
  if (kinds === 0) throw ERRORS.invalid_message();
  if (kinds > 1) throw badParameter('A message has either text or attachments.');
  return {
    text: text === undefined ? null : readText(text),
    attachments: attachments === undefined ? (attachment === undefined ? [] : [readAttachment(attachment)]) : readImages(attachments),
    quick_replies: quickReplies === undefined ? [] : readQuickReplies(quickReplies),
    reply_to: replyTo === undefined ? null : readReplyTo(world, customer, replyTo),
  };
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const length = (text) => [...text].length;

function readText(text) {
  if (typeof text !== 'string' || text.trim() === '') throw badParameter('Param message[text] must be a non-empty UTF-8 encoded string.', 2534015);
  // Half of a surrogate pair can be written in JSON, but is no character.
  if (/\p{Surrogate}/u.test(text)) throw badParameter('Param message[text] must be a UTF-8 encoded string.', 2534015);
  if (Buffer.byteLength(text) > TEXT_MAX_BYTES) throw badParameter(`Length of param message[text] must be less than or equal to ${TEXT_MAX_BYTES}`);
  return text;
}

function readReplyTo(world, customer, replyTo) {
  if (typeof replyTo?.mid !== 'string') throw badParameter('Param reply_to[mid] must be a string.');
  if (world.messages.get(replyTo.mid)?.customer !== customer) throw ERRORS.invalid_message();
  return replyTo.mid;
}

function readQuickReplies(list) {
  if (!Array.isArray(list) || list.length === 0 || list.length > QUICK_REPLIES_MAX) throw badParameter(`Param message[quick_replies] must have 1 to ${QUICK_REPLIES_MAX} elements.`);
  return list.map((one, at) => {
    const name = `message[quick_replies][${at}]`;
    if (one?.content_type !== 'text') throw badParameter(`Param ${name}[content_type] must be text.`);
    if (typeof one.title !== 'string' || one.title === '' || length(one.title) > TITLE_MAX_CHARACTERS) throw badParameter(`Param ${name}[title] must have 1 to ${TITLE_MAX_CHARACTERS} characters.`);
    if (typeof one.payload !== 'string' || length(one.payload) > PAYLOAD_MAX_CHARACTERS) throw badParameter(`Param ${name}[payload] must be a string of at most ${PAYLOAD_MAX_CHARACTERS} characters.`);
    return { title: one.title, payload: one.payload };
  });
}

function readImages(list) {
  if (!Array.isArray(list) || list.length === 0 || list.length > IMAGES_MAX) throw badParameter(`Param message[attachments] must have 1 to ${IMAGES_MAX} elements.`);
  if (list.some((one) => one?.type !== 'image')) throw badParameter('Param message[attachments] takes images only.');
  return list.map(readAttachment);
}

function readAttachment(given) {
  const { type, payload } = given ?? {};
  if (type === 'like_heart') return { type, media: null, url: null, payload: {} };
  if (!MEDIA_TYPES.includes(type)) throw badParameter('Param message[attachment][type] is not a known type.');
  // There is no upload API here, so no id can be one of an upload.
  if (payload?.attachment_id !== undefined) throw badParameter('Param message[attachment][payload][attachment_id] is not the id of an upload.');
  if (typeof payload?.url !== 'string' || !isUrl(payload.url)) throw badParameter('Param message[attachment][payload][url] must be a URL.');
  return { type, media: null, url: payload.url, payload: {} };
}

function isUrl(text) {
  try {
    return /^https?:$/.test(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** Meta takes copies of the media before it sends them; the customer sees the copies. */
export async function fetchAttachments(stage, attachments) {
  if (stage.world.options.media_fetch === 'trust') return attachments;
  return Promise.all(attachments.map(async (one) => {
    if (one.url === null) return one;
    const media = stage.world.media.add(await fetchMedia(stage.world.options, one));
    return { ...one, media, url: stage.mediaUrl(media) };
  }));
}
