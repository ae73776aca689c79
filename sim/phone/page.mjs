// The customer's phone: what a person does here becomes control calls; what changes there is drawn anew.

import { drawThread, element } from './thread.mjs';
import { drawWeather } from './weather.mjs';

const $ = (id) => document.getElementById(id);
const get = async (path, query) => (await fetch(`/control/${path}${query ? `?${new URLSearchParams(query)}` : ''}`)).json();
const post = async (path, body = {}) => (await fetch(`/control/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json();

const state = { customers: [], accounts: [], customer: null, thread: null, open: null, context: null };

const ACTS = [
  ['📷', 'Photo', { kind: 'photo' }], ['📁', 'Your file', 'file'], ['🎤', 'Voice', { kind: 'audio' }], ['🎬', 'Video', { kind: 'video' }],
  ['💬', 'Story reply', { kind: 'story_reply', text: 'Love this!' }], ['@', 'Story mention', { kind: 'story_mention' }], ['🎞', 'Reel', { kind: 'ig_reel' }], ['🔗', 'Share a post', { kind: 'ig_post' }],
  ['①', 'View once', { kind: 'ephemeral' }], ['🙂', 'Sticker', { kind: 'unsupported' }], ['☰', 'Menu: Prices', { kind: 'postback', title: 'Prices', payload: 'PRICES' }], ['📢', 'From an ad', { kind: 'ad' }],
];

async function act(what) {
  state.open = null;
  if (what.kind === 'reply' || what.kind === 'editing') return setContext(what);
  const answer = await post('act', { customer: state.customer, ...what });
  if (answer.error) say(answer.error);
  return draw();
}

function setContext(context) {
  state.context = context;
  $('context').hidden = !context;
  if (!context) return;
  $('context').firstElementChild.textContent = context.kind === 'editing' ? 'You change your message' : `You answer: ${context.target.text ?? 'a message'}`;
  $('text').value = context.kind === 'editing' ? context.target.text : '';
  $('text').focus();
  draw();
}

async function submit(event) {
  event.preventDefault();
  const text = $('text').value.trim(), { context } = state;
  if (!text) return;
  $('text').value = '';
  setContext(null);
  if (context?.kind === 'editing') await act({ kind: 'edit', target: context.target.mid, text });
  else await act({ kind: 'text', text, reply_to: context?.target.mid });
}

async function sendFile(file) {
  const { media } = await (await fetch(`/control/upload?name=${encodeURIComponent(file.name)}`, { method: 'POST', headers: { 'Content-Type': file.type }, body: file })).json();
  const kind = file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'audio' : file.type.startsWith('image/') ? 'photo' : 'file';
  await act({ kind, media, title: file.name });
}

function say(words) {
  $('delivery').hidden = !words;
  $('delivery').textContent = words ?? '';
}

// Whether MailTrixy has taken what was sent last.
async function drawDelivery() {
  const { posts } = await get('webhooks', { last: 1 });
  const last = posts[0]?.attempts.at(-1);
  if (!last || last.status === 200) return say(null);
  const account = state.accounts.find((one) => one.id === state.thread?.customer.account);
  return say(account && !account.subscribed_fields ? 'Meta has stopped sending: the webhooks failed for an hour.'
    : `MailTrixy did not take the last event (${last.status || last.error}). Meta tries again.`);
}

async function draw() {
  const thread = await get('thread', { customer: state.customer });
  const before = state.thread;
  state.thread = thread;
  drawThread($('thread'), thread.messages, { open: state.open, act, toggle: (mid) => { state.open = state.open === mid ? null : mid; draw(); } });
  $('typing').hidden = !thread.customer.typing;
  const last = thread.messages.at(-1);
  $('quick').replaceChildren(...(last?.from === 'business' ? last.quick_replies : []).map(({ title, payload }) => element('button', { type: 'button', textContent: title, onclick: () => act({ kind: 'quick_reply', title, payload }) })));
  // Who looks at the page has read what is on it.
  if (document.visibilityState === 'visible' && last?.from === 'business' && !last.read && before) await post('act', { customer: state.customer, kind: 'read' });
  await drawDelivery();
}

async function drawHead() {
  [state.customers, state.accounts] = await Promise.all([get('customers'), get('accounts')]);
  if (state.customers.length === 0) return say('There is no customer yet: start the simulator with --demo.');
  state.customer ??= new URLSearchParams(location.search).get('customer') ?? state.customers[0].id;
  const me = state.customers.find((one) => one.id === state.customer) ?? state.customers[0];
  state.customer = me.id;
  $('customer').replaceChildren(...state.customers.map((one) => element('option', { value: one.id, textContent: one.name ?? one.username, selected: one.id === me.id })));
  $('face').src = me.picture_url ?? '/phone/icon.svg';
  const shop = state.accounts.find((one) => one.id === me.account);
  $('with').textContent = `@${me.username} → ${shop?.name ?? 'the shop'}`;
  return draw();
}

function start() {
  $('acts').replaceChildren(...ACTS.map(([icon, words, what]) => element('button', { type: 'button', onclick: () => (what === 'file' ? $('file').click() : act(what)) }, element('span', { textContent: icon }), words)));
  $('composer').addEventListener('submit', submit);
  $('customer').addEventListener('change', () => { state.customer = $('customer').value; state.thread = null; setContext(null); drawHead(); });
  $('more').addEventListener('click', () => { $('acts').hidden = !$('acts').hidden; $('more').setAttribute('aria-expanded', String(!$('acts').hidden)); });
  $('weather-open').addEventListener('click', () => {
    $('weather').hidden = !$('weather').hidden;
    $('weather-open').setAttribute('aria-expanded', String(!$('weather').hidden));
    if (!$('weather').hidden) drawWeather($('weather'), { get, post });
  });
  $('context').lastElementChild.addEventListener('click', () => { setContext(null); $('text').value = ''; });
  $('file').addEventListener('change', () => { if ($('file').files[0]) sendFile($('file').files[0]); $('file').value = ''; });
  let due = null;
  const stream = new EventSource('/control/follow');
  stream.onmessage = () => { due ??= setTimeout(() => { due = null; draw(); }, 60); };
  stream.onerror = () => say('The simulator has stopped.');
  stream.onopen = () => drawHead();
}

start();
