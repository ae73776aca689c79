// Nothing that a stranger writes becomes code: in texts, names, titles and file names; and the page's policy would stop it anyway.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { becomes, until } from '../scenario/lib/house.mjs';
import { startStreet } from '../scenario/lib/street.mjs';
import { assertQuiet, Browser, composer, message, row } from './lib/browser.mjs';

const ATTACKS = ['<img src=x onerror="window.pwned=1">', '<script>window.pwned=1</script>', '<svg onload=window.pwned=1>', '"><iframe srcdoc="<script>parent.pwned=1</script>">',
  'javascript:window.pwned=1', '{{constructor.constructor("window.pwned=1")()}}'];
const [markup] = ATTACKS;
let s, browser, page, mallory;
before(async () => {
  [s, browser] = await Promise.all([startStreet(), Browser.start()]);
  mallory = (await s.sim.post('customers', { account: s.demo.fields.ig_user_id, name: markup, username: '<b>mallory' })).id;
  page = await browser.visitor(s.house.url, { as: 'owner@example.org' });
  await page.goto('/');
});
after(async () => { await browser.stop(); await s.stop(); });

const assertNothingRan = async () => {
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator('iframe, [onerror], [onload], .messages script, .messages svg[onload], a[href^="javascript:" i]').count(), 0);
};

test('every page has a strict policy and gives it in a header', async () => {
  for (const where of ['/', '/login', '/settings/channels', '/admin/addons']) {
    const answer = await page.request.get(where);
    const policy = Object.fromEntries(answer.headers()['content-security-policy'].split(';').map((one) => { const [name, ...values] = one.trim().split(/\s+/); return [name, values.join(' ')]; }));
    assert.equal(policy['default-src'], "'none'", where);
    assert.equal(policy['script-src'], "'self'", where);
    assert.equal(policy['style-src'], "'self'", where);
    assert.equal(policy['frame-ancestors'], "'none'", where);
    assert.equal(policy['base-uri'], "'none'", where);
    assert.ok(!/unsafe|\*/.test(answer.headers()['content-security-policy']), where);
    assert.equal(answer.headers()['x-content-type-options'], 'nosniff', where);
    assert.match(answer.headers()['permissions-policy'], /microphone=\(self\), camera=\(\)/, where);
  }
});

test('the page loads nothing from any other host', async () => {
  const hosts = new Set();
  const visitor = await browser.visitor(s.house.url);
  visitor.on('request', (request) => { if (request.url().startsWith('http')) hosts.add(new URL(request.url()).origin); });
  await visitor.goto('/login');
  await visitor.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.deepEqual([...hosts], [s.house.url]);
});

test('message texts stay texts', async () => {
  for (const text of ATTACKS) await s.sim.act(mallory, 'text', { text });
  await row(page, ATTACKS.at(-1)).click();
  for (const text of ATTACKS) await message(page, text).first().waitFor();
  await assertNothingRan();
});

test('so do names, in the list, the head, the contact and the title', async () => {
  await row(page, markup).waitFor();
  await page.locator('.thread-who h1', { hasText: markup }).waitFor();
  await page.getByRole('button', { name: 'Contact', exact: true }).click();
  await page.locator('.contact-pane h2', { hasText: markup }).waitFor();
  await page.getByRole('button', { name: 'Close contact' }).click();
  await assertNothingRan();
});

test('so do titles, file names, payloads, reactions and addresses of attachments', async () => {
  await s.sim.act(mallory, 'file', { title: markup });
  await s.sim.act(mallory, 'share', { title: markup, url: 'javascript:window.pwned=1' });
  await s.sim.act(mallory, 'ig_post', { title: '<b>bold</b>', url: 'data:text/html,<script>parent.pwned=1</script>' });
  await s.sim.act(mallory, 'postback', { title: markup, payload: markup });
  await s.sim.act(mallory, 'quick_reply', { title: ATTACKS[1], payload: ATTACKS[2] });
  await s.sim.act(mallory, 'ad', { text: 'from an ad', ad_title: markup, ref: markup });
  await s.sim.act(mallory, 'story_reply', { text: 'story', url: 'javascript:window.pwned=1' });
  const { message: sent } = await s.sim.act(mallory, 'text', { text: 'the last one' });
  await s.sim.act(mallory, 'reaction', { target: sent.mid, reaction: markup, emoji: markup });
  await message(page, 'the last one').locator('.reaction').waitFor();
  await message(page, 'from an ad').waitFor();
  await until(() => page.locator('.messages').getByText(markup).count(), (count) => count >= 2); // they are shown as they are
  const strange = await page.locator('.messages a').evaluateAll((all) => all.map((one) => one.protocol).filter((one) => !/^https?:$/.test(one)));
  assert.deepEqual(strange, []);
  await assertNothingRan();
});

test('an address in a text becomes a link that gives nothing away', async () => {
  await s.sim.act(mallory, 'text', { text: 'see https://example.org/a?b=1&c="><script> now' });
  const link = message(page, 'see https://example.org').locator('a');
  await link.waitFor();
  await becomes(() => link.getAttribute('href'), 'https://example.org/a?b=1&c=');
  assert.match(await link.getAttribute('rel'), /noopener/);
});

test('what an agent writes reaches the customer as written, and runs in no colleague\'s page', async () => {
  await composer(page).fill(markup);
  await composer(page).press('Enter');
  await s.sim.waitForReply(mallory, { text: markup });
  const note = `note ${ATTACKS[1]}`;
  await page.locator('.list-pane h1').click();
  await page.keyboard.press('n');
  await page.getByRole('textbox', { name: /Write a note/ }).fill(note);
  await page.keyboard.press('Enter');
  await message(page, note).waitFor();
  await assertNothingRan();
});

test('names of workspaces, members and accounts stay texts too', async () => {
  const { house } = s;
  assert.equal((await house.api('PATCH', house.w(''), { name: markup })).status, 200);
  assert.equal((await house.api('POST', house.w('/members'), { email: 'm@example.org', name: ATTACKS[2], role: 'agent', password: 'correct horse battery' })).status, 201);
  assert.equal((await house.api('PUT', house.w(`/accounts/${house.account.id}`), { fields: { ...s.demo.fields, page_name: markup, ig_username: ATTACKS[1] } })).status, 200);
  for (const [where, words] of [['/settings/members', ATTACKS[2]], ['/settings/channels', markup], ['/admin/addons/instagram/settings', markup], ['/', markup]]) {
    await page.goto(where);
    await page.getByText(words).first().waitFor();
    await assertNothingRan();
  }
  await until(() => page.title(), (title) => title.includes(markup));
});

test('an address with a query that is markup is only an address', async () => {
  await page.goto(`/?q=${encodeURIComponent(ATTACKS[1])}&channel=${encodeURIComponent(markup)}&c=${encodeURIComponent(markup)}`);
  await page.getByText('Nothing found for').waitFor();
  await assertNothingRan();
  page.expected.push(/404 \(Not Found\)/);
  assertQuiet(page);
});
