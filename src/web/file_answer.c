/* See web/file_answer.h. */
#include "web/file_answer.h"

#include <errno.h>
#include <unistd.h>

#include "base/log.h"
#include "inbox/message.h"

/* ---- what a browser may do with it ---- */

/* In a window of its own: no scripts, nothing from elsewhere, nothing of this site's. */
#define LOCKED "sandbox; default-src 'none'; frame-ancestors 'none'"
#define ITS_OWN_LOOK "; style-src 'unsafe-inline'"	/* of the window that a browser makes around a picture or a film */

static const char locked[] = LOCKED;
static const char picture[] = LOCKED "; img-src 'self'" ITS_OWN_LOOK;
/* A player fetches the file once more, as what the page around it is: it would not be signed in without its origin. Scripts stay
 * forbidden twice. */
static const char player[] = "sandbox allow-same-origin; default-src 'none'; frame-ancestors 'none'; media-src 'self'" ITS_OWN_LOOK;
/* Browsers show PDF by a plug-in of their own, which none of them starts in a sandbox. It has its own walls. */
static const char reader[] = "default-src 'none'; frame-ancestors 'none'; object-src 'self'" ITS_OWN_LOOK;

static const struct {
	const char *mime_type, *policy, *ending;
} shown[] = {
	{ "image/jpeg", picture, "jpg" },	{ "image/png", picture, "png" },
	{ "image/gif", picture, "gif" },	{ "image/webp", picture, "webp" },
	{ "image/avif", picture, "avif" },	{ "video/mp4", player, "mp4" },
	{ "video/webm", player, "webm" },	{ "video/3gpp", player, "3gp" },
	{ "audio/ogg", player, "ogg" },		{ "audio/mpeg", player, "mp3" },
	{ "audio/mp4", player, "m4a" },		{ "audio/aac", player, "aac" },
	{ "audio/amr", player, "amr" },		{ "audio/wav", player, "wav" },
	{ "audio/webm", player, "weba" },	{ "application/pdf", reader, "pdf" },
	{ "text/plain", locked, "txt" },
};
enum { SHOWN = sizeof(shown) / sizeof(shown[0]) };

static size_t find_shown(struct str mime_type)
{
	size_t k = 0;

	while (k < SHOWN && !str_eq_c(mime_type, shown[k].mime_type))
		k++;
	return k;
}

bool file_may_be_shown(struct str mime_type)
{
	return find_shown(mime_type) < SHOWN;
}

/* A browser that does not keep to "attachment" must still not run it. */
static bool is_active(struct str mime_type)
{
	static const char *const words[] = { "html", "xml", "svg", "script", "xsl" };

	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
		if (memmem(mime_type.p, mime_type.len, words[k], strlen(words[k])) != NULL)
			return true;
	return false;
}

/* "application/vnd.openxml…" has "xml" in its name and is none. */
static bool is_plain_bytes(struct str mime_type)
{
	return mime_type.len == 0 || mime_type.len >= sizeof(((struct call *)NULL)->own_type) ||
	       (is_active(mime_type) && !str_starts(mime_type, STR("application/vnd.openxmlformats-")));
}

static void set_type(struct call *c, struct str mime_type)
{
	const char *charset = str_eq_c(mime_type, "text/plain") ? "; charset=utf-8" : "";

	(void)snprintf(c->own_type, sizeof(c->own_type), "%.*s%s", STR_ARG(mime_type), charset);
	c->type = c->own_type;
}

/* ---- its name ---- */

/* RFC 8187 section 3.2.1: what may stand as it is. */
static bool is_attr_char(unsigned char ch)
{
	return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
	       (ch != 0 && strchr("!#$&+-.^_`|~", ch) != NULL);
}

struct str file_disposition(bool is_inline, struct str name, struct arena *arena)
{
	SCOPED(buf_done) struct buf b = { 0 };
	bool is_plain = true;

