// The composer: it counts what Instagram counts, shows where the text is cut, knows the window, and loses nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, until } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { assertQuiet, Browser, composer, message, row } from './lib/browser.mjs';

const HOUR = 3600_000;
let s, browser, page, ada, bjorn, mia;
before(async () => {
  [s, browser] = await Promise.all([startStreet(), Browser.start()]);
  [ada, bjorn, mia] = s.customers;
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await s.sim.act(mia, 'text', { text: 'asked eight days ago', timestamp: Date.now() - 8 * 24 * HOUR });
  await s.sim.act(bjorn, 'text', { text: 'asked thirty hours ago', timestamp: Date.now() - 30 * HOUR });
  await s.sim.act(ada, 'text', { text: 'asked just now' });
  await page.goto('/');
  await row(page, 'Ada Example').click();
});
after(async () => { await browser.stop(); await s.stop(); });

const counter = () => page.locator('#composer-count');
const trouble = (words) => message(page, words).locator('.trouble');

test('it counts bytes, and warns from 90 % on', async () => {
  await composer(page).fill('äöü');
  await becomes(() => counter().textContent(), '6/1000 B');
  await composer(page).fill('x'.repeat(899));
  await becomes(() => counter().getAttribute('class'), 'counter quiet');
  await composer(page).fill('x'.repeat(900));
  await becomes(() => counter().getAttribute('class'), 'counter near');
  await composer(page).fill('x'.repeat(1000));
  await becomes(() => counter().textContent(), '1000/1000 B');
  assert.equal(await page.locator('.overflow').count(), 0);
});

test('past the limit it marks what would be cut, at a whole character', async () => {
  await composer(page).fill(`${'x'.repeat(998)}😀tail`);
  await becomes(() => counter().textContent(), '1006/1000 B');
  await becomes(() => page.locator('.editor-mirror mark').textContent(), '😀tail');
  await composer(page).press('Enter');
  await becomes(() => page.evaluate(() => document.activeElement.id), 'send-split', 'Enter leaves the choice');
  await page.getByRole('button', { name: 'Send only what fits' }).click();
  await s.sim.waitForReply(ada, { text: 'x'.repeat(998) });
  assert.equal((await s.got(ada)).length, 1, 'Enter sends nothing that is too long');
  await message(page, 'x'.repeat(998)).locator('.glyph.sent').waitFor();
});

test('or it sends several messages, in order, with nothing lost', async () => {
  const long = Array.from({ length: 300 }, (_, k) => `word${k}`).join(' ');
  await composer(page).fill(long);
  const split = page.getByRole('button', { name: /Send as \d messages/ });
  const parts = Number(/\d/.exec(await split.textContent())[0]);
  await split.click();
  await s.sim.waitForReply(ada, { messages: 1 + parts });
  const got = (await s.got(ada)).slice(1);
  assert.equal(got.length, parts, 'as many as it said');
  assert.equal(got.join(' '), long);
  await page.locator('.message.out').nth(parts).waitFor();
});

test('a draft outlives a reload', async () => {
  await composer(page).fill('half a thou');
  await page.reload();
  await page.waitForFunction(() => document.querySelector('textarea')?.value === 'half a thou');
  await row(page, 'Draft: half a thou').waitFor();
  await composer(page).fill('');
});

test('an answer that live events have overtaken does not turn "sent" back into "queued"', async () => {
  const words = 'overtaken on the way', mark = message(page, words).locator('.glyph.sent');
  await page.route('**/messages', async (route) => {
    const answer = await route.fetch();
    await mark.waitFor();
    await route.fulfill({ response: answer });
  });
  const answered = page.waitForResponse((one) => one.request().method() === 'POST' && one.url().endsWith('/messages'));
  await composer(page).fill(words);
  await composer(page).press('Enter');
  await (await answered).finished();
  await page.unroute('**/messages');
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await becomes(() => mark.count(), 1);
});

