import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { measure, cutIndex, splitText, inspectDraft, trimAscii } = await load("src/pure/bytes.ts");
const BYTES = { max: 1000, unit: "bytes" };
const utf8 = (text) => Buffer.byteLength(text, "utf8");

test("bytes are those of UTF-8", () => {
  for (const text of ["", "abc", "ä", "€", "😀", "سلام", "a\u{10ffff}b", "👩‍👩‍👧"])
    assert.equal(measure(text, "bytes"), utf8(text), text);
});

test("a lone surrogate counts as the replacement character it is sent as", () => {
  assert.equal(measure("\ud800", "bytes"), 3);
  assert.equal(measure("\ud800", "bytes"), new TextEncoder().encode("\ud800").length);
});

test("characters are code points", () => assert.equal(measure("a😀é", "characters"), 3));

test("the cut is the longest prefix that fits, at a code point", () => {
  for (const unit of ["a", "ä", "€", "😀"]) {
    const text = unit.repeat(1200);
    const cut = cutIndex(text, BYTES);
    const kept = text.slice(0, cut);
    assert.ok(utf8(kept) <= 1000);
    assert.ok(utf8(kept) + utf8(unit) > 1000);
    assert.equal(cut % unit.length, 0);
  }
});

test("999 bytes and an emoji: the emoji goes as a whole", () => {
  const text = "x".repeat(999) + "😀";
  assert.equal(cutIndex(text, BYTES), 999);
});

test("exactly the limit is not cut", () => {
  const text = "ä".repeat(500);
  assert.equal(cutIndex(text, BYTES), text.length);
  assert.equal(inspectDraft(text, BYTES).cutFrom, null);
  assert.equal(inspectDraft(text, BYTES).level, "near");
});

test("splitting loses nothing but the white space at the seams", () => {
  const text = "Grüße 😀 ".repeat(400);
  const parts = splitText(text, BYTES);
  for (const part of parts) assert.ok(utf8(part) <= 1000 && part.length > 0);
  assert.equal(parts.join("").replace(/\s/g, ""), text.replace(/\s/g, ""));
});

test("parts end where the server's do: at a word's end in the second half, else where the fit ends", () => {
  const twenty = { max: 20, unit: "bytes" };
  const cases = [
    ["one two three four five six seven abcdefghijklmnopqrstuvwxyz", ["one two three four", "five six seven", "abcdefghijklmnopqrst", "uvwxyz"]],
    ["a 345678901234567890123", ["a 345678901234567890", "123"]],
    ["1234567890123 56\nabcdef", ["1234567890123 56", "abcdef"]],
    ["abc😀😀😀😀😀", ["abc😀😀😀😀", "😀"]],
    ["😀😀😀 😀😀", ["😀😀😀", "😀😀"]],
    ["12345678901234567890", ["12345678901234567890"]],
  ];
  for (const [text, parts] of cases) assert.deepEqual(splitText(text, twenty), parts);
});

test("a limit smaller than one character still ends", () => {
  assert.deepEqual(splitText("😀😀", { max: 2, unit: "bytes" }), ["😀", "😀"]);
});

test("the mark counts from the text as typed, white space in front included", () => {
  const draft = inspectDraft("\n  " + "a".repeat(1003) + "  ", BYTES);
  assert.equal(draft.count, 1003);
  assert.equal(draft.cutFrom, 1003);
  assert.equal(draft.parts, 2);
});

test("amber begins at nine tenths", () => {
  assert.equal(inspectDraft("a".repeat(899), BYTES).level, "quiet");
  assert.equal(inspectDraft("a".repeat(900), BYTES).level, "near");
  assert.equal(inspectDraft("a".repeat(1001), BYTES).level, "over");
});

test("only ASCII white space is trimmed", () => assert.equal(trimAscii(" \t\u00a0x\u00a0\r\n"), "\u00a0x\u00a0"));
