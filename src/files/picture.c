#include "files/picture.h"

#include <webp/encode.h>

bool picture_begin(struct picture *p, int64_t width, int64_t height)
{
	bool across = p->orientation >= 5 && p->orientation <= 8;

	if (width <= 0 || height <= 0 || width > INT32_MAX || height > INT32_MAX)
		return false;
	p->sized((int)(across ? height : width), (int)(across ? width : height));
	return width <= PICTURE_PIXELS_MAX / height;
}

bool picture_read(struct picture *p, struct str mime_type)
{
	static const struct {
		const char *mime_type;
		bool (*read)(struct picture *p);
	} readers[] = { { "image/jpeg", picture_read_jpeg }, { "image/png", picture_read_png }, { "image/gif", picture_read_gif },
			{ "image/webp", picture_read_webp } };

	for (size_t k = 0; k < sizeof(readers) / sizeof(readers[0]); k++)
		if (str_eq_c(mime_type, readers[k].mime_type))
			return readers[k].read(p) && shrink_turn(&p->small, p->orientation);
	return false;
}

size_t picture_write(const struct picture *p, unsigned char **ret)
{
	const struct shrink *s = &p->small;

	return WebPEncodeRGBA(s->pixels, s->width, s->height, s->width * 4, 80, ret);
}
