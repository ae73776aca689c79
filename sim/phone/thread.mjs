// Draws the conversation as the customer sees it. Everything is made with DOM calls: no text ever becomes markup.

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const time = (at) => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
const REACTIONS = { love: '❤️', laugh: '😂', wow: '😮', sad: '😢', like: '👍' };

function attachment({ type, url, title }) {
  if (!url) return element('span', { className: 'card', textContent: type === 'ephemeral' ? '① A view-once photo' : `A ${type.replaceAll('_', ' ')}` });
  if (['image', 'story_mention', 'share', 'ig_post', 'story'].includes(type)) return element('img', { src: url, alt: title ?? `A ${type.replaceAll('_', ' ')}`, loading: 'lazy' });
  if (['video', 'reel', 'ig_reel'].includes(type)) return element('video', { src: url, controls: true, preload: 'metadata' });
  if (type === 'audio') return element('audio', { src: url, controls: true, preload: 'metadata' });
  return element('a', { className: 'card', href: url, target: '_blank', rel: 'noreferrer', textContent: `📄 ${title ?? 'A file'}` });
}

function bubble(m, openMenu) {
  if (m.deleted) return element('span', { className: 'bubble gone', textContent: m.from === 'customer' ? 'You took this back' : 'The shop took this back' });
  const bare = m.attachments.length > 0 && !m.text;
  const made = element('button', { type: 'button', className: bare ? 'bubble bare' : 'bubble', onclick: openMenu });
  made.append(...m.attachments.map(attachment));
  if (m.text) made.append(m.text);
  if (m.unsupported) made.append('A sticker');
  return made;
}

function quote(m, all) {
  if (m.story) return element('div', { className: 'quote', textContent: 'You answered a story' });
  if (!m.reply_to) return null;
  return element('div', { className: 'quote', textContent: all.find((one) => one.mid === m.reply_to)?.text ?? 'An earlier message' });
}

function foot(m, isLast) {
  const words = [];
  if (m.edited) words.push('edited');
  if (m.from === 'customer' && m.seen) words.push('seen');
  if (isLast) words.unshift(time(m.at));
  return words.length > 0 ? element('div', { className: 'foot', textContent: words.join(' · ') }) : null;
}

function menu(m, act) {
  const items = Object.entries(REACTIONS).map(([reaction, emoji]) => element('button', { type: 'button', textContent: emoji, title: reaction,
    onclick: () => act(m.reactions.customer === emoji ? { kind: 'unreact', target: m.mid } : { kind: 'reaction', reaction, target: m.mid }) }));
  items.push(element('button', { type: 'button', textContent: 'Reply', onclick: () => act({ kind: 'reply', target: m }) }));
  if (m.from === 'customer') {
    if (m.text) items.push(element('button', { type: 'button', textContent: 'Edit', onclick: () => act({ kind: 'editing', target: m }) }));
    items.push(element('button', { type: 'button', textContent: 'Take back', onclick: () => act({ kind: 'unsend', target: m.mid }) }));
  }
  return element('div', { className: 'menu' }, ...items);
}

/** `open` is the mid whose menu is open; `act` is told what the person chose. */
export function drawThread(list, messages, { open, act, toggle }) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const rows = messages.map((m, at) => {
    const row = element('li', { className: `turn${m.from === 'customer' ? ' mine' : ''}${messages[at - 1]?.from === m.from ? '' : ' first'}` });
    const reactions = Object.values(m.reactions).join('');
    row.append(...[quote(m, messages), bubble(m, () => toggle(m.mid)), reactions && element('div', { className: 'reactions', textContent: reactions }),
      foot(m, messages[at + 1]?.from !== m.from), open === m.mid && !m.deleted && menu(m, act)].filter(Boolean));
    return row;
  });
  if (rows.length === 0) rows.push(element('li', { className: 'empty', textContent: 'Say hello to the shop. Your message appears in MailTrixy.' }));
  list.replaceChildren(...rows);
  if (atEnd || open === null) list.scrollTop = list.scrollHeight;
}
