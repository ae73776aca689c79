// Draws the conversation as the customer sees it. Everything is made with DOM calls: no text ever becomes markup.

import { formatted } from './format.mjs';

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const time = (at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
const REACTIONS = { love: '❤️', laugh: '😂', wow: '😮', sad: '😢', like: '👍' };
const span = (className, textContent) => element('span', { className, textContent });

/** A card: an icon, a title and a line below it. */
function card(icon, title, line, href) {
  const made = element(href ? 'a' : 'span', { className: 'card', ...(href ? { href, target: '_blank', rel: 'noreferrer' } : {}) });
  made.append(span('icon', icon), element('span', { className: 'words' }, span('title', title), ...(line ? [span('line', line)] : [])));
  return made;
}

const PICTURES = ['image', 'story_mention', 'share', 'ig_post', 'story'];
const FILMS = ['video', 'reel', 'ig_reel'];

function attachment({ type, url, title, voice, details }, { mine, played }) {
  if (type === 'location') return card('📍', details.name ?? 'A place', details.address ?? `${details.latitude}, ${details.longitude}`);
  if (type === 'contacts') return card('👤', title ?? 'A contact', (details.phones ?? []).join(', '));
  if (type === 'order') return card('🛍', 'Your order', title);
  if (!url) return card('①', type === 'ephemeral' ? 'A view-once photo' : `A ${type.replaceAll('_', ' ')}`);
  const alt = title ?? `A ${type.replaceAll('_', ' ')}`;
  if (type === 'sticker') return element('img', { className: 'sticker', src: url, alt });
  if (PICTURES.includes(type)) return element('img', { src: url, alt });
  if (FILMS.includes(type)) return element('video', { src: url, controls: true, preload: 'metadata' });
  if (type === 'audio') return element('audio', { src: url, controls: true, preload: 'metadata', onplay: () => voice && !mine && played() });
  return card('📄', title ?? 'A file', 'Document', url);
}

function bubble(m, { openMenu, played, app }) {
  const mine = m.from === 'customer';
  if (m.deleted) return span('bubble gone', mine ? 'You took this back' : 'The shop took this back');
  const bare = m.attachments.length > 0 && !m.text && !m.header && m.attachments.every(({ type }) => ['image', 'sticker', 'video', 'audio', 'reel', 'ig_reel'].includes(type));
  const made = element('div', { className: bare ? 'bubble bare' : 'bubble' });
  // Players and links keep their own taps. Who has no pointer takes the button beside the bubble.
  made.onclick = (event) => { if (!event.target.closest('audio, video, a')) openMenu(); };
  made.append(...m.attachments.map((one) => attachment(one, { mine, played })));
  if (m.header) made.append(span('header', m.header));
  if (m.text) made.append(app === 'whatsapp' ? formatted(m.text) : m.text);
  if (m.unsupported) made.append('Something that only the phone can show');
  if (m.footer) made.append(span('footer', m.footer));
  return made;
}

/** The buttons of a template or of a message to choose from. */
function choices(m, act) {
  if (m.buttons.length === 0 || m.from === 'customer') return null;
  const press = (one) => {
    if (one.kind === 'url') return undefined;
    if (one.kind === 'location') return act({ kind: 'location', reply_to: m.mid });
    return act({ kind: one.kind, title: one.title, payload: one.payload ?? one.id, description: one.description ?? undefined, reply_to: m.mid });
  };
  return element('div', { className: 'choices' }, ...m.buttons.map((one) => (one.kind === 'url'
    ? element('a', { href: one.url, target: '_blank', rel: 'noreferrer', textContent: `${one.title} ↗` })
    : element('button', { type: 'button', textContent: one.title, title: one.description ?? '', disabled: one.kind === 'phone', onclick: () => press(one) }))));
}

/** A message in a few words. */
const inWords = (m) => m.text ?? (m.attachments[0] ? `a ${m.attachments[0].type.replaceAll('_', ' ')}` : 'a message');

function quote(m, all) {
  if (m.story) return span('quote', 'You answered a story');
  if (!m.reply_to) return null;
  const old = all.find((one) => one.mid === m.reply_to);
  return span('quote', old ? inWords(old) : 'an earlier message');
}

function foot(m, isLast, app) {
  const words = [], mine = m.from === 'customer';
  if (isLast || app === 'whatsapp') words.push(time(m.at));
  if (m.edited) words.push('edited');
  if (mine && m.seen && app !== 'whatsapp') words.push('seen');
  if (words.length === 0) return null;
  const made = element('div', { className: 'foot', textContent: words.join(' · ') });
  if (mine && app === 'whatsapp') made.append(' ', element('span', { className: m.seen ? 'ticks seen' : 'ticks', textContent: '✓✓', title: m.seen ? 'The shop has read it' : 'The shop has got it' }));
  return made;
}

function menu(m, act, app) {
  const own = (reaction, emoji) => (m.reactions.customer === emoji ? { kind: 'unreact', target: m.mid } : { kind: 'reaction', ...(app === 'whatsapp' ? { emoji } : { reaction }), target: m.mid });
  const items = Object.entries(REACTIONS).map(([reaction, emoji]) => element('button', { type: 'button', textContent: emoji, title: reaction, onclick: () => act(own(reaction, emoji)) }));
  items.push(element('button', { type: 'button', textContent: 'Reply', onclick: () => act({ kind: 'reply', target: m }) }));
  if (m.from === 'customer') {
    if (m.text) items.push(element('button', { type: 'button', textContent: 'Edit', onclick: () => act({ kind: 'editing', target: m }) }));
    items.push(element('button', { type: 'button', textContent: 'Take back', onclick: () => act({ kind: 'unsend', target: m.mid }) }));
  }
  return element('div', { className: 'menu' }, ...items);
}

function row(m, { messages, first, last, open, act, toggle, app }) {
  const made = element('li', { className: `turn${m.from === 'customer' ? ' mine' : ''}${first ? ' first' : ''}` });
  const reactions = Object.values(m.reactions).join(''), openMenu = () => toggle(m.mid);
  const handle = !m.deleted && element('button', { type: 'button', className: 'handle', ariaLabel: `React or reply to: ${inWords(m)}`, ariaExpanded: String(open), onclick: openMenu });
  made.append(...[quote(m, messages), handle, bubble(m, { openMenu, played: () => act({ kind: 'played', target: m.mid, quiet: true }), app }), choices(m, act),
    reactions && element('div', { className: 'reactions', textContent: reactions }), foot(m, last, app), open && !m.deleted && menu(m, act, app)].filter(Boolean));
  return made;
}

// Rows that stay the same keep their elements: a voice message goes on playing while others arrive.
let drawn = new Map();

/** `open` is the mid whose menu is open; `act` is told what the person chose. */
export function drawThread(list, messages, { open, act, toggle, app }) {
  const before = drawn, known = messages.at(-1)?.mid;
  drawn = new Map();
  const rows = messages.map((m, at) => {
    const first = messages[at - 1]?.from !== m.from, last = messages[at + 1]?.from !== m.from, isOpen = open === m.mid;
    const state = JSON.stringify([m, first, last, isOpen, app, messages.find((one) => one.mid === m.reply_to)?.text]);
    const kept = before.get(m.mid);
    const made = kept?.state === state ? kept.made : row(m, { messages, first, last, open: isOpen, act, toggle, app });
    drawn.set(m.mid, { state, made });
    return made;
  });
  if (rows.length === 0) rows.push(element('li', { className: 'empty', textContent: 'Say hello to the shop. Your message appears in MailTrixy.' }));
  const same = rows.length === list.children.length && rows.every((one, at) => list.children[at] === one);
  if (!same) {
    // Only what differs is moved: taking a playing element out of the page would stop it.
    rows.forEach((one, at) => { if (list.children[at] !== one) list.insertBefore(one, list.children[at] ?? null); });
    while (list.children.length > rows.length) list.lastElementChild.remove();
  }
  if (atEnd || !before.has(known)) toEnd(list);
}

// Who reads the end of the conversation stays there, also when a picture gets its size only later: only who scrolls up leaves it.
let atEnd = true, top = 0;
const toEnd = (list) => { list.scrollTop = list.scrollHeight; };

export function keepAtEnd(list) {
  list.addEventListener('scroll', () => {
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60 || (atEnd && list.scrollTop >= top);
    top = list.scrollTop;
  });
  for (const event of ['load', 'loadedmetadata']) list.addEventListener(event, () => { if (atEnd) toEnd(list); }, true);
  new ResizeObserver(() => { if (atEnd) toEnd(list); }).observe(list);
}
