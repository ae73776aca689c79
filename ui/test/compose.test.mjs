import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { judge, isCaption, acceptList, plainType } = await load("src/pure/filerules.ts");
const { wrapMark } = await load("src/pure/markup.ts");
const { fillPieces, templateText, valueSlip, variableName, findTemplates } = await load("src/pure/template.ts");
const { readWebm, writeOgg, packetSamples } = await load("src/pure/ogg.ts");
const { writeWav } = await load("src/pure/wav.ts");

const MB = 1024 * 1024;
const RULES = [
  { type: "image", mime_types: ["image/jpeg", "image/png"], max_bytes: 5 * MB, caption_max: 1024, help: "JPEG or PNG." },
  { type: "audio", mime_types: ["audio/mp4", "audio/ogg"], max_bytes: 16 * MB, caption_max: 0, help: "M4A." },
  { type: "file", mime_types: ["application/pdf", "image/png"], max_bytes: 100 * MB, caption_max: 1024, help: "PDF." },
  { type: "sticker", mime_types: ["image/webp"], max_bytes: 500 * 1024, caption_max: 0, help: "WebP." },
];

test("a file is judged by type and size, under all of a type's names", () => {
  assert.deepEqual(judge(RULES, "image/jpg", 1), { verdict: "take", type: "image" });
  assert.deepEqual(judge(RULES, "audio/x-m4a", 1), { verdict: "take", type: "audio" });
  assert.deepEqual(judge(RULES, "audio/ogg; codecs=opus", 1), { verdict: "take", type: "audio" });
  assert.deepEqual(judge(RULES, "image/webp", 1), { verdict: "take", type: "sticker" });
  assert.equal(judge(RULES, "image/jpeg", 5 * MB).verdict, "take");
  assert.deepEqual(judge(RULES, "image/jpeg", 5 * MB + 1), { verdict: "size", most: 5 * MB, as: "image", help: "JPEG or PNG." });
  assert.equal(plainType("Image/PJPEG;q=1"), "image/jpeg");
});

test("a picture that is too large as one goes as a file where that is taken", () => {
  assert.deepEqual(judge(RULES, "image/png", 6 * MB), { verdict: "take", type: "file" });
});

test("what is surely not taken is refused with the advice for its kind; what is not sure is left to the server", () => {
  assert.deepEqual(judge(RULES, "image/heic", 1), { verdict: "type", help: "JPEG or PNG." });
  assert.deepEqual(judge(RULES, "application/zip", 1), { verdict: "type", help: "PDF." });
  assert.deepEqual(judge([RULES[0]], "video/mp4", 1), { verdict: "type", help: null });
  for (const vague of ["", "application/octet-stream", "text/csv"]) assert.equal(judge(RULES, vague, 1).verdict, "ask");
  assert.equal(judge(RULES, "", 101 * MB).verdict, "size");
  assert.equal(judge(RULES, "image/png", 0).verdict, "empty");
});

test("text goes under the first file where it may and fits", () => {
  assert.equal(isCaption(RULES, "image", 1024), true);
  assert.equal(isCaption(RULES, "image", 1025), false);
  assert.equal(isCaption(RULES, "audio", 1), false);
  assert.match(acceptList(RULES), /^image\/jpeg,image\/png,audio\/mp4/);
});

const marked = (value, mark) => {
  const start = value.indexOf("["), end = value.indexOf("]") - 1;
  const done = wrapMark({ value: value.replace(/[[\]]/g, ""), start, end }, mark);
  return done.value.slice(0, done.start) + "[" + done.value.slice(done.start, done.end) + "]" + done.value.slice(done.end);
};

test("marks go around words, never around blanks, and come off again", () => {
  assert.equal(marked("a [word] here", "*"), "a *[word]* here");
  assert.equal(marked("a[ word ]here", "_"), "a _[word]_ here");
  assert.equal(marked("a *[word]* here", "*"), "a [word] here");
  assert.equal(marked("a [*word*] here", "*"), "a [word] here");
  assert.equal(marked("so []", "~"), "so ~[]~");
  assert.equal(marked("[x]", "```"), "```[x]```");
});

const TEMPLATE = {
  name: "order_ready", language: "en", category: "UTILITY", header: "Order {{header.1}}", header_type: null, footer: "Bye", buttons: [], usable: true,
  body: "Hello {{body.1}}, {{body.2}} {{other}}",
  variables: [
    { key: "header.1", label: "{{1}}", example: null, max_bytes: 4 }, { key: "body.1", label: "{{1}}", example: "Ana", max_bytes: null }, { key: "body.2", label: "when", example: null, max_bytes: null }],
};

test("a template's gaps are filled, or named as long as they are not", () => {
  assert.deepEqual(fillPieces(TEMPLATE.body, TEMPLATE.variables, { "body.1": " Ana " }), [
    { words: "Hello ", gap: false }, { words: "Ana", gap: false }, { words: ", ", gap: false }, { words: "when", gap: true }, { words: " {{other}}", gap: false }]);
  assert.equal(templateText(TEMPLATE, { "header.1": "{{body.1}}", "body.1": "$&", "body.2": "now" }), "Order {{body.1}}\n\nHello $&, now {{other}}\n\nBye");
  assert.deepEqual(TEMPLATE.variables.map(variableName), ["Header 1", "Text 1", "when"]);
});

test("values are there, short enough, and of one line", () => {
  const [short, any] = TEMPLATE.variables;
  assert.equal(valueSlip(any, "  "), "required");
  assert.equal(valueSlip(short, "äö"), null);
  assert.equal(valueSlip(short, "äöü"), "long");
  assert.equal(valueSlip(any, "a\nb"), "breaks");
  assert.equal(valueSlip(any, "a     b"), "breaks");
});

