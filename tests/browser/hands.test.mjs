// Fast hands on a slow machine: what a key or a click asks for is done before the next one comes, and nothing that was under way before
// turns it back. Here what waits for the next frame comes two seconds late.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, until } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { assertQuiet, Browser, composer, delayFrames, message, row } from './lib/browser.mjs';

let s, browser, page, ada;
before(async () => {
  [s, browser] = await Promise.all([startStreet(), Browser.start()]);
  [ada] = s.customers;
  await s.sim.act(ada, 'text', { text: 'hello world' });
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await delayFrames(page, 2000);
  await page.goto('/');
  await row(page, 'Ada Example').click();
  await composer(page).waitFor();
});
after(async () => { await browser?.stop(); await s?.stop(); });

const reopen = () => page.getByRole('button', { name: 'Reopen' });
const away = async () => {
  await page.evaluate(() => document.activeElement.blur());
  await until(() => page.evaluate(() => document.activeElement === document.body), Boolean);
};

test('after "r" one writes at once: no letter is taken for a key of the page', async () => {
  await away();
  await page.keyboard.press('r');
  await page.keyboard.type('e/jk?n');
  await becomes(() => composer(page).inputValue(), 'e/jk?n');
  assert.equal(await reopen().count(), 0);
  assert.equal(await page.getByRole('dialog').count(), 0);
  await composer(page).fill('');
});

test('a second Enter sends nothing twice, and what is typed after the first is the next message', async () => {
  await composer(page).fill('only once');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.keyboard.type('and then this');
  await becomes(() => composer(page).inputValue(), 'and then this');
  await page.keyboard.press('Enter');
  await s.sim.waitForReply(ada, { text: 'and then this' });
  assert.deepEqual(await s.got(ada), ['only once', 'and then this']);
  await message(page, 'and then this').locator('.glyph:is(.sent, .read)').waitFor();
});

test('Done stays done while older events come, and a second "e" takes it back', async () => {
  let go;
  const gate = new Promise((resolve) => { go = resolve; }), asked = [];
  await page.route('**/conversations/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    const { status } = route.request().postDataJSON();
    if (!status) return route.continue();
    asked.push(status);
    await gate;
    return route.continue();
  });
  await away();
  await page.keyboard.press('e');
  await reopen().waitFor();
  // The server knows nothing of it yet, and tells of an open conversation.
  await s.sim.act(ada, 'text', { text: 'said meanwhile' });
  await message(page, 'said meanwhile').waitFor();
  assert.equal(await reopen().count(), 1);
  await page.keyboard.press('e');
  await reopen().waitFor({ state: 'detached' });
  await page.keyboard.press('e');
  await reopen().waitFor();
  go();
  await until(() => asked, (list) => list.length === 3);
  assert.deepEqual(asked, ['done', 'open', 'done']);
  await until(() => s.house.conversations('?status=done'), (list) => list.length === 1);
  await page.unroute('**/conversations/*');
  assert.equal(await reopen().count(), 1);
  await page.keyboard.press('e');
  await until(() => s.house.conversations('?status=open'), (list) => list.length === 1);
  await row(page, 'Ada Example').waitFor();
});

test('a name that came after a question was asked is not taken away by its answer', async () => {
  await s.sim.weather(undefined, { kind: 'hold', on: 'profile' });
  const late = await s.sim.post('customers', { name: 'Late Lou', username: 'late.lou' });
  await s.sim.act(late.id, 'text', { text: 'who am I?' });
  await s.sim.get('wait/holding');
  let go, asked;
  const gate = new Promise((resolve) => { go = resolve; }), isAsked = new Promise((resolve) => { asked = resolve; });
  await page.route('**/conversations/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    const answer = await route.fetch();
    asked();
    await gate;
    return route.fulfill({ response: answer });
  });
  const answered = page.waitForResponse((one) => one.request().method() === 'PATCH');
  await row(page, 'who am I?').click();
  await isAsked;
  assert.equal(await row(page, 'Late Lou').count(), 0);
  await s.sim.post('weather/clear');
  await row(page, 'Late Lou').waitFor();
  go();
  await (await answered).finished();
  await page.unrouteAll({ behavior: 'wait' });
  await page.evaluate(() => new Promise((resolve) => { setTimeout(resolve); }));
  assert.equal(await row(page, 'Late Lou').count(), 1);
  await page.locator('.thread-who h1', { hasText: 'Late Lou' }).waitFor();
});

test('what is typed while a search begins stays', async () => {
  const search = page.locator('#search'), asks = (words) => page.waitForURL((url) => url.searchParams.get('q') === words);
  await search.focus();
  await page.keyboard.type('hello ');
  await asks('hello');
  await page.keyboard.type('wor');
  await becomes(() => search.inputValue(), 'hello wor');
  await asks('hello wor');
  await page.keyboard.type('ld');
  await asks('hello world');
  assert.equal(await search.inputValue(), 'hello world');
  await row(page, 'Ada Example').waitFor();
  assertQuiet(page);
});
