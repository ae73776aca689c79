// What people do without thinking about it: Enter after choosing a file, another conversation while the network is away, a look at a sum.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SAMPLES } from '../../sim/core/samples.mjs';
import { becomes, until } from '../scenario/lib/house.mjs';
import { assertAccessible, assertNoSidewaysScroll, assertQuiet, Browser, composer, delayFrames, message, narrow, row } from './lib/browser.mjs';
import { startBothChannels } from './lib/number.mjs';

const PNG = { name: 'mug.png', mimeType: 'image/png', buffer: SAMPLES.mug().bytes };
let s, browser, page, ada, rafael;
before(async () => {
  [s, browser] = await Promise.all([startBothChannels(), Browser.start()]);
  [ada, rafael] = s.people;
  await s.sim.act(ada, 'text', { text: 'I come on *Monday*' });
  await s.sim.act(rafael, 'text', { text: 'bom dia' });
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await page.goto('/');
  await row(page, 'Ada Example').click();
  await composer(page).waitFor();
});
after(async () => { await browser?.stop(); await s?.stop(); });

const chip = (name) => page.locator('.chip').filter({ hasText: name });
const attach = async (...files) => {
  const [dialog] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Attach files' }).click()]);
  await dialog.setFiles(files);
};
const isWriting = () => until(() => composer(page).evaluate((one) => one === document.activeElement), (is) => is);

test('after a file was chosen or removed one writes on; Enter sends', async () => {
  await attach(PNG, { ...PNG, name: 'second.png' });
  await isWriting();
  await chip('second.png').getByRole('button', { name: 'Remove' }).click();
  await isWriting();
  await page.keyboard.type('this one');
  await page.keyboard.press('Enter');
  await until(() => s.onPhone(ada), (all) => all.at(-1)?.text === 'this one' && all.at(-1).attachments.length === 1);
});

test('what is quoted is read without marks, above the text and by screen readers', async () => {
  await message(page, 'I come on').hover();
  await message(page, 'I come on').getByRole('button', { name: 'Reply' }).click();
  await page.locator('.quote-bar').getByText('I come on Monday').waitFor();
  await page.getByRole('article', { name: 'I come on Monday' }).waitFor();
  await isWriting();
  await page.keyboard.press('Escape');
});

test('a quoted line is as high as its words', async () => {
  await composer(page).fill('as you said:\n> on time');
  await composer(page).press('Enter');
  const quoted = message(page, 'as you said').locator('blockquote');
  await quoted.waitFor();
  await becomes(() => quoted.evaluate((one) => getComputedStyle(one).marginBottom), '0px');
});

test('the lines of an order add up to its sum', async () => {
  await s.sim.act(ada, 'order', {});
  const order = page.locator('.order');
  await order.waitFor();
  await becomes(() => order.locator('li').evaluateAll((all) => all.map((one) => one.innerText.replace(/\s+/g, ' ').trim())),
    ['2 × mug-blue €24.50 each €49.00', '1 × bowl-sand €38.00', 'Total €87.00']);
});

test('a conversation that could not be had without the network comes with it', async () => {
  page.expected.push(/net::ERR_INTERNET_DISCONNECTED/);
  await page.context().setOffline(true);
  await row(page, 'Rafael Souza').click();
  await page.getByText('This could not be loaded').waitFor();
  await page.context().setOffline(false);
  await message(page, 'bom dia').waitFor();
  await composer(page).waitFor();
});

test('Retry leaves one where one writes', async () => {
  await s.weather('wa_131026');
  await composer(page).fill('try me');
  await composer(page).press('Enter');
  await message(page, 'try me').getByRole('button', { name: 'Retry' }).click();
  await message(page, 'try me').locator('.glyph:is(.sent, .delivered, .read)').waitFor();
  await isWriting();
});

