// The main job as two people see it: the customer's phone on one side, the inbox on the other.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, until } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { assertQuiet, Browser, composer, message, row } from './lib/browser.mjs';

let s, browser, page, phone;
before(async () => {
  [s, browser] = await Promise.all([startStreet(), Browser.start()]);
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  phone = await browser.visitor(s.sim.url);
  await Promise.all([page.goto('/'), phone.goto('/phone')]);
  await page.getByText('All caught up').waitFor();
});
after(async () => { await browser.stop(); await s.stop(); });

const onPhone = async (words) => { await phone.fill('#text', words); await phone.press('#text', 'Enter'); };

test('text from the phone stands in the inbox, and the answer on the phone', async () => {
  await onPhone('Hei! Do you ship to Norway? 🇳🇴');
  await row(page, 'Ada Example').click();
  await message(page, 'Hei! Do you ship to Norway? 🇳🇴').waitFor();
  await composer(page).fill('Yes, in 3 to 5 days. 📦');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await phone.getByText('Yes, in 3 to 5 days. 📦').waitFor();
  await becomes(() => composer(page).inputValue(), '');
});

test('who looks at the phone has read it: ✓✓', async () => {
  const read = message(page, 'Yes, in 3 to 5 days. 📦').locator('.glyph.read');
  await read.waitFor();
  await becomes(() => read.textContent(), '✓✓');
});

test('a photo is shown', async () => {
  await phone.click('#more');
  await phone.locator('#acts button', { hasText: 'Photo' }).click();
  const picture = page.locator('.messages .picture.ready img');
  await picture.waitFor();
  await until(() => picture.evaluate((img) => img.naturalWidth), (width) => width > 0);
});

test('a reaction is shown at its message, and goes when it is taken back', async () => {
  await phone.getByRole('button', { name: 'Yes, in 3 to 5 days. 📦' }).click();
  await phone.getByTitle('love').click();
  const reaction = message(page, 'Yes, in 3 to 5 days. 📦').locator('.reaction');
  await reaction.waitFor();
  await becomes(() => reaction.textContent(), '❤️');
  await phone.getByRole('button', { name: 'Yes, in 3 to 5 days. 📦' }).click();
  await phone.getByTitle('love').click();
  await reaction.waitFor({ state: 'detached' });
});

test('an edit is shown as edited', async () => {
  await onPhone('A typo hree');
  await message(page, 'A typo hree').waitFor();
  await phone.getByRole('button', { name: 'A typo hree' }).click();
  await phone.getByRole('button', { name: 'Edit', exact: true }).click();
  await onPhone('A typo here');
  await message(page, 'A typo here').getByText('edited').waitFor();
  await message(page, 'A typo hree').waitFor({ state: 'detached' });
});

test('an unsent message is gone from both sides', async () => {
  await onPhone('my card number is 1234');
  await message(page, 'my card number is 1234').waitFor();
  await phone.getByRole('button', { name: 'my card number is 1234' }).click();
  await phone.getByRole('button', { name: 'Take back' }).click();
  await page.getByText('Message unsent by its sender').waitFor();
  await becomes(() => page.getByText('my card number').evaluateAll((all) => all.map((one) => one.outerHTML)), [], 'nowhere on the page');
});

test('every other kind of message is shown as what it is', async () => {
  const [ada] = s.customers;
  for (const [kind, words] of [['audio', null], ['video', null], ['story_reply', 'Replied to your story'], ['story_mention', 'Mentioned you in a story'], ['ig_reel', '127.0.0.1'], ['ephemeral', 'View-once media'],
    ['unsupported', 'Unsupported message'], ['postback', 'Button pressed'], ['quick_reply', 'Quick reply'], ['unknown', null], ['unknown_attachment', null]]) {
    await s.sim.act(ada, kind);
    if (words) await page.locator('.messages').getByText(words).first().waitFor();
  }
  const voice = page.getByRole('group', { name: 'Voice message' });
  await voice.getByText('0:02', { exact: true }).waitFor();
  await voice.getByRole('button', { name: 'Play: Voice message' }).waitFor();
  await page.locator('.messages video').waitFor();
  await s.sim.business(ada, 'text', { text: 'typed on the phone of the shop' });
  await message(page, 'typed on the phone of the shop').getByText('sent from the Instagram app').waitFor();
});

test('a conversation out of sight counts, in the sidebar and in the title', async () => {
  await s.sim.act(s.customers[1], 'text', { text: 'Second in the row' });
  await row(page, 'Second in the row').and(page.locator('.unread')).waitFor();
  await page.waitForFunction(() => document.title.startsWith('(1)'));
  const link = page.locator('.sidebar').getByRole('link', { name: /Instagram/ });
  await until(() => link.textContent(), (words) => /1$/.test(words));
  await row(page, 'Second in the row').click();
  await page.waitForFunction(() => !document.title.startsWith('('));
  await row(page, 'Second in the row').and(page.locator(':not(.unread)')).waitFor();
});

test('everything by keyboard', async () => {
  // All that Ada did has come, and Bjørn stands first: the order must not change between two keys.
  await s.sim.act(s.customers[1], 'text', { text: 'The newest of all' });
  await s.sim.get('wait/webhooks');
  await page.locator('.list-pane .row').first().getByText('The newest of all').waitFor();
  await page.locator('.list-pane h1').click();
  const openTitle = () => page.locator('.thread-who h1').textContent();
  await page.keyboard.press('j');
  await page.locator('.thread-who h1', { hasText: 'Ada Example' }).waitFor();
  await page.keyboard.press('k');
  await page.locator('.thread-who h1', { hasText: 'Bjørn Ågesen' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Pick a conversation').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.thread-who h1').waitFor();
  const who = await openTitle();
  await page.keyboard.press('n');
  await page.getByRole('textbox', { name: /Write a note/ }).fill('Only for us');
  await page.keyboard.press('Enter');
  await message(page, 'Only for us').getByText('Internal note').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('r');
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Write a reply');
  await page.keyboard.press('Escape');
  await page.keyboard.press('e');
  await page.getByRole('button', { name: 'Reopen' }).waitFor();
  await row(page, who).waitFor({ state: 'detached' });
  await page.keyboard.press('e');
  await row(page, who).waitFor();
  await page.keyboard.press('/');
  await page.waitForFunction(() => document.activeElement?.id === 'search');
  await page.keyboard.type('typed on the phone');
  await row(page, who).waitFor({ state: 'detached' });
  await row(page, 'Ada Example').waitFor();
  await page.keyboard.press('Escape');
  await row(page, who).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Commands' }).waitFor();
  await page.keyboard.type('addons');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/addons');
  assert.equal((await s.got(s.customers[1])).length, 0, 'the note went to nobody');
});

test('nothing was said in the console', () => { assertQuiet(page); assertQuiet(phone); });
