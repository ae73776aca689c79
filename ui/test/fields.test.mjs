import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { slipOf, blocks, fieldsOf } = await load("src/pure/fieldrules.ts");
const { relative, dayName } = await load("src/pure/time.ts");
const field = (name, more = {}) => ({ name, label: name, required: true, secret: false, ...more });

test("slips of copy and paste are found while typing", () => {
  assert.equal(slipOf(field("page_id"), "12 34", false), "digits");
  assert.equal(slipOf(field("page_id"), " 1234 ", false), null);
  assert.equal(slipOf(field("page_access_token", { secret: true }), "EAA x", false), "space");
  assert.equal(slipOf(field("app_secret", { secret: true }), "abc", false), "hex");
  assert.equal(slipOf(field("imap_port"), "70000", false), "port");
  assert.equal(slipOf(field("address"), "nobody", false), "email");
});

test("a stored secret may stay empty, a new one may not", () => {
  assert.equal(slipOf(field("app_secret", { secret: true }), "", true), null);
  assert.equal(slipOf(field("app_secret", { secret: true }), "", false), "required");
  assert.equal(slipOf(field("page_name", { required: false }), "", false), null);
});

test("an odd secret is advised against, not refused", () => {
  assert.equal(blocks("hex"), false);
  assert.equal(blocks("digits"), true);
});

test("a form shows the fields of its backend in the server's order", () => {
  const fields = [field("b", { backends: ["instagram"] }), field("a"), field("c", { backends: ["facebook"] })];
  assert.deepEqual(
    fieldsOf(fields, "facebook").map((one) => one.name),
    ["a", "c"],
  );
});

test("times are short and in the viewer's language", () => {
  const now = Date.parse("2026-03-10T12:00:00Z");
  assert.equal(relative("2026-03-10T11:58:00Z", now, "en"), "2m");
  assert.equal(relative("2026-03-10T12:00:20Z", now, "en"), "now");
  assert.equal(relative("2026-03-08T11:00:00Z", now, "en"), "2d");
  assert.match(relative("2025-01-08T11:00:00Z", now, "en"), /2025/);
  assert.equal(relative("nonsense", now, "en"), "");
  assert.equal(dayName("2026-03-10T11:00:00Z", now, "en"), "Today");
  assert.equal(dayName("2026-03-09T11:00:00Z", now, "de"), "Gestern");
});
