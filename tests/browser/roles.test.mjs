// Who may see and do what: the page offers nothing that the server would refuse.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, password } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { assertQuiet, Browser, composer, message, row } from './lib/browser.mjs';

let s, browser;
before(async () => {
  [s, browser] = await Promise.all([startStreet(), Browser.start()]);
  for (const role of ['viewer', 'agent', 'admin'])
    assert.equal((await s.house.api('POST', s.house.w('/members'), { email: `${role}@example.org`, name: `Some ${role}`, role, password })).status, 201);
  await s.meet(s.customers[0], 'for all to read');
});
after(async () => { await browser.stop(); await s.stop(); });

const enter = async (role) => {
  const page = await browser.visitor(s.house.url, { as: `${role}@example.org` });
  await page.goto('/');
  await row(page, 'Ada Example').click();
  await message(page, 'for all to read').waitFor();
  return page;
};
const links = (page) => page.locator('.sidebar a').allTextContents();

test('a viewer reads, and is told why there is no composer', async () => {
  const page = await enter('viewer');
  await page.getByText('Replying needs the role “agent”').waitFor();
  await becomes(() => page.locator('textarea').count(), 0);
  assert.equal(await page.getByRole('button', { name: /Mark done/ }).count(), 0);
  await page.keyboard.press('e');
  await page.keyboard.press('r');
  await page.keyboard.press('n');
  assert.equal(await page.locator('textarea').count(), 0);
  assert.ok(!(await links(page)).includes('Admin'));
  await page.getByRole('link', { name: 'Settings', exact: true }).click();
  await page.getByText('Only an admin or owner of this workspace can connect').waitFor();
  await page.locator('[data-channel-card=instagram]').waitFor();
  assert.equal(await page.getByRole('button', { name: /Configure|Connect another|Check connection|Webhook details/ }).count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Webhook journal' }).count(), 0);
  assert.ok(!(await page.content()).includes(s.house.account.verify_token), 'the verify token is for admins');
  for (const where of ['/admin/addons', '/admin/addons/instagram/settings', '/settings/webhooks']) {
    await page.goto(where);
    await page.getByText('You have no access to this page').waitFor();
  }
  assertQuiet(page);
});

test('an agent replies, and manages nothing', async () => {
  const page = await enter('agent');
  await composer(page).fill('the agent answers');
  await composer(page).press('Enter');
  await s.sim.waitForReply(s.customers[0], { text: 'the agent answers' });
  assert.ok(!(await links(page)).includes('Admin'));
  await page.goto('/settings/members');
  await page.getByText('Some viewer').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Add member' }).count(), 0);
  assertQuiet(page);
});

test('an admin of the workspace manages it, but not the installation', async () => {
  const page = await enter('admin');
  assert.ok(!(await links(page)).includes('Admin'));
  await page.goto('/settings/channels');
  await page.getByRole('button', { name: 'Connect another' }).waitFor();
  await page.goto('/settings/members');
  await page.getByRole('button', { name: 'Add member' }).click();
  await page.getByLabel('Name').fill('Newly Added');
  await page.getByLabel('E-mail').fill('new@example.org');
  await page.getByLabel('First password').fill(password);
  await page.getByRole('dialog').or(page.locator('form')).getByRole('button', { name: 'Add member' }).last().click();
  await page.getByText('Newly Added was added').waitFor();
  await page.goto('/admin/addons');
  await page.getByText('You have no access to this page').waitFor();
  assertQuiet(page);
});

test('who signs out comes back to the same place, with the draft', async () => {
  const page = await browser.visitor(s.house.url);
  page.expected.push(/401 \(Unauthorized\)/);
  await page.goto('/settings/channels');
  await page.waitForURL('**/login?next=*');
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel('Password').fill('wrong password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(/password is wrong/i).waitFor();
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/settings/channels');
  await page.getByRole('link', { name: /^Inbox/ }).click();
  await row(page, 'Ada Example').click();
  await composer(page).fill('half a sentence');
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/login');
  await page.getByLabel('E-mail').fill('owner@example.org');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await row(page, 'Ada Example').click();
  await becomes(() => composer(page).inputValue(), 'half a sentence');
  assertQuiet(page);
});