	buf_add_c(&b, is_inline ? "inline; filename=\"" : "attachment; filename=\"");
	for (size_t k = 0; k < name.len; k++) {
		unsigned char ch = (unsigned char)name.p[k];
		/* '%' would be read as an encoding by some. One '_' a character, not a byte. */
		bool fine = ch >= 0x20 && ch < 0x7f && ch != '"' && ch != '\\' && ch != '%';

		is_plain = is_plain && fine;
		if (fine || (ch & 0xc0) != 0x80)
			buf_add_char(&b, fine ? (char)ch : '_');
	}
	buf_add_char(&b, '"');
	if (!is_plain) {
		buf_add(&b, STR("; filename*=UTF-8''"));
		for (size_t k = 0; k < name.len; k++) {
			unsigned char ch = (unsigned char)name.p[k];

			if (is_attr_char(ch))
				buf_add_char(&b, (char)ch);
			else
				buf_addf(&b, "%%%02X", ch);
		}
	}
	return b.failed ? STR("attachment") : arena_copy(arena, buf_str(&b));
}

/* "image-55.jpg" */
static struct str made_name(const struct file_answer *f, struct str mime_type, struct arena *arena)
{
	size_t k = find_shown(mime_type);

	return arena_printf(arena, "%s-%lld.%s", message_kind_word(f->type), (long long)f->id, k < SHOWN ? shown[k].ending : "bin");
}

/* ---- which part ---- */

/* "" is STR_NONE's reading: absent. False: no number. What is too large to be one is larger than any file. */
static bool read_place(struct str s, int64_t *ret)
{
	for (size_t k = 0; k < s.len; k++)
		if (s.p[k] < '0' || s.p[k] > '9')
			return false;
	if (s.len == 0 || !str_to_i64(s, ret))
		*ret = INT64_MAX;
	return s.len > 0;
}

int file_range(struct str field, int64_t bytes, int64_t *ret_from, int64_t *ret_len)
{
	struct str last, unit = str_split(field, '=', &last);
	struct str first = str_trim(str_split(last, '-', &last));
	int64_t from = 0, to = INT64_MAX;

	last = str_trim(last);
	if (!str_eq_nocase(unit, STR("bytes")) || last.p == NULL || (first.len == 0 && last.len == 0) ||
	    (first.len > 0 && !read_place(first, &from)) || (last.len > 0 && !read_place(last, &to)) ||
	    (first.len > 0 && to < from))
		return 0;
	if (first.len == 0) {	/* the last so many */
		from = to < bytes ? bytes - to : 0;
		to = bytes - 1;
	}
	if (from >= bytes)
		return -1;
	*ret_from = from;
	*ret_len = (to < bytes ? to + 1 : bytes) - from;
	return 1;
}

/* ---- what the client has ---- */

/* RFC 9110 section 13.1.2: a weak tag of the same text is as good here. */
static bool list_has_tag(struct str list, struct str tag)
{
	while (list.p != NULL) {
		struct str one = str_trim(str_split(list, ',', &list));

		if (str_starts(one, STR("W/")))
			one = str_cut(one, 2, one.len);
		if (str_eq(one, tag) || str_eq_c(one, "*"))
			return true;
	}
	return false;
}

/* RFC 9110 section 13.1.5: a date never fits, for none is told. */
static bool range_counts(const struct call *c, struct str tag)
{
	struct str condition = http_field(&c->head, "if-range");

	return c->head.method == HTTP_GET && (condition.p == NULL || str_eq(condition, tag));
}

/* ---- the answer ---- */

static void describe(struct call *c, const struct file_answer *f, struct str mime_type, struct str tag)
{
	size_t k = find_shown(mime_type);
	bool is_inline = k < SHOWN && !f->download && !f->public;
	struct str name = f->name.len > 0 ? f->name : made_name(f, mime_type, c->arena);

	c->policy = is_inline ? shown[k].policy : locked;
	c->caching = f->public ? NULL : "private, max-age=31536000, immutable";
	call_header(c, "ETag", tag);
	if (c->status == 304)
		return;
	set_type(c, is_plain_bytes(mime_type) ? STR("application/octet-stream") : mime_type);
	call_header(c, "Accept-Ranges", STR("bytes"));
	call_header(c, "Content-Disposition", file_disposition(is_inline, name, c->arena));
}

