// Messages with buttons or a list to choose from.

import { readMedia } from './media.mjs';

const KNOWN = ['type', 'header', 'body', 'footer', 'action'];
const BUTTONS_MAX = 3;
const ROWS_MAX = 10;

export async function readInteractive(c, { interactive }, context) {
  c.object(interactive, 'interactive', KNOWN);
  const type = c.oneOf(interactive.type, "interactive['type']", Object.keys(ACTIONS));
  c.object(interactive.body, "interactive['body']", ['text']);
  const body = c.text(interactive.body.text, "interactive['body']['text']", type === 'list' ? 4096 : 1024);
  const footer = interactive.footer === undefined ? null : c.text(c.object(interactive.footer, "interactive['footer']", ['text']).text, "interactive['footer']['text']", 60);
  const header = interactive.header === undefined ? null : await readHeader(c, interactive.header, context, type);
  return { text: body, footer, header: header?.text ?? null, attachments: header?.attachments ?? [], failure: header?.failure ?? null, ...ACTIONS[type](c, interactive.action) };
}

async function readHeader(c, header, context, of) {
  const type = c.oneOf(header?.type, "interactive['header']['type']", of === 'list' ? ['text'] : ['text', 'image', 'video', 'document']);
  c.object(header, "interactive['header']", ['type', type]);
  if (type === 'text') return { text: c.text(header.text, "interactive['header']['text']", 60) };
  return readMedia(c, { [type]: header[type] }, context, type);
}

const ACTIONS = {
  button: (c, action) => {
    c.object(action, "interactive['action']", ['buttons']);
    const buttons = c.list(action.buttons, "interactive['action']['buttons']", 1, BUTTONS_MAX).map((one, at) => {
      const name = `interactive['action']['buttons'][${at}]`;
      c.object(one, name, ['type', 'reply']);
      c.oneOf(one.type, `${name}['type']`, ['reply']);
      c.object(one.reply, `${name}['reply']`, ['id', 'title']);
      return { kind: 'button_reply', id: c.text(one.reply.id, `${name}['reply']['id']`, 256), title: c.text(one.reply.title, `${name}['reply']['title']`, 20) };
    });
    unique(c, buttons, "interactive['action']['buttons']");
    return { buttons };
  },
  list: (c, action) => {
    c.object(action, "interactive['action']", ['button', 'sections']);
    c.text(action.button, "interactive['action']['button']", 20);
    const sections = c.list(action.sections, "interactive['action']['sections']", 1, ROWS_MAX);
    const rows = sections.flatMap((section, at) => {
      const name = `interactive['action']['sections'][${at}]`;
      c.object(section, name, ['title', 'rows']);
      c.text(section.title, `${name}['title']`, 24, { required: sections.length > 1 });
      return c.list(section.rows, `${name}['rows']`, 1, ROWS_MAX).map((row, i) => {
        c.object(row, `${name}['rows'][${i}]`, ['id', 'title', 'description']);
        return {
          kind: 'list_reply', id: c.text(row.id, `${name}['rows'][${i}]['id']`, 200), title: c.text(row.title, `${name}['rows'][${i}]['title']`, 24),
          description: c.text(row.description, `${name}['rows'][${i}]['description']`, 72, { required: false }),
        };
      });
    });
    if (rows.length > ROWS_MAX) throw c.bad("interactive['action']['sections']", `may have ${ROWS_MAX} rows in all`);
    unique(c, rows, "interactive['action']['sections']");
    return { buttons: rows, list_button: action.button };
  },
  cta_url: (c, action) => {
    c.object(action, "interactive['action']", ['name', 'parameters']);
    c.oneOf(action.name, "interactive['action']['name']", ['cta_url']);
    c.object(action.parameters, "interactive['action']['parameters']", ['display_text', 'url']);
    return { buttons: [{ kind: 'url', title: c.text(action.parameters.display_text, "interactive['action']['parameters']['display_text']", 20), url: c.text(action.parameters.url, "interactive['action']['parameters']['url']", 2000) }] };
  },
  location_request_message: (c, action) => {
    c.object(action, "interactive['action']", ['name']);
    c.oneOf(action.name, "interactive['action']['name']", ['send_location']);
    return { buttons: [{ kind: 'location', title: 'Send location' }] };
  },
};

function unique(c, things, name) {
  if (new Set(things.map(({ id }) => id)).size < things.length || new Set(things.map(({ title }) => title)).size < things.length) throw c.bad(name, 'must have ids and titles of their own');
}
