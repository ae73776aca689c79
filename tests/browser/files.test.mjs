// What the composer sends beyond words: files, voice, quotes, formatting, on both channels; and that nothing of it is lost on the way.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SAMPLES } from '../../sim/core/samples.mjs';
import { becomes, until } from '../scenario/lib/house.mjs';
import { assertAccessible, assertNoSidewaysScroll, assertQuiet, Browser, composer, message, narrow, row } from './lib/browser.mjs';
import { startBothChannels } from './lib/number.mjs';

const MICROPHONE = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
const PNG = { name: 'mug.png', mimeType: 'image/png', buffer: SAMPLES.mug().bytes };
const PDF = { name: 'Invoice 2214.pdf', mimeType: 'application/pdf', buffer: SAMPLES['size-chart']().bytes };
let s, browser, page, ada, rafael, bjorn;
before(async () => {
  [s, browser] = await Promise.all([startBothChannels(), Browser.start({ args: MICROPHONE })]);
  [[ada, rafael], [, bjorn]] = [s.people, s.customers];
  await s.sim.act(ada, 'text', { text: 'do you have a blue one?' });
  await s.sim.act(rafael, 'text', { text: 'bom dia' });
  await s.sim.act(bjorn, 'text', { text: 'on Instagram' });
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await page.goto('/');
  await row(page, 'Ada Example').click();
});
after(async () => { await browser?.stop(); await s?.stop(); });

const choose = (...files) => page.locator('.composer input[type=file]').setInputFiles(files);
const chip = (name) => page.locator('.chip').filter({ hasText: name });
const ready = (name) => page.locator('.chip[data-chip=ready]').filter({ hasText: name });
const send = () => page.getByRole('button', { name: 'Send', exact: true });
const settled = '.glyph:is(.sent, .delivered, .read)';
const last = async (person) => (await s.onPhone(person)).at(-1);
const arrived = (person, passes) => until(() => last(person), (one) => !!one && passes(one));

test('a picture with words under it goes as one message', async () => {
  await choose(PNG);
  await ready('mug.png').waitFor();
  await composer(page).fill('*This* one?');
  await page.getByText('The text goes under the first file.').waitFor();
  await composer(page).press('Enter');
  const got = await arrived(ada, (one) => one.attachments.length === 1);
  assert.deepEqual([got.type, got.text], ['image', '*This* one?']);
  await page.locator('.message.out .picture.ready').waitFor();
  await page.locator(`.message.out ${settled}`).waitFor();
  await becomes(() => page.locator('.message.out').count(), 1);
  await becomes(() => page.locator('.chip').count(), 0);
  await becomes(() => composer(page).inputValue(), '');
});

test('several files go in their order, and text that is no caption goes before them', async () => {
  await row(page, 'Bjørn Ågesen').click();
  await choose(PNG, PDF);
  await ready('Invoice 2214.pdf').waitFor();
  await ready('mug.png').waitFor();
  await composer(page).fill('both, as promised');
  await page.getByText('as a message of its own').waitFor();
  await composer(page).press('Enter');
  const got = await until(() => s.onPhone(bjorn), (list) => list.length === 3);
  assert.deepEqual(got.map((one) => one.text ?? one.attachments[0].type), ['both, as promised', 'image', 'file']);
  await row(page, 'Ada Example').click();
});

test('what the channel does not take is said at once, what the bytes betray is said by the server, and neither is sent', async () => {
  let asked = 0;
  page.on('request', (request) => { if (request.url().includes('/uploads?')) asked++; });
  await choose({ name: 'photo.heic', mimeType: 'image/heic', buffer: Buffer.from('x') }, { name: 'huge.png', mimeType: 'image/png', buffer: Buffer.alloc(6 * 1024 * 1024, 1) });
  await chip('photo.heic').getByText('WhatsApp does not take this kind of file. Save it as JPEG or PNG').waitFor();
  await chip('huge.png').getByText('too much for pictures on WhatsApp').waitFor();
  assert.equal(asked, 0);
  page.expected.push(/422 \(Unprocessable/);
  await choose({ name: 'program.png', mimeType: 'image/png', buffer: Buffer.concat([Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), Buffer.alloc(600, 0xfe)]) });
  await page.locator('.chip[data-chip=refused]').filter({ hasText: 'program.png' }).waitFor();
  await becomes(() => asked, 1);
  await until(() => chip('program.png').locator('.chip-error').textContent(), (words) => words.length > 20);
  await composer(page).fill('not like this');
  await page.getByText('Remove what cannot be sent first.').waitFor();
  await becomes(() => send().isDisabled(), true);
  await composer(page).press('Enter');
  await assertAccessible(page, 'refused files');
  for (const name of ['photo.heic', 'huge.png', 'program.png']) await page.getByRole('button', { name: `Remove ${name}` }).click();
  await becomes(() => send().isEnabled(), true);
  assert.equal((await s.onPhone(ada)).length, 1, 'nothing was sent');
  await composer(page).fill('');
});

