// Every page, in both themes and at two sizes, against WCAG 2.2 A and AA; and on a narrow phone without a sideways scroll.
import { after, before, test } from 'node:test';
import { becomes } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { assertAccessible, assertNoSidewaysScroll, assertQuiet, Browser, composer, desk, message, narrow, phone, row } from './lib/browser.mjs';

const HOUR = 3600_000;
let s, browser, page, threads = {};
before(async () => {
  [s, browser] = await Promise.all([startStreet(), Browser.start()]);
  const [ada, bjorn] = s.customers;
  await s.sim.act(bjorn, 'text', { text: 'asked thirty hours ago', timestamp: Date.now() - 30 * HOUR });
  for (const kind of ['text', 'photo', 'audio', 'video', 'file', 'story_reply', 'story_mention', 'ig_reel', 'ephemeral', 'unsupported', 'postback', 'quick_reply', 'ad']) await s.sim.act(ada, kind);
  const { message: liked } = await s.sim.act(ada, 'text', { text: 'a-very-long-word-'.repeat(30) });
  await s.sim.act(ada, 'reaction', { target: liked.mid });
  const conversation = (await s.house.allConversations()).find((one) => one.contact.handle === 'ada.example' || one.last_message.text?.startsWith('a-very'));
  await s.sim.weather('person_blocked');
  const failed = (await s.reply(conversation, { text: 'this one fails' })).body;
  await s.becomes(conversation, failed.id, 'failed');
  await s.reply(conversation, { text: 'only for us', note: true });
  const closed = (await s.house.allConversations()).find((one) => one.last_message.text === 'asked thirty hours ago');
  threads = { open: `/?c=${conversation.id}`, closed: `/?c=${closed.id}` };
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  page.expected.push(/404 .*addons\/nope/);
});
after(async () => { await browser.stop(); await s.stop(); });

const seen = (page, words) => page.getByText(words).first().waitFor();
// A page's name, its address, what must be there, and what is done to it first.
const pages = () => [
  ['the inbox', '/', (page) => row(page, 'asked thirty hours ago').waitFor()],
  ['a thread', threads.open, async (page) => { await message(page, 'only for us').waitFor(); await page.locator('.trouble').waitFor(); }],
  ['too long a text', threads.open, async (page) => { await composer(page).fill('x'.repeat(1200)); await seen(page, 'Too long by 200 bytes'); }],
  ['a closed window', threads.closed, (page) => seen(page, 'Cannot DM, customer outside 24-hour window')],
  ['an empty search', '/?q=nothing-like-this', (page) => seen(page, 'Nothing found for')],
  ['channels', '/settings/channels', async (page) => {
    await page.getByRole('button', { name: 'Check connection' }).click();
    await seen(page, 'Everything is in order.');
    await page.getByRole('button', { name: 'Connect another' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.field-error').first().waitFor();
  }],
  ['members', '/settings/members', (page) => page.getByRole('button', { name: 'Add member' }).waitFor()],
  ['tokens', '/settings/tokens', (page) => page.getByRole('heading', { name: 'API tokens' }).waitFor()],
  ['the journal', '/settings/webhooks', (page) => seen(page, 'Replay')],
  ['addons', '/admin/addons', (page) => page.locator('[data-addon=instagram]').waitFor()],
  ['the admin overview', '/admin/addons/instagram/settings', (page) => seen(page, 'One-time Meta App setup checklist')],
  ['an addon that is not', '/admin/addons/nope/settings', (page) => seen(page, 'This could not be loaded')],
];

// One load of each page serves all sizes and themes: the page follows both by its style sheets alone.
for (const [what, index] of pages().map(([what], index) => [what, index])) {
  test(`${what}: both themes, desk and phone, and no sideways scroll at 360`, async () => {
    const [, where, ready] = pages()[index];
    await page.setViewportSize(desk);
    await page.goto(where);
    await ready(page);
    for (const size of [desk, phone]) for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await assertAccessible(page, `${what}, ${size.width} wide, ${colorScheme}`);
    }
    await page.setViewportSize(narrow);
    await assertNoSidewaysScroll(page, what);
    assertQuiet(page);
  });
}

test('signed out, both themes', async () => {
  for (const theme of ['light', 'dark']) {
    const page = await browser.visitor(s.house.url, { theme, size: narrow });
    for (const [where, words] of [['/login', 'Sign in'], ['/setup', 'already set up']]) {
      await page.goto(where);
      await seen(page, words);
      await assertAccessible(page, `${where}, ${theme}`);
      await assertNoSidewaysScroll(page, where);
    }
  }
});

test('what opens over the page is accessible too', async () => {
  const page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await page.goto(threads.open);
  await message(page, 'only for us').waitFor();
  for (const key of ['?', 'Control+k']) {
    await page.locator('.list-pane h1').click();
    await page.keyboard.press(key);
    await page.getByRole('dialog').waitFor();
    await assertAccessible(page, `dialog of ${key}`);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menu').waitFor();
  await assertAccessible(page, 'the menu of the account');
});

test('on a phone: one pane at a time, the composer within reach, the sidebar behind its button', async () => {
  const small = await browser.visitor(s.house.url, { as: 'owner@example.org', size: narrow, hasTouch: true, isMobile: true });
  await small.goto('/');
  await row(small, 'asked thirty hours ago').waitFor();
  await small.locator('.thread-pane').waitFor({ state: 'hidden' });
  await row(small, 'Ada Example').click();
  await composer(small).waitFor();
  await small.locator('.list-pane').waitFor({ state: 'hidden' });
  await becomes(async () => { const box = await composer(small).boundingBox(); return box.y + box.height <= narrow.height; }, true, 'the composer is on the screen');
  await small.getByRole('button', { name: 'Back to the list' }).click();
  await row(small, 'Ada Example').waitFor();
  await small.getByRole('button', { name: 'Menu' }).click();
  await small.locator('.sidebar').getByRole('link', { name: /Instagram/ }).click();
  await small.locator('.list-pane h1', { hasText: 'Instagram' }).waitFor();
  assertQuiet(small);
});
