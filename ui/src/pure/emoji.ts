/* What is one emoji to the eye may be many code points: flags, skin tones, families (Unicode Technical Standard 51). */

const ONE =
  "(?:\\p{Regional_Indicator}{2}|[0-9#*]\\uFE0F?\\u20E3|" +
  "(?:\\p{Emoji_Presentation}|\\p{Emoji}\\uFE0F|\\p{Emoji_Modifier_Base})\\p{Emoji_Modifier}?[\\u{E0020}-\\u{E007F}]*" +
  "(?:\\u200D\\p{Extended_Pictographic}\\uFE0F?\\p{Emoji_Modifier}?)*)";
const FEW = new RegExp(`^(?:${ONE}\\s*){1,3}$`, "u");
const ALL = new RegExp(ONE, "gu");
const SINGLE = new RegExp(`^${ONE}$`, "u");

/* How many emoji a text consists of, when it is nothing but one to three; otherwise 0. */
export function fewEmoji(text: string): 0 | 1 | 2 | 3 {
  const words = text.trim();
  if (words.length > 120 || !FEW.test(words)) return 0;
  return words.match(ALL)!.length as 1 | 2 | 3;
}

export function isOneEmoji(text: string): boolean {
  return text.length <= 40 && SINGLE.test(text);
}
