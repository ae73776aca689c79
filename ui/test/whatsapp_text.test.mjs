import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.mjs";

const { readWhatsapp, spansOf, unmarked } = await load("src/pure/whatsapp_text.ts");

/* Spans in short: plain text as it is, marks as <b>, <i>, <s>, code as [..], links as {..}. */
const TAGS = { bold: "b", italic: "i", strike: "s" };
const short = (spans) =>
  spans
    .map((one) =>
      one.type === "text" ? one.text : one.type === "code" ? `[${one.text}]` : one.type === "link" ? `{${one.text}}` : `<${TAGS[one.type]}>${short(one.spans)}</${TAGS[one.type]}>`,
    )
    .join("");
const line = (text) => short(spansOf(text));
const blocks = (text) =>
  readWhatsapp(text).map((one) =>
    one.type === "code" ? ["code", one.text] : one.type === "list" ? [one.ordered ? "ol" : "ul", ...one.items.map((item) => item.number + short(item.spans))] : [one.type, short(one.spans)],
  );

test("bold, italic, struck, code", () => {
  assert.equal(line("*bold* _italic_ ~struck~ `code`"), "<b>bold</b> <i>italic</i> <s>struck</s> [code]");
  assert.equal(line("(*bold*), _a b c_!"), "(<b>bold</b>), <i>a b c</i>!");
  assert.equal(line("say ```x *y*``` now"), "say [x *y*] now");
});

test("a mark inside a word is none", () => {
  for (const plain of ["snake_case_name", "2*3*4", "a~b~c", "é_à_é", "5 * 3 * 2", "* not closed", "*also not", "x*", "_", "**", "~~", "a_b_", "*a*b"]) assert.equal(line(plain), plain);
});

test("a space inside its edge, an empty one and a doubled one are none", () => {
  for (const plain of ["* bold *", "*bold *", "* bold*", "**bold**", "__init__", "~ ~", "* *", "``"]) assert.equal(line(plain), plain);
});

test("nested marks, and marks that cross", () => {
  assert.equal(line("*_both_*"), "<b><i>both</i></b>");
  assert.equal(line("*bold _and italic_ and ~more~*"), "<b>bold <i>and italic</i> and <s>more</s></b>");
  assert.equal(line("*a _b* c_"), "<b>a _b</b> c_");
  assert.equal(line("*a *b* c*"), "<b>a *b</b> c*");
});

test("links are whole, and marks stand around them", () => {
  assert.equal(line("https://example.org/a_b_c?x=*y*z"), "{https://example.org/a_b_c?x=*y*z}");
  assert.equal(line("*https://example.org*"), "<b>{https://example.org}</b>");
  assert.equal(line("_see https://example.org/a_b_"), "<i>see {https://example.org/a_b}</i>");
  assert.equal(line("`https://example.org`"), "[https://example.org]");
});

test("emoji and other scripts are no obstacle", () => {
  assert.equal(line("😀*fett*😀"), "😀<b>fett</b>😀");
  assert.equal(line("*👍*"), "<b>👍</b>");
  assert.equal(line("_مرحبا_ *你好*"), "<i>مرحبا</i> <b>你好</b>");
  assert.equal(line("𝐀*x*"), "𝐀*x*", "a letter of two units is a letter");
});

test("marks do not reach over a line's end", () => {
  assert.deepEqual(blocks("*one\ntwo*"), [["lines", "*one\ntwo*"]]);
  assert.deepEqual(blocks("*one*\n_two_"), [["lines", "<b>one</b>\n<i>two</i>"]]);
});

test("quotes and lists", () => {
  assert.deepEqual(blocks("> said *this*\n> and that\nmy answer"), [["quote", "said <b>this</b>\nand that"], ["lines", "my answer"]]);
  assert.deepEqual(blocks("- a\n- _b_\n* c"), [["ul", "a", "<i>b</i>", "c"]]);
  assert.deepEqual(blocks("1. a\n2. b\n- c"), [["ol", "1a", "2b"], ["ul", "c"]]);
  assert.deepEqual(blocks("* *bold* item"), [["ul", "<b>bold</b> item"]]);
  for (const plain of [">no space", "-5 degrees", "1.5 litres", "> ", "- ", "2026. "]) assert.deepEqual(blocks(plain), [["lines", plain]]);
});

test("a block of code keeps everything", () => {
  assert.deepEqual(blocks("look:\n```\nif (a) {\n  *b*\n}\n```\ndone"), [["lines", "look:"], ["code", "if (a) {\n  *b*\n}"], ["lines", "done"]]);
  assert.deepEqual(blocks("```a\nb```"), [["code", "a\nb"]]);
  assert.deepEqual(blocks("```never closed\n*b*"), [["lines", "```never closed\n<b>b</b>"]]);
});

test("nothing is lost: the words and line breaks of plain text stay", () => {
  for (const plain of ["", " ", "\n", "a\n\nb", "\n a \n", "two  spaces"]) assert.deepEqual(blocks(plain), [["lines", plain]]);
});

test("a text made to be slow is not", () => {
  const since = performance.now();
  for (const unit of ["*a ", "_a*b~", "`", "*", "https://a_", "> *a_ ~", "*_~a "]) readWhatsapp(unit.repeat(20_000));
  assert.ok(performance.now() - since < 3000, `${Math.round(performance.now() - since)} ms`);
});

test("the words alone, for one line", () => {
  assert.equal(unmarked("*a _b_* `c` https://x.org/_d_ snake_case"), "a b c https://x.org/_d_ snake_case");
  assert.equal(unmarked("> said\n- one\n2. *two*\n```x\ny```"), "said\n• one\n2. two\nx\ny");
  assert.equal(unmarked("2 * 3 = 6"), "2 * 3 = 6");
});
