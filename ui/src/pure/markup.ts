/* Formatting marks around what is selected: *bold*, _italic_, ~struck~. Set twice they go away again. */

export interface Selected {
  value: string;
  start: number;
  end: number;
}

/* Marks count only directly at a word, so blanks at the edge of the selection stay outside. */
export function wrapMark({ value, start, end }: Selected, mark: string): Selected {
  const chosen = value.slice(start, end);
  const from = start + (chosen.length - chosen.trimStart().length);
  const to = chosen.trim() === "" ? from : end - (chosen.length - chosen.trimEnd().length);
  const n = mark.length;
  const put = (inner: string, a: number, b: number, shift: number): Selected => ({
    value: value.slice(0, a) + inner + value.slice(b),
    start: a + shift,
    end: a + inner.length - shift,
  });
  const inside = value.slice(from, to);
  if (inside.length > 2 * n && inside.startsWith(mark) && inside.endsWith(mark)) return put(inside.slice(n, -n), from, to, 0);
  if (from >= n && value.slice(from - n, from) === mark && value.slice(to, to + n) === mark) return put(inside, from - n, to + n, 0);
  return put(mark + inside + mark, from, to, n);
}
