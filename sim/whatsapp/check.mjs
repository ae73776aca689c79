// Small checks of a call's parameters, with the words that Meta has for what is wrong.

import { whatsappError } from './error.mjs';

export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
export const characters = (text) => [...text].length;

export class Checker {
  constructor(world) { this.world = world; }

  missing(name) { return whatsappError(this.world, 131008, `Parameter ${name} is required.`); }
  bad(name, words) { return whatsappError(this.world, 131009, `Parameter ${name} ${words}.`); }
  refuse(details) { return whatsappError(this.world, 100, details); }

  object(value, name, known) {
    if (value === undefined) throw this.missing(name);
    if (!isObject(value)) throw this.refuse(`Param ${name} must be a JSON object.`);
    const strange = Object.keys(value).find((key) => !known.includes(key));
    if (strange !== undefined) throw this.refuse(`Unexpected key "${strange}" on param "${name}".`);
    return value;
  }

  text(value, name, max, { empty = false, required = true } = {}) {
    if (value === undefined && !required) return null;
    if (value === undefined) throw this.missing(name);
    if (typeof value !== 'string') throw this.refuse(`Param ${name} must be a string.`);
    // Half of a surrogate pair can be written in JSON, but is no character.
    if (/\p{Surrogate}/u.test(value)) throw this.refuse(`Param ${name} must be a UTF-8 encoded string.`);
    if (!empty && value.trim() === '') throw this.missing(name);
    if (characters(value) > max) throw this.refuse(`Param ${name} must be at most ${max} characters long.`);
    return value;
  }

  list(value, name, min, max) {
    if (value === undefined) throw this.missing(name);
    if (!Array.isArray(value) || value.length < min || value.length > max) throw this.bad(name, `must be a list of ${min} to ${max} elements`);
    return value;
  }

  oneOf(value, name, known) {
    if (!known.includes(value)) throw this.refuse(`Param ${name} must be one of {${known.join(', ')}} - got "${value}".`);
    return value;
  }
}

/** Whether a text is one emoji: one sign as a person sees it, and a picture. */
export function isEmoji(text) {
  const signs = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)];
  return signs.length === 1 && /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\ufe0f?\u20e3/u.test(text);
}
