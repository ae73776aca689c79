/* Pictures of strangers, read in look_child.c's process: JPEG, PNG, GIF and WebP into a small one. */
#ifndef FILES_PICTURE_H
#define FILES_PICTURE_H

#include "base/str.h"
#include "files/shrink.h"

/* A header costs nothing, its pixels do: above this it is not decoded. */
#define PICTURE_PIXELS_MAX INT64_C(64000000)

struct picture {
	struct str bytes;
	int orientation;		/* EXIF's, 1 to 8; 0: not told */
	/* Told as soon as the header is read, as the picture is shown. */
	void (*sized)(int width, int height);
	struct shrink small;		/* what became of it, not turned yet */
};

/* True: p->small holds the picture, or as much of it as could be read. */
bool picture_read_jpeg(struct picture *p);
bool picture_read_png(struct picture *p);
bool picture_read_gif(struct picture *p);	/* its first frame, as the next */
bool picture_read_webp(struct picture *p);

/* For the readers: tells the size; false: not to be decoded. */
bool picture_begin(struct picture *p, int64_t width, int64_t height);

/* By the type of its bytes; false: not a picture that is read here. The small one is turned as it is shown. */
bool picture_read(struct picture *p, struct str mime_type);
/* As WebP; *ret is libwebp's (WebPFree). 0: it failed. */
size_t picture_write(const struct picture *p, unsigned char **ret);

#endif