test('Send waits for a file that is still on its way, also when its writer goes elsewhere', async () => {
  let release;
  const held = new Promise((resolve) => { release = resolve; });
  await page.route('**/uploads?*', async (route) => { await held; await route.continue(); });
  await choose(PDF);
  await chip('Invoice').waitFor();
  await composer(page).fill('the invoice');
  await composer(page).press('Enter');
  await page.getByText('Sends when the files are there').waitFor();
  await page.getByRole('button', { name: 'Do not send yet' }).click();
  await send().click();
  await row(page, 'Rafael Souza').click();
  await page.locator('.thread-who h1', { hasText: 'Rafael' }).waitFor();
  await becomes(() => composer(page).inputValue(), '', 'another conversation, another draft');
  release();
  const got = await arrived(ada, (one) => one.type === 'document');
  assert.equal(got.text, 'the invoice');
  await page.unroute('**/uploads?*');
  await row(page, 'Ada Example').click();
  await message(page, 'the invoice').locator(settled).waitFor();
  await becomes(() => composer(page).inputValue(), '');
});

test('without a server an upload waits and goes on by itself', async () => {
  page.expected.push(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
  await page.route('**/uploads?*', (route) => route.abort());
  await choose(PNG);
  await chip('Goes on when the connection is back').waitFor();
  await page.unroute('**/uploads?*');
  await ready('mug.png').waitFor();
});

test('attached files outlive a reload; one that the server threw away says so', async () => {
  await page.reload();
  await ready('mug.png').waitFor();
  await page.locator('.chip img').evaluate((one) => one.decode());
  const [answer] = await Promise.all([page.waitForResponse((one) => one.url().includes('/uploads?') && one.status() === 201), choose(PDF)]);
  const { id } = await answer.json();
  await ready('Invoice').waitFor();
  await row(page, 'Draft: 2 files').waitFor();
  assert.equal((await s.house.api('DELETE', s.house.w(`/uploads/${id}`))).status, 204);
  page.expected.push(/404 \(Not Found\)/);
  await page.reload();
  await chip('Invoice').getByText('has thrown it away').waitFor();
  await ready('mug.png').waitFor();
  await page.getByRole('button', { name: 'Remove Invoice 2214.pdf' }).click();
  await page.getByRole('button', { name: 'Remove mug.png' }).click();
});

test('what never reached the server before a reload is brought after it', async () => {
  const closing = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  closing.expected.push(/dialog: /, /ERR_FAILED/);
  await closing.route('**/uploads?*', (route) => route.abort());
  await closing.goto('/');
  await row(closing, 'Rafael Souza').click();
  await closing.locator('.composer input[type=file]').setInputFiles([PNG]);
  await closing.getByText('Goes on when the connection is back').waitFor();
  await closing.unroute('**/uploads?*');
  await closing.reload();
  await closing.locator('.chip[data-chip=ready]').waitFor();
  await closing.context().close();
});

const carried = (name, type) => page.evaluateHandle(({ name, type }) => { const data = new DataTransfer(); data.items.add(new File(['some words'], name, { type })); return data; }, { name, type });

test('files are dropped anywhere on the conversation, and pasted into the text', async () => {
  const dataTransfer = await carried('dropped.txt', 'text/plain');
  await page.dispatchEvent('.messages', 'dragenter', { dataTransfer });
  await page.getByText('Drop to attach').waitFor();
  await page.dispatchEvent('.messages', 'drop', { dataTransfer });
  await ready('dropped.txt').waitFor();
  await page.locator('.drop-face.over').waitFor({ state: 'detached' });
  await page.evaluate((data) => document.querySelector('.composer textarea').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })), await carried('pasted.txt', 'text/plain'));
  await ready('pasted.txt').waitFor();
  for (const name of ['dropped.txt', 'pasted.txt']) await page.getByRole('button', { name: `Remove ${name}` }).click();
});

