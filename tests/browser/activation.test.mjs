// An activation that takes long: the page says that it goes on, also when the answer is lost and the page is loaded again, and shows
// when it is done without being asked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { addonZip, becomes, House } from '../scenario/lib/house.mjs';
import { assertQuiet, Browser } from './lib/browser.mjs';

let house, browser, page;
before(async () => {
  [house, browser] = await Promise.all([House.start({ addon: false }), Browser.start()]);
  house.command(['addon', 'install', addonZip]);
  page = await browser.visitor(house.url, { as: 'owner@example.org' });
  page.expected.push(/504 \(Gateway Timeout\).*activate/);
});
after(async () => { await browser.stop(); await house.stop(); });

const addon = () => page.locator('[data-addon=instagram]');
const note = () => addon().getByText('it goes on without this page');

test('what goes on is said, and outlives a lost answer and a reload', async () => {
  let answer;
  await page.route('**/instagram/activate', (route) => new Promise((resolve) => {
    answer = async () => { await route.fulfill({ status: 504, body: 'gateway' }); resolve(); };
  }));
  await page.goto('/admin/addons');
  await addon().getByRole('button', { name: 'Activate' }).click();
  await note().waitFor();
  await addon().getByRole('button', { name: 'Activating…' }).waitFor();
  await answer();
  await addon().getByRole('button', { name: 'Activate', exact: true }).waitFor();
  await note().waitFor();
  assert.equal(await addon().locator('.callout.bad').count(), 0, 'a gateway that gave up is no failure of the addon');
  await page.reload();
  await note().waitFor();
});

test('when it is done the page shows it by itself', async () => {
  house.command(['addon', 'activate', 'instagram']);
  await addon().getByText('Active', { exact: true }).waitFor();
  await becomes(() => note().count(), 0);
  assertQuiet(page);
});
