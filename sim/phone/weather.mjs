// The panel with Meta's bad weather: switches that stay, and accidents that happen once.

import { element } from './thread.mjs';

const SWITCHES = {
  both: [
    ['duplicates', 'Every event comes twice', (on) => ({ duplicates: on ? 1 : 0 }), (o) => o.duplicates > 0],
    ['disorder', 'Events overtake each other', (on) => ({ disorder: on }), (o) => o.disorder],
  ],
  instagram: [['echo', 'No echo of the shop’s answers', (on) => ({ echo: on ? 'never' : 'before' }), (o) => o.echo === 'never']],
  whatsapp: [
    ['reversed', '“Delivered” comes before “sent”', (on) => ({ status_order: on ? 'reversed' : 'usual' }), (o) => o.status_order === 'reversed'],
    ['early', '“Sent” comes before the answer', (on) => ({ statuses: on ? 'before' : 'after' }), (o) => o.statuses === 'before'],
    ['sync', 'Refusals come at once, not later', (on) => ({ errors: on ? 'sync' : 'async' }), (o) => o.errors === 'sync'],
  ],
};
const ACCIDENTS = {
  instagram: [
    ['temporary', 'A passing fault'], ['rate_limit', 'Too fast: wait a minute', { minutes: 1 }], ['window_closed', 'Outside the window'],
    ['person_blocked', 'The customer blocked the shop'], ['media_unreachable', 'The file cannot be fetched'],
  ],
  whatsapp: [
    ['wa_131026', 'Undeliverable, said later'], ['wa_131047', 'Outside the window, said later'], ['wa_131053', 'The file is refused later'], ['wa_131056', 'Too fast to this person'],
    ['wa_130429', 'Too fast altogether'], ['wa_account_limit', 'Too many calls: wait a minute', { minutes: 1 }], ['wa_131016', 'A passing fault'],
  ],
  both: [['lost_answer', 'The answer is lost'], ['expired_token', 'The token has expired'], ['not_json', 'A broken page instead of an answer']],
};
const FILES = [
  ['media_expired', 'Is not there any more'], ['media_cut', 'Breaks off'], ['media_slow', 'Comes slowly'], ['media_wrong_type', 'Is a web page'], ['media_wrong_hash', 'Has other bytes'],
  ['media_redirect', 'Is said to be elsewhere'], ['media_larger', 'Never ends'],
];
const ALL = [...Object.values(ACCIDENTS).flat(), ...FILES];

export async function drawWeather(panel, { get, post, app, thread }) {
  const [options, { faults }] = await Promise.all([get('options'), get('weather')]);
  const again = () => drawWeather(panel, { get, post, app, thread });
  const button = (textContent, doIt) => element('button', { type: 'button', textContent, onclick: async () => { await doIt(); again(); } });
  const row = (...children) => element('div', { className: 'row' }, ...children);
  const accidents = (list) => row(...list.map(([preset, words, more]) => button(words, () => post('weather', { preset, ...more }))));
  const switches = [...SWITCHES.both, ...SWITCHES[app]].map(([name, words, change, isOn]) => {
    const box = element('input', { type: 'checkbox', name, checked: isOn(options), onchange: () => post('options', change(box.checked)) });
    return element('label', {}, box, words);
  });
  const { customer } = thread ?? {};
  const receipts = app === 'whatsapp' && customer ? [element('label', {}, element('input', {
    type: 'checkbox', checked: !customer.read_receipts, onchange: (event) => post('customers/change', { customer: customer.id, read_receipts: !event.target.checked }),
  }), 'This person sends no read receipts')] : [];
  const templates = app === 'whatsapp' && customer ? (await get('templates', { waba: customer.waba })).filter(({ status }) => status === 'PENDING') : [];
  panel.replaceChildren(
    element('h2', { textContent: 'Always' }), ...switches, ...receipts,
    element('h2', { textContent: 'What happens to the shop’s next answer' }), accidents([...ACCIDENTS[app], ...ACCIDENTS.both]),
    element('h2', { textContent: 'The next file that MailTrixy fetches …' }), accidents(FILES),
    ...(templates.length ? [element('h2', { textContent: 'Templates that wait for their review' }), ...templates.map((one) => row(element('span', { className: 'name', textContent: one.name }),
      button('Approve', () => post('templates/review', { ...one, status: 'APPROVED', reason: undefined })), button('Reject', () => post('templates/review', { ...one, status: 'REJECTED', reason: undefined }))))] : []),
    ...(faults.length ? [element('p', { className: 'coming', textContent: `Coming: ${faults.map((f) => ALL.find(([preset]) => preset === f.preset)?.[1] ?? f.preset ?? f.kind).join(', ')}` })] : []),
    element('h2', { textContent: 'Otherwise' }),
    row(button('Clear sky', () => post('weather/clear')), button('A day goes by', () => post('clock', { advance_ms: 24 * 3600e3 }))),
  );
}
