// The customer's phone: what a person does here becomes control calls; what changes there is drawn anew.

import { drawThread, element, keepAtEnd } from './thread.mjs';
import { asPhoto, startRecording } from './voice.mjs';
import { drawWeather } from './weather.mjs';

const $ = (id) => document.getElementById(id);
const get = async (path, query) => (await fetch(`/control/${path}${query ? `?${new URLSearchParams(query)}` : ''}`)).json();
const post = async (path, body = {}) => (await fetch(`/control/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).json();

const state = { app: 'instagram', chosen: {}, customers: [], accounts: [], numbers: [], wabas: [], customer: null, thread: null, open: null, context: null, recording: null, note: null };

const ACTS = {
  instagram: [
    ['📷', 'Photo', { kind: 'photo' }], ['📁', 'Your file', 'file'], ['🔊', 'Sound', { kind: 'audio' }], ['🎬', 'Video', { kind: 'video' }],
    ['💬', 'Story reply', { kind: 'story_reply', text: 'Love this!' }], ['@', 'Story mention', { kind: 'story_mention' }], ['🎞', 'Reel', { kind: 'ig_reel' }], ['🔗', 'Share a post', { kind: 'ig_post' }],
    ['①', 'View once', { kind: 'ephemeral' }], ['🙂', 'Sticker', { kind: 'unsupported' }], ['☰', 'Menu: Prices', { kind: 'postback', title: 'Prices', payload: 'PRICES' }], ['📢', 'From an ad', { kind: 'ad' }],
  ],
  whatsapp: [
    ['📷', 'Photo', { kind: 'photo' }], ['📁', 'Your file', 'file'], ['🎤', 'Voice sample', { kind: 'voice' }], ['🎬', 'Video', { kind: 'video' }],
    ['📄', 'Document', { kind: 'document' }], ['🪴', 'Sticker', { kind: 'sticker' }], ['✨', 'Moving sticker', { kind: 'animated_sticker' }], ['📍', 'Location', { kind: 'location' }],
    ['👤', 'Contact', { kind: 'contacts' }], ['🛍', 'Order', { kind: 'order' }], ['↪', 'Forward', { kind: 'forwarded', text: 'Look at this' }], ['📢', 'From an ad', { kind: 'ad' }],
    ['📊', 'Poll', { kind: 'unsupported' }], ['①', 'View once', { kind: 'view_once' }], ['🐘', 'Over 100 MB', { kind: 'oversized' }], ['✆', 'Missed call', { kind: 'missed_call' }],
    ['🙈', 'Hide number', { kind: 'hide_number' }], ['🔢', 'New number', { kind: 'change_number' }],
  ],
};

async function act({ quiet, ...what }) {
  if (what.kind === 'reply' || what.kind === 'editing') return setContext(what);
  if (!quiet) state.open = null;
  const answer = await post('act', { customer: state.customer, ...what });
  if (answer.error && !quiet) note(answer.error);
  return draw();
}

function setContext(context) {
  state.context = context;
  state.open = null;
  $('context').hidden = !context;
  if (!context) return;
  $('context').firstElementChild.textContent = context.kind === 'editing' ? 'You change your message' : `You answer: ${context.target.text ?? 'a message'}`;
  $('text').value = context.kind === 'editing' ? context.target.text : '';
  $('text').focus();
  grow();
  draw();
}

async function submit(event) {
  event?.preventDefault();
  const text = $('text').value.trim(), { context } = state;
  if (!text) return;
  $('text').value = '';
  grow();
  setContext(null);
  if (context?.kind === 'editing') await act({ kind: 'edit', target: context.target.mid, text });
  else await act({ kind: 'text', text, reply_to: context?.target.mid });
}

/** The field grows with its text; with nothing in it the microphone stands beside it. */
function grow() {
  const field = $('text');
  field.style.height = 'auto';
  field.style.height = `${Math.min(field.scrollHeight + 2, 120)}px`;
  const empty = field.value.trim() === '';
  $('send').hidden = empty;
  $('record').hidden = !empty;
}

const upload = async (file) => (await (await fetch(`/control/upload?name=${encodeURIComponent(file.name)}`, { method: 'POST', headers: { 'Content-Type': file.type || 'application/octet-stream' }, body: file })).json()).media;

async function sendFile(given, voice = false) {
  const whatsapp = state.app === 'whatsapp', isPicture = given.type.startsWith('image/');
  let file = given;
  try {
    if (whatsapp && isPicture) file = await asPhoto(given);
  } catch {
    return note('This picture cannot be read.');
  }
  const kind = voice ? (whatsapp ? 'voice' : 'audio') : file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'audio' : isPicture ? 'photo' : whatsapp ? 'document' : 'file';
  const reply = state.context?.kind === 'reply' ? { reply_to: state.context.target.mid } : {}, text = whatsapp && !voice && $('text').value.trim() ? { text: $('text').value.trim() } : {};
  if (text.text) { $('text').value = ''; grow(); }
  setContext(null);
  return act({ kind, media: await upload(file), title: file.name, ...reply, ...text });
}

async function record() {
  try {
    state.recording = await startRecording();
  } catch {
    note('There is no microphone here: a ready voice message is sent instead.');
    return act({ kind: state.app === 'whatsapp' ? 'voice' : 'audio' });
  }
  showRecording(true);
  const clock = setInterval(() => { const s = state.recording.seconds(); $('recorded').textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`; }, 250);
  state.recording.clock = clock;
  return undefined;
}