const record = async () => {
  await page.getByRole('button', { name: 'Record a voice message' }).click();
  await page.waitForFunction(() => document.querySelector('.record-time')?.textContent >= '0:02');
  await page.getByRole('button', { name: 'Stop and listen' }).click();
  await page.locator('.chip.voice[data-chip=ready]').waitFor();
};

test('a voice message is recorded, listened to and sent as one', async () => {
  await record();
  const length = await page.locator('.chip audio').evaluate(async (sound) => { await (sound.readyState > 0 || new Promise((loaded) => sound.addEventListener('loadedmetadata', loaded, { once: true }))); return sound.duration; });
  assert.ok(length > 1.5 && length < 20, `${length} s`);
  await becomes(() => page.getByRole('button', { name: 'Attach files' }).getAttribute('aria-disabled'), 'true', 'it goes alone');
  await assertAccessible(page, 'a recorded voice message');
  await send().click();
  const got = await arrived(ada, (one) => one.type === 'audio');
  assert.deepEqual([got.attachments[0].voice, got.attachments[0].details.mime_type], [true, 'audio/ogg']);
  await page.locator('.message.out .player').waitFor();
});

test('where the channel takes no Ogg, it is made what the channel takes', async () => {
  await row(page, 'Bjørn Ågesen').click();
  await record();
  await send().click();
  const got = await arrived(bjorn, (one) => one.attachments[0]?.type === 'audio');
  assert.equal(got.attachments.length, 1);
  await row(page, 'Ada Example').click();
});

test('a recording that is thrown away is gone; one whose place is left becomes part of the draft', async () => {
  await page.getByRole('button', { name: 'Record a voice message' }).click();
  await page.getByRole('button', { name: 'Throw away' }).click();
  await composer(page).waitFor();
  assert.equal(await page.locator('.chip').count(), 0);
  await page.getByRole('button', { name: 'Record a voice message' }).click();
  await page.waitForFunction(() => document.querySelector('.record-time')?.textContent >= '0:02');
  await row(page, 'Rafael Souza').click();
  await page.locator('.thread-who h1', { hasText: 'Rafael' }).waitFor();
  await row(page, 'Ada Example').click();
  await page.locator('.chip.voice[data-chip=ready]').waitFor();
  await page.getByRole('button', { name: 'Remove Voice message' }).click();
});

