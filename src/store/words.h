/* Text into words, for the index and for what is asked of it: both must cut alike. */
#ifndef STORE_WORDS_H
#define STORE_WORDS_H

#include "base/buf.h"

/* Adds the words of `text`, which is UTF-8, with a blank before each. What is written without blanks between words (Han,
 * kana) and what stands for itself (emoji) becomes a word a character. No U+E000 is left. */
void words_add(struct buf *b, struct str text);

#endif
