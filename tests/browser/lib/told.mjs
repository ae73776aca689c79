// What the server tells of one conversation, in states that are seldom met: the page's own requests, answered with more than there is.
// Files come from the simulator's samples. Everything else goes to the real server.
import { SAMPLES } from '../../../sim/core/samples.mjs';

export const piece = (type, more = {}) => ({
  position: 0, type, state: 'none', url: null, preview_url: null, title: null, file_name: null, mime_type: null, bytes: null, width: null, height: null,
  voice: false, animated: false, details: [], fault: null, ...more,
});
export const details = (values) => Object.entries(values).flatMap(([name, some]) => [some].flat().map((value) => ({ name, value })));

// A minute of sound: what is played in a test must not come to its end before the test has looked, however slow the machine is.
export function longSound() {
  const { name, type, bytes } = SAMPLES.chord(), tones = bytes.subarray(44), long = Buffer.concat([bytes.subarray(0, 44), ...Array(30).fill(tones)]);
  long.writeUInt32LE(long.length - 8, 4);
  long.writeUInt32LE(long.length - 44, 40);
  return { name, type, bytes: long };
}

export class Told {
  // at: milliseconds of the first message; each one comes `step` later.
  constructor({ conversation, from = 'x', at = Date.now() - 600_000, step = 1000 }) { Object.assign(this, { conversation, from, at, step, list: [], asked: [], files: new Map() }); }

  say(kind, more = {}) {
    const id = `${this.from}${this.list.length + 1}`;
    this.at += this.step;
    const one = {
      id, conversation_id: this.conversation.id, direction: 'in', kind, text: null, at: new Date(this.at).toISOString(), status: 'received', error: null, attachments: [], reactions: [], reply_to: null,
      external_id: `mid.${id}`, client_id: null, tag: null, unsent: false, edited: false, forwarded: false, origin: 'contact', author: null, payload: null, standby: false, seq: 100_000 + this.list.length, ...more,
    };
    this.list.push(one);
    return one;
  }

  answer(kind, more = {}) { return this.say(kind, { direction: 'out', origin: 'inbox', status: 'delivered', author: { id: '1', name: 'Olga Owner' }, ...more }); }

  // A file that the server has: the sample of this name, or one made by a function.
  kept(type, sample, more = {}) {
    const { name, type: mime_type, bytes } = (SAMPLES[sample] ?? sample)();
    const url = `/api/v1/workspaces/1/messages/0/attachments/${this.files.size}`;
    this.files.set(url, { contentType: mime_type, body: bytes });
    return piece(type, { state: 'kept', url, preview_url: mime_type.startsWith('image/') ? `${url}?preview=1` : null, file_name: name, mime_type, bytes: bytes.length, ...more });
  }

  // can: what the channel is said to be able to. pages: how many messages a page holds.
  async serve(page, { can = {}, pages = 1000 } = {}) {
    await page.route('**/channels', async (route) => {
      const answer = await route.fetch(), body = await answer.json();
      for (const one of body.items)
        one.capabilities = { quote: true, react: { allowed: true, emoji: null }, seen: true, typing: true, templates: false, voice: true, text_style: 'whatsapp', media: [], ...can };
      await route.fulfill({ response: answer, json: body });
    });
    await page.route(`**/conversations/${this.conversation.id}/messages?*`, async (route) => {
      const at = Number(new URL(route.request().url()).searchParams.get('cursor') ?? this.list.length);
      await route.fulfill({ json: { items: this.list.slice(Math.max(0, at - pages), at).reverse(), next_cursor: at > pages ? String(at - pages) : null } });
    });
    await page.route('**/messages/0/attachments/**', async (route) => {
      const url = new URL(route.request().url()), file = this.files.get(url.pathname);
      if (!file || this.broken) return route.fulfill({ status: 404, body: '' });
      const headers = { 'Accept-Ranges': 'bytes', ...(url.searchParams.get('download') ? { 'Content-Disposition': 'attachment' } : {}) };
      /* Without ranges a browser cannot move in a sound. */
      const range = /^bytes=(\d+)-(\d*)$/.exec(route.request().headers().range ?? '');
      if (!range) return route.fulfill({ ...file, headers });
      const from = Number(range[1]), to = range[2] ? Number(range[2]) : file.body.length - 1;
      return route.fulfill({ ...file, status: 206, body: file.body.subarray(from, to + 1), headers: { ...headers, 'Content-Range': `bytes ${from}-${to}/${file.body.length}` } });
    });
    await page.route(`**/conversations/${this.conversation.id}/messages/*/**`, async (route) => {
      const request = route.request(), [, id, what] = /messages\/([^/]+)\/(.*)$/.exec(new URL(request.url()).pathname);
      this.asked.push({ method: request.method(), id, what, body: request.postDataJSON() });
      if (this.refuses) return route.fulfill({ status: 422, contentType: 'application/problem+json', json: { title: 'Not possible', detail: this.refuses } });
      const one = this.list.find((message) => message.id === id);
      if (what !== 'reaction') return route.fulfill({ status: 202, json: {} });
      const { emoji } = request.postDataJSON();
      one.reactions = [...one.reactions.filter((r) => r.by !== 'us'), ...(emoji ? [{ by: 'us', reaction: '', emoji, status: 'settled', error: null }] : [])];
      return route.fulfill({ json: one });
    });
  }
}
