#include "files/picture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct source {
	struct str rest;
	unsigned char *rows;		/* one, or all of an interlaced one */
	unsigned char **each;
};

static void give(png_structp png, png_bytep to, size_t count)
{
	struct source *s = png_get_io_ptr(png);

	if (count > s->rest.len)
		png_error(png, "short");
	memcpy(to, s->rest.p, count);
	s->rest = str_cut(s->rest, count, s->rest.len);
}

static void say_nothing(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

/* Whatever it is: 8 bits of red, green, blue and opacity. */
static void want_rgba(png_structp png)
{
	png_set_expand(png);
	png_set_scale_16(png);
	png_set_gray_to_rgb(png);
	png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
}

static bool read_rows(png_structp png, png_infop info, struct source *s, struct picture *p, bool interlaced)
{
	size_t width = png_get_image_width(png, info), height = png_get_image_height(png, info);

	if (png_get_rowbytes(png, info) != width * 4 || !shrink_begin(&p->small, (int)width, (int)height) ||
	    (s->rows = malloc(width * 4 * (interlaced ? height : 1))) == NULL ||
	    (interlaced && (s->each = malloc(height * sizeof(*s->each))) == NULL))
		return false;
	for (size_t y = 0; y < height && interlaced; y++)
		s->each[y] = s->rows + y * width * 4;
	if (interlaced)
		png_read_image(png, s->each);
	for (size_t y = 0; y < height; y++) {
		if (!interlaced)
			png_read_row(png, s->rows, NULL);
		shrink_row(&p->small, interlaced ? s->each[y] : s->rows);
	}
	return true;
}

bool picture_read_png(struct picture *p)
{
	struct source s = { .rest = p->bytes };
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, say_nothing);
	png_infop info = png == NULL ? NULL : png_create_info_struct(png);
	volatile bool ok = false;

	if (info != NULL && setjmp(png_jmpbuf(png)) == 0) {
		png_set_read_fn(png, &s, give);
		png_set_user_limits(png, 1 << 20, 1 << 20);
		png_set_chunk_malloc_max(png, 8 << 20);
		png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
		png_read_info(png, info);
		if (picture_begin(p, png_get_image_width(png, info), png_get_image_height(png, info))) {
			bool interlaced = png_get_interlace_type(png, info) != PNG_INTERLACE_NONE;

			want_rgba(png);
			if (interlaced)
				(void)png_set_interlace_handling(png);
			png_read_update_info(png, info);
			ok = read_rows(png, info, &s, p, interlaced);
		}
	} else if (p->small.done > 0)
		ok = true;		/* it is cut off: what came of it is shown */
	png_destroy_read_struct(&png, &info, NULL);
	free(s.rows);
	free(s.each);
	return ok;
}
