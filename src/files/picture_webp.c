#include "files/picture.h"

#include <webp/decode.h>
#include <webp/demux.h>

/* An animation's pictures lie on a canvas, which the library holds twice. */
#define CANVAS_PIXELS_MAX INT64_C(16000000)

static bool read_still(struct picture *p, WebPDecoderConfig *c)
{
	int width, height;

	shrink_size(c->input.width, c->input.height, &width, &height);
	if (!shrink_begin(&p->small, width, height))
		return false;
	c->options.use_scaling = 1;
	c->options.scaled_width = width;
	c->options.scaled_height = height;
	c->output.colorspace = MODE_RGBA;
	c->output.is_external_memory = 1;
	c->output.u.RGBA = (WebPRGBABuffer){ .rgba = p->small.pixels, .stride = width * 4,
					     .size = (size_t)width * (size_t)height * 4 };
	return WebPDecode((const uint8_t *)p->bytes.p, p->bytes.len, c) == VP8_STATUS_OK;
}

static bool read_animation(struct picture *p, int width, int height)
{
	WebPData data = { .bytes = (const uint8_t *)p->bytes.p, .size = p->bytes.len };
	WebPAnimDecoderOptions options;
	uint8_t *canvas = NULL;
	int at = 0;
	bool ok = width <= CANVAS_PIXELS_MAX / height && WebPAnimDecoderOptionsInit(&options);
	WebPAnimDecoder *d = ok ? WebPAnimDecoderNew(&data, &options) : NULL;
	WebPAnimInfo info;

	ok = d != NULL && WebPAnimDecoderGetInfo(d, &info) && info.canvas_width == (uint32_t)width && info.canvas_height == (uint32_t)height &&
	     WebPAnimDecoderGetNext(d, &canvas, &at) && shrink_begin(&p->small, width, height);
	for (int y = 0; ok && y < height; y++)
		shrink_row(&p->small, canvas + (size_t)y * (size_t)width * 4);
	WebPAnimDecoderDelete(d);
	return ok;
}

bool picture_read_webp(struct picture *p)
{
	WebPDecoderConfig c;

	if (!WebPInitDecoderConfig(&c) || WebPGetFeatures((const uint8_t *)p->bytes.p, p->bytes.len, &c.input) != VP8_STATUS_OK ||
	    !picture_begin(p, c.input.width, c.input.height))
		return false;
	return c.input.has_animation ? read_animation(p, c.input.width, c.input.height) : read_still(p, &c);
}
