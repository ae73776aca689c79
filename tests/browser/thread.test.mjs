// A conversation on WhatsApp as the page shows it: the customer's phone is the simulator's, the files come through the real doors.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, until } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { appears, assertAccessible, assertQuiet, Browser, composer, message, row } from './lib/browser.mjs';

let s, browser, page, ada;
before(async () => {
  [s, browser] = await Promise.all([startStreet(), Browser.start()]);
  const { fields, customers } = s.demo.whatsapp;
  const made = await s.house.api('POST', s.house.w('/accounts'), { channel: 'whatsapp', fields });
  assert.equal(made.status, 201, made.text);
  const handshake = await s.sim.post('callback', { object: 'whatsapp_business_account', url: made.body.webhook_url, verify_token: fields.verify_token });
  assert.ok(handshake.verified, handshake.reason);
  ada = customers[0].id;
  await s.sim.act(ada, 'text', { text: 'Is the *blue* one _still_ there?' });
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await page.goto('/');
  await row(page, 'Ada Example').click();
});
after(async () => { await browser.stop(); await s.stop(); });

const thread = async () => (await s.sim.thread(ada)).messages;
const onPhone = (rule) => until(thread, (list) => list.some(rule));

test('words stand formatted, the number in groups', async () => {
  await becomes(() => message(page, 'Is the blue one').locator('strong, em').allTextContents(), ['blue', 'still']);
  await row(page, 'Is the blue one still there?').waitFor();
  await page.locator('.thread-who').getByText('+47 900 000 01').waitFor();
  await page.getByRole('button', { name: 'Contact', exact: true }).click();
  await page.locator('.contact-pane').getByText('Phone number').waitFor();
  await page.getByRole('button', { name: 'Contact', exact: true }).click();
});

test('a photo comes by itself, from our own address, and can be taken away', async () => {
  await s.sim.act(ada, 'photo', { caption: 'like this' });
  const picture = page.locator('.picture.ready').first();
  await picture.waitFor();
  const source = await picture.locator('img').getAttribute('src');
  assert.match(source, /^\/api\/v1\/workspaces\/\d+\/messages\/\d+\/attachments\/0\?preview=1$/);
  await picture.click();
  const viewer = page.getByRole('dialog', { name: 'Picture viewer' });
  await viewer.locator('.look-picture.ready').waitFor();
  await becomes(() => viewer.locator('.look-picture').evaluate((one) => one.naturalWidth), 600);
  const answer = await page.context().request.get(await viewer.getByRole('link', { name: 'Download' }).getAttribute('href'));
  assert.equal(answer.status(), 200);
  assert.match(answer.headers()['content-disposition'], /^attachment/);
  await page.keyboard.press('Escape');
  await viewer.waitFor({ state: 'detached' });
});

test('a file that does not come at once says so; trying again brings it, without a reload', async () => {
  await s.sim.act(ada, 'text', { text: 'one more' });
  await s.sim.weather('media_fault', { times: 0 });
  await s.sim.act(ada, 'photo', { media: 'fjord' });
  const waiting = page.locator('.fetching');
  await waiting.getByRole('button', { name: 'Try again' }).waitFor();
  await until(() => waiting.getAttribute('title'), (words) => /^The last try failed: ./.test(words));
  await s.sim.post('weather/clear');
  const before = await page.locator('.picture.ready').count();
  await waiting.getByRole('button', { name: 'Try again' }).click();
  await waiting.waitFor({ state: 'detached' });
  await page.waitForFunction((n) => document.querySelectorAll('.picture.ready').length > n, before);
});

test('a voice message plays, a document opens, a sticker stands for itself', async () => {
  await s.sim.act(ada, 'voice');
  const voice = page.getByRole('group', { name: 'Voice message' });
  await voice.getByText('0:03', { exact: true }).waitFor();
  await appears(voice.getByRole('button', { name: /Pause/ }), () => voice.getByRole('button', { name: /Play/ }).click());
  await s.sim.act(ada, 'document');
  const file = message(page, 'size-chart.pdf').locator('a.card-main');
  await file.waitFor();
  const answer = await page.context().request.get(await file.getAttribute('href'));
  assert.deepEqual([answer.status(), answer.headers()['content-type']], [200, 'application/pdf']);
  await s.sim.act(ada, 'sticker');
  assert.ok(await page.locator('.bubble.bare img.sticker').evaluate((one) => one.decode().then(() => one.naturalWidth)) > 0);
});

test('places, people, orders, calls and what WhatsApp withholds', async () => {
  for (const kind of ['location', 'contacts', 'order', 'button_reply', 'ad', 'forwarded', 'product_inquiry', 'unsupported', 'oversized', 'missed_call']) await s.sim.act(ada, kind);
  await page.locator('.info.place').getByText('Bryggen 1, Bergen').waitFor();
  await page.locator('.info.person').getByText('Kiln & Co').waitFor();
  await page.locator('.order-sum').getByText('€87.00').waitFor();
  await page.getByText('Quick reply').waitFor();
  await page.locator('.info.ad').getByText('Autumn glazes').waitFor();
  await message(page, 'Look at this').getByText('Forwarded').waitFor();
  await page.locator('.link-card').getByText('Of your catalogue').waitFor();
  await page.locator('.placeholder').getByText('A poll').waitFor();
  await page.locator('.placeholder').getByText(/larger than 100 MB/).waitFor();
  await page.locator('.system-line.call').getByText('nobody answered').waitFor();
  await assertAccessible(page, 'all kinds of WhatsApp');
});

test('our reaction reaches the phone and is taken back; theirs is shown', async () => {
  await message(page, 'Look at this').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitemcheckbox', { name: 'React with 🙏' }).click();
  await onPhone((m) => m.text === 'Look at this' && JSON.stringify(m.reactions).includes('🙏'));
  const ours = message(page, 'Look at this').getByRole('button', { name: 'Take back 🙏' });
  await ours.click();
  await ours.waitFor({ state: 'detached' });
  await onPhone((m) => m.text === 'Look at this' && !JSON.stringify(m.reactions).includes('🙏'));
});

test('a reply quotes; on both sides it says what it answers', async () => {
  await message(page, 'Look at this').focus();
  await page.keyboard.press('r');
  await composer(page).fill('I did, *thank you*');
  await composer(page).press('Enter');
  const list = await onPhone((m) => m.text === 'I did, *thank you*' && m.reply_to);
  const quoted = list.find((m) => m.mid === list.find((one) => one.text === 'I did, *thank you*').reply_to);
  assert.equal(quoted?.text, 'Look at this');
  const own = message(page, 'I did, thank you');
  await own.locator('.quote').getByText('Look at this').waitFor();
  await becomes(() => own.locator('strong').last().textContent(), 'thank you');
  await s.sim.act(ada, 'reaction', { target: list.find((one) => one.text === 'I did, *thank you*').mid, emoji: '😂' });
  await own.locator('.reaction').getByText('😂').waitFor();
});

test('what the customer takes back is gone, also from the quotes', async () => {
  const target = (await thread()).find((m) => m.text === 'Look at this').mid;
  await s.sim.act(ada, 'unsend', { target });
  await page.getByText('Message deleted by its sender').first().waitFor();
  await message(page, 'I did, thank you').locator('.quote').getByText('Taken back by its sender').waitFor();
  await becomes(() => page.locator('.messages').getByText('Look at this').count(), 0);
});

test('nothing was said in the console', () => assertQuiet(page));