test('the list tells of a message that was not sent, and what a file is called', async () => {
  await s.weather('wa_131026');
  await composer(page).fill('lost words');
  await composer(page).press('Enter');
  await row(page, 'Rafael Souza').filter({ hasText: 'lost words' }).getByRole('img', { name: 'Not sent' }).waitFor();
  await message(page, 'lost words').getByRole('button', { name: 'Retry' }).click();
  await message(page, 'lost words').locator('.glyph:is(.sent, .delivered, .read)').waitFor();
  await row(page, 'Rafael Souza').getByRole('img', { name: 'Not sent' }).waitFor({ state: 'detached' });
  await s.sim.act(ada, 'document', { title: 'Invoice 2214.pdf', timestamp: Date.now() + 2000 });
  await row(page, 'Ada Example').filter({ hasText: 'Invoice 2214.pdf' }).waitFor();
});

test('a phone with files that cannot go still shows what one writes', async () => {
  const small = await browser.visitor(s.house.url, { as: 'owner@example.org', size: narrow });
  await small.goto('/');
  await row(small, 'Rafael Souza').click();
  await small.locator('.composer input[type=file]').setInputFiles([1, 2, 3, 4].map((n) => ({ name: `${n}.svg`, mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') })));
  await small.locator('.chip.refused').nth(3).waitFor();
  const inside = () => small.locator('.editor').evaluate((box) => box.querySelector('textarea').getBoundingClientRect().bottom <= box.getBoundingClientRect().bottom + 1);
  await becomes(inside, true, 'the text is inside its box');
  await s.sim.act(rafael, 'text', { text: 'so many words that the message is as wide as it may be on a phone '.repeat(2) });
  await message(small, 'as wide as it may be').hover();
  await message(small, 'as wide as it may be').locator('.tools').waitFor();
  await assertNoSidewaysScroll(small, 'a mouse over a wide message');
  await assertAccessible(small, 'files that cannot go');
  assertQuiet(small);
});

test('a picture that the browser has already is there, however fast it comes', async () => {
  await page.goto('/');
  await s.sim.act(ada, 'photo', { text: 'the blue one' });
  await row(page, 'Ada Example').click();
  await message(page, 'the blue one').locator('.picture.ready').waitFor();
  const slow = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await delayFrames(slow, 300);
  await slow.goto(page.url());
  await message(slow, 'the blue one').locator('.picture.ready').waitFor();
  await until(() => message(slow, 'the blue one').locator('.picture').evaluate((one) => one.querySelector('img').complete), (is) => is);
  await slow.waitForFunction(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => resolve(true))))));
  assert.equal(await message(slow, 'the blue one').locator('.picture.ready').count(), 1);
  assertQuiet(slow);
});

test('a token that Meta refuses is told once, and not as a success', async () => {
  const other = await s.sim.post('numbers', { waba: s.demo.whatsapp.waba, display_phone_number: '+47 55 50 02 22', verified_name: 'Second Shop' });
  await page.goto('/settings/channels');
  const card = page.getByRole('region', { name: 'WhatsApp' });
  await card.getByRole('button', { name: 'Connect another' }).click();
  await card.getByLabel('Phone Number ID').fill(other.fields.phone_number_id);
  await card.getByLabel('Access Token').fill('EAAnotATokenOfAnybody');
  await card.getByLabel('App Secret').fill(other.fields.app_secret);
  await card.getByRole('button', { name: 'Save' }).click();
  const saved = card.locator('.saved');
  await saved.getByText('is saved, but does not work yet').waitFor();
  await saved.getByText('Meta App → WhatsApp → Configuration').waitFor();
  await saved.getByRole('button', { name: 'Done' }).click();
  const account = card.locator('.account').filter({ hasText: 'Reconnect needed' });
  await becomes(() => account.getByText('The access token is no longer valid.').count(), 1);
  await account.getByRole('button', { name: 'Check connection' }).click();
  await account.getByText('The last handshake succeeded at').waitFor();
  assert.doesNotMatch(await account.innerText(), /\d{4}-\d\d-\d\dT/);
  assertQuiet(page);
});
