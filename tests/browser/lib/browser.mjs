// Chromium for the browser tests: one browser for a file, a fresh profile for each person, and an eye on everything that a page may
// not do: console errors, refused resources, dialogs that only an injected script would open.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { becomes, password } from '../../scenario/lib/house.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// MAILTRIXY_TEST_SLOW=6: as on a processor that is six times slower.
const SLOW = Number(process.env.MAILTRIXY_TEST_SLOW ?? 1);

export const desk = { width: 1280, height: 800 };
export const phone = { width: 390, height: 844 };
export const narrow = { width: 360, height: 740 };

export class Browser {
  // `args`: for Chromium itself, such as a microphone that is not one.
  static async start({ args = [] } = {}) {
    const browser = new Browser();
    browser.chromium = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', chromiumSandbox: false, args });
    return browser;
  }

  stop() { return this.chromium.close(); }

  // A profile without a past. `as`: an e-mail address to be signed in with.
  async visitor(url, { as, size = desk, theme = 'light', ...more } = {}) {
    const context = await this.chromium.newContext({ baseURL: url, viewport: size, colorScheme: theme, locale: 'en-GB', reducedMotion: 'reduce', permissions: ['clipboard-read', 'clipboard-write'], ...more });
    context.setDefaultTimeout(60_000);
    if (as) {
      const answer = await context.request.post('/api/v1/session', { data: { email: as, password } });
      assert.equal(answer.status(), 200, `sign in as ${as}`);
    }
    const page = await context.newPage();
    if (SLOW > 1) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: SLOW });
    return watched(page);
  }
}

// Notes what the page complains of. Tests that provoke an answer of a kind say so with page.expected.
export function watched(page) {
  page.complaints = [];
  page.expected = [];
  page.on('console', (entry) => { if (entry.type() === 'error') page.complaints.push(`console: ${entry.text()} ${entry.location().url}`); });
  page.on('pageerror', (error) => page.complaints.push(`script: ${error.message}`));
  page.on('dialog', (dialog) => { page.complaints.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  return page;
}

export function assertQuiet(page) {
  assert.deepEqual(page.complaints.filter((one) => !page.expected.some((words) => words.test(one))), []);
}

// From its next load on all that a page leaves for the next frame comes late. Preact's effects wait for a frame, or for a moment where frames do not come: both are late.
export const delayFrames = (page, late) => page.addInitScript((ms) => {
  const frame = window.requestAnimationFrame.bind(window), timer = window.setTimeout.bind(window);
  window.requestAnimationFrame = (call) => frame(() => timer(() => frame(call), ms));
  window.setTimeout = (call, wait, ...rest) => timer(call, wait === 35 || wait === 100 ? 2 * ms : wait, ...rest);
}, late);

// For what is shown for a moment only: it is looked for before that which makes it appear is done.
export const appears = (locator, act) => Promise.all([locator.waitFor(), act()]);

// What the accessibility checker finds wrong, in words that lead to the element. What is only half there is looked at again.
export async function assertAccessible(page, where) {
  await page.evaluate(axeSource);
  const find = () => page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return violations.map((one) => `${one.id}: ${one.help}; ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.any[0]?.message ?? ''}`).join(' | ')}`);
  });
  await becomes(find, [], `axe: ${where}`, 30_000);
}

// Rows of tabs and choices may be swept sideways; nothing else reaches beyond the edge, also not inside a pane that would scroll.
export async function assertNoSidewaysScroll(page, where) {
  const beyond = () => page.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    const all = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > edge + 1 && one.checkVisibility({ visibilityProperty: true }) && !one.closest('.tabs, .segments, .sr-only, svg *'));
    return [document.documentElement.scrollWidth > edge ? 'the document' : '', ...all.slice(0, 5).map((one) => `${one.tagName} .${one.className} ${Math.round(one.getBoundingClientRect().right)}`)].filter(Boolean);
  });
  await becomes(beyond, [], `${where}: beyond the edge`, 30_000);
}

export const message = (page, words) => page.locator('.messages [data-id]').filter({ hasText: words });
export const row = (page, name) => page.locator('a.row').filter({ hasText: name });
export const composer = (page) => page.getByRole('textbox', { name: 'Write a reply' });
