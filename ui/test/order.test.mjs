import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { place, joinPage, newerFirst, visibleRows, keepRow } = await load("src/pure/order.ts");
const conv = (id, minute, more = {}) => ({
  id,
  channel: "instagram",
  status: "open",
  last_activity_at: `2026-03-01T12:${String(minute).padStart(2, "0")}:00.000Z`,
  ...more,
});
const all = { channel: "", status: "open", unread: false, query: "" };
const ids = (list) => list.map((one) => one.id).join("");
const list = [conv("c", 30), conv("b", 20), conv("a", 10)];

test("a conversation with news moves to its place", () => {
  assert.equal(ids(place(list, conv("a", 40), all, true)), "acb");
  assert.equal(ids(place(list, conv("d", 25), all, true)), "cdba");
});

test("what no longer fits the filter goes, what fits comes", () => {
  assert.equal(ids(place(list, conv("b", 20, { status: "done" }), all, true)), "ca");
  assert.equal(ids(place(list, conv("x", 50, { channel: "email" }), { ...all, channel: "instagram" }, true)), "cba");
});

test("below the last loaded one, a stranger is left to its page", () => {
  assert.equal(ids(place(list, conv("z", 1), all, false)), "cba");
  assert.equal(ids(place(list, conv("z", 1), all, true)), "cbaz");
});

test("under a search, live events change but never add", () => {
  const search = { ...all, query: "x" };
  assert.equal(ids(place(list, conv("z", 50), search, true)), "cba");
  assert.equal(ids(place(list, conv("a", 50), search, true)), "acb");
});

test("under Unread nothing read is added, and what is being read stays", () => {
  const unread = { ...all, unread: true };
  assert.equal(ids(place(list, conv("z", 50, { unread: 0 }), unread, true)), "cba");
  assert.equal(ids(place(list, conv("z", 50, { unread: 2 }), unread, true)), "zcba");
  assert.equal(ids(place(list, conv("b", 20, { unread: 0 }), unread, true)), "cba");
});

test("pages join without doubles", () => assert.equal(ids(joinPage(list, [conv("b", 20), conv("z", 1)])), "cbaz"));

test("equal times have one order", () => {
  const same = [conv("1", 5), conv("2", 5), conv("3", 5)];
  assert.equal(ids([...same].sort(newerFirst)), ids([...same].reverse().sort(newerFirst)));
});

test("only rows in view are drawn", () => {
  assert.deepEqual(visibleRows(0, 640, 64, 1_000_000, 2), [0, 12]);
  assert.deepEqual(visibleRows(64 * 500_000, 640, 64, 1_000_000, 2), [499_998, 500_012]);
  assert.deepEqual(visibleRows(0, 640, 64, 3, 2), [0, 3]);
});

test("the row under the eye stays", () => {
  assert.equal(keepRow(["a", "b", "c"], ["n", "a", "b", "c"], 64, 64), 128);
  assert.equal(keepRow(["a", "b", "c"], ["n", "a", "b", "c"], 0, 64), 0);
  assert.equal(keepRow(["a", "b", "c"], ["b", "a", "c"], 128, 64), 128);
  assert.equal(keepRow(["a", "b", "c"], ["a", "c"], 70, 64), 6);
});
