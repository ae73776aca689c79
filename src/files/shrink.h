/* Makes a picture smaller while its rows come, by the mean of what each new pixel covers. Nothing is ever larger than the row in
 * hand and the small picture. */
#ifndef FILES_SHRINK_H
#define FILES_SHRINK_H

#include <stdbool.h>
#include <stdint.h>

struct shrink {
	int from_width, from_height, width, height;
	int y;				/* rows that came */
	int done;			/* rows of the small picture that are whole */
	float *row, *sum;		/* one small row, its colours times its opacity: of the row that came, and added up so far */
	unsigned char *pixels;		/* RGBA, width * height */
};

/* For pictures of up to SHRINK_SIDE pixels on the long side nothing changes. False: no memory. */
enum { SHRINK_SIDE = 640 };
bool shrink_begin(struct shrink *s, int width, int height);
void shrink_row(struct shrink *s, const unsigned char *rgba);
/* Rows that never came stay transparent. */
void shrink_free(struct shrink *s);
/* How large the small picture of this one is. */
void shrink_size(int width, int height, int *ret_width, int *ret_height);
/* Turns the small picture as EXIF's orientation says (1 to 8; others: not at all). False: no memory. */
bool shrink_turn(struct shrink *s, int orientation);

#endif
