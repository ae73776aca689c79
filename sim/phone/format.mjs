// Text as WhatsApp shows it: *bold*, _italic_, ~struck~ and ```code```. Marks count at the edges of words only.

const MARKS = { '*': 'strong', _: 'em', '~': 's' };
const PATTERN = /```([^`]+)```|(?<![\p{L}\p{N}])([*_~])(?=\S)(.+?)(?<=\S)\2(?![\p{L}\p{N}])/su;

/** A fragment with the text in it. */
export function formatted(text) {
  const made = document.createDocumentFragment();
  let rest = text;
  for (let found = PATTERN.exec(rest); found; found = PATTERN.exec(rest)) {
    made.append(rest.slice(0, found.index));
    const inside = document.createElement(found[1] === undefined ? MARKS[found[2]] : 'code');
    inside.append(found[1] === undefined ? formatted(found[3]) : found[1]);
    made.append(inside);
    rest = rest.slice(found.index + found[0].length);
  }
  made.append(rest);
  return made;
}
