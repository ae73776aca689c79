import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { mergeMessages, withoutConfirmed, Stamps, isNews } = await load("src/pure/merge.ts");
const { entriesOf, firstUnread, sliceOf, widenUp, widenDown } = await load("src/pure/layout.ts");
const msg = (id, second, more = {}) => ({
  id,
  seq: second,
  at: `2026-03-01T12:00:${String(second).padStart(2, "0")}.000Z`,
  direction: "in",
  kind: "text",
  text: id,
  author: null,
  client_id: null,
  unsent: false,
  ...more,
});
const ids = (list) => list.map((one) => one.id).join("");

function permutations(list) {
  if (list.length < 2) return [list];
  return list.flatMap((one, index) =>
    permutations([...list.slice(0, index), ...list.slice(index + 1)]).map((rest) => [one, ...rest]),
  );
}

test("any order of arrival ends in the same list", () => {
  for (const order of permutations([msg("a", 1), msg("b", 2), msg("c", 2, { seq: 3 }), msg("d", 4)])) {
    assert.equal(ids(order.reduce((list, one) => mergeMessages(list, [one]), [])), "abcd");
  }
});

test("the same message again replaces, never doubles", () => {
  const list = mergeMessages([msg("a", 1)], [msg("a", 1, { text: null, unsent: true })]);
  assert.equal(list.length, 1);
  assert.equal(list[0].unsent, true);
});

test("read means all before it, and nothing after or failed", () => {
  const out = (id, second, status) => msg(id, second, { direction: "out", status });
  const list = mergeMessages([out("a", 1, "sent"), out("b", 2, "failed"), out("d", 4, "sent")], [out("c", 3, "read")]);
  assert.deepEqual(
    list.map((one) => one.status),
    ["read", "failed", "read", "sent"],
  );
});

test("a sent message is shown once, whoever confirms it first", () => {
  const pending = [{ clientId: "k" }, { clientId: "l" }];
  assert.deepEqual(withoutConfirmed(pending, [msg("a", 1, { client_id: "k" })]), [{ clientId: "l" }]);
  assert.equal(withoutConfirmed(pending, [msg("b", 1)]), pending);
});

test("a page asked for before an event does not undo it", () => {
  const stamps = new Stamps();
  const asked = stamps.mark();
  stamps.touch("a");
  assert.equal(stamps.isStale("a", asked), true);
  assert.equal(stamps.isStale("b", asked), false);
  assert.equal(stamps.isStale("a", stamps.mark()), false);
});

test("news is what a customer newly wrote", () => {
  const before = { last_message: { at: msg("x", 5).at } };
  assert.equal(isNews(before, msg("a", 6)), true);
  assert.equal(isNews(before, msg("a", 4)), false);
  assert.equal(isNews(before, msg("a", 6, { direction: "out" })), false);
  assert.equal(isNews(before, msg("a", 6, { kind: "missing" })), false);
});

test("groups, days and the line above what is new", () => {
  const list = [msg("a", 1), msg("b", 2), msg("c", 3, { direction: "out" }), msg("d", 4), msg("e", 5)];
  assert.equal(firstUnread(list, 2), "d");
  assert.equal(firstUnread(list, 0), null);
  assert.equal(firstUnread(list, 99), null);
  const entries = entriesOf(list, "e");
  assert.deepEqual(
    entries.map((one) => one.type),
    ["day", "message", "message", "message", "message", "new", "message"],
  );
  assert.deepEqual(
    entries.filter((one) => one.type === "message").map((one) => [one.first, one.last]),
    [
      [true, false],
      [false, true],
      [true, true],
      [true, true],
      [true, true],
    ],
  );
});

test("the window of drawn messages is bounded and covers all", () => {
  let pane = { tail: 0, count: 50 };
  for (let step = 0; step < 40; step++) pane = widenUp(1000, pane);
  assert.equal(sliceOf(1000, pane)[0], 0);
  assert.ok(sliceOf(1000, pane)[1] - sliceOf(1000, pane)[0] <= 250);
  for (let step = 0; step < 40; step++) pane = widenDown(pane);
  assert.equal(sliceOf(1000, pane)[1], 1000);
});

test("an echo that turned out to be our own message shows once", () => {
  const echo = msg("b", 2, { direction: "out", origin: "elsewhere", external_id: "mid" });
  const ours = msg("a", 1, { direction: "out", origin: "inbox", external_id: "mid" });
  const other = msg("c", 3, { direction: "out", origin: "elsewhere", external_id: "other" });
  const drawn = (list) => entriesOf(list, null).filter((one) => one.type === "message").map((one) => one.key).join("");
  assert.equal(drawn([echo, other]), "bc");
  assert.equal(drawn([ours, echo, other]), "ac");
});