test("templates are found by name, words, language and category", () => {
  const find = (query, language = "", category = "") => findTemplates([TEMPLATE], { query, language, category }).length;
  assert.equal(find("order ready"), 1);
  assert.equal(find("HELLO order_"), 1);
  assert.equal(find("hello missing"), 0);
  assert.equal(find("", "nb"), 0);
  assert.equal(find("", "en", "UTILITY"), 1);
});

/* A recording as Chromium writes it: segment and cluster of unknown size. */
const OPEN = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
const element = (id, body) => [...id, 0x40 | (body.length >> 8), body.length & 255, ...body];
const HEAD = [...Buffer.from("OpusHead"), 1, 1, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 0, 0];
const packet = (length) => [0x78 /* 20 ms, one frame */, ...Array(length - 1).fill(7)];
const block = (bytes, flags = 0x80) => element([0xa3], [0x81, 0, 0, flags, ...bytes]);
const webm = (packets, { head = HEAD, flags } = {}) => Uint8Array.from([
  ...element([0x1a, 0x45, 0xdf, 0xa3], [0x42, 0x86, 0x81, 1]), 0x18, 0x53, 0x80, 0x67, ...OPEN,
  ...element([0x16, 0x54, 0xae, 0x6b], element([0xae], element([0x63, 0xa2], head))),
  0x1f, 0x43, 0xb6, 0x75, ...OPEN, ...element([0xe7], [0]), ...packets.flatMap((one) => block(one, flags))]);

function pagesOf(ogg) {
  const bytes = Buffer.concat(ogg), pages = [];
  for (let at = 0; at < bytes.length;) {
    assert.equal(bytes.toString("latin1", at, at + 4), "OggS");
    const lacing = [...bytes.subarray(at + 27, at + 27 + bytes[at + 26])], size = lacing.reduce((a, b) => a + b, 0);
    const page = bytes.subarray(at, at + 27 + lacing.length + size);
    /* The checksum by long division, bit by bit, unlike the table in the code. */
    const zeroed = Buffer.from(page);
    zeroed.writeUInt32LE(0, 22);
    let crc = 0;
    for (const byte of zeroed) for (let bit = 7; bit >= 0; bit--) { const carry = ((crc >>> 31) ^ (byte >> bit)) & 1; crc = ((crc << 1) ^ (carry ? 0x04c11db7 : 0)) >>> 0; }
    assert.equal(page.readUInt32LE(22), crc, "checksum");
    pages.push({ flags: page[5], granule: Number(page.readBigInt64LE(6)), sequence: page.readUInt32LE(18), lacing, body: page.subarray(27 + lacing.length) });
    at += page.length;
  }
  return pages;
}

test("Opus goes from WebM to Ogg untouched, with right pages", () => {
  const sizes = [3, 254, 255, 256, 510, ...Array(120).fill(80)];
  const found = readWebm(webm(sizes.map(packet)));
  assert.equal(found.channels, 1);
  assert.deepEqual(found.packets.map((one) => one.length), sizes);
  const pages = pagesOf(writeOgg(found, 7));
  assert.deepEqual(pages.map((one) => one.sequence), pages.map((_, k) => k));
  assert.equal(pages[0].flags, 2);
  assert.equal(pages[0].body.toString("latin1", 0, 8), "OpusHead");
  assert.equal(pages[1].body.toString("latin1", 0, 8), "OpusTags");
  assert.equal(pages.at(-1).flags, 4);
  assert.equal(pages.at(-1).granule, sizes.length * 960);
  assert.ok(pages.slice(2).every((one) => one.lacing.length <= 255 && one.lacing.at(-1) < 255), "each packet ends in its page");
  assert.equal(Buffer.concat(pages.slice(2).map((one) => one.body)).length, sizes.reduce((a, b) => a + b));
});

test("lengths of Opus packets", () => {
  assert.deepEqual([[0x00], [0x18], [0x60], [0x68], [0x80], [0x98], [0xf9], [0x7b, 3]].map((one) => packetSamples(Uint8Array.from(one))), [480, 2880, 480, 960, 120, 960, 1920, 2880]);
});

test("what is no such recording is said to be none; a cut off end is left out", () => {
  assert.throws(() => readWebm(webm([packet(9)], { head: [...Buffer.from("Vorbis"), ...Array(20).fill(0)] })), /not Opus/);
  assert.throws(() => readWebm(webm([packet(9)], { flags: 0x86 })), /laced/);
  assert.throws(() => readWebm(Uint8Array.from([0, 0, 0])), /webm/);
  const whole = webm([packet(9), packet(90)]);
  assert.equal(readWebm(whole.subarray(0, whole.length - 5)).packets.length, 1);
  assert.throws(() => writeOgg({ head: Uint8Array.from(HEAD), channels: 1, packets: [] }, 1), /no sound/);
});

test("plain sound in its box", () => {
  const bytes = Buffer.from(writeWav(Float32Array.from([0, 1, -1, 2]), 16000));
  assert.equal(bytes.toString("latin1", 0, 4) + bytes.toString("latin1", 8, 16), "RIFFWAVEfmt ");
  assert.deepEqual([bytes.readUInt32LE(4), bytes.readUInt16LE(22), bytes.readUInt32LE(24), bytes.readUInt32LE(40)], [44, 1, 16000, 8]);
  assert.deepEqual([0, 1, 2, 3].map((k) => bytes.readInt16LE(44 + 2 * k)), [0, 32767, -32767, 32767]);
});
