#include "files/sound.h"

#include <string.h>

/* ---- Ogg ---- */

/* The first page's content: a stream's head stands in it alone. STR_NONE: no Ogg. */
static struct str first_page(struct str bytes)
{
	size_t len = 0, segments;

	if (bytes.len < 27 || !str_starts(bytes, STR("OggS")) || bytes.p[4] != 0 || (bytes.p[5] & 2) == 0)
		return STR_NONE;
	segments = (unsigned char)bytes.p[26];
	if (bytes.len < 27 + segments)
		return STR_NONE;
	for (size_t k = 0; k < segments; k++)
		len += (unsigned char)bytes.p[27 + k];
	struct str page = str_cut(bytes, 27 + segments, len);

	return page.len == len ? page : STR_NONE;
}

bool sound_is_mono_opus(struct str bytes)
{
	struct str head = first_page(bytes);

	/* Version 0 to 15, then the number of channels. */
	return head.len >= 19 && str_starts(head, STR("OpusHead")) && ((unsigned char)head.p[8] & 0xf0) == 0 && head.p[9] == 1;
}

bool sound_is_ogg_audio(struct str bytes)
{
	struct str head = first_page(bytes);

	return str_starts(head, STR("OpusHead")) || str_starts(head, STR("\x01vorbis")) || str_starts(head, STR("Speex   ")) ||
	       str_starts(head, STR("\x7f" "FLAC"));
}

/* ---- MP4 ---- */

enum { BOXES_MAX = 4096 };

static uint64_t big(const char *p, int bytes)
{
	uint64_t v = 0;

	for (int k = 0; k < bytes; k++)
		v = v << 8 | (unsigned char)p[k];
	return v;
}

/* Takes the next box off *rest. False: there is none, or it is not whole. */
static bool next_box(struct str *rest, struct str *ret_type, struct str *ret_content)
{
	uint64_t size, head = 8;

	if (rest->len < 8)
		return false;
	size = big(rest->p, 4);
	*ret_type = str_cut(*rest, 4, 4);
	if (size == 1 && rest->len >= 16) {
		size = big(rest->p + 8, 8);
		head = 16;
	} else if (size == 0)
		size = rest->len;
	if (size < head || size > rest->len)
		return false;
	*ret_content = str_cut(*rest, head, (size_t)size - head);
	*rest = str_cut(*rest, (size_t)size, rest->len);
	return true;
}

static struct str find_box(struct str in, const char *type)
{
	struct str t, content;

	for (int k = 0; k < BOXES_MAX && next_box(&in, &t, &content); k++)
		if (str_eq_c(t, type))
			return content;
	return STR_NONE;
}

bool sound_is_mp4_audio(struct str bytes)
{
	struct str rest = find_box(bytes, "moov"), type, content;
	bool sound = false, pictures = false;

	for (int k = 0; k < BOXES_MAX && next_box(&rest, &type, &content); k++) {
		struct str handler = find_box(find_box(content, "mdia"), "hdlr"), kind = str_cut(handler, 8, 4);

		if (!str_eq_c(type, "trak"))
			continue;
		sound = sound || str_eq_c(kind, "soun");
		pictures = pictures || str_eq_c(kind, "vide");
	}
	return sound && !pictures;
}

/* ---- WebM ---- */

enum { EBML = 0x1a45dfa3, SEGMENT = 0x18538067, TRACKS = 0x1654ae6b, CLUSTER = 0x1f43b675, TRACK_ENTRY = 0xae, TRACK_TYPE = 0x83 };

/* An EBML number of one to eight bytes; an id keeps its marker. 0: there is none. */
static size_t ebml_number(struct str s, bool is_id, uint64_t *ret, bool *ret_unknown)
{
	unsigned char first = s.len > 0 ? (unsigned char)s.p[0] : 0;
	size_t len = 1;

	while (len <= 8 && (first & (0x80 >> (len - 1))) == 0)
		len++;
	if (len > 8 || s.len < len)
		return 0;
	*ret = big(s.p, (int)len);
	uint64_t bits = (UINT64_C(1) << (7 * len)) - 1;

	*ret_unknown = !is_id && (*ret & bits) == bits;
	if (!is_id)
		*ret &= bits;
	return len;
}

/* Takes the next element off *rest; one of unknown or too great length reaches to the end. */
static bool next_element(struct str *rest, uint64_t *ret_id, struct str *ret_content)
{
	uint64_t size;
	bool unknown;
	size_t n = ebml_number(*rest, true, ret_id, &unknown), m;

	if (n == 0 || (m = ebml_number(str_cut(*rest, n, rest->len), false, &size, &unknown)) == 0)
		return false;
	if (unknown || size > rest->len - n - m)
		size = rest->len - n - m;
	*ret_content = str_cut(*rest, n + m, (size_t)size);
	*rest = str_cut(*rest, n + m + (size_t)size, rest->len);
	return true;
}

static bool find_element(struct str in, uint64_t id, struct str *ret)
{
	uint64_t i;

	for (int k = 0; k < BOXES_MAX && next_element(&in, &i, ret) && i != CLUSTER; k++)
		if (i == id)
			return true;
	return false;
}

bool sound_is_webm_audio(struct str bytes)
{
	struct str segment, tracks, entry, kind;
	bool sound = false, pictures = false;
	uint64_t id;

	if (!find_element(bytes, SEGMENT, &segment) || !find_element(segment, TRACKS, &tracks))
		return false;
	for (int k = 0; k < BOXES_MAX && next_element(&tracks, &id, &entry); k++)
		if (id == TRACK_ENTRY && find_element(entry, TRACK_TYPE, &kind) && kind.len == 1) {
			sound = sound || kind.p[0] == 2;
			pictures = pictures || kind.p[0] == 1;
		}
	return sound && !pictures;
}
