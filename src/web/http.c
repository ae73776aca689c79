/* See web/http.h. */
#include "web/http.h"

enum { METHODS = 6 };
static const struct {
	const char *name;
	enum http_method method;
} methods[METHODS] = {
	{ "GET", HTTP_GET },     { "POST", HTTP_POST },     { "PUT", HTTP_PUT },
	{ "PATCH", HTTP_PATCH }, { "DELETE", HTTP_DELETE }, { "HEAD", HTTP_HEAD },
};

/* RFC 9110 section 5.6.2: tchar */
static bool is_token_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct str s)
{
	for (size_t k = 0; k < s.len; k++)
		if (!is_token_char((unsigned char)s.p[k]))
			return false;
	return s.len > 0;
}

size_t http_head_len(struct str bytes, size_t from)
{
	size_t at = from > 3 ? from - 3 : 0;

	while (at + 4 <= bytes.len) {
		const char *end = memchr(bytes.p + at, '\r', bytes.len - at - 3);

		if (end == NULL)
			return 0;
		if (memcmp(end, "\r\n\r\n", 4) == 0)
			return (size_t)(end - bytes.p) + 4;
		at = (size_t)(end - bytes.p) + 1;
	}
	return 0;
}

/* One line without its CRLF. False: there is none, or a CR or LF stands alone. */
static bool take_line(struct str *rest, struct str *ret)
{
	const char *cr = rest->len < 2 ? NULL : memchr(rest->p, '\r', rest->len - 1);

	if (cr == NULL || cr[1] != '\n')
		return false;
	*ret = (struct str){ rest->p, (size_t)(cr - rest->p) };
	if (memchr(ret->p, '\n', ret->len) != NULL)
		return false;
	*rest = str_cut(*rest, ret->len + 2, rest->len);
	return true;
}

/* origin-form, or absolute-form, whose authority says nothing that Host does not (RFC 9112 section 3.2). */
static int read_target(struct str target, struct http_head *h)
{
	for (size_t k = 0; k < target.len; k++)
		if ((unsigned char)target.p[k] <= 0x20 || (unsigned char)target.p[k] >= 0x7f || target.p[k] == '#')
			return 400;
	if (str_starts(target, STR("http://")) || str_starts(target, STR("https://"))) {
		size_t authority = target.p[4] == 's' ? 8 : 7;
		const char *slash = memchr(target.p + authority, '/', target.len - authority);

		target = slash == NULL ? STR("/") : (struct str){ slash, target.len - (size_t)(slash - target.p) };
	}
	if (target.len == 0 || target.p[0] != '/')
		return 400;
	h->path = str_split(target, '?', &h->query);
	return 0;
}

/* RFC 9112 section 2.3 */
static bool is_version(struct str s)
{
	return s.len == 8 && str_starts(s, STR("HTTP/")) && s.p[5] >= '0' && s.p[5] <= '9' && s.p[6] == '.' &&
	       s.p[7] >= '0' && s.p[7] <= '9';
}

static int read_first_line(struct str line, struct http_head *h, bool *ret_old)
{
	struct str rest, target, method = str_split(line, ' ', &rest);
	struct str version;

	target = str_split(rest, ' ', &version);
	if (!is_token(method) || rest.p == NULL || version.p == NULL)
		return 400;
	if (!str_eq_c(version, "HTTP/1.1") && !str_eq_c(version, "HTTP/1.0"))
		return is_version(version) ? 505 : 400;
	*ret_old = str_eq_c(version, "HTTP/1.0");
	h->method = HTTP_OTHER;
	for (size_t k = 0; k < METHODS; k++)
		if (str_eq_c(method, methods[k].name))
			h->method = methods[k].method;
	return read_target(target, h);
}

static int read_field(struct str line, struct http_head *h)
{
	struct str value, name = str_split(line, ':', &value);

	/* A blank before the colon, or a line that goes on the one before, are ways to smuggle (RFC 9112
	 * section 5.1, 5.2). */
	if (!is_token(name) || value.p == NULL)
		return 400;
	value = str_trim(value);
	for (size_t k = 0; k < value.len; k++)
		if (((unsigned char)value.p[k] < 0x20 && value.p[k] != '\t') || value.p[k] == 0x7f)
			return 400;
	if (h->field_count == HTTP_FIELDS_MAX)
		return 431;
	h->field[h->field_count++] = (struct http_field){ name, value };
	return 0;
}

static bool list_has(struct str list, const char *word)
{
	while (list.p != NULL) {
		struct str item = str_trim(str_split(list, ',', &list));

		if (str_eq_nocase(item, str_of(word)))
			return true;
	}
	return false;
}

static int read_length(struct str value, struct http_head *h)
{
	if (value.len == 0 || value.p[0] == '-' || !str_to_i64(value, &h->content_length))
		return 400;
	return 0;
}