test('a microphone that is not allowed is explained, with the way back', async () => {
  const denied = await browser.visitor(s.house.url, { as: 'owner@example.org', size: narrow });
  await denied.addInitScript(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError')); });
  await denied.goto('/');
  await row(denied, 'Ada Example').click();
  await denied.getByRole('button', { name: 'Record a voice message' }).click();
  await denied.getByText('The microphone is not allowed').waitFor();
  await assertNoSidewaysScroll(denied, 'a denied microphone');
  await assertAccessible(denied, 'a denied microphone');
  await denied.getByRole('button', { name: 'Close', exact: true }).click();
  await composer(denied).waitFor();
  await denied.context().close();
});

test('a quoted message stands above the text, goes with it, and Escape takes it away', async () => {
  await s.sim.act(ada, 'text', { text: 'or a green one?' });
  const quoteIt = async () => {
    await message(page, 'or a green one?').first().hover();
    await message(page, 'or a green one?').first().getByRole('button', { name: 'Reply' }).click();
    await page.locator('.quote-bar').getByText('or a green one?').waitFor();
  };
  await quoteIt();
  await page.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
  await page.keyboard.press('Escape');
  await page.locator('.quote-bar').waitFor({ state: 'detached' });
  await composer(page).focus();
  await quoteIt();
  await composer(page).fill('yes, this green');
  await composer(page).press('Enter');
  const got = await arrived(ada, (one) => one.text === 'yes, this green');
  assert.ok(got.reply_to);
  await message(page, 'yes, this green').locator('.quote').waitFor();
  await page.locator('.quote-bar').waitFor({ state: 'detached' });
});

test('a message that is refused keeps all its parts for another try', async () => {
  await page.route('**/messages', (route) => (route.request().method() === 'POST'
    ? route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:mailtrixy:problem:cannot', title: 'Nothing was sent', status: 422, detail: 'Not today.' }) }) : route.fallback()));
  await choose(PNG);
  await ready('mug.png').waitFor();
  await composer(page).fill('once more');
  await composer(page).press('Enter');
  await message(page, 'once more').getByText('Not today.').waitFor();
  await message(page, 'once more').locator('.picture.ready').waitFor();
  await page.unroute('**/messages');
  await message(page, 'once more').getByRole('button', { name: 'Edit' }).click();
  await ready('mug.png').waitFor();
  await becomes(() => composer(page).inputValue(), 'once more');
  await composer(page).press('Enter');
  await arrived(ada, (one) => one.text === 'once more' && one.attachments.length === 1);
  await message(page, 'once more').locator(settled).waitFor();
});

test('formatting by keys and by its toolbar can be undone; characters are counted as such', async () => {
  await composer(page).fill('a bold word 😀');
  await becomes(() => page.locator('#composer-count').textContent(), '13/4096');
  await composer(page).evaluate((area) => area.setSelectionRange(2, 6));
  await page.keyboard.press('Control+b');
  await becomes(() => composer(page).inputValue(), 'a *bold* word 😀');
  await page.keyboard.press('Control+Shift+x');
  await becomes(() => composer(page).inputValue(), 'a *~bold~* word 😀');
  await page.keyboard.press('Control+z');
  await becomes(() => composer(page).inputValue(), 'a *bold* word 😀');
  await page.getByRole('button', { name: 'Formatting' }).click();
  await page.getByRole('toolbar').getByRole('button', { name: 'Bold' }).click();
  await becomes(() => composer(page).inputValue(), 'a bold word 😀');
  await page.getByRole('button', { name: 'Emoji' }).click();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await until(() => composer(page).inputValue(), (words) => words.includes('😅'));
  await composer(page).fill('');
});

test('the customer\'s app is told that somebody writes, seldom, not for notes, and not when it is switched off', async () => {
  let told = 0;
  page.on('request', (request) => { if (request.url().endsWith('/typing')) told++; });
  await row(page, 'Rafael Souza').click();
  await page.getByRole('button', { name: 'Note', exact: true }).click();
  await page.getByRole('textbox', { name: /Write a note/ }).pressSequentially('among us');
  assert.equal(told, 0);
  await page.getByRole('textbox', { name: /Write a note/ }).fill('');
  await page.getByRole('button', { name: 'Reply', exact: true }).click();
  await composer(page).pressSequentially('writing');
  await becomes(() => told, 1);
  assert.equal((await s.house.api('PATCH', s.house.w(`/accounts/${s.number.id}`), { typing: false })).status, 200);
  await page.reload();
  await composer(page).pressSequentially(' on');
  assert.equal(told, 1);
  await composer(page).fill('');
});

test('within the thumb\'s reach at 360, in the dark too', async () => {
  for (const theme of ['light', 'dark']) {
    const small = await browser.visitor(s.house.url, { as: 'owner@example.org', size: narrow, theme });
    await small.goto('/');
    await row(small, 'Ada Example').click();
    await small.locator('.composer input[type=file]').setInputFiles([PNG, PDF]);
    await small.locator('.chip[data-chip=ready]').nth(1).waitFor();
    await composer(small).fill('words too');
    await assertNoSidewaysScroll(small, `files, ${theme}`);
    await assertAccessible(small, `files, ${theme}`);
    await small.getByRole('button', { name: 'Emoji' }).click();
    await assertNoSidewaysScroll(small, `emoji, ${theme}`);
    await small.keyboard.press('Escape');
    await small.getByRole('button', { name: 'Remove mug.png' }).click();
    await small.getByRole('button', { name: 'Remove Invoice 2214.pdf' }).click();
    await small.getByRole('button', { name: 'Record a voice message' }).click();
    await small.locator('[data-stage=recording]').waitFor();
    await assertNoSidewaysScroll(small, `recording, ${theme}`);
    await assertAccessible(small, `recording, ${theme}`);
    await small.getByRole('button', { name: 'Throw away' }).click();
    await composer(small).fill('');
    await small.context().close();
  }
  assertQuiet(page);
});
