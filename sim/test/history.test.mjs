// Conversations and messages read back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { refused, startPair } from './lib.mjs';

let p, conversation;
before(async () => {
  p = await startPair();
  await p.sim.post('options', { conversations_per_second: 0 });
  conversation = (await p.sim.thread(p.customer)).customer.conversation_id;
});
after(() => p.stop());
const read = async (path) => (await p.graph('GET', path)).body;

test('nested fields of one conversation and of a list', async () => {
  await p.sim.act(p.customer, 'text', { text: 'Do you ship?' });
  await p.send({ text: 'We do.' });
  const one = await read(`${conversation}?fields=messages{message,from{id},created_time}`);
  assert.deepEqual(one.messages.data.map(({ message, from }) => [message, from]), [['We do.', { id: p.demo.account }], ['Do you ship?', { id: p.customer }]]);
  assert.match(one.messages.data[0].created_time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/);
  const list = await read('me/conversations?platform=instagram&fields=participants,messages.limit(1){message,to{id,username}}');
  assert.deepEqual(list.data[0].participants.data.map(({ id }) => id), [p.demo.account, p.customer]);
  assert.deepEqual(list.data[0].messages.data.map(({ message, to }) => [message, to.data]), [['We do.', [{ id: p.customer, username: 'ada.example' }]]]);
  const next = await (await fetch(list.data[0].messages.paging.next)).json();
  assert.deepEqual(next.data.map(({ message, to }) => [message, to.data]), [['Do you ship?', [{ id: p.demo.account, username: 'fjord.ceramics' }]]]);
  assert.equal(next.paging.next, undefined);
  refused(await p.graph('GET', `${conversation}?fields=messages{shoe_size}`), 100, undefined);
});

test('shares, stories, attachments, reactions', async () => {
  const details = async (mid) => read(`${mid}?fields=message,attachments,shares,story,reactions,is_unsupported`);
  const mid = async (kind, more) => (await p.sim.act(p.customer, kind, more)).message.mid;
  assert.match((await details(await mid('ig_reel'))).shares.data[0].link, /^http/);
  assert.match((await details(await mid('story_mention'))).story.mention.link, /^http/);
  const reply = await details(await mid('story_reply', { text: 'Lovely' }));
  assert.ok(reply.story.reply_to.id);
  assert.equal(reply.message, 'Lovely');
  const photo = await mid('photo');
  await p.sim.act(p.customer, 'reaction', { target: photo });
  const shown = await details(photo);
  assert.match(shown.attachments.data[0].image_data.url, /^http/);
  assert.equal(shown.reactions.data[0].users[0].id, p.customer);
  assert.equal(shown.shares, undefined);
  assert.match((await read(`${await mid('video')}?fields=attachments{video_data{url}}`)).attachments.data[0].video_data.url, /^http/);
  assert.equal((await details(await mid('unsupported'))).is_unsupported, true);
  assert.equal((await details(await mid('ephemeral'))).attachments, undefined);
});

test('what was taken back is not listed', async () => {
  const { mid } = (await p.sim.act(p.customer, 'text', { text: 'a slip' })).message;
  await p.sim.act(p.customer, 'unsend', { target: mid });
  const { messages } = await read(`${conversation}?fields=messages{id}`);
  assert.ok(!messages.data.some(({ id }) => id === mid));
  refused(await p.graph('GET', mid), 9000001, undefined);
});

test('only the twenty newest have details', async () => {
  for (let n = 1; n <= 25; n++) await p.sim.act(p.customer, 'text', { text: `message ${n}` });
  const { data, paging } = (await read(`${conversation}?fields=messages.limit(24){message,created_time}`)).messages;
  assert.equal(data.length, 24);
  assert.deepEqual(data.map(({ message }) => message).filter(Boolean), Array.from({ length: 20 }, (_, n) => `message ${25 - n}`));
  assert.ok(data[23].id && data[23].created_time);
  assert.ok(paging.next.includes('/v25.0/'));
  refused(await p.graph('GET', data[20].id), 9000001, undefined);
});

test('lists come in pages', async () => {
  await p.sim.act(p.demo.customers[1].id, 'text');
  await p.sim.act(p.demo.customers[2].id, 'text');
  const seen = [];
  let url = `${p.sim.graph_url}/v25.0/me/conversations?platform=instagram&limit=2&access_token=${p.demo.fields.page_access_token}`;
  while (url) {
    const { data, paging } = await (await fetch(url)).json();
    seen.push(...data.map(({ id }) => id));
    url = paging.next;
  }
  assert.equal(new Set(seen).size, 3);
  refused(await p.graph('GET', 'me/conversations?platform=instagram&limit=many'), 100, undefined);
  refused(await p.graph('GET', 'me/conversations?platform=instagram&after=????'), 100, undefined);
  assert.equal((await read(`me/conversations?platform=instagram&user_id=${p.customer}`)).data[0].id, conversation);
});

test('the requests folder forgets after thirty days', async () => {
  const shy = await p.sim.post('customers', { username: 'shy', folder: 'requests' });
  await p.sim.act(shy.id, 'text');
  const listed = async () => (await read('me/conversations?platform=instagram')).data.some(({ id }) => id === shy.conversation_id);
  assert.equal(await listed(), true);
  await p.sim.post('clock', { advance_ms: 31 * 24 * 3600e3 });
  assert.equal(await listed(), false);
});

test('two calls a second', async () => {
  await p.sim.post('options', { conversations_per_second: 2 });
  const answers = await Promise.all(Array.from({ length: 16 }, () => p.graph('GET', 'me/conversations?platform=instagram')));
  const late = answers.filter(({ status }) => status !== 200);
  assert.ok(late.length > 0 && late.length < 16);
  assert.ok(late[0].headers.get('x-business-use-case-usage'));
});