function showRecording(on) {
  $('recording').hidden = !on;
  $('composer').hidden = on;
  $('recorded').textContent = '0:00';
  if (!on) clearInterval(state.recording?.clock);
}

async function endRecording(send) {
  const { recording } = state;
  showRecording(false);
  state.recording = null;
  if (send) await sendFile(await recording.stop(), true); else await recording.cancel();
}

/** What the person is told until something else happens. */
function note(words) {
  state.note = words;
  say(words);
  setTimeout(() => { if (state.note === words) { state.note = null; drawDelivery(); } }, 6000);
}

function say(words) {
  $('delivery').hidden = !words;
  $('delivery').textContent = words ?? '';
}

// Whether MailTrixy has taken what was sent last.
async function drawDelivery() {
  if (state.note) return say(state.note);
  const { posts } = await get('webhooks', { last: 1 });
  const last = posts[0]?.attempts.at(-1);
  if (!last || last.status === 200) return say(null);
  const account = state.accounts.find((one) => one.id === state.thread?.customer.account);
  return say(account && !account.subscribed_fields ? 'Meta has stopped sending: the webhooks failed for an hour.'
    : `MailTrixy did not take the last event (${last.status || last.error}). Meta tries again.`);
}

async function draw() {
  if (!state.customer) return undefined;
  const asked = state.customer, thread = await get('thread', { customer: asked });
  if (asked !== state.customer) return undefined;
  const before = state.thread;
  state.thread = thread;
  drawThread($('thread'), thread.messages, { app: state.app, open: state.open, act, toggle: (mid) => { state.open = state.open === mid ? null : mid; draw(); } });
  $('typing').hidden = !thread.customer.typing;
  const last = thread.messages.at(-1);
  $('quick').replaceChildren(...(last?.from === 'business' ? last.quick_replies : []).map(({ title, payload }) => element('button', { type: 'button', textContent: title, onclick: () => act({ kind: 'quick_reply', title, payload }) })));
  drawWith();
  // Who looks at the page has read what is on it.
  const unread = thread.messages.some((one) => one.from === 'business' && !one.read && !one.deleted);
  if (document.visibilityState === 'visible' && unread && before) await post('act', { customer: state.customer, kind: 'read' });
  return drawDelivery();
}

function drawWith() {
  const me = state.thread?.customer;
  if (!me) return;
  if (state.app === 'whatsapp') {
    const shop = state.numbers.find((one) => one.id === me.number);
    $('with').textContent = `${me.hidden ? `@${me.username}, number hidden` : `+${me.wa_id}`} → ${shop?.verified_name ?? 'the shop'}`;
  } else $('with').textContent = `@${me.username} → ${state.accounts.find((one) => one.id === me.account)?.name ?? 'the shop'}`;
}

