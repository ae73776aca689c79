// The guide from its first sentence to the first answer, on an empty data directory: set up, install the addon, connect Instagram.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Simulator } from '../../sim/client.mjs';
import { addonZip, becomes, House, password, until } from '../scenario/lib/house.mjs';
import { appears, assertQuiet, Browser, composer, message, row } from './lib/browser.mjs';

let sim, demo, house, browser, page, verifyToken;
before(async () => {
  [sim, browser] = await Promise.all([Simulator.start(), Browser.start()]);
  demo = await sim.get('demo');
  house = await House.start({ setup: false, graph: sim });
  page = await browser.visitor(house.url);
  page.expected.push(/401 \(Unauthorized\).*\/api\/v1\/me/);
});
after(async () => { await browser.stop(); await house.stop(); await sim.stop(); });

const button = (name) => page.getByRole('button', { name, exact: true });
const card = (slug) => page.locator(`[data-channel-card=${slug}]`);

test('an empty installation leads to the first user', async () => {
  await page.goto('/');
  await page.waitForURL('**/setup');
  await button('Create and sign in').click();
  await becomes(() => page.locator('.field-error').count(), 4, 'each empty field says so');
  await page.getByLabel('Your name').fill('Nora Newcomer');
  await page.getByLabel('E-mail').fill('nora@example.org');
  await page.getByLabel('Password').fill('short');
  await page.getByLabel('Workspace').fill('Acme');
  await button('Create and sign in').click();
  await becomes(() => page.locator('.field-error').count(), 1);
  await page.locator('.field-error').getByText('10 characters').waitFor();
  assert.equal(await page.getByLabel('Your name').inputValue(), 'Nora Newcomer', 'what was typed stays');
  await page.getByLabel('Password').fill(password);
  await button('Create and sign in').click();
  await page.getByText('No channel yet').waitFor();
  assert.equal(await page.locator('.sidebar').getByText('Instagram').count(), 0, 'a channel that is not there has no button');
});

test('a second first user is not possible', async () => {
  const other = await browser.visitor(house.url);
  await other.goto('/setup');
  await other.getByText('already set up').waitFor();
});

