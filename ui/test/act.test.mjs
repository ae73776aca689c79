import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { reactObstacle, quoteObstacle, emojiOffer, sameEmoji, hasActions } = await load("src/pure/act.ts");
const { entriesOf, paneAround, sliceOf } = await load("src/pure/layout.ts");
const { summary, kindIcon } = await load("src/pure/summary.ts");

const can = { quote: true, react: { allowed: true, emoji: null } };
const around = { can, agent: true, phase: "open", canReply: true };
const message = (more = {}) => ({ direction: "in", kind: "text", external_id: "x", unsent: false, ...more });

test("what stands in the way of a reaction, the nearest reason first", () => {
  assert.equal(reactObstacle(message(), around), null);
  assert.equal(reactObstacle(message({ direction: "note" }), around), "note");
  assert.equal(reactObstacle(message(), { ...around, agent: false }), "viewer");
  assert.equal(reactObstacle(message(), { ...around, can: { ...can, react: { allowed: false, emoji: [] } } }), "cannot");
  assert.equal(reactObstacle(message({ external_id: null }), around), "notSent");
  assert.equal(reactObstacle(message(), { ...around, phase: "closed" }), "window");
  assert.equal(reactObstacle(message(), { ...around, phase: "tag" }), "window");
  assert.equal(reactObstacle(message(), { ...around, canReply: false }), "reason");
  assert.equal(reactObstacle(message(), { ...around, phase: "none" }), null);
  assert.equal(quoteObstacle(message(), { ...around, can: { ...can, quote: false } }), "cannot");
});

test("the emoji that are offered", () => {
  assert.deepEqual(emojiOffer({ ...can, react: { allowed: true, emoji: ["❤️"] } }), { row: ["❤️"], any: false });
  assert.equal(emojiOffer(can).any, true);
  assert.ok(sameEmoji("❤", "❤️") && !sameEmoji("👍", "❤️") && !sameEmoji(null, "❤️"));
});

test("nothing can be done with lines about the conversation, or with what was taken back", () => {
  assert.ok(hasActions(message()) && !hasActions(message({ unsent: true })));
  for (const kind of ["system", "call", "missing"]) assert.ok(!hasActions(message({ kind })));
});

let minute = 0;
const photo = (id, more = {}) => ({
  id, kind: "image", direction: "in", text: null, at: `2026-03-01T12:${String(minute++).padStart(2, "0")}:00.000Z`, attachments: [{ type: "image", state: "kept" }], reactions: [],
  status: "received", origin: "contact", author: null, external_id: id, reply_to: null, ...more,
});
const drawn = (list, newId = null) => entriesOf(list, newId).filter((one) => one.type === "message" || one.type === "album").map((one) => (one.type === "album" ? `[${one.messages.map((m) => m.id).join("")}]` : one.message.id)).join("");

test("pictures in a row are one album; words, the other side, a reaction and the line of what is new part them", () => {
  minute = 0;
  assert.equal(drawn([photo("a"), photo("b"), photo("c")]), "[abc]");
  assert.equal(drawn([photo("a"), photo("b", { text: "look" }), photo("c"), photo("d")]), "ab[cd]");
  assert.equal(drawn([photo("a"), photo("b", { direction: "out", origin: "inbox", status: "sent" }), photo("c", { direction: "out", origin: "inbox", status: "read" })]), "a[bc]");
  assert.equal(drawn([photo("a"), photo("b", { reactions: [{}] }), photo("c")]), "abc");
  minute = 0;
  assert.equal(drawn([photo("a"), photo("b"), photo("c"), photo("d")], "c"), "[ab][cd]");
  minute = 0;
  assert.equal(drawn(Array.from("abcdefghijklmn", (id) => photo(id))), "[abcdefghijkl][mn]");
});

test("a message that is jumped to is drawn, wherever it stands", () => {
  for (const index of [0, 10, 149, 298, 299]) {
    const [start, end] = sliceOf(300, paneAround(300, index));
    assert.ok(start <= index && index < end, String(index));
  }
});

test("the words for a message without words", () => {
  const told = (kind, more = {}) => summary({ kind, text: null, ...more });
  assert.equal(told("audio", { attachments: [{ voice: true, file_name: "x.ogg" }] }), "Voice message");
  assert.equal(told("audio", { attachments: [{ voice: false, file_name: "take 3.wav" }] }), "take 3.wav");
  assert.equal(told("file", { attachments: [{ file_name: "Invoice.pdf" }] }), "Invoice.pdf");
  assert.equal(told("contacts", { attachments: [{ title: "Nils" }] }), "Nils");
  assert.equal(told("location"), "Location");
  assert.equal(told("image", { text: "a caption" }), "a caption");
  assert.equal(told("image", { unsent: true, text: "secret" }), "Taken back by its sender");
  assert.equal(told("text"), "");
  assert.equal(kindIcon("image"), "image");
  assert.equal(kindIcon("text"), null);
});
