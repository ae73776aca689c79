// Reading back: the conversations of an account, and their messages.

import { ERRORS, badParameter } from './error.mjs';
import { parseFields, project } from './fields.mjs';
import { countRead } from './limits.mjs';

const DETAILED_MESSAGES = 20; // of a conversation only its newest have details
const ALWAYS_THERE = ['id', 'created_time'];
const REQUESTS_LISTED_MS = 30 * 24 * 3600e3;
const PAGE_MAX = 100;
const SHARES = ['share', 'ig_post', 'ig_reel', 'reel'];
const FILES = ['image', 'video', 'audio', 'file'];

const iso = (ms) => (ms === null ? undefined : new Date(ms).toISOString().replace(/\.\d{3}Z$/, '+0000'));

/** `urlOf(path, params)` makes the address of a next page. */
export function conversations(world, account, call, urlOf) {
  checkReading(world, account);
  const { params } = call, now = world.clock.now();
  if (params.platform !== 'instagram') throw badParameter('The parameter platform must be instagram.');
  const listed = [...world.customers.values()].filter((one) => one.account === account && one.thread.length > 0
    && (params.user_id === undefined || one.id === params.user_id) && !(one.folder === 'requests' && now - one.updated_at > REQUESTS_LISTED_MS));
  listed.sort((a, b) => b.updated_at - a.updated_at);
  const fields = parseFields(params.fields || 'id,updated_time');
  return page(listed, params, (one) => project(fields, conversationNode(one, urlOf), 'UnifiedThread'), (more) => urlOf(call.segments, { ...params, ...more }));
}

export function conversation(world, customer, call, urlOf) {
  checkReading(world, customer.account);
  return project(parseFields(call.params.fields || 'id,updated_time'), conversationNode(customer, urlOf), 'UnifiedThread');
}

/** The messages of a conversation as a list of their own: the later pages of a nested one. */
export function messages(world, customer, call, urlOf) {
  checkReading(world, customer.account);
  return messageList(customer, call.params, urlOf);
}

export function message(world, { customer, message: one }, call) {
  checkReading(world, customer.account);
  if (one.deleted || !detailed(customer).has(one)) throw ERRORS.message_deleted();
  return project(parseFields(call.params.fields || 'id,created_time'), messageNode(customer, one), 'UnifiedMessage');
}

function checkReading(world, account) {
  if (account.condition) throw ERRORS[account.condition]();
  countRead(world, account);
}

function conversationNode(customer, urlOf) {
  return {
    id: customer.conversation_id, updated_time: iso(customer.updated_at), participants: { data: [business(customer), person(customer)] },
    messages: ({ args, inner }) => messageList(customer, { ...args, fields: inner ?? undefined }, urlOf),
  };
}

const listed = (customer) => customer.thread.filter(({ deleted }) => !deleted);
const detailed = (customer) => new Set(listed(customer).slice(-DETAILED_MESSAGES));

/** Newest first. Of the older messages only the id and the time are told. */
function messageList(customer, params, urlOf) {
  const wanted = parseFields(params.fields || 'id,created_time'), known = detailed(customer);
  const node = (one) => project(known.has(one) ? wanted : wanted.filter(({ name }) => ALWAYS_THERE.includes(name)), messageNode(customer, one), 'UnifiedMessage');
  return page(listed(customer).reverse(), params, node, (more) => urlOf([customer.conversation_id, 'messages'], { ...params, ...more }));
}

const business = ({ account }) => ({ id: account.id, username: account.username });
const person = ({ id, username }) => ({ id, username });
const list = (things, node) => (things.length > 0 ? { data: things.map(node) } : undefined);

/** What is empty is undefined: it exists as a field and is left out of the answer. */
function messageNode(customer, one) {
  const fromUs = one.from === 'business', shown = one.attachments.filter(({ url }) => url);
  return {
    id: one.mid, created_time: iso(one.at), from: fromUs ? business(customer) : person(customer), to: { data: [fromUs ? person(customer) : business(customer)] },
    message: one.text ?? undefined, is_unsupported: one.unsupported || undefined,
    attachments: list(shown.filter(({ type }) => FILES.includes(type)), attachmentNode),
    shares: list(shown.filter(({ type }) => SHARES.includes(type)), ({ url, payload }) => ({ link: url, name: payload?.title })),
    story: storyNode(one, shown.find(({ type }) => type === 'story_mention')),
    reactions: list(Object.entries(one.reactions), ([who, reaction]) => ({ reaction, users: [who === 'customer' ? person(customer) : business(customer)] })),
  };
}

function storyNode({ mid, story }, mention) {
  if (mention) return { mention: { id: mid, link: mention.url }, reply_to: undefined };
  return story ? { mention: undefined, reply_to: { id: story.id, link: story.url } } : undefined;
}

function attachmentNode({ type, url, payload }, at) {
  const known = { id: String(at), name: payload?.title, image_data: undefined, video_data: undefined, file_url: undefined };
  if (type === 'image') return { ...known, image_data: { url, preview_url: url } };
  if (type === 'video') return { ...known, video_data: { url, preview_url: url } };
  return { ...known, file_url: url };
}

/** One page of a list, with the cursors and the address of the next page. */
function page(all, { limit, after }, node, nextUrl) {
  if (limit !== undefined && !/^\d{1,6}$/.test(limit)) throw badParameter('Param limit must be an integer.');
  const size = Math.min(Math.max(1, Number(limit ?? 25)), PAGE_MAX), start = after ? readCursor(after) : 0, end = start + size;
  const data = all.slice(start, end).map(node);
  if (data.length === 0) return { data };
  const cursors = { before: cursor(start), after: cursor(start + data.length) };
  return { data, paging: { cursors, ...(all.length > end ? { next: nextUrl({ after: cursors.after }) } : {}) } };
}

const cursor = (at) => Buffer.from(String(at)).toString('base64url');

function readCursor(text) {
  const at = Buffer.from(String(text), 'base64url').toString('latin1');
  if (!/^\d{1,9}$/.test(at)) throw badParameter('Param after is not a valid cursor.');
  return Number(at);
}
