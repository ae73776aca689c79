// What messages look like beyond words: files in every state, cards, quotes, reactions, and what can be done with a message.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, password, until } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { appears, assertAccessible, assertNoSidewaysScroll, assertQuiet, Browser, desk, message, narrow, phone, row } from './lib/browser.mjs';
import { details, longSound, piece, Told } from './lib/told.mjs';

let s, browser, page, told, early;
before(async () => {
  [s, browser] = await Promise.all([startStreet(), Browser.start()]);
  const conversation = await s.meet(s.customers[0], 'Hello?');
  assert.equal((await s.house.api('POST', s.house.w('/members'), { email: 'viewer@example.org', name: 'Vera', role: 'viewer', password })).status, 201);
  told = new Told({ conversation });
  tell(told);
  page = await enter('owner@example.org');
});
after(async () => { await browser.stop(); await s.stop(); });

function tell(t) {
  early = t.say('text', { text: 'the very first words' });
  for (let k = 0; k < 70; k++) t.say('text', { text: `small talk ${k}` });
  t.at += 600_000 - 72_000;
  t.say('text', { text: '*bold* _italic_ ~struck~ `code` snake_case_name https://example.org/a_b_c\n> quoted\n- one\n- two' });
  t.say('text', { text: 'go to https://bank.example@evil.example/login' });
  t.say('text', { text: '🎉' });
  const photo = t.say('image', { text: 'the blue one', attachments: [t.kept('image', 'fjord', { width: 720, height: 540 })] });
  t.answer('text', { text: 'that one, yes', reply_to: { message_id: photo.id, external_id: photo.external_id, text: null, story: null } });
  t.answer('text', { text: 'as you said', reply_to: { message_id: early.id, external_id: early.external_id, text: early.text, story: null } });
  t.answer('text', { text: 'to a stranger', reply_to: { message_id: null, external_id: 'mid.nowhere', text: null, story: null } });
  for (const one of ['mug', 'flowers', 'fjord']) t.say('image', { attachments: [t.kept('image', one, { width: 600, height: 600 })] });
  t.say('text', { text: 'those three' });
  t.say('image', { text: 'on its way', attachments: [piece('image', { state: 'fetching' })] });
  t.say('image', { text: 'slow one', attachments: [piece('image', { state: 'fetching', fault: 'Meta answered with 500.' })] });
  t.say('image', { text: 'gone one', attachments: [piece('image', { state: 'lost', fault: 'Meta deleted it after seven days.' })] });
  t.say('audio', { attachments: [t.kept('audio', longSound, { voice: true })] });
  t.answer('audio', { attachments: [t.kept('audio', longSound, { file_name: 'answer.wav' })] });
  t.say('video', { attachments: [t.kept('video', 'waves', { width: 320, height: 180 })] });
  t.say('sticker', { attachments: [t.kept('sticker', 'mug')] });
  t.say('file', { attachments: [t.kept('file', 'size-chart', { file_name: 'Invoice 2214.pdf', bytes: 1_250_000 })] });
  t.say('file', { attachments: [piece('file', { state: 'lost', file_name: 'film.mov', fault: 'It is larger than 100 MB.' })] });
  t.say('location', { attachments: [piece('location', { title: 'Café Blå', details: details({ latitude: '59.9139', longitude: '10.7522', address: 'Storgata 1, Oslo' }) })] });
  t.say('contacts', { attachments: [piece('contacts', { title: 'Barbara Johnson', details: details({ phone: '+14155550123', phone_type: 'CELL', email: 'barbara@example.org', organization: 'Example Ltd' }) })] });
  t.say('order', { text: 'before Friday', attachments: [
    piece('order', { title: 'MUG-BLUE', details: details({ quantity: '2', price: '12.5', currency: 'EUR' }) }), piece('order', { position: 1, title: 'TEE-L', details: details({ quantity: '1', price: '29', currency: 'EUR' }) })] });
  t.say('call', { text: 'Ada called; nobody answered' });
  t.say('text', { text: 'saw your ad', attachments: [piece('share', { title: 'Autumn sale', url: 'https://ads.example/1', details: details({ body: 'All mugs', source_type: 'ad' }) })] });
  t.answer('template', { text: 'Hello Ada, your order has left.' });
  t.say('text', { text: 'pass it on', forwarded: true });
  t.say('text', { text: 'you liked this', reactions: [{ by: 'us', reaction: '', emoji: '🎈', status: 'refused', error: 'The customer cannot be reached.' }] });
  t.say('text', { text: 'the last words' });
}

