/* What a file may be sent as, by the channel's media rules, and the words for one that it does not take. */
#include "inbox/upload.h"

#include <ctype.h>
#include <inttypes.h>

/* ---- words ---- */

/* "JPEG", "DOCX": what people call a type. */
static struct str type_name(struct str mime_type, struct arena *arena)
{
	static const struct { const char *mime_type, *name; } known[] = {
		{ "audio/mpeg", "MP3" }, { "audio/mp4", "M4A" }, { "audio/ogg", "OGG" }, { "audio/amr", "AMR" }, { "audio/aac", "AAC" },
		{ "video/3gpp", "3GP" }, { "video/quicktime", "MOV" }, { "video/x-msvideo", "AVI" }, { "video/x-matroska", "MKV" },
		{ "image/svg+xml", "SVG" }, { "text/plain", "plain text" }, { "text/csv", "CSV" }, { "text/html", "HTML" },
		{ "application/msword", "DOC" }, { "application/vnd.ms-excel", "XLS" }, { "application/vnd.ms-powerpoint", "PPT" },
		{ "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "DOCX" },
		{ "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX" },
		{ "application/vnd.openxmlformats-officedocument.presentationml.presentation", "PPTX" },
		{ "application/octet-stream", "of an unknown type" },
	};
	struct str sub;

	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		if (str_eq_c(mime_type, known[k].mime_type))
			return str_of(known[k].name);
	(void)str_split(mime_type, '/', &sub);
	if (str_starts(sub, STR("x-")))
		sub = str_cut(sub, 2, sub.len);
	char *p = sub.len == 0 || sub.len > 40 ? NULL : arena_alloc(arena, sub.len);

	if (p == NULL)
		return STR("of another type");
	for (size_t k = 0; k < sub.len; k++)
		p[k] = (char)toupper((unsigned char)sub.p[k]);
	return (struct str){ p, sub.len };
}

/* "5 MB", "7.3 MB", "900 KB": in units of 1,024, as the providers count. */
static struct str size_words(uint64_t bytes, struct arena *arena)
{
	const uint64_t kb = 1024, mb = 1024 * kb;

	if (bytes < mb)
		return arena_printf(arena, "%" PRIu64 " KB", (bytes + kb - 1) / kb);
	uint64_t tenths = (bytes * 10 + mb - 1) / mb;	/* what is over a limit must not look as if it were at it */

	return tenths % 10 == 0 ? arena_printf(arena, "%" PRIu64 " MB", tenths / 10) :
				  arena_printf(arena, "%" PRIu64 ".%" PRIu64 " MB", tenths / 10, tenths % 10);
}

static const char *kind_words(uint32_t type)
{
	switch (type) {
	case TRIXY_MESSAGE_IMAGE: return "pictures";
	case TRIXY_MESSAGE_VIDEO: return "videos";
	case TRIXY_MESSAGE_AUDIO: return "sound";
	case TRIXY_MESSAGE_STICKER: return "stickers";
	default: return "files";
	}
}

/* "JPEG or PNG"; of a long list the first few. */
static struct str types_words(const struct trixy_media_rule *rule, struct arena *arena)
{
	enum { SHOWN = 6 };
	SCOPED(buf_done) struct buf b = { 0 };
	struct str rest = str_trim(str_from_trixy(rule->mime_types));

	for (size_t k = 0; rest.len > 0; k++) {
		struct str one = str_split(rest, ' ', &rest);

		rest = str_trim(rest);
		if (k == SHOWN && rest.len > 0) {
			buf_add_c(&b, " and some others");
			break;
		}
		buf_add_c(&b, k == 0 ? "" : rest.len > 0 ? ", " : " or ");
		buf_add(&b, type_name(one, arena));
	}
	return b.failed ? STR("some types") : arena_copy(arena, buf_str(&b));
}

/* ---- rules ---- */

static bool takes_type(const struct trixy_media_rule *rule, struct str mime_type)
{
	return rule != NULL && channel_mime_listed(rule->mime_types, mime_type);
}

bool upload_fits(const struct trixy_channel *channel, int type, const struct store_file *file)
{
	const struct trixy_media_rule *rule = channel_media_rule(channel, (uint32_t)type);

	return takes_type(rule, file->mime_type) && (uint64_t)file->bytes <= rule->max_bytes;
}

static uint32_t type_of(struct str mime_type)
{
	if (str_starts(mime_type, STR("image/")))
		return TRIXY_MESSAGE_IMAGE;
	if (str_starts(mime_type, STR("video/")))
		return TRIXY_MESSAGE_VIDEO;
	return str_starts(mime_type, STR("audio/")) ? TRIXY_MESSAGE_AUDIO : TRIXY_MESSAGE_FILE;
}

/* A picture of this size and kind is what people know as a sticker. */
static bool looks_like_sticker(const struct store_file *file)
{
	return str_eq_c(file->mime_type, "image/webp") && file->width == 512 && file->height == 512;
}

/* The rule that is told to who brings a file that none takes: the one that its type belongs to, else that for files. */
static struct str refusal(const struct trixy_channel *channel, uint32_t type, const struct store_file *file, struct arena *arena)
{
	const struct trixy_media_rule *rule = channel_media_rule(channel, type);
	struct str name = str_from_trixy(channel->name), is = type_name(file->mime_type, arena), size = size_words((uint64_t)file->bytes, arena);

	if (channel_media_rule_at(channel, 0) == NULL)
		return arena_printf(arena, "%.*s does not take files. Send a link to it instead.", STR_ARG(name));
	if (takes_type(channel_media_rule(channel, TRIXY_MESSAGE_FILE), file->mime_type) && !takes_type(rule, file->mime_type))
		rule = channel_media_rule(channel, TRIXY_MESSAGE_FILE);	/* it is only too large for it */
	if (rule == NULL)
		rule = channel_media_rule(channel, TRIXY_MESSAGE_FILE);
	if (rule == NULL)
		return arena_printf(arena, "%.*s does not take %s; this one is %.*s. Send a link to it instead.", STR_ARG(name), kind_words(type),
				    STR_ARG(is));
	struct str help = str_from_trixy(rule->help);

	return arena_printf(arena, "%.*s takes %s as %.*s up to %.*s; this one is %.*s, %.*s.%s%.*s", STR_ARG(name), kind_words(rule->type),
			    STR_ARG(types_words(rule, arena)), STR_ARG(size_words(rule->max_bytes, arena)), STR_ARG(is), STR_ARG(size),
			    help.len > 0 ? " " : "", STR_ARG(help));
}

int upload_type(const struct trixy_channel *channel, const struct store_file *file, struct arena *arena, struct str *ret_why)
{
	uint32_t type = type_of(file->mime_type);

	*ret_why = STR_NONE;
	if (channel == NULL)
		return looks_like_sticker(file) ? TRIXY_MESSAGE_STICKER : (int)type;
	if (upload_fits(channel, (int)type, file))
		return (int)type;
	if (looks_like_sticker(file) && upload_fits(channel, TRIXY_MESSAGE_STICKER, file))
		return TRIXY_MESSAGE_STICKER;
	if (upload_fits(channel, TRIXY_MESSAGE_FILE, file))
		return TRIXY_MESSAGE_FILE;
	*ret_why = refusal(channel, type, file, arena);
	return 0;
}
