#include "pictures.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <webp/decode.h>
#include <webp/encode.h>

static void pixel(int x, int y, int width, int height, bool clear, unsigned char *to)
{
	static const unsigned char red[4] = { 255, 0, 0, 255 }, green[4] = { 0, 255, 0, 255 }, blue[4] = { 0, 0, 255, 255 };

	memcpy(to, y < height / 8 ? green : x < width / 2 ? red : blue, 4);
	if (clear && y >= height - height / 4)
		to[3] = 0;
}

static void add_png(png_structp png, png_bytep bytes, size_t count)
{
	buf_add((struct buf *)png_get_io_ptr(png), (struct str){ (const char *)bytes, count });
}

void picture_png(struct buf *ret, int width, int height, bool clear, bool interlaced)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	unsigned char *row = malloc((size_t)width * 4);

	assert(png != NULL && info != NULL && row != NULL);
	png_set_write_fn(png, ret, add_png, NULL);
	png_set_IHDR(png, info, (unsigned)width, (unsigned)height, 8, PNG_COLOR_TYPE_RGBA, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
		     PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_write_info(png, info);
	for (int pass = png_set_interlace_handling(png); pass > 0; pass--)
		for (int y = 0; y < height; y++) {
			for (int x = 0; x < width; x++)
				pixel(x, y, width, height, clear, row + x * 4);
			png_write_row(png, row);
		}
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
	free(row);
}

static void add_orientation(struct jpeg_compress_struct *c, int orientation)
{
	unsigned char exif[] = { 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2, 0x01, 0x0f, 0, 2, 0, 0, 0, 4, 'C', 'a', 'm', 0,
				 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, (unsigned char)orientation, 0, 0, 0, 0, 0, 0 };

	jpeg_write_marker(c, JPEG_APP0 + 1, exif, sizeof(exif));
}

void picture_jpeg(struct buf *ret, int width, int height, int orientation, bool cmyk, bool progressive)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr errors;
	unsigned char *out = NULL, *row = malloc((size_t)width * 4);
	unsigned long len = 0;

	assert(row != NULL);
	c.err = jpeg_std_error(&errors);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &out, &len);
	c.image_width = (unsigned)width;
	c.image_height = (unsigned)height;
	c.input_components = 4;
	c.in_color_space = cmyk ? JCS_CMYK : JCS_EXT_RGBA;
	jpeg_set_defaults(&c);
	if (progressive)
		jpeg_simple_progression(&c);
	jpeg_set_quality(&c, 95, TRUE);
	jpeg_start_compress(&c, TRUE);
	if (orientation > 0)
		add_orientation(&c, orientation);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++)
			pixel(x, y, width, height, false, row + x * 4);	/* upside down, as Adobe: ink is 255 - c, and no black is 255 */
		(void)jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	buf_add(ret, (struct str){ (const char *)out, len });
	free(out);
	free(row);
}

void picture_webp(struct buf *ret, int width, int height)
{
	unsigned char *all = malloc((size_t)width * (size_t)height * 4), *out = NULL;

	assert(all != NULL);
	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++)
			pixel(x, y, width, height, false, all + ((size_t)y * (size_t)width + (size_t)x) * 4);
	size_t len = WebPEncodeLosslessRGBA(all, width, height, width * 4, &out);

	assert(len > 0);
	buf_add(ret, (struct str){ (const char *)out, len });
	WebPFree(out);
	free(all);
}

static int add_gif(GifFileType *g, const GifByteType *bytes, int count)
{
	buf_add(g->UserData, (struct str){ (const char *)bytes, (size_t)count });
	return count;
}

void picture_gif(struct buf *ret, int width, int height, bool interlaced)
{
	static const GifColorType colours[4] = { { 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 }, { 255, 255, 255 } };
	static const int first[] = { 0, 4, 2, 1 }, step[] = { 8, 8, 4, 2 };
	ColorMapObject *map = GifMakeMapObject(4, colours);
	GifFileType *g = EGifOpen(ret, add_gif, NULL);
	unsigned char *row = malloc((size_t)width), rgba[4];

	assert(map != NULL && g != NULL && row != NULL);
	EGifSetGifVersion(g, true);
	assert(EGifPutScreenDesc(g, width, height, 2, 0, map) == GIF_OK);
	for (int frame = 0; frame < 2; frame++) {
		assert(EGifPutImageDesc(g, 0, 0, width, height, interlaced, NULL) == GIF_OK);
		for (int pass = 0; pass < (interlaced ? 4 : 1); pass++)
			for (int y = interlaced ? first[pass] : 0; y < height; y += interlaced ? step[pass] : 1) {
				for (int x = 0; x < width; x++) {
					pixel(x, y, width, height, false, rgba);
					row[x] = (unsigned char)(frame == 1 ? 3 : rgba[0] ? 0 : rgba[1] ? 1 : 2);
				}
				assert(EGifPutLine(g, row, width) == GIF_OK);
			}
	}
	assert(EGifCloseFile(g, NULL) == GIF_OK);
	GifFreeMapObject(map);
	free(row);
}

uint32_t picture_at(struct str webp, int x, int y)
{
	int width, height;
	uint8_t *p = WebPDecodeRGBA((const uint8_t *)webp.p, webp.len, &width, &height), *at;

	assert(p != NULL && x < width && y < height);
	at = p + ((size_t)y * (size_t)width + (size_t)x) * 4;
	uint32_t v = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];

	WebPFree(p);
	return v;
}

void picture_size(struct str webp, int *ret_width, int *ret_height)
{
	assert(WebPGetInfo((const uint8_t *)webp.p, webp.len, ret_width, ret_height));
}