async function enter(as, { size = desk, theme = 'light', can, pages, ...more } = {}) {
  const visitor = await browser.visitor(s.house.url, { as, size, theme, ...more });
  await told.serve(visitor, { can, pages });
  await visitor.goto(`/?c=${told.conversation.id}`);
  await message(visitor, 'the last words').waitFor();
  return visitor;
}

const focused = (p = page) => p.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');
const focusOn = (words, p = page) => until(() => focused(p), (now) => words.test(now));
const asked = (from) => told.asked.slice(from);

test('formatting as WhatsApp shows it, links for what they are, a lone emoji large', async () => {
  const one = message(page, 'snake_case_name');
  await becomes(() => one.locator('strong, em, s, code, blockquote, li').allTextContents(), ['bold', 'italic', 'struck', 'code', 'quoted', 'one', 'two']);
  const link = one.locator('a');
  assert.equal(await link.getAttribute('href'), 'https://example.org/a_b_c');
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer nofollow');
  await message(page, 'bank.example').getByText('(leads to evil.example)').waitFor();
  const size = (words) => message(page, words).locator('.prose').evaluate((p) => parseFloat(getComputedStyle(p).fontSize));
  assert.ok((await size('🎉')) > 2 * (await size('those three')));
});

test('each state of a file has its face', async () => {
  const waiting = message(page, 'on its way').locator('.fetching');
  assert.equal(await waiting.getAttribute('title'), 'Image: being fetched');
  assert.equal(await waiting.getByRole('button').count(), 0);
  assert.match(await message(page, 'slow one').locator('.fetching').getAttribute('title'), /Meta answered with 500/);
  const gone = message(page, 'gone one');
  await gone.getByText('Meta deleted it after seven days.').waitFor();
  const before = told.asked.length;
  await appears(page.getByText('It is being fetched again.'), () => gone.getByRole('button', { name: 'Try again' }).click());
  assert.deepEqual(asked(before).map(({ method, what }) => `${method} ${what}`), ['POST attachments/0/fetch']);
  await page.getByText('It is larger than 100 MB.').waitFor();
  assert.equal(await message(page, 'Invoice 2214.pdf').locator('a.card-main').getAttribute('target'), '_blank');
  assert.match(await message(page, 'Invoice 2214.pdf').getByRole('link', { name: /Download/ }).getAttribute('href'), /\?download=1$/);
  await message(page, 'Invoice 2214.pdf').getByText('PDF · 1.3 MB').waitFor();
  await page.locator('.bubble.bare .sticker').waitFor();
});

test('a picture keeps its place before it is there, and those in a row are an album', async () => {
  const frame = await message(page, 'the blue one').locator('.picture').boundingBox();
  assert.equal(Math.round(frame.width / frame.height * 100), 133);
  const album = page.getByRole('article', { name: '3 photos' });
  assert.equal(await album.locator('.tile').count(), 3);
  const places = await album.locator('.tile').evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ top, width, height }) => [Math.round(top), Math.round(width / height)]));
  assert.deepEqual(places.map(([, shape]) => shape), [2, 1, 1], 'three: one wide, two below');
  assert.equal(places[1][0], places[2][0]);
});