test('Admin → Addons → Choose File → Upload & Install → Activate → Settings', async () => {
  await page.getByRole('link', { name: 'Admin', exact: true }).click();
  await page.getByText('No addon yet').waitFor();
  const chooser = page.waitForEvent('filechooser');
  await button('Choose File').click();
  await (await chooser).setFiles(addonZip);
  await page.getByText('instagram-addon-v1.0.0.zip', { exact: true }).waitFor();
  await button('Upload & Install').click();
  const addon = page.locator('[data-addon=instagram]');
  await addon.getByText('Installed').waitFor();
  assert.equal(await addon.getByRole('link', { name: 'Settings' }).count(), 0, 'no Settings button before activation');
  await addon.getByRole('button', { name: 'Activate' }).click();
  await addon.getByText('Active', { exact: true }).waitFor();
  await page.locator('.sidebar').getByRole('link', { name: /Instagram/ }).waitFor();
  await addon.getByRole('link', { name: 'Settings' }).click();
  await page.waitForURL('**/admin/addons/instagram/settings');
  for (const words of ['How users connect', 'Webhook URL', 'Connected workspaces', 'One-time Meta App setup checklist', 'instagram_basic', 'instagram_manage_messages', 'pages_messaging', 'messaging_postbacks'])
    await page.getByText(words, { exact: true }).first().waitFor();
  await page.getByText('No workspace has connected yet').waitFor();
  await appears(page.getByText('Copied'), () => page.getByRole('button', { name: 'Copy: Webhook URL' }).click());
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${house.url}/addons/instagram/webhook`);
  await page.getByRole('link', { name: 'Open Channels' }).click();
  await page.waitForURL('**/settings/channels');
});

test('Configure puts its errors at the fields and keeps what was typed', async () => {
  await card('instagram').getByText('Not connected').waitFor();
  await card('instagram').getByRole('button', { name: 'Configure' }).click();
  const labels = async () => (await card('instagram').locator('form label').allTextContents()).map((one) => one.replace(/\s*\(optional\)/, ''));
  await becomes(labels, ['Page ID', 'Page Name', 'IG User ID', 'IG Username', 'Page Access Token', 'App Secret'], 'the order of the guide');
  await button('Save').click();
  await becomes(() => page.locator('.field-error').count(), 4, 'the four that are needed');
  await page.getByLabel('Page ID').fill('my page');
  await page.getByLabel('IG User ID').click();
  await becomes(() => page.getByLabel('Page ID').getAttribute('aria-invalid'), 'true');
  for (const [label, field] of [['Page ID', 'page_id'], ['Page Name', 'page_name'], ['IG User ID', 'ig_user_id'], ['IG Username', 'ig_username'], ['App Secret', 'app_secret']])
    await page.getByLabel(label).fill(demo.fields[field]);
  await page.getByLabel('Page Access Token').fill(demo.fields.page_access_token);
  await page.getByLabel('Page Name').fill('n'.repeat(300));
  page.expected.push(/422 \(Unprocessable.*\/accounts/);
  await button('Save').click();
  const field = page.locator('.field', { has: page.getByLabel('Page Name') });
  await field.locator('.field-error').waitFor();
  await becomes(() => page.locator('.field-error').count(), 1, 'what the server found stands at its field');
  assert.equal(await page.getByLabel('IG User ID').inputValue(), demo.fields.ig_user_id);
  assert.equal(await page.getByLabel('App Secret').inputValue(), demo.fields.app_secret);
});

test('Save → Connected, with a Verify Token that Meta accepts', async () => {
  await page.getByLabel('Page Name').fill(demo.fields.page_name);
  await button('Save').click();
  await page.getByText(`Connected as ${demo.fields.ig_username}`).waitFor();
  await card('instagram').getByText('Connected', { exact: true }).waitFor();
  await appears(page.getByText('Copied'), () => page.getByRole('button', { name: 'Copy: Verify Token' }).click());
  verifyToken = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(verifyToken, await page.locator('code[aria-label="Verify Token"]').textContent());
  const handshake = await sim.post('callback', { url: `${house.url}/addons/instagram/webhook`, verify_token: verifyToken });
  assert.ok(handshake.verified, handshake.reason);
  assert.ok(!(await page.content()).includes(demo.fields.app_secret), 'the secret is not shown again');
});

test('Check connection lists what was looked at', async () => {
  await page.getByRole('button', { name: 'Done', exact: true }).click();
  await page.getByRole('button', { name: 'Check connection' }).click();
  await page.getByText('Everything is in order.').waitFor();
  await until(() => page.locator('.check.ok').count(), (count) => count >= 3);
});

test('Configure opens what is stored; of a secret only its end', async () => {
  await card('instagram').getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Configure' }).click();
  await becomes(() => page.getByLabel('Page ID').inputValue(), demo.fields.page_id);
  await becomes(() => page.getByLabel('App Secret').inputValue(), '');
  await page.getByText(`Stored as •••• ${demo.fields.app_secret.slice(-4)}`).waitFor();
  await appears(page.getByText('Saved', { exact: true }), () => button('Save').click());
  await card('instagram').getByText('Connected', { exact: true }).waitFor();
});

test('a message arrives without a reload, the channel button filters, the answer reaches the customer', async () => {
  await page.locator('.sidebar').getByRole('link', { name: /Instagram/ }).click();
  await page.getByText('All caught up').waitFor();
  const [ada] = demo.customers;
  await sim.act(ada.id, 'text', { text: 'Do you ship to Norway?' });
  await row(page, 'Do you ship to Norway?').click();
  await message(page, 'Do you ship to Norway?').waitFor();
  await composer(page).fill('Yes! 3 to 5 days.');
  await composer(page).press('Enter');
  await sim.waitForReply(ada.id, { text: 'Yes! 3 to 5 days.' });
  await message(page, 'Yes! 3 to 5 days.').locator('.glyph.sent').waitFor();
});

test('Deactivate hides the channel everywhere and keeps its data', async () => {
  await page.goto('/admin/addons');
  const addon = page.locator('[data-addon=instagram]');
  await addon.getByRole('button', { name: 'Deactivate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Deactivate' }).click();
  await addon.getByText('Inactive', { exact: true }).waitFor();
  await page.locator('.sidebar').getByRole('link', { name: /Instagram/ }).waitFor({ state: 'detached' });
  await page.goto('/settings/channels');
  await page.getByText('No channel can be connected').or(card('whatsapp')).first().waitFor();
  await card('instagram').waitFor({ state: 'detached' });
  await page.goto('/admin/addons');
  await addon.getByRole('button', { name: 'Activate' }).click();
  await page.locator('.sidebar').getByRole('link', { name: /Instagram/ }).click();
  await row(page, 'Ada Example').click();
  await message(page, 'Do you ship to Norway?').waitFor();
});

test('a file that is no package is refused in words', async () => {
  await page.goto('/admin/addons');
  await page.setInputFiles('#addon-file', { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') });
  await page.getByText('That is not a .zip file').waitFor();
  await page.setInputFiles('#addon-file', { name: 'broken.zip', mimeType: 'application/zip', buffer: Buffer.from('PK\u0003\u0004 broken') });
  page.expected.push(/422 .*\/admin\/addons/);
  await button('Upload & Install').click();
  await page.getByText('The package was not installed').waitFor();
  assertQuiet(page);
});
