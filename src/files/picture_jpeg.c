#include "files/picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

struct reader {
	struct jpeg_error_mgr errors;	/* first: libjpeg knows it by this */
	jmp_buf failed;
	unsigned char *row;
};

static void on_error(j_common_ptr c)
{
	longjmp(((struct reader *)(void *)c->err)->failed, 1);
}

static void say_nothing(j_common_ptr c)
{
	(void)c;
}

/* ---- EXIF's orientation: TIFF 6.0's first directory, tag 0x0112 ---- */

static unsigned number(const unsigned char *p, int bytes, bool little)
{
	unsigned v = 0;

	for (int k = 0; k < bytes; k++)
		v = v << 8 | p[little ? bytes - 1 - k : k];
	return v;
}

static int orientation_of(const unsigned char *p, size_t len)
{
	if (len < 14 || memcmp(p, "Exif\0\0", 6) != 0)
		return 0;
	p += 6;
	len -= 6;
	bool little = p[0] == 'I';
	size_t at = number(p + 4, 4, little);

	if (at > len - 2)
		return 0;
	size_t count = number(p + at, 2, little);

	for (at += 2; count > 0 && at + 12 <= len; count--, at += 12)
		if (number(p + at, 2, little) == 0x0112 && number(p + at + 2, 2, little) == 3)
			return (int)number(p + at + 8, 2, little);
	return 0;
}

/* ---- pixels ---- */

/* Adobe writes CMYK upside down, and nobody else writes it. */
static void cmyk_to_rgba(unsigned char *row, unsigned width)
{
	for (unsigned x = 0; x < width; x++, row += 4) {
		for (int c = 0; c < 3; c++)
			row[c] = (unsigned char)(row[c] * row[3] / 255);
		row[3] = 255;
	}
}

static bool read_rows(struct jpeg_decompress_struct *d, struct reader *r, struct picture *p)
{
	bool is_cmyk = d->jpeg_color_space == JCS_CMYK || d->jpeg_color_space == JCS_YCCK;
	int width, height;

	/* The library halves it for nothing, until it is no more than twice too large. */
	shrink_size((int)d->image_width, (int)d->image_height, &width, &height);
	d->scale_denom = 8;
	for (d->scale_num = 1; d->scale_num < 8 && d->image_width * d->scale_num / 8 < (unsigned)width * 2;)
		d->scale_num *= 2;
	d->out_color_space = is_cmyk ? JCS_CMYK : JCS_EXT_RGBA;
	(void)jpeg_start_decompress(d);
	if (!shrink_begin(&p->small, (int)d->output_width, (int)d->output_height) ||
	    (r->row = malloc((size_t)d->output_width * 4)) == NULL)
		return false;
	while (d->output_scanline < d->output_height) {
		(void)jpeg_read_scanlines(d, &r->row, 1);
		if (is_cmyk)
			cmyk_to_rgba(r->row, d->output_width);
		shrink_row(&p->small, r->row);
	}
	return true;
}

bool picture_read_jpeg(struct picture *p)
{
	struct jpeg_decompress_struct d = { 0 };
	struct reader r = { 0 };
	volatile bool ok = false;

	d.err = jpeg_std_error(&r.errors);
	r.errors.error_exit = on_error;
	r.errors.output_message = say_nothing;
	if (setjmp(r.failed) == 0) {
		jpeg_create_decompress(&d);
		jpeg_mem_src(&d, (const unsigned char *)p->bytes.p, p->bytes.len);
		jpeg_save_markers(&d, JPEG_APP0 + 1, 0xffff);
		(void)jpeg_read_header(&d, TRUE);
		for (jpeg_saved_marker_ptr m = d.marker_list; m != NULL && p->orientation == 0; m = m->next)
			p->orientation = orientation_of(m->data, m->data_length);
		ok = picture_begin(p, d.image_width, d.image_height) && read_rows(&d, &r, p);
	}
	free(r.row);
	jpeg_destroy_decompress(&d);
	return ok;
}
