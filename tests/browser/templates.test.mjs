// Templates, the way to a customer outside the window; and the settings of a WhatsApp number.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SAMPLES } from '../../sim/core/samples.mjs';
import { becomes, House, until } from '../scenario/lib/house.mjs';
import { assertAccessible, assertNoSidewaysScroll, assertQuiet, Browser, composer, message, narrow, phone, row } from './lib/browser.mjs';
import { startBothChannels } from './lib/number.mjs';

const DAY = 24 * 3600_000;
let s, browser, page, ada, rafael;
before(async () => {
  [s, browser] = await Promise.all([startBothChannels(), Browser.start()]);
  [ada, rafael] = s.people;
  await s.sim.act(ada, 'text', { text: 'asked two days ago', timestamp: Date.now() - 2 * DAY });
  await s.sim.act(rafael, 'text', { text: 'asked just now' });
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await page.goto('/');
  await row(page, 'Ada Example').click();
});
after(async () => { await browser?.stop(); await s?.stop(); });

const dialog = () => page.getByRole('dialog');
const template = (name) => page.locator(`[data-template=${name}]`);
const preview = () => page.locator('.template-preview');
const last = async (person) => (await s.onPhone(person)).at(-1);
const ENGLISH = 'American English';

test('a closed window says why, and offers a template as the way', async () => {
  await page.getByText('Only a template can be sent now').waitFor();
  await page.getByText("24 hours have passed since the customer's last message").waitFor();
  await becomes(() => composer(page).count(), 0);
  await becomes(() => page.getByRole('button', { name: 'Attach files' }).count(), 0);
  await becomes(() => page.getByRole('button', { name: /Reply as/ }).count(), 0);
});

test('the first time the list fetches itself; what cannot be used is there with its reason', async () => {
  await page.getByRole('button', { name: 'Send a template' }).click();
  await template('order_ready').waitFor();
  await dialog().getByText('4 templates · Fetched now').waitFor();
  await becomes(() => template('payment_reminder').getByRole('button').getAttribute('aria-disabled'), 'true');
  await until(() => template('payment_reminder').locator('.template-why').textContent(), (words) => words.length > 10);
  await template('payment_reminder').getByRole('button').click({ force: true });
  await dialog().getByRole('heading', { name: 'Templates' }).waitFor();
  await template('order_ready').getByText(ENGLISH).waitFor();
  await assertAccessible(page, 'the templates');
});

test('it is searched by name and words, and chosen by category', async () => {
  await dialog().getByRole('searchbox').fill('glazes autumn');
  await template('order_ready').waitFor({ state: 'detached' });
  await template('new_glazes').waitFor();
  await dialog().getByRole('searchbox').fill('no such thing');
  await dialog().getByText('No template matches').waitFor();
  await dialog().getByRole('searchbox').fill('');
  await dialog().getByRole('combobox', { name: 'Category' }).selectOption('MARKETING');
  await template('order_ready').waitFor({ state: 'detached' });
  await dialog().getByRole('combobox', { name: 'Category' }).selectOption('');
});

test('its gaps are filled under the eye of the preview, and it is sent', async () => {
  await template('order_ready').getByRole('button').click();
  await preview().getByText('I will come').waitFor();
  await until(() => preview().textContent(), (words) => /Hello Text 1, your order/.test(words)); // gaps by their names
  await page.getByLabel('Text 1').fill('Ada');
  await page.getByRole('button', { name: 'Send template' }).click();
  await page.locator('.field-error').nth(1).waitFor();
  await becomes(() => page.evaluate(() => document.activeElement?.getAttribute('name')), 'header.1', 'the first that is missing');
  await becomes(() => page.locator('.field-error').count(), 2);
  await page.getByLabel('Header 1').fill('FC-9');
  await page.getByLabel('Text 2').fill('Sunday');
  await until(() => preview().textContent(), (words) => /Your order FC-9.*Hello Ada, your order is ready\. You can pick it up until Sunday/.test(words));
  await assertAccessible(page, 'a template being filled in');
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Send a template' }).click();
  await template('order_ready').getByRole('button').click();
  await becomes(() => page.getByLabel('Text 2').inputValue(), 'Sunday', 'nothing typed is lost');
  await page.getByRole('button', { name: 'Send template' }).click();
  await dialog().waitFor({ state: 'detached' });
  const got = await until(() => last(ada), (one) => one?.template === 'order_ready');
  assert.equal(got.text, 'Hello Ada, your order is ready. You can pick it up until Sunday.');
  await message(page, 'Your order FC-9').locator('.glyph:is(.sent, .delivered, .read)').waitFor();
});