test('cards: a place that leads where it says, a person to copy, an order with its sum', async () => {
  const map = page.getByRole('link', { name: 'Open in OpenStreetMap' });
  assert.match(await map.getAttribute('href'), /^https:\/\/www\.openstreetmap\.org\/\?mlat=59\.9139&mlon=10\.7522/);
  assert.equal(await map.getAttribute('rel'), 'noopener noreferrer nofollow');
  const person = page.locator('.info.person');
  await person.getByText('+1 415 555 0123').waitFor();
  await appears(person.getByRole('button', { name: 'Copied' }), () => person.getByRole('button', { name: 'Copy +14155550123' }).click());
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '+14155550123');
  assert.deepEqual(await page.locator('.order-lines li').allInnerTexts().then((all) => all.map((one) => one.split(/\s*\n\s*/).filter(Boolean).join(' '))), ['2 × MUG-BLUE €12.50 each €25.00', '1 × TEE-L €29.00', 'Total €54.00']);
  await page.locator('.system-line.call').getByText('nobody answered').waitFor();
  await page.locator('a.info.ad').getByText('ads.example').waitFor();
  await message(page, 'pass it on').getByText('Forwarded').waitFor();
});

test('a quote leads to its message, also to one that is not loaded yet', async () => {
  const marked = message(page, 'the blue one').and(page.locator('.flash'));
  await appears(marked, () => message(page, 'that one, yes').locator('.quote').click());
  await focusOn(/the blue one$/);
  const fresh = await enter('owner@example.org', { pages: 40 });
  assert.equal(await fresh.locator(`[data-id=${early.id}]`).count(), 0);
  await message(fresh, 'as you said').locator('.quote').click();
  await fresh.waitForFunction(() => document.activeElement?.getAttribute('aria-label')?.endsWith('the very first words'));
  await becomes(() => fresh.locator(`[data-id=${early.id}]`).evaluate((one) => one.getBoundingClientRect().top > 0), true);
  await fresh.getByRole('button', { name: 'Latest messages' }).click();
  await becomes(() => message(fresh, 'to a stranger').locator('.quote').isDisabled(), true);
  await message(fresh, 'to a stranger').getByText('a message that is not here').waitFor();
  assertQuiet(fresh);
  await fresh.context().close();
});

test('everything that can be done with a message, by keyboard', async () => {
  await message(page, 'the last words').focus();
  await page.keyboard.press('ArrowUp');
  await focusOn(/you liked this$/);
  await page.keyboard.press('ArrowDown');
  await focusOn(/the last words$/);
  await page.keyboard.press('Enter');
  const menu = page.getByRole('menu', { name: 'Message actions' });
  await menu.waitFor();
  await becomes(() => focused(), 'React with 👍');
  await assertAccessible(page, 'the menu of a message');
  const before = told.asked.length;
  await page.keyboard.press('ArrowRight');
  await becomes(() => focused(), 'React with ❤️');
  await page.keyboard.press('Enter');
  const ours = message(page, 'the last words').getByRole('button', { name: 'Take back ❤️' });
  await ours.waitFor();
  await focusOn(/the last words$/);
  await ours.click();
  await ours.waitFor({ state: 'detached' });
  assert.deepEqual(asked(before).map((one) => one.body.emoji), ['❤️', '']);
  await message(page, 'the last words').focus();
  await page.keyboard.press('Enter');
  await menu.getByRole('menuitem', { name: 'Another emoji…' }).press('Enter');
  await page.getByRole('textbox', { name: 'One emoji' }).fill('ok');
  await page.keyboard.press('Enter');
  await page.getByText('That is not one single emoji.').waitFor();
  await page.getByRole('textbox', { name: 'One emoji' }).fill('🤦🏽‍♀️');
  await page.keyboard.press('Enter');
  await message(page, 'the last words').getByRole('button', { name: 'Take back 🤦🏽‍♀️' }).waitFor();
  await page.keyboard.press('Enter');
  await appears(page.getByText('Text copied'), () => menu.getByRole('menuitem', { name: 'Copy text' }).press('Enter'));
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'the last words');
  await message(page, 'the last words').focus();
  await page.keyboard.press('r');
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
  await page.keyboard.press('Escape');
});

