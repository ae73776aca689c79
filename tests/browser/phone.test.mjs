// A whole conversation on WhatsApp as two people see it: the customer's phone on one side, the inbox on the other; pictures, voice,
// a template and its button, ticks and reactions. And the phone page itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, until } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { assertAccessible, assertNoSidewaysScroll, assertQuiet, Browser, composer, message, narrow, phone as size, row } from './lib/browser.mjs';

let s, browser, page, phone, ada, talk;
before(async () => {
  // A microphone that hums.
  [s, browser] = await Promise.all([startStreet({ whatsapp: true }), Browser.start({ args: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] })]);
  [ada] = s.whatsapp.people;
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  phone = await browser.visitor(s.sim.url, { size, permissions: ['microphone'] });
  await Promise.all([page.goto('/'), phone.goto('/phone')]);
  await phone.getByRole('button', { name: 'WhatsApp', exact: true }).click();
  await phone.getByText('+4790000001 → Fjord Ceramics').waitFor();
});
after(async () => { await browser?.stop(); await s?.stop(); });

const onPhone = async (words) => { await phone.fill('#text', words); await phone.press('#text', 'Enter'); };
const handle = (words) => phone.getByRole('button', { name: `React or reply to: ${words}` });

test('text both ways, formatted as WhatsApp does it; the ticks tell who has read', async () => {
  await onPhone('Hei! Is the *blue* one left? 💙');
  await becomes(() => phone.locator('.bubble strong').textContent(), 'blue');
  await row(page, 'Ada Example').click();
  await message(page, 'Is the').waitFor();
  talk = await until(async () => (await s.house.allConversations()).find((c) => c.contact.name === 'Ada Example'), Boolean);
  await phone.locator('.ticks.seen').first().waitFor();
  await composer(page).fill('Two of them');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await phone.locator('.bubble', { hasText: 'Two of them' }).waitFor();
  const read = message(page, 'Two of them').locator('.glyph.read');
  await read.waitFor();
  await becomes(() => read.textContent(), '✓✓');
});

test('a photo and a recorded voice message are in the inbox with their bytes', async () => {
  await phone.click('#more');
  await phone.locator('#acts').getByRole('button', { name: 'Photo' }).click();
  const picture = page.locator('.messages .picture.ready img');
  await picture.waitFor();
  await until(() => picture.evaluate((img) => img.naturalWidth), (width) => width > 0);
  await phone.click('#more');
  await phone.getByRole('button', { name: 'Record a voice message' }).click();
  await phone.getByRole('timer').filter({ hasText: /0:0[1-9]|0:[1-5]\d/ }).waitFor();
  await phone.getByRole('button', { name: 'Send the voice message' }).click();
  const heard = await until(() => s.house.messages(talk.id), (list) => list.some((m) => m.attachments.some((a) => a.voice && a.state === 'kept')));
  const voice = heard.find((m) => m.attachments.some((a) => a.voice)).attachments[0];
  assert.match(voice.mime_type, /^audio\/ogg/);
});

test('our reaction and a quoted answer stand on the phone', async () => {
  const asked = (await s.house.messages(talk.id)).find((m) => m.text?.includes('blue'));
  const reacted = await s.house.api('PUT', s.house.w(`/conversations/${talk.id}/messages/${asked.id}/reaction`), { emoji: '❤️' });
  assert.equal(reacted.status, 200, reacted.text);
  await phone.locator('.reactions', { hasText: '❤️' }).waitFor();
  assert.equal((await s.reply(talk, { text: 'That one', reply_to: asked.id })).status, 201);
  await phone.locator('.turn', { hasText: 'That one' }).locator('.quote', { hasText: 'blue' }).waitFor();
});

test('the person reacts, edits and takes back by keyboard', async () => {
  await handle('Two of them').focus();
  await phone.keyboard.press('Enter');
  await phone.getByTitle('love').click();
  await message(page, 'Two of them').locator('.reaction').waitFor();
  await onPhone('A typo hree');
  await message(page, 'A typo hree').waitFor();
  await handle('A typo hree').click();
  await phone.getByRole('button', { name: 'Edit', exact: true }).click();
  await onPhone('A typo here');
  await message(page, 'A typo here').getByText('edited').waitFor();
  await handle('A typo here').click();
  await phone.getByRole('button', { name: 'Take back' }).click();
  await phone.getByText('You took this back').waitFor();
  await message(page, 'A typo here').waitFor({ state: 'detached' });
});

test('a template comes with its buttons; a tap on one answers', async () => {
  const [account] = (await s.house.api('GET', s.house.w('/accounts'))).body.items.filter((a) => a.channel === 'whatsapp');
  const fetched = await until(() => s.house.api('POST', s.house.w(`/accounts/${account.id}/templates`), {}), (answer) => answer.status === 200);
  assert.ok(fetched.body.items.length >= 3);
  const sent = await s.reply(talk, { template: { name: 'order_ready', language: 'en_US', values: { 'header.1': 'FC-7', 'body.1': 'Ada', 'body.2': 'Saturday' } } });
  assert.equal(sent.status, 201, sent.text);
  await phone.getByText('You can pick it up until Saturday.').waitFor();
  await phone.getByRole('button', { name: 'I will come', exact: true }).click();
  await message(page, 'I will come').last().waitFor();
});

test('what comes in the other app is told, and is there when the person looks', async () => {
  const [on] = s.customers, other = await s.meet(on, 'And here I am on Instagram');
  assert.equal((await s.reply(other, { text: 'Seen here too' })).status, 201);
  await phone.getByRole('button', { name: /^Instagram\s+something new$/ }).click();
  await phone.getByText('Seen here too').waitFor();
  await phone.getByRole('button', { name: 'WhatsApp', exact: true }).click();
  await phone.getByText('Two of them').first().waitFor();
});

test('the phone page: for everybody, and nothing beyond its edge', async () => {
  for (const one of ['#more', '#weather-open']) await phone.click(one);
  await phone.getByText('Every event comes twice').waitFor();
  await assertNoSidewaysScroll(phone, 'the phone');
  await phone.setViewportSize(narrow);
  await assertNoSidewaysScroll(phone, 'the narrow phone');
  assertQuiet(phone);
  assertQuiet(page);
  const looked = await browser.visitor(s.sim.url, { size, bypassCSP: true });
  await looked.goto(`/phone?app=whatsapp&customer=${ada}`);
  await looked.getByText('Two of them').first().waitFor();
  await assertAccessible(looked, 'the phone');
});