test('a template with a picture asks for it', async () => {
  await page.getByRole('button', { name: 'Send a template' }).click();
  await template('new_glazes').getByRole('button').click();
  await page.getByLabel('first_name').fill('Ada');
  await page.getByLabel(/Look at them/).fill('autumn');
  await page.getByRole('button', { name: 'Send template' }).click();
  await page.getByText('Choose the file for the header.').waitFor();
  await page.locator('.template-form input[type=file]').setInputFiles({ name: 'mug.png', mimeType: 'image/png', buffer: SAMPLES.mug().bytes });
  await page.locator('.template-form .chip[data-chip=ready]').waitFor();
  await preview().locator('img').waitFor();
  await page.getByRole('button', { name: 'Send template' }).click();
  const got = await until(() => last(ada), (one) => one?.template === 'new_glazes');
  assert.equal(got.attachments.length, 1);
  await message(page, 'The autumn glazes are here').locator('.glyph:is(.sent, .delivered, .read)').waitFor();
});

test('a refused template keeps what was filled in', async () => {
  page.expected.push(/422 \(Unprocessable/);
  await page.route('**/messages', (route) => (route.request().method() === 'POST'
    ? route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:mailtrixy:problem:template_refused', title: 'Nothing was sent', status: 422, detail: 'It was paused a minute ago.' }) }) : route.fallback()));
  await page.getByRole('button', { name: 'Send a template' }).click();
  await template('order_ready').getByRole('button').click();
  await page.getByLabel('Header 1').fill('FC-10');
  await page.getByLabel('Text 1').fill('Ada');
  await page.getByLabel('Text 2').fill('Monday');
  await page.getByRole('button', { name: 'Send template' }).click();
  await message(page, 'FC-10').getByText('It was paused a minute ago.').waitFor();
  await page.unroute('**/messages');
  await message(page, 'FC-10').getByRole('button', { name: 'Edit' }).click();
  await becomes(() => page.getByLabel('Text 2').inputValue(), 'Monday');
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
});

test('refreshing says what went wrong, and leaves what was there', async () => {
  await page.getByRole('button', { name: 'Send a template' }).click();
  await template('order_ready').waitFor();
  await page.route('**/templates', (route) => (route.request().method() === 'POST'
    ? route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify({ type: 'urn:mailtrixy:problem:templates_unavailable', title: 'Not fetched', status: 422, detail: 'Meta is not to be reached.' }) }) : route.fallback()));
  await page.getByRole('button', { name: 'Refresh from Meta' }).click();
  await dialog().getByText('Meta is not to be reached.').waitFor();
  await template('order_ready').waitFor();
  await page.unroute('**/templates');
  await page.getByRole('button', { name: 'Refresh from Meta' }).click();
  await dialog().getByText('Meta is not to be reached.').waitFor({ state: 'detached' });
  await page.keyboard.press('Escape');
});

test('inside the window a template is one button away; the dialog fits a phone', async () => {
  for (const [size, theme] of [[phone, 'dark'], [narrow, 'light']]) {
    const small = await browser.visitor(s.house.url, { as: 'owner@example.org', size, theme });
    await small.goto('/');
    await row(small, 'Rafael Souza').click();
    await composer(small).waitFor();
    await small.getByRole('button', { name: 'Send a template' }).click();
    await small.locator('[data-template=order_ready]').waitFor();
    await assertNoSidewaysScroll(small, `templates, ${theme}`);
    await small.locator('[data-template=order_ready] button').click();
    await assertNoSidewaysScroll(small, `a template, ${theme}`);
    await assertAccessible(small, `a template, ${theme}`);
    await small.context().close();
  }
});

test('the account\'s settings: what customers are told, its templates, what to type at Meta', async () => {
  await page.goto('/settings/channels');
  const card = page.locator('[data-channel-card=whatsapp]');
  await card.getByText('Old messages cannot be asked for').waitFor();
  await card.getByRole('switch', { name: 'Send read receipts' }).uncheck();
  await until(async () => (await s.house.api('GET', s.house.w(`/accounts/${s.number.id}`))).body, (one) => one.read_receipts === false && one.typing === true);
  await page.reload();
  await becomes(() => card.getByRole('switch', { name: 'Send read receipts' }).isChecked(), false);
  const typing = card.getByRole('switch', { name: 'Show when somebody writes' });
  await becomes(async () => [await typing.isChecked(), await typing.isDisabled()], [false, true], 'Meta shows it as read');
  await card.getByText('neither is told while read receipts are off').waitFor();
  await card.getByRole('button', { name: 'Templates' }).click();
  await card.locator('[data-template=payment_reminder]').getByText('Pending', { exact: true }).waitFor();
  assert.equal(await card.locator('[data-template] button').count(), 0, 'only to be read');
  await card.getByRole('button', { name: 'Webhook details' }).click();
  await card.getByText('/api/webhooks/whatsapp').waitFor();
  await card.locator('.tag-code').getByText('messages', { exact: true }).waitFor();
  await assertAccessible(page, 'a WhatsApp account');
});

test('the form asks for four things, and keeps apart what is found out by itself', async () => {
  const card = page.locator('[data-channel-card=whatsapp]');
  await card.getByRole('button', { name: 'Connect another' }).click();
  const labels = (where) => where.locator('label').evaluateAll((all) => all.map((one) => one.childNodes[0].textContent));
  const learned = card.getByRole('group', { name: 'Found out by itself when left empty' });
  await becomes(() => labels(learned), ['WhatsApp Business Account ID', 'Phone number', 'Display name']);
  await becomes(async () => (await labels(card.locator('.form'))).slice(0, 4), ['Phone Number ID', 'Access Token', 'Verify Token', 'App Secret']);
  await card.getByRole('textbox', { name: 'Phone Number ID' }).fill('106000000000002');
  await card.getByRole('textbox', { name: 'Access Token' }).fill('EAAOtherToken');
  await card.getByRole('button', { name: 'Make one' }).click();
  const token = await until(() => card.getByRole('textbox', { name: 'Verify Token' }).inputValue(), (words) => /^[\w-]{32}$/.test(words));
  await card.getByRole('textbox', { name: 'App Secret' }).fill('5f0c2a7d9b3e4f61a8d27c90b1e6f355');
  await card.getByRole('button', { name: 'Save' }).click();
  // Whether Meta has refused the invented token by now is a matter of moments.
  await card.getByText(/Connected as|is saved, but does not work yet/).first().waitFor();
  await card.locator('.saved code').getByText(token).waitFor();
  await card.locator('.saved').getByRole('button', { name: 'Copy: Webhook URL' }).waitFor();
  await card.locator('.saved').getByRole('button', { name: 'Done' }).click();
  assertQuiet(page);
});

test('the sidebar has WhatsApp only where it is connected', async () => {
  const house = await House.start({ addon: false });
  try {
    const visitor = await browser.visitor(house.url, { as: 'owner@example.org' });
    await visitor.goto('/settings/channels');
    await visitor.locator('[data-channel-card=whatsapp]').waitFor();
    assert.equal(await visitor.locator('.sidebar').getByText('WhatsApp').count(), 0);
    const answer = await house.api('POST', house.w('/accounts'), { channel: 'whatsapp', fields: { phone_number_id: '1', access_token: 'EAA', app_secret: 'x'.repeat(32) } });
    assert.equal(answer.status, 201, answer.text);
    await visitor.locator('.sidebar').getByRole('link', { name: 'WhatsApp' }).waitFor();
    await visitor.context().close();
  } finally { await house.stop(); }
});
