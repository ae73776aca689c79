// The `fields` parameter: which fields of an object are wanted, with nesting and modifiers,
// e.g. `id,messages.limit(5){id,from}`.

import { badParameter } from './error.mjs';

/** Parses to a list of `{ name, args, sub }`; `sub` is null or such a list. */
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
    const field = { name, args: {}, sub: null };
    while (reader.text[reader.at] === '.') readModifier(reader, field);
    if (reader.text[reader.at] === '{') {
      reader.at += 1;
      field.sub = readList(reader);
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
      throw badParameter(`Tried accessing nonexistent field (${field.name}) on node type (${typeName})`);
    }
    const entry = known[field.name];
    let value = typeof entry === 'function' ? entry(field) : entry;
    if (field.sub && isPlainObject(entry)) value = project(field.sub, entry, field.name);
    if (value !== undefined) answer[field.name] = value;
  }
  if (answer.id === undefined && known.id !== undefined) answer.id = known.id;
  return answer;
}

function isPlainObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