test('a reaction that was refused says why; it can be sent again or dropped', async () => {
  const trouble = message(page, 'you liked this').locator('.trouble');
  await trouble.getByText('Your reaction 🎈 was not sent').waitFor();
  await trouble.getByText('The customer cannot be reached.').waitFor();
  assert.equal(await message(page, 'you liked this').locator('.reaction').count(), 0);
  told.refuses = 'The reply window is closed.';
  page.expected.push(/422/);
  await appears(page.locator('.notice.bad').getByText('The reply window is closed.'), () => trouble.getByRole('button', { name: 'Retry' }).click());
  told.refuses = null;
  await trouble.getByRole('button', { name: 'Retry' }).click();
  await message(page, 'you liked this').getByRole('button', { name: 'Take back 🎈' }).waitFor();
  await trouble.waitFor({ state: 'detached' });
});

test('with the mouse the buttons stand beside the message', async () => {
  const one = message(page, 'the last words');
  await one.hover();
  await one.getByRole('button', { name: 'React', exact: true }).click();
  await page.getByRole('menuitemcheckbox', { name: 'React with 🙏' }).click();
  await one.getByRole('button', { name: 'Take back 🙏' }).waitFor();
  await one.hover();
  await one.getByRole('button', { name: 'Reply' }).click();
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
});

test('what the channel or the role does not allow says why', async () => {
  const other = await enter('owner@example.org', { can: { react: { allowed: false, emoji: [] }, quote: false } });
  await message(other, 'the last words').focus();
  await other.keyboard.press('Enter');
  await other.getByRole('menuitem', { name: /React Instagram takes no reactions from here/ }).waitFor();
  await other.getByRole('menuitem', { name: /Reply Instagram cannot quote a message/ }).waitFor();
  await other.context().close();
  const heart = await enter('owner@example.org', { can: { react: { allowed: true, emoji: ['❤️'] } } });
  await message(heart, 'the blue one').first().focus();
  await heart.keyboard.press('Enter');
  await becomes(() => heart.locator('.emoji-row button').allTextContents(), ['❤️']);
  await heart.context().close();
  const vera = await enter('viewer@example.org');
  assert.equal(await vera.getByRole('button', { name: /Try again|Dismiss/ }).count(), 0);
  await message(vera, 'the last words').focus();
  await vera.keyboard.press('Enter');
  await vera.getByRole('menuitem', { name: /React It needs the role “agent”/ }).waitFor();
  await vera.context().close();
});

test('the picture viewer: keys, full size, download, and back to where one was', async () => {
  const opener = message(page, 'the blue one').getByRole('button', { name: 'View Image' });
  await opener.focus();
  await page.keyboard.press('Enter');
  const viewer = page.getByRole('dialog', { name: 'Picture viewer' });
  const shown = viewer.locator('.look-picture.ready');
  await shown.waitFor();
  await assertAccessible(page, 'the picture viewer');
  const source = () => shown.getAttribute('src');
  const first = await source();
  await becomes(() => viewer.getByRole('link', { name: 'Download' }).getAttribute('href'), `${first}?download=1`);
  await viewer.getByText('the blue one').waitFor();
  const fit = (await shown.boundingBox()).width;
  await page.keyboard.press('z');
  await page.waitForFunction((wide) => document.querySelector('.look-picture').getBoundingClientRect().width > wide * 1.1, fit);
  await page.keyboard.press('z');
  await page.waitForFunction((wide) => Math.abs(document.querySelector('.look-picture').getBoundingClientRect().width - wide) < 2, fit);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((before) => { const now = document.querySelector('.look-picture.ready'); return now && now.getAttribute('src') !== before; }, first);
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction((before) => document.querySelector('.look-picture.ready')?.getAttribute('src') === before, first);
  for (let k = 0; k < 9; k++) {
    await page.keyboard.press('Tab');
    await becomes(() => page.evaluate(() => document.activeElement === document.body || !!document.activeElement.closest('.lightbox')), true, 'the focus stays inside');
  }
  for (let k = 0; k < 4; k++) await viewer.getByRole('button', { name: 'Next' }).click();
  await viewer.locator('video').waitFor();
  await page.keyboard.press('Escape');
  await viewer.waitFor({ state: 'detached' });
  await becomes(() => focused(), 'View Image');
  await page.locator('.thread-who h1').waitFor();
});

