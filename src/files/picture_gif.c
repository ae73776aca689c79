#include "files/picture.h"

#include <stdlib.h>
#include <string.h>

#include <gif_lib.h>

static int give(GifFileType *g, GifByteType *to, int count)
{
	struct str *rest = g->UserData, piece = str_cut(*rest, 0, (size_t)count);

	if (piece.len > 0)
		memcpy(to, piece.p, piece.len);
	*rest = str_cut(*rest, piece.len, rest->len);
	return (int)piece.len;
}

/* Up to the first picture; *ret_clear: its transparent colour, -1 without one. */
static bool find_frame(GifFileType *g, int *ret_clear)
{
	GifRecordType type = UNDEFINED_RECORD_TYPE;
	GifByteType *block;
	GraphicsControlBlock control;
	int code;

	*ret_clear = -1;
	while (DGifGetRecordType(g, &type) != GIF_ERROR && type == EXTENSION_RECORD_TYPE) {
		if (DGifGetExtension(g, &code, &block) == GIF_ERROR)
			return false;
		while (block != NULL) {
			if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
				*ret_clear = control.TransparentColor;
			if (DGifGetExtensionNext(g, &block) == GIF_ERROR)
				return false;
		}
	}
	return type == IMAGE_DESC_RECORD_TYPE && DGifGetImageDesc(g) == GIF_OK;
}

/* Which row of an interlaced picture comes as number n. */
static int interlaced_row(int n, int height)
{
	static const int first[] = { 0, 4, 2, 1 }, step[] = { 8, 8, 4, 2 };

	for (int pass = 0; pass < 4; pass++) {
		int rows = height > first[pass] ? (height - first[pass] + step[pass] - 1) / step[pass] : 0;

		if (n < rows)
			return first[pass] + n * step[pass];
		n -= rows;
	}
	return height - 1;
}

/* The frame's colour numbers onto the whole picture, in which 0xffff is nothing. */
static bool read_frame(GifFileType *g, int clear, uint16_t *canvas)
{
	const GifImageDesc *frame = &g->Image;
	GifPixelType *line = malloc((size_t)frame->Width + 1);
	bool some = false;

	for (int n = 0; line != NULL && n < frame->Height && DGifGetLine(g, line, frame->Width) == GIF_OK; n++) {
		int y = frame->Top + (frame->Interlace ? interlaced_row(n, frame->Height) : n);

		some = true;
		for (int x = 0; x < frame->Width && y < g->SHeight; x++)
			if (frame->Left + x < g->SWidth && line[x] != clear)
				canvas[(size_t)y * (size_t)g->SWidth + (size_t)(frame->Left + x)] = line[x];
	}
	free(line);
	return some;
}

static bool paint(GifFileType *g, const uint16_t *canvas, struct picture *p)
{
	const ColorMapObject *colours = g->Image.ColorMap != NULL ? g->Image.ColorMap : g->SColorMap;
	unsigned char *row = calloc((size_t)g->SWidth, 4);
	bool ok = colours != NULL && row != NULL && shrink_begin(&p->small, g->SWidth, g->SHeight);

	for (int y = 0; ok && y < g->SHeight; y++) {
		for (int x = 0; x < g->SWidth; x++, canvas++) {
			unsigned char *to = row + (size_t)x * 4;

			to[3] = *canvas < colours->ColorCount ? 255 : 0;
			if (to[3] == 0)
				continue;
			to[0] = colours->Colors[*canvas].Red;
			to[1] = colours->Colors[*canvas].Green;
			to[2] = colours->Colors[*canvas].Blue;
		}
		shrink_row(&p->small, row);
	}
	free(row);
	return ok;
}

bool picture_read_gif(struct picture *p)
{
	struct str rest = p->bytes;
	int error = 0, clear;
	GifFileType *g = DGifOpen(&rest, give, &error);
	uint16_t *canvas = NULL;
	bool ok = g != NULL && picture_begin(p, g->SWidth, g->SHeight) && find_frame(g, &clear) && g->Image.Width > 0 && g->Image.Height > 0;

	if (ok) {
		size_t count = (size_t)g->SWidth * (size_t)g->SHeight;

		canvas = malloc(count * sizeof(*canvas));
		if (canvas != NULL)
			memset(canvas, 0xff, count * sizeof(*canvas));
		ok = canvas != NULL && read_frame(g, clear, canvas) && paint(g, canvas, p);
	}
	free(canvas);
	if (g != NULL)
		(void)DGifCloseFile(g, &error);
	return ok;
}
