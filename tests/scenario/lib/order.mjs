// Orders by chance that come again: the same seed gives the same order.

export function chance(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}

/** A copy of the list in another order. */
export function shuffled(list, seed) {
  const copy = [...list], pick = typeof seed === 'function' ? seed : chance(seed);
  for (let k = copy.length - 1; k > 0; k--) {
    const with_ = pick(k + 1);
    [copy[k], copy[with_]] = [copy[with_], copy[k]];
  }
  return copy;
}