test('sounds: one at a time, sought by keys, faster on demand', async () => {
  const [voice, file] = [page.getByRole('group', { name: 'Voice message' }), page.getByRole('group', { name: 'answer.wav' })];
  await voice.getByRole('button', { name: /Play/ }).click();
  await voice.getByRole('button', { name: /Pause/ }).waitFor();
  await file.getByRole('button', { name: /Play/ }).click();
  await file.getByRole('button', { name: /Pause/ }).waitFor();
  await voice.getByRole('button', { name: /Play/ }).waitFor();
  await file.getByRole('button', { name: /Pause/ }).click();
  const slider = voice.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('Home');
  await becomes(() => slider.getAttribute('aria-valuetext'), '0:00 of 1:00');
  await page.keyboard.press('End');
  await becomes(() => slider.getAttribute('aria-valuetext'), '1:00 of 1:00');
  const rate = voice.getByRole('button', { name: /Speed/ });
  const rates = () => page.locator('audio').evaluateAll((all) => all.map((one) => one.playbackRate));
  await becomes(() => rate.textContent(), '1×');
  for (const [words, speed] of [['1.5×', 1.5], ['2×', 2], ['1×', 1]]) {
    await rate.click();
    await becomes(() => rate.textContent(), words);
    await becomes(rates, [speed, speed]);
  }
});

test('a picture that does not load says so, and can be asked for again', async () => {
  told.broken = true;
  const other = await enter('owner@example.org');
  other.expected.push(/404/);
  const one = message(other, 'the blue one').first();
  await one.scrollIntoViewIfNeeded();
  await one.getByText('It could not be loaded.').waitFor();
  told.broken = false;
  await one.getByRole('button', { name: 'Try again' }).click();
  await one.locator('.picture.ready').waitFor();
  assertQuiet(other);
  await other.context().close();
});

for (const [name, size, theme] of [['desk, light', desk, 'light'], ['desk, dark', desk, 'dark'], ['phone, dark', phone, 'dark'], ['narrow, light', narrow, 'light']]) {
  test(`readable by everyone: ${name}`, async () => {
    const other = await enter('owner@example.org', { size, theme });
    await assertAccessible(other, name);
    await assertNoSidewaysScroll(other, name);
    await other.context().close();
  });
}

test('on a phone a long press opens the menu, and is no tap', async () => {
  const hand = await enter('owner@example.org', { size: phone, hasTouch: true, isMobile: true });
  const picture = message(hand, 'the blue one').locator('.picture.ready');
  await message(hand, 'the blue one').first().scrollIntoViewIfNeeded();
  await picture.waitFor();
  await picture.tap({ trial: true }); // it stands still, and nothing lies over it
  const { x, y } = await picture.boundingBox();
  const touch = await hand.context().newCDPSession(hand);
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: x + 30, y: y + 30 }] });
  const menu = hand.getByRole('menu', { name: 'Message actions' });
  await menu.waitFor();
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await menu.getByRole('menuitem', { name: 'Download fjord.png' }).waitFor();
  assert.equal(await hand.getByRole('dialog').count(), 0);
  await becomes(async () => Math.round((await menu.boundingBox()).width), phone.width, 'as wide as the screen');
  await assertAccessible(hand, 'the menu on a phone');
  await hand.touchscreen.tap(200, 60);
  await menu.waitFor({ state: 'detached' });
  await picture.tap();
  await hand.getByRole('dialog', { name: 'Picture viewer' }).waitFor();
  await hand.context().close();
});

test('the list says what came last, by icon and word', async () => {
  await s.sim.act(s.customers[1], 'photo');
  await row(page, 'Image').locator('.row-text .icon').waitFor();
});

test('nothing was said in the console', () => assertQuiet(page));