/* What the fields say about how the body is framed and the connection goes on. */
static int read_framing(struct http_head *h, bool old)
{
	int hosts = 0, lengths = 0, codings = 0, r;

	h->keep_alive = !old;
	for (size_t k = 0; k < h->field_count; k++) {
		struct str name = h->field[k].name, value = h->field[k].value;

		if (name.len == 4 && str_eq_nocase(name, STR("host"))) {
			hosts++;
		} else if (name.len == 14 && str_eq_nocase(name, STR("content-length"))) {
			lengths++;
			if ((r = read_length(value, h)) != 0)
				return r;
		} else if (name.len == 17 && str_eq_nocase(name, STR("transfer-encoding"))) {
			codings++;
			if (!str_eq_nocase(value, STR("chunked")))
				return 501;
			h->chunked = true;
		} else if (name.len == 10 && str_eq_nocase(name, STR("connection"))) {
			if (list_has(value, "close"))
				h->keep_alive = false;
		} else if (name.len == 6 && str_eq_nocase(name, STR("expect"))) {
			h->expects_continue = str_eq_nocase(value, STR("100-continue"));
		}
	}
	/* Two lengths, or a length and a coding, are what request smuggling is made of (RFC 9112 section 6.3). */
	if (lengths > 1 || codings > 1 || (lengths > 0 && codings > 0) || (codings > 0 && old) || hosts > 1 ||
	    (hosts == 0 && !old))
		return 400;
	return 0;
}

int http_head_read(struct str bytes, struct http_head *ret)
{
	struct str line;
	bool old = false;
	int r;

	ret->field_count = 0;
	ret->content_length = 0;
	ret->chunked = ret->expects_continue = false;
	ret->keep_alive = false;
	ret->method = HTTP_OTHER;
	ret->path = ret->query = STR_NONE;
	if (!take_line(&bytes, &line))
		return 400;
	if ((r = read_first_line(line, ret, &old)) != 0)
		return r;
	for (;;) {
		if (!take_line(&bytes, &line))
			return 400;
		if (line.len == 0)
			break;
		if ((r = read_field(line, ret)) != 0)
			return r;
	}
	return bytes.len != 0 ? 400 : read_framing(ret, old);
}

struct str http_field(const struct http_head *head, const char *name)
{
	struct str wanted = str_of(name);

	for (size_t k = 0; k < head->field_count; k++)
		if (head->field[k].name.len == wanted.len && str_eq_nocase(head->field[k].name, wanted))
			return head->field[k].value;
	return STR_NONE;
}

const char *http_reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 201: return "Created";
	case 202: return "Accepted";
	case 204: return "No Content";
	case 206: return "Partial Content";
	case 303: return "See Other";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 408: return "Request Timeout";
	case 409: return "Conflict";
	case 413: return "Content Too Large";
	case 415: return "Unsupported Media Type";
	case 416: return "Range Not Satisfiable";
	case 422: return "Unprocessable Content";
	case 429: return "Too Many Requests";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	case 502: return "Bad Gateway";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	case 507: return "Insufficient Storage";
	default: return "Internal Server Error";
	}
}

enum chunk_state {
	CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_SIZE_LF, CHUNK_DATA, CHUNK_DATA_CR, CHUNK_DATA_LF,
	TRAILER_START, TRAILER, TRAILER_LF, TRAILER_END_LF, CHUNK_DONE,
};
enum { CHUNK_OVERHEAD_MAX = 1024 * 1024, CHUNK_DIGITS_MAX = 8 };

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One byte that is not body. -1: it may not stand here. */
static int chunk_byte(struct http_chunks *c, char byte)
{
	int digit;

	if (++c->overhead > CHUNK_OVERHEAD_MAX)
		return -1;
	switch ((enum chunk_state)c->state) {
	case CHUNK_SIZE:
		if ((digit = hex_digit(byte)) >= 0) {
			c->left = c->left << 4 | (unsigned)digit;
			return ++c->digits > CHUNK_DIGITS_MAX ? -1 : 0;
		}
		if (c->digits == 0)
			return -1;
		c->state = byte == '\r' ? CHUNK_SIZE_LF : CHUNK_EXTENSION;
		return byte == '\r' || byte == ';' || byte == ' ' || byte == '\t' ? 0 : -1;
	case CHUNK_EXTENSION:
		if (byte == '\r')
			c->state = CHUNK_SIZE_LF;
		return byte == '\n' ? -1 : 0;
	case CHUNK_SIZE_LF:
		c->state = c->left > 0 ? CHUNK_DATA : TRAILER_START;
		return byte == '\n' ? 0 : -1;
	case CHUNK_DATA_CR:
		c->state = CHUNK_DATA_LF;
		return byte == '\r' ? 0 : -1;
	case CHUNK_DATA_LF:
		c->state = CHUNK_SIZE;
		c->digits = 0;
		c->left = 0;
		return byte == '\n' ? 0 : -1;
	case TRAILER_START:
		c->state = byte == '\r' ? TRAILER_END_LF : TRAILER;
		return byte == '\n' ? -1 : 0;
	case TRAILER:
		if (byte == '\r')
			c->state = TRAILER_LF;
		return byte == '\n' ? -1 : 0;
	case TRAILER_LF:
		c->state = TRAILER_START;
		return byte == '\n' ? 0 : -1;
	case TRAILER_END_LF:
		c->state = CHUNK_DONE;
		return byte == '\n' ? 0 : -1;
	case CHUNK_DATA:
	case CHUNK_DONE:
		break;
	}
	return -1;
}

int http_chunks_read(struct http_chunks *c, struct str bytes, struct buf *body, size_t *ret_used)
{
	size_t at = 0;

	while (at < bytes.len && c->state != CHUNK_DONE) {
		if (c->state == CHUNK_DATA) {
			size_t n = bytes.len - at < c->left ? bytes.len - at : (size_t)c->left;

			buf_add(body, (struct str){ bytes.p + at, n });
			c->left -= n;
			at += n;
			if (c->left == 0)
				c->state = CHUNK_DATA_CR;
		} else if (chunk_byte(c, bytes.p[at++]) < 0) {
			return -1;
		}
	}
	*ret_used = at;
	return c->state == CHUNK_DONE;
}
