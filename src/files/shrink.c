#include "files/shrink.h"

#include <stdlib.h>
#include <string.h>

void shrink_size(int width, int height, int *ret_width, int *ret_height)
{
	int side = width > height ? width : height;

	*ret_width = width;
	*ret_height = height;
	if (side <= SHRINK_SIDE)
		return;
	*ret_width = (int)(((int64_t)width * SHRINK_SIDE + side / 2) / side);
	*ret_height = (int)(((int64_t)height * SHRINK_SIDE + side / 2) / side);
	*ret_width += *ret_width == 0;
	*ret_height += *ret_height == 0;
}

bool shrink_begin(struct shrink *s, int width, int height)
{
	*s = (struct shrink){ .from_width = width, .from_height = height };
	shrink_size(width, height, &s->width, &s->height);
	s->row = calloc((size_t)s->width * 4, sizeof(float));
	s->sum = calloc((size_t)s->width * 4, sizeof(float));
	s->pixels = calloc((size_t)s->width * (size_t)s->height, 4);
	return s->row != NULL && s->sum != NULL && s->pixels != NULL;
}

void shrink_free(struct shrink *s)
{
	free(s->row);
	free(s->sum);
	free(s->pixels);
	*s = (struct shrink){ 0 };
}

static void add_pixel(float *to, const unsigned char *p, float weight)
{
	float opaque = weight * p[3];

	to[0] += opaque * p[0];
	to[1] += opaque * p[1];
	to[2] += opaque * p[2];
	to[3] += opaque;
}

/* The mean of the pixels that each new one covers, those at its edges in part. */
static void narrow(struct shrink *s, const unsigned char *rgba)
{
	double step = (double)s->from_width / s->width;

	memset(s->row, 0, (size_t)s->width * 4 * sizeof(float));
	for (int x = 0; x < s->width; x++) {
		double from = x * step, to = x + 1 == s->width ? s->from_width : (x + 1) * step;

		for (int k = (int)from; k < s->from_width && k < to; k++) {
			double a = k > from ? k : from, b = k + 1 < to ? k + 1 : to;

			if (b > a)
				add_pixel(s->row + x * 4, rgba + (size_t)k * 4, (float)((b - a) / step));
		}
	}
}

static unsigned char rounded(float v)
{
	return v <= 0 ? 0 : v >= 255 ? 255 : (unsigned char)(v + 0.5f);	/* NOLINT(bugprone-incorrect-roundings): v > 0 */
}

static void end_row(struct shrink *s)
{
	unsigned char *to = s->pixels + (size_t)s->done * (size_t)s->width * 4;

	for (int x = 0; x < s->width; x++) {
		const float *from = s->sum + x * 4;

		for (int c = 0; c < 3; c++)
			to[x * 4 + c] = from[3] > 0 ? rounded(from[c] / from[3]) : 0;
		to[x * 4 + 3] = rounded(from[3]);
	}
	s->done++;
	memset(s->sum, 0, (size_t)s->width * 4 * sizeof(float));
}

static void add_row(struct shrink *s, double share)
{
	for (int k = 0; k < s->width * 4; k++)
		s->sum[k] += (float)share * s->row[k];
}

void shrink_row(struct shrink *s, const unsigned char *rgba)
{
	double step = (double)s->from_height / s->height, from = s->y, to = s->y + 1;

	if (s->y++ >= s->from_height)
		return;
	narrow(s, rgba);
	while (s->done < s->height && from < to) {
		double end = (s->done + 1) * step, until = end < to ? end : to;
		bool last = s->done + 1 == s->height;

		if (last)
			until = to;
		add_row(s, (until - from) / step);
		if (last ? s->y == s->from_height : end <= to)
			end_row(s);
		from = until;
	}
}

/* Where the pixel of the turned picture at (x, y) comes from. */
static void source_of(int orientation, int width, int height, int x, int y, int *ret_x, int *ret_y)
{
	bool across = orientation >= 5, flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8,
	     flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;

	*ret_x = across ? y : x;
	*ret_y = across ? x : y;
	if (flip_x)
		*ret_x = width - 1 - *ret_x;
	if (flip_y)
		*ret_y = height - 1 - *ret_y;
}

bool shrink_turn(struct shrink *s, int orientation)
{
	if (orientation < 2 || orientation > 8)
		return true;
	int width = orientation >= 5 ? s->height : s->width, height = orientation >= 5 ? s->width : s->height;
	unsigned char *turned = malloc((size_t)width * (size_t)height * 4);

	if (turned == NULL)
		return false;
	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++) {
			int fx, fy;

			source_of(orientation, s->width, s->height, x, y, &fx, &fy);
			memcpy(turned + ((size_t)y * (size_t)width + (size_t)x) * 4,
			       s->pixels + ((size_t)fy * (size_t)s->width + (size_t)fx) * 4, 4);
		}
	free(s->pixels);
	s->pixels = turned;
	s->width = width;
	s->height = height;
	return true;
}
