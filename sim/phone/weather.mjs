// The panel with Meta's bad weather: switches that stay, and accidents that happen once.

import { element } from './thread.mjs';

const SWITCHES = [
  ['duplicates', 'Every event comes twice', (on) => ({ duplicates: on ? 1 : 0 }), (o) => o.duplicates > 0],
  ['disorder', 'Events overtake each other', (on) => ({ disorder: on }), (o) => o.disorder],
  ['echo', 'No echo of the shop’s answers', (on) => ({ echo: on ? 'never' : 'before' }), (o) => o.echo === 'never'],
];
const ACCIDENTS = [
  ['lost_answer', 'The answer is lost'], ['temporary', 'A passing fault'], ['rate_limit', 'Too fast: wait a minute', { minutes: 1 }],
  ['window_closed', 'Outside the window'], ['person_blocked', 'The customer blocked the shop'], ['expired_token', 'The token has expired'], ['not_json', 'A broken page instead of an answer'],
];

export async function drawWeather(panel, { get, post }) {
  const [options, { faults }] = await Promise.all([get('options'), get('weather')]);
  const switches = SWITCHES.map(([name, words, change, isOn]) => {
    const box = element('input', { type: 'checkbox', name, checked: isOn(options), onchange: () => post('options', change(box.checked)) });
    return element('label', {}, box, words);
  });
  const accidents = ACCIDENTS.map(([preset, words, more]) => element('button', { type: 'button', textContent: words, onclick: async () => { await post('weather', { preset, ...more }); drawWeather(panel, { get, post }); } }));
  const clock = element('button', { type: 'button', textContent: 'A day goes by', onclick: () => post('clock', { advance_ms: 24 * 3600e3 }) });
  const clear = element('button', { type: 'button', textContent: 'Clear sky', onclick: async () => { await post('weather/clear'); drawWeather(panel, { get, post }); } });
  panel.replaceChildren(
    element('h2', { textContent: 'Always' }), ...switches,
    element('h2', { textContent: 'What happens to the shop’s next answer' }), element('div', { className: 'row' }, ...accidents),
    ...(faults.length ? [element('p', { className: 'coming', textContent: `Coming: ${faults.map((f) => ACCIDENTS.find(([p]) => p === f.preset)?.[1] ?? f.preset ?? f.kind).join(', ')}` })] : []),
    element('div', { className: 'row' }, clear, clock),
  );
}
