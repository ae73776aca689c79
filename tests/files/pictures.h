/* Pictures for the tests, made with the libraries that read them. A failure ends the program. */
#ifndef TESTS_FILES_PICTURES_H
#define TESTS_FILES_PICTURES_H

#include "base/buf.h"

/* Left half red, right half blue, at the top a green eighth. With opacity 0 in the last quarter of the rows when `clear`. */
void picture_png(struct buf *ret, int width, int height, bool clear, bool interlaced);
void picture_jpeg(struct buf *ret, int width, int height, int orientation, bool cmyk, bool progressive);	/* orientation 0: none is told */
void picture_webp(struct buf *ret, int width, int height);
void picture_gif(struct buf *ret, int width, int height, bool interlaced);	/* two frames; the second is all white */

/* The colour at a place of a WebP, as 0xRRGGBBAA; its size. */
uint32_t picture_at(struct str webp, int x, int y);
void picture_size(struct str webp, int *ret_width, int *ret_height);

#endif