test('a failed message says why and what to do, and Retry sends it', async () => {
  await s.sim.weather('person_blocked');
  await composer(page).fill('refused at first');
  await composer(page).press('Enter');
  await trouble('refused at first').waitFor();
  await until(() => trouble('refused at first').textContent(), (words) => words.length > 30);
  await trouble('refused at first').getByRole('button', { name: 'Retry' }).click();
  await s.sim.waitForReply(ada, { text: 'refused at first' });
  await trouble('refused at first').waitFor({ state: 'detached' });
});

test('a lost answer is unknown; sending again asks first', async () => {
  await s.sim.post('options', { echo: 'held' });
  await s.sim.weather('lost_answer');
  await composer(page).fill('did it arrive?');
  await composer(page).press('Enter');
  await trouble('did it arrive?').getByText('Outcome unknown').waitFor();
  await message(page, 'did it arrive?').locator('.glyph.unknown').waitFor();
  await trouble('did it arrive?').getByRole('button', { name: 'Send again' }).click();
  await page.getByRole('dialog').getByText('may get this message twice').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await s.sim.post('echoes/release');
  await message(page, 'did it arrive?').locator('.glyph.sent').waitFor();
  await s.sim.post('options', { echo: 'before' });
});

test('after 24 hours nothing is sent but by choice, as a human agent', async () => {
  await row(page, 'Bjørn Ågesen').click();
  await page.getByText('Cannot DM, customer outside 24-hour window').waitFor();
  await composer(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Reply as Human agent' }).click();
  await page.getByText('Sending as Human agent').waitFor();
  await page.getByRole('button', { name: 'Do not use it' }).click();
  await page.getByText('Cannot DM, customer outside 24-hour window').waitFor();
  await page.getByRole('button', { name: 'Reply as Human agent' }).click();
  await s.sim.post('apps/change', { human_agent: true });
  await composer(page).fill('Sorry for the late answer');
  await composer(page).press('Enter');
  await s.sim.waitForReply(bjorn, { text: 'Sorry for the late answer' });
  await until(async () => (await s.sim.get('calls', { name: 'send' })).at(-1), (call) => /HUMAN_AGENT/.test(JSON.stringify(call)));
});

test('after seven days there is no choice left, and a note is still possible', async () => {
  await row(page, 'Mia Okafor').click();
  await page.getByText('Cannot DM, customer outside 24-hour window').waitFor();
  await becomes(() => page.getByRole('button', { name: /Reply as/ }).count(), 0);
  await page.getByRole('button', { name: 'Note', exact: true }).click();
  await page.getByRole('textbox', { name: /Write a note/ }).fill('call her');
  await page.keyboard.press('Enter');
  await message(page, 'call her').waitFor();
});

test('the window opens again when the customer writes, without a reload', async () => {
  await page.getByRole('button', { name: 'Reply', exact: true }).click();
  await s.sim.act(mia, 'text', { text: 'me again' });
  await page.getByText(/23 h 59 m left to reply|24 h left to reply/).waitFor();
  await composer(page).waitFor();
});

test('what is written without a server is kept and sent when it is back', async () => {
  await s.house.down('SIGKILL');
  page.expected.push(/net::ERR_/);
  await page.getByText('No connection to the server').waitFor();
  await composer(page).fill('written in the dark');
  await composer(page).press('Enter');
  await message(page, 'written in the dark').waitFor();
  const missed = s.sim.act(ada, 'text', { text: 'said in the dark', wait: false });
  await missed;
  await s.house.up();
  await page.getByText('No connection to the server').waitFor({ state: 'detached' });
  await s.sim.waitForReply(mia, { text: 'written in the dark' });
  await s.house.webhook(s.house.envelope(s.house.fromCustomer(bjorn, { message: { mid: 'after-dark', text: 'said after the dark' } })));
  await row(page, 'said after the dark').waitFor();
  await until(() => s.got(mia), (list) => list.filter((one) => one === 'written in the dark').length === 1);
  assertQuiet(page);
});
