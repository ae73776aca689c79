/* URLs as curl itself reads them: what is looked at here is what it would connect to. */
#include "base/http_client.h"

#include <curl/curl.h>

#include "base/limit.h"

static int url_failed(CURLUcode code, struct error *err)
{
	return fail(err, code == CURLUE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_INVALID, "the address cannot be used: %s",
		    curl_url_strerror(code));
}

/* A part of it, copied; STR_NONE when there is none. */
static struct str url_part(CURLU *u, CURLUPart what, unsigned flags, struct arena *arena)
{
	char *p = NULL;
	struct str s = STR_NONE;

	if (curl_url_get(u, what, &p, flags) == CURLUE_OK)
		s = arena_copy(arena, str_of(p));
	curl_free(p);
	return s;
}

static void url_free(CURLU **u)
{
	curl_url_cleanup(*u);
}

static int url_parse(CURLU *u, struct str url, struct arena *arena, struct error *err)
{
	struct str z = arena_copy(arena, url);
	CURLUcode code;

	if (url.len == 0 || url.len > LIMIT_URL || str_has_control(url))
		return fail(err, ERR_INVALID, "the address is empty, too long or has control characters");
	if (u == NULL || arena_failed(arena))
		return fail(err, ERR_NOMEM, "out of memory");
	if ((code = curl_url_set(u, CURLUPART_URL, z.p, 0)) != CURLUE_OK)
		return url_failed(code, err);
	struct str scheme = url_part(u, CURLUPART_SCHEME, 0, arena);

	if (!str_eq_c(scheme, "http") && !str_eq_c(scheme, "https"))
		return fail(err, ERR_INVALID, "the address is not one of http or https");
	if (url_part(u, CURLUPART_USER, 0, arena).p != NULL || url_part(u, CURLUPART_PASSWORD, 0, arena).p != NULL)
		return fail(err, ERR_INVALID, "the address has a user name in it");
	return 0;
}

int http_origin_of(struct str url, struct arena *arena, struct http_origin *ret, struct error *err)
{
	SCOPED(url_free) CURLU *u = curl_url();
	int r = url_parse(u, url, arena, err);

	*ret = (struct http_origin){ 0 };
	if (r < 0)
		return r;
	ret->scheme = url_part(u, CURLUPART_SCHEME, 0, arena);
	struct str host = url_part(u, CURLUPART_HOST, CURLU_URLDECODE, arena), port = url_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, arena);

	if (arena_failed(arena))
		return fail(err, ERR_NOMEM, "out of memory");
	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		host = str_cut(host, 1, host.len - 2);
	if (host.len == 0 || !str_to_i64(port, &ret->port))
		return fail(err, ERR_INVALID, "the address has no host");
	for (char *p = (char *)host.p; p < host.p + host.len; p++)	/* our own fresh copy */
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	ret->host = host;
	return 0;
}

int http_url_join(struct str base, struct str location, struct arena *arena, struct str *ret, struct error *err)
{
	SCOPED(url_free) CURLU *u = curl_url();
	int r = url_parse(u, base, arena, err);
	struct str z = arena_copy(arena, location);
	CURLUcode code;

	*ret = STR_NONE;
	if (r < 0)
		return r;
	if (location.len == 0 || location.len > LIMIT_URL || str_has_control(location))
		return fail(err, ERR_INVALID, "the address is empty, too long or has control characters");
	if (arena_failed(arena))
		return fail(err, ERR_NOMEM, "out of memory");
	if ((code = curl_url_set(u, CURLUPART_URL, z.p, CURLU_URLENCODE)) != CURLUE_OK)
		return url_failed(code, err);
	*ret = url_part(u, CURLUPART_URL, 0, arena);
	if (ret->p == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	SCOPED(url_free) CURLU *whole = curl_url();

	return url_parse(whole, *ret, arena, err);
}