async function drawHead() {
  [state.customers, state.accounts, state.numbers, state.wabas] = await Promise.all([get('customers'), get('accounts'), get('numbers'), get('wabas')]);
  const ours = state.customers.filter((one) => one.channel === state.app);
  for (const tab of $('apps').children) {
    tab.ariaPressed = String(tab.dataset.app === state.app);
    tab.disabled = !state.customers.some((one) => one.channel === tab.dataset.app);
  }
  document.body.dataset.app = state.app;
  $('call').hidden = state.app !== 'whatsapp';
  $('acts').replaceChildren(...ACTS[state.app].map(([icon, words, what]) => element('button', { type: 'button', onclick: () => (what === 'file' ? $('file').click() : act(what)) }, element('span', { textContent: icon }), words)));
  if (ours.length === 0) return say('There is no customer yet: start the simulator with --demo.');
  const me = ours.find((one) => one.id === state.chosen[state.app]) ?? ours[0];
  if (state.customer !== me.id) Object.assign(state, { customer: me.id, thread: null, open: null });
  $('customer').replaceChildren(...ours.map((one) => element('option', { value: one.id, textContent: one.name ?? one.username, selected: one.id === me.id })));
  $('face').src = me.picture_url ?? '/phone/icon.svg';
  if (!$('weather').hidden) drawPanel();
  return draw();
}

/** The other app's tab tells that something has come there. */
async function noteNews({ topic, customer: id }) {
  const who = topic === 'thread' && state.customers.find((one) => one.id === id);
  if (!who || who.channel === state.app) return;
  const { messages } = await get('thread', { customer: id });
  if (who.channel === state.app || !messages.some((one) => one.from === 'business' && !one.read && !one.deleted)) return;
  state.chosen[who.channel] = id;
  showNews(who.channel, true);
}

function showNews(app, isNew) {
  for (const tab of $('apps').children) if (tab.dataset.app === app) tab.lastElementChild.hidden = !isNew;
}

const drawPanel = () => drawWeather($('weather'), { get, post, app: state.app, thread: state.thread });

/** The address remembers whose phone it is: a link can open either app. */
function remember() {
  const query = new URLSearchParams({ app: state.app, ...(state.chosen[state.app] ? { customer: state.chosen[state.app] } : {}) });
  history.replaceState(null, '', `?${query}`);
}

function choose(app, customer) {
  state.app = app;
  showNews(app, false);
  if (customer) state.chosen[app] = customer;
  state.thread = null;
  setContext(null);
  remember();
  drawHead();
}

function unfold(button, panel) {
  panel.hidden = !panel.hidden;
  button.setAttribute('aria-expanded', String(!panel.hidden));
  return !panel.hidden;
}

function start() {
  const query = new URLSearchParams(location.search);
  if (query.get('app') === 'whatsapp') state.app = 'whatsapp';
  if (query.get('customer')) state.chosen[state.app] = query.get('customer');
  $('composer').addEventListener('submit', submit);
  $('text').addEventListener('input', grow);
  $('text').addEventListener('keydown', (event) => { if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event); });
  for (const tab of $('apps').children) tab.addEventListener('click', () => choose(tab.dataset.app));
  $('customer').addEventListener('change', () => choose(state.app, $('customer').value));
  $('more').addEventListener('click', () => unfold($('more'), $('acts')));
  $('weather-open').addEventListener('click', () => { if (unfold($('weather-open'), $('weather'))) drawPanel(); });
  $('call').addEventListener('click', async () => { await act({ kind: 'call' }); await act({ kind: 'ended_call' }); note('You called the shop.'); });
  $('record').addEventListener('click', record);
  $('discard').addEventListener('click', () => endRecording(false));
  $('send-voice').addEventListener('click', () => endRecording(true));
  $('context').lastElementChild.addEventListener('click', () => { setContext(null); $('text').value = ''; grow(); draw(); });
  $('file').addEventListener('change', () => { if ($('file').files[0]) sendFile($('file').files[0]); $('file').value = ''; });
  document.addEventListener('visibilitychange', () => draw());
  keepAtEnd($('thread'));
  let due = null;
  const stream = new EventSource('/control/follow');
  stream.onmessage = ({ data }) => {
    noteNews(JSON.parse(data));
    due ??= setTimeout(() => { due = null; draw(); }, 60);
  };
  stream.onerror = () => say('The simulator has stopped.');
  stream.onopen = () => drawHead();
}

start();
