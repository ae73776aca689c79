import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { linksIn, disguised, safeUrl, hostOf } = await load("src/pure/links.ts");
const { fewEmoji, isOneEmoji } = await load("src/pure/emoji.ts");
const { fileSize, playTime, price, orderSum, phoneNumber, placeOf, placeMap } = await load("src/pure/amounts.ts");
const { fileKind, frameOf, keptUrl, downloadUrl, isLone, looksOf } = await load("src/pure/media.ts");

const found = (text) => linksIn(text).map((one) => [text.slice(one.from, one.to), one.href]);
const same = (url) => [url, url];

test("links end where the address ends", () => {
  assert.deepEqual(found("see https://example.org/a."), [same("https://example.org/a")]);
  assert.deepEqual(found("(https://example.org/a_(b)), and http://x.y?"), [same("https://example.org/a_(b)"), same("http://x.y")]);
  assert.deepEqual(found("www.example.org, mail@www.example.org"), [["www.example.org", "https://www.example.org"]]);
  assert.deepEqual(found("https:// ftp://a.b javascript:alert(1) xwww.a.b"), []);
  assert.deepEqual(found("“https://example.org/ä”"), [same("https://example.org/ä")]);
});

test("an address that hides where it leads says it", () => {
  assert.equal(disguised("https://bank.example@evil.example/login"), "evil.example");
  assert.equal(disguised("https://аpple.com"), "xn--pple-43d.com");
  assert.equal(disguised("https://example.org/@user"), null);
  assert.equal(hostOf("https://example.org:8443/x"), "example.org:8443");
  for (const bad of ["javascript:alert(1)", "//evil.example", "/\\evil.example", "data:text/html,x", ""]) assert.equal(safeUrl(bad), null);
});

test("one to three emoji, however they are put together", () => {
  assert.equal(fewEmoji("👍"), 1);
  assert.equal(fewEmoji("👨‍👩‍👧‍👦 🇳🇴"), 2);
  assert.equal(fewEmoji("❤️👍🏽1️⃣"), 3);
  for (const text of ["", "👍👍👍👍", "ok 👍", "1", "©", "123", "*"]) assert.equal(fewEmoji(text), 0, text);
  assert.ok(isOneEmoji("🏴󠁧󠁢󠁥󠁮󠁧󠁿") && isOneEmoji("🤦🏽‍♀️") && !isOneEmoji("👍👍") && !isOneEmoji("a") && !isOneEmoji(""));
});

test("amounts", () => {
  assert.equal(fileSize(999, "en"), "999 bytes");
  assert.equal(fileSize(1_250_000, "en"), "1.3 MB");
  assert.equal(fileSize(48_700, "en"), "49 kB");
  assert.equal(playTime(7.9), "0:07");
  assert.equal(playTime(3729), "1:02:09");
  assert.equal(playTime(Infinity), "");
  assert.equal(price("12.5", "EUR", "en"), "€12.50");
  assert.equal(price("12.5", "gold bars", "en"), "12.5 gold bars");
  assert.equal(price("a lot", "EUR", "en"), "a lot EUR");
  assert.deepEqual(orderSum([{ quantity: "2", price: "10", currency: "EUR" }, { price: "0.5", currency: "EUR" }]), { amount: 20.5, currency: "EUR" });
  assert.equal(orderSum([{ quantity: "2", price: "10", currency: "EUR" }, { price: "1", currency: "USD" }]), null);
  assert.equal(orderSum([{ quantity: "x", price: "10", currency: "EUR" }]), null);
  assert.equal(orderSum([]), null);
});

test("phone numbers in groups; what is none stays", () => {
  assert.equal(phoneNumber("+14155550123"), "+1 415 555 0123");
  assert.equal(phoneNumber("+5511999990000"), "+55 119 999 900 00");
  assert.equal(phoneNumber("+35312345678"), "+353 123 456 78");
  for (const other of ["@ada", "123", "+12", "ada.example", ""]) assert.equal(phoneNumber(other), other);
});

test("a place, or none", () => {
  assert.deepEqual(placeOf("59.9139", "10.7522"), { latitude: 59.9139, longitude: 10.7522 });
  assert.equal(placeOf("91", "0"), null);
  assert.equal(placeOf(undefined, "0"), null);
  assert.equal(placeOf("1e3", "0"), null);
  assert.match(placeMap({ latitude: -1.5, longitude: 2 }), /mlat=-1\.5&mlon=2#map=16\/-1\.5\/2$/);
});

const picture = (more = {}) => ({ position: 0, type: "image", state: "kept", url: "/api/v1/a/0", details: [], ...more });
const message = (id, more = {}) => ({ id, direction: "in", kind: "image", text: null, attachments: [picture()], reactions: [], status: "received", ...more });

test("a file is known by its bytes, then by its name", () => {
  assert.equal(fileKind("application/pdf", "x.docx"), "pdf");
  assert.equal(fileKind("application/zip", "x.docx"), "words");
  assert.equal(fileKind(null, "prices.XLSX"), "sheet");
  assert.equal(fileKind("application/octet-stream", "x"), "file");
});

test("kept files are ours; frames keep their shape within limits", () => {
  assert.equal(keptUrl(picture()), "/api/v1/a/0");
  assert.equal(downloadUrl(picture()), "/api/v1/a/0?download=1");
  assert.equal(keptUrl(picture({ url: "https://elsewhere.example/x" })), null);
  assert.equal(keptUrl(picture({ state: "lost" })), null);
  assert.deepEqual(frameOf(4000, 3000), { width: 320, height: 240 });
  assert.deepEqual(frameOf(1000, 4000), { width: 120, height: 360 });
  assert.deepEqual(frameOf(3000, 20), { width: 320, height: 72 });
  assert.equal(frameOf(null, 3), null);
});

test("what stands in an album, and what is looked through", () => {
  assert.ok(isLone(message("a")));
  for (const more of [{ text: "x" }, { reactions: [{}] }, { status: "failed" }, { unsent: true }, { attachments: [picture(), picture()] }, { attachments: [picture({ state: "lost" })] }])
    assert.ok(!isLone(message("a", more)));
  const looks = looksOf([message("a"), message("b", { unsent: true }), message("c", { attachments: [picture({ state: "fetching" }), picture({ position: 1 }), picture({ position: 2, type: "file" })] })]);
  assert.deepEqual(looks.map((look) => look.message.id + look.one.position), ["a0", "c1"]);
});