static void not_there(struct call *c)
{
	buf_clear(&c->fields);
	c->policy = c->caching = NULL;
	call_problem(c, 404, "file_missing", "The file is missing",
		     STR("The server no longer has the bytes of this file. They were perhaps not in the copy that it was restored from."));
}

/* *ret_from and *ret_len: what is to be sent. False: answered. */
static bool choose_part(struct call *c, struct str tag, int64_t bytes, int64_t *ret_from, int64_t *ret_len)
{
	struct str field = http_field(&c->head, "range");
	int part = field.p != NULL && range_counts(c, tag) ? file_range(field, bytes, ret_from, ret_len) : 0;

	c->status = part > 0 ? 206 : 200;
	if (part > 0) {
		call_header(c, "Content-Range", arena_printf(c->arena, "bytes %lld-%lld/%lld", (long long)*ret_from,
							     (long long)(*ret_from + *ret_len - 1), (long long)bytes));
	} else if (part == 0) {
		*ret_from = 0;
		*ret_len = bytes;
	} else {
		call_header(c, "Content-Range", arena_printf(c->arena, "bytes */%lld", (long long)bytes));
		call_problem(c, 416, NULL, "No such part", arena_printf(c->arena, "The file has %lld bytes.", (long long)bytes));
	}
	return part >= 0;
}

void file_answer(struct call *c, const struct file_answer *f)
{
	struct str tag = arena_printf(c->arena, f->preview ? "\"%.*s-preview\"" : "\"%.*s\"", STR_ARG(f->sha256));
	struct str mime_type = f->preview ? STR(FILES_PREVIEW_TYPE) : f->mime_type;
	struct error err = { 0 };
	int64_t bytes = 0, from, len;
	int fd = -1, r;

	if (list_has_tag(http_field(&c->head, "if-none-match"), tag)) {
		call_empty(c, 304);
		describe(c, f, mime_type, tag);
		return;
	}
	if ((r = files_read(c->instance->files, f->workspace, f->sha256, f->preview, &fd, &bytes, &err)) < 0) {
		if (r == ERR_NOTFOUND)
			not_there(c);
		else
			call_failed(c, &err, false);
		return;
	}
	c->file.fd = fd;	/* call_free closes it */
	if (!choose_part(c, tag, bytes, &from, &len))
		return;
	describe(c, f, mime_type, tag);
	c->file.length = len;
	if (c->head.method == HTTP_HEAD)
		return;
	c->file.at = from;
	c->file.left = len;
	file_answer_read(c);
	if (c->file.failed)
		not_there(c);
}

void file_answer_read(struct call *c)
{
	char bytes[FILE_PIECE];
	size_t wanted = c->file.left < FILE_PIECE ? (size_t)c->file.left : FILE_PIECE, got = 0;

	while (got < wanted) {
		ssize_t n = pread(c->file.fd, bytes + got, wanted - got, (off_t)(c->file.at + (int64_t)got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_event(LOG_ERROR, "a kept file cannot be read", log_c("reason", n < 0 ? strerror(errno) : "it is shorter than it was"), log_end);
			c->file.failed = true;
			return;
		}
		got += (size_t)n;
	}
	buf_clear(&c->out);
	buf_add(&c->out, (struct str){ bytes, got });
	c->file.failed = c->out.failed;
	c->file.at += (int64_t)got;
	c->file.left -= (int64_t)got;
	if (c->file.left > 0)
		return;
	(void)close(c->file.fd);	/* an idle client may keep the rest waiting: no need to keep this too */
	c->file.fd = 0;
}
