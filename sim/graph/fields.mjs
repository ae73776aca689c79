// The `fields` parameter: which fields of an object are wanted, with nesting and modifiers,
// e.g. `id,messages.limit(5){id,from}`.

import { badParameter, missingField } from './error.mjs';

/** Parses to a list of `{ name, args, sub, inner }`; `sub` is null or such a list, `inner` the text of it. */
export function parseFields(text) {
  const reader = { text, at: 0 };
  const list = readList(reader);
  if (reader.at < text.length) throw syntaxError(reader);
  return list;
}

function readList(reader) {
  const list = [];
  do {
    const name = readWord(reader);
    if (!name) throw syntaxError(reader);
    const field = { name, args: {}, sub: null, inner: null };
    while (reader.text[reader.at] === '.') readModifier(reader, field);
    if (reader.text[reader.at] === '{') {
      const start = ++reader.at;
      field.sub = readList(reader);
      field.inner = reader.text.slice(start, reader.at);
      if (reader.text[reader.at++] !== '}') throw syntaxError(reader);
    }
    list.push(field);
  } while (reader.text[reader.at] === ',' && ++reader.at);
  return list;
}

function readModifier(reader, field) {
  const match = /^\.([a-z_]+)\(([^()]*)\)/.exec(reader.text.slice(reader.at));
  if (!match) throw syntaxError(reader);
  field.args[match[1]] = match[2];
  reader.at += match[0].length;
}

function readWord(reader) {
  const [word] = /^\s*[A-Za-z0-9_]*\s*/.exec(reader.text.slice(reader.at));
  reader.at += word.length;
  return word.trim();
}

function syntaxError(reader) {
  return badParameter(`Syntax error "Expected name" at character ${reader.at}: ${reader.text.slice(0, 100)}`);
}

/**
 * Builds the answer for one object. `known` maps each field of this kind of object to its value, or to a
 * function of the wanted field; a field that is empty is left out, one that does not exist is an error.
 */
export function project(wanted, known, typeName) {
  const answer = {};
  for (const field of wanted) {
    if (!Object.hasOwn(known, field.name)) {
      throw missingField(field.name, typeName);
    }
    const entry = known[field.name];
    let value = typeof entry === 'function' ? entry(field) : entry;
    if (field.sub && isPlainObject(entry)) value = projectInside(field, entry);
    if (value !== undefined) answer[field.name] = value;
  }
  if (answer.id === undefined && known.id !== undefined) answer.id = known.id;
  return answer;
}

/** Of a list (`{data: […]}`) each element has the wanted fields, of a single object itself. */
function projectInside(field, entry) {
  if (!Array.isArray(entry.data)) return project(field.sub, entry, field.name);
  return { ...entry, data: entry.data.map((one) => project(field.sub, one, field.name)) };
}

function isPlainObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
