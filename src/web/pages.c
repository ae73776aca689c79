/* See web/pages.h. */
#include "web/pages.h"

#include "base/embed.h"
#include "web/server.h"

extern const struct embedded_file page_files[];
extern const size_t page_files_count;
extern const struct embedded_file openapi_files[];
extern const size_t openapi_files_count;

enum { ASSETS_MAX = 32 };

struct asset {
	char path[96], type[64];
	struct str plain, gz, br;
	bool immutable, shell;
	char etag[40];
};

struct pages {
	struct asset asset[ASSETS_MAX];
	size_t count;
	char policy[640];
};

/* The addresses of the page, which finds its way by itself; beside these /admin/addons/SLUG/settings. */
static const char *const addresses[] = {
	"/", "/login", "/setup", "/settings/channels", "/settings/members", "/settings/tokens", "/settings/webhooks", "/admin/addons",
	"/settings", "/admin",
};

static struct str file_of(struct str name)
{
	for (size_t k = 0; k < page_files_count; k++)
		if (name.p != NULL && str_eq_c(name, page_files[k].name))
			return (struct str){ (const char *)page_files[k].bytes, page_files[k].len };
	return STR_NONE;
}

static void copy(char *to, size_t room, struct str s)
{
	(void)snprintf(to, room, "%.*s", STR_ARG(s));
}

static int add_asset(struct pages *p, const struct json_object *entry, struct error *err)
{
	struct asset *a = &p->asset[p->count];
	unsigned char digest[SHA256_BYTES];
	SCOPED(arena_done) struct arena arena = { 0 };

	if (p->count == ASSETS_MAX)
		return fail(err, ERR_BROKEN, "the page has more than %d files", ASSETS_MAX);
	copy(a->path, sizeof(a->path), json_get_str(entry, "path"));
	copy(a->type, sizeof(a->type), json_get_str(entry, "type"));
	a->plain = file_of(json_get_str(entry, "file"));
	a->gz = file_of(json_get_str(entry, "gz"));
	a->br = file_of(json_get_str(entry, "br"));
	(void)json_get_bool(entry, "immutable", &a->immutable);
	(void)json_get_bool(entry, "shell", &a->shell);
	if (a->plain.p == NULL)
		return fail(err, ERR_BROKEN, "the file of %s is not built in", a->path);
	crypto_sha256(a->plain, digest);
	(void)snprintf(a->etag, sizeof(a->etag), "\"%.*s\"", STR_ARG(crypto_hex(&arena, digest, 8)));
	p->count++;
	return 0;
}

/* Scripts, styles and connections are our own; pictures, sound and films come from the providers. */
static void write_policy(struct web *web, struct pages *p)
{
	/* On a machine of one's own without TLS, the simulator's pictures are http. */
	const char *media = web->https ? "https:" : "https: http:";

	(void)snprintf(p->policy, sizeof(p->policy),
		       "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
		       "manifest-src 'self'; "
		       "img-src 'self' data: blob: %s; media-src 'self' blob: %s; base-uri 'none'; form-action 'self'; "
		       "frame-ancestors 'none'",
		       media, media);
}

int pages_new(struct web *web, struct pages **ret, struct error *err)
{
	SCOPED(json_free) struct json_object *manifest = NULL;
	struct pages *p = calloc(1, sizeof(*p));
	struct json_object *files;
	int r;

	if (p == NULL)
		return fail(err, ERR_NOMEM, "no memory for the page");
	write_policy(web, p);
	r = json_parse(file_of(STR("manifest.json")), &manifest, err);
	files = json_get_array(manifest, "files");
	for (size_t k = 0; r >= 0 && k < json_len(files); k++)
		r = add_asset(p, json_at(files, k), err);
	if (r < 0) {
		pages_free(p);
		return fail_in(err, "the page");
	}
	*ret = p;
	return 0;
}

void pages_free(struct pages *p)
{
	free(p);
}

static bool accepts(struct str list, const char *coding)
{
	while (list.p != NULL) {
		struct str q, one = str_trim(str_split(list, ',', &list));
		struct str name = str_trim(str_split(one, ';', &q));

		if (str_eq_nocase(name, str_of(coding)))
			return !str_eq_nocase(str_trim(q), STR("q=0"));
	}
	return false;
}

static void answer_asset(struct pages *p, struct call *c, const struct asset *a)
{
	struct str wanted = http_field(&c->head, "accept-encoding");

	c->policy = a->shell ? p->policy : NULL;
	c->caching = a->immutable ? "public, max-age=31536000, immutable" : "no-cache";
	/* Voice messages are recorded here; nothing else of what a device can sense is asked for. */
	if (a->shell)
		call_header(c, "Permissions-Policy", STR("microphone=(self), camera=(), geolocation=()"));
	call_header(c, "Vary", STR("Accept-Encoding"));
	call_header(c, "ETag", str_of(a->etag));
	if (str_eq_c(http_field(&c->head, "if-none-match"), a->etag)) {
		call_empty(c, 304);
		return;
	}
	c->status = 200;
	c->type = a->type;
	c->fixed = a->plain;
	if (a->br.p != NULL && accepts(wanted, "br")) {
		c->fixed = a->br;
		call_header(c, "Content-Encoding", STR("br"));
	} else if (a->gz.p != NULL && accepts(wanted, "gzip")) {
		c->fixed = a->gz;
		call_header(c, "Content-Encoding", STR("gzip"));
	}
}

static bool is_address(struct str path)
{
	struct str head = STR("/admin/addons/"), tail = STR("/settings");

	for (size_t k = 0; k < sizeof(addresses) / sizeof(addresses[0]); k++)
		if (str_eq_c(path, addresses[k]))
			return true;
	return path.len > head.len + tail.len && str_starts(path, head) && str_ends(path, tail) &&
	       channel_slug_valid(str_cut(path, head.len, path.len - head.len - tail.len));
}

static void answer_nothing_here(struct call *c)
{
	c->status = 404;
	c->type = "text/html; charset=utf-8";
	c->fixed = STR("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
		       "content=\"width=device-width\">\n"
		       "<title>Not found</title>\n<h1>There is nothing at this address</h1>\n<p><a href=\"/\">Go to the "
		       "inbox</a></p>\n</html>\n");
}

bool pages_answer(struct pages *p, struct call *c)
{
	struct str path = c->head.path;
	bool address = is_address(path);

	if (c->head.method != HTTP_GET && c->head.method != HTTP_HEAD) {
		if (!address)
			return false;
		call_allow(c, HTTP_GET);
		call_problem(c, 405, NULL, "Method not allowed", STR("This is the address of a page."));
		return true;
	}
	for (size_t k = 0; k < p->count; k++)
		if (address ? p->asset[k].shell : str_eq_c(path, p->asset[k].path)) {
			answer_asset(p, c, &p->asset[k]);
			return true;
		}
	/* Who asks for a page gets a page; a program gets the problem that every other address gives. */
	if (str_starts(path, STR("/api/")) || !str_starts(http_field(&c->head, "accept"), STR("text/html")))
		return false;
	answer_nothing_here(c);
	return true;
}

void api_document(struct call *c)
{
	c->status = 200;
	c->type = "application/json; charset=utf-8";
	c->caching = "no-cache";
	c->fixed = (struct str){ (const char *)openapi_files[0].bytes, openapi_files[0].len };
}
