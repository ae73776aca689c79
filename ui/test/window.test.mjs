import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { windowState, countdown, nextTick } = await load("src/pure/window.ts");
const now = Date.parse("2026-03-01T12:00:00.000Z");
const iso = (ms) => new Date(now + ms).toISOString();
const HOUR = 3600_000;

test("open, tag, closed and none", () => {
  assert.equal(windowState(null, now).phase, "none");
  assert.deepEqual(windowState({ open: true, closes_at: iso(HOUR), tag_until: iso(100 * HOUR) }, now), {
    phase: "open",
    left: HOUR,
  });
  assert.deepEqual(windowState({ open: false, closes_at: iso(-1), tag_until: iso(5 * HOUR) }, now), {
    phase: "tag",
    left: 5 * HOUR,
  });
  assert.equal(windowState({ open: false, closes_at: iso(-HOUR), tag_until: iso(-1) }, now).phase, "closed");
  assert.equal(windowState({ open: false, closes_at: null, tag_until: null }, now).phase, "closed");
});

test("the page's own clock closes the window, whatever the last answer said", () => {
  assert.equal(windowState({ open: true, closes_at: iso(-1), tag_until: null }, now).phase, "closed");
});

test("countdown never rounds up", () => {
  assert.equal(countdown(21 * HOUR + 40 * 60_000 + 59_000), "21 h 40 m");
  assert.equal(countdown(6 * 24 * HOUR + 3 * HOUR), "6 d 3 h");
  assert.equal(countdown(24 * HOUR), "1 d");
  assert.equal(countdown(2 * HOUR), "2 h");
  assert.equal(countdown(59_999), "59 s");
  assert.equal(countdown(-5), "0 s");
});

test("the next tick is never later than the next change", () => {
  for (const left of [61_000, 125_000, HOUR + 1]) assert.ok(nextTick(left) <= 60_020 && nextTick(left) > 0);
  assert.equal(nextTick(30_000), 1000);
});
