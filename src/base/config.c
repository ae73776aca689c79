/* The settings: where they come from and what they may be. What they do is for those who use them. */
#include "base/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limit.h"
#include "base/log.h"

enum { CONFIG_FILE_MAX = 65536, WORKERS_MAX = 256, CONNECTIONS_MIN = 16, CONNECTIONS_MAX = 1000000 };
static const char default_file[] = "/etc/mailtrixy.conf";

/* A value and, for the message about a bad one, where it was set. */
struct given {
	struct str value, where;
};

/* Checks given and may normalise it. Returns what is wrong, as "must …"; NULL when nothing is. */
typedef const char *check_fn(struct str *value);

struct setting {
	const char *name;		/* as in the file; --name; MAILTRIXY_NAME */
	size_t offset;			/* of its struct str or int64_t in struct config */
	check_fn *check;		/* NULL: a number from min to max */
	const char *preset;
	int64_t min, max;
};

/* ---- what a value may be ---- */

static bool port_valid(struct str s)
{
	int64_t port;

	return s.len <= 5 && str_to_i64(s, &port) && port >= 0 && port <= 65535;
}

/* Splits "host:port" or "[v6]:port". */
static bool host_and_port(struct str s, struct str *host, struct str *port)
{
	if (s.len > 0 && s.p[0] == '[') {
		struct str rest, inner = str_split(str_cut(s, 1, s.len), ']', &rest);

		*host = str_cut(s, 0, inner.len + 2);
		if (rest.p == NULL || rest.len == 0 || rest.p[0] != ':')
			return false;
		*port = str_cut(rest, 1, rest.len);
		return inner.len > 0;
	}
	*host = str_split(s, ':', port);
	return port->p != NULL && host->len > 0;
}

static bool host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
	       c == '_';
}

/* A name, an IPv4 address, or an IPv6 address in brackets. */
static bool host_valid(struct str host)
{
	char text[64];
	unsigned char address[16];

	if (host.len > 0 && host.p[0] == '[') {
		if (host.len < 4 || host.len - 2 >= sizeof(text) || host.p[host.len - 1] != ']')
			return false;
		memcpy(text, host.p + 1, host.len - 2);
		text[host.len - 2] = '\0';
		return inet_pton(AF_INET6, text, address) == 1;
	}
	for (size_t i = 0; i < host.len; i++)
		if (!host_char(host.p[i]))
			return false;
	return host.len > 0 && host.len <= 253;
}

static const char *check_listen(struct str *value)
{
	struct str host, port;

	return host_and_port(*value, &host, &port) && host_valid(host) && port_valid(port) ? NULL :
	       "must be HOST:PORT, as 127.0.0.1:8080 or [::1]:8080";
}

/* The part of a URL after "http://" or "https://"; STR_NONE when it is neither, or has characters that no URL has. */
static struct str after_scheme(struct str url)
{
	struct str rest;

	if (str_starts(url, STR("https://")))
		rest = str_cut(url, 8, url.len);
	else if (str_starts(url, STR("http://")))
		rest = str_cut(url, 7, url.len);
	else
		return STR_NONE;
	for (size_t i = 0; i < rest.len; i++)
		if ((unsigned char)rest.p[i] <= 0x20 || (unsigned char)rest.p[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}?#@", rest.p[i]) != NULL)
			return STR_NONE;
	return url.len <= LIMIT_URL ? rest : STR_NONE;
}

static bool authority_valid(struct str s)
{
	struct str host, port;

	if (host_valid(s))
		return true;
	return host_and_port(s, &host, &port) && host_valid(host) && port.len > 0 && port_valid(port);
}

/* Takes the final '/' off. */
static struct str url_valid(struct str *value, struct str *ret_path)
{
	if (value->len > 0 && value->p[value->len - 1] == '/')
		value->len--;
	struct str rest = after_scheme(*value), path, authority = str_split(rest, '/', &path);

	*ret_path = path;
	return rest.p != NULL && authority_valid(authority) ? authority : STR_NONE;
}

/* A path would need a page and links that know it: the reverse proxy gives MailTrixy a host name of its own instead. */
static const char *check_public_url(struct str *value)
{
	struct str path;

	if (value->len == 0)
		return NULL;
	return url_valid(value, &path).p != NULL && path.p == NULL ? NULL :
	       "must be http:// or https:// and a host, without a path, as https://inbox.example.org";
}

static const char *check_url(struct str *value)
{
	struct str path;

	if (value->len == 0)
		return NULL;
	return url_valid(value, &path).p != NULL
		       ? NULL
		       : "must be http:// or https:// and a host, as https://graph.facebook.com";
}

static const char *check_data(struct str *value)
{
	while (value->len > 1 && value->p[value->len - 1] == '/')
		value->len--;
	return value->len > 0 && value->len < 4000 ? NULL : "must be the path of a directory";
}

static const char *check_database(struct str *value)
{
	static const char must[] =
		"must be empty, sqlite:PATH, or mysql://USER:PASSWORD@HOST/NAME (mariadb:// is the same)";

	if (value->len == 0 || (str_starts(*value, STR("sqlite:")) && value->len > 7))
		return NULL;
	return (str_starts(*value, STR("mysql://")) && value->len > 8) ||
	       (str_starts(*value, STR("mariadb://")) && value->len > 10) ? NULL : must;
}

static const char *check_version(struct str *value)
{
	struct str minor, major = str_split(str_cut(*value, 1, value->len), '.', &minor);
	int64_t n;

	if (value->len == 0)
		return NULL;
	return value->p[0] == 'v' && value->len <= 16 && str_to_i64(major, &n) && n > 0 && str_to_i64(minor, &n) && n >= 0 ?
	       NULL : "must be a version of Meta's Graph API, as v25.0";
}

static const char *check_log_level(struct str *value)
{
	enum log_level level;

	return log_level_of(*value, &level) ? NULL : "must be debug, info, warning or error";
}

static const char *check_proxies(struct str *value)
{
	struct str rest = *value;

	while (rest.len > 0) {
		struct str one = str_trim(str_split(rest, ',', &rest));
		char text[64] = "";
		unsigned char address[16];

		if (one.len > 0 && one.len < sizeof(text))
			memcpy(text, one.p, one.len);
		if (inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) != 1)
			return "must be IP addresses with commas between, as 127.0.0.1,::1";
	}
	return NULL;
}

#define AT(member) offsetof(struct config, member)
static const struct setting settings[] = {
	{ .name = "data", .offset = AT(data), .check = check_data, .preset = "./data" },
	{ .name = "listen", .offset = AT(listen), .check = check_listen, .preset = "127.0.0.1:8080" },
	{ .name = "public-url", .offset = AT(public_url), .check = check_public_url, .preset = "" },
	{ .name = "database", .offset = AT(database), .check = check_database, .preset = "" },
	{ .name = "graph-url", .offset = AT(graph_url), .check = check_url, .preset = "" },
	{ .name = "instagram-graph-url", .offset = AT(instagram_graph_url), .check = check_url, .preset = "" },
	{ .name = "graph-version", .offset = AT(graph_version), .check = check_version, .preset = "" },
	{ .name = "log-level", .offset = AT(log_level), .check = check_log_level, .preset = "info" },
	{ .name = "trusted-proxies", .offset = AT(trusted_proxies), .check = check_proxies, .preset = "" },
	{ .name = "workers", .offset = AT(workers), .preset = "0", .min = 0, .max = WORKERS_MAX },
	{ .name = "max-connections", .offset = AT(max_connections), .preset = "8192", .min = CONNECTIONS_MIN,
	  .max = CONNECTIONS_MAX },
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static int find(struct str name)
{
	for (int k = 0; k < SETTINGS; k++)
		if (str_eq_c(name, settings[k].name))
			return k;
	return -1;
}

/* ---- the three places ---- */

/* "MAILTRIXY_PUBLIC_URL" of "public-url". */
static struct str environment_name(struct arena *a, const char *name)
{
	struct str s = arena_printf(a, "MAILTRIXY_%s", name);
	char *p = (char *)(uintptr_t)s.p;

	for (size_t i = 0; i < s.len; i++)
		p[i] = p[i] == '-' ? '_' : p[i] >= 'a' && p[i] <= 'z' ? (char)(p[i] - 32) : p[i];
	return s;
}

static void read_environment(struct given *given, struct arena *a)
{
	for (int k = 0; k < SETTINGS; k++) {
		struct str name = environment_name(a, settings[k].name);
		const char *value = name.p != NULL ? getenv(name.p) : NULL;

		if (value != NULL)
			given[k] = (struct given){ str_of(value), name };
	}
}

static int read_line(struct given *given, struct str line, struct str where, struct error *err)
{
	struct str value, name;

	line = str_trim(line);
	if (line.len == 0 || line.p[0] == '#')
		return 0;
	name = str_trim(str_split(line, '=', &value));
	if (value.p == NULL)
		return fail(err, ERR_INVALID, "%.*s: '%.*s' is not \"name = value\"", STR_ARG(where),
			    STR_ARG(str_cut(line, 0, 40)));
	int k = find(name);

	if (k < 0)
		return fail(err, ERR_INVALID, "%.*s: there is no setting '%.*s'", STR_ARG(where),
			    STR_ARG(str_cut(name, 0, 40)));
	if (given[k].value.p != NULL)
		return fail(err, ERR_INVALID, "%.*s: '%s' is set a second time", STR_ARG(where), settings[k].name);
	given[k] = (struct given){ str_trim(value), where };
	return 0;
}

/* must: a file that was named must be there; the default one need not. */
static int read_file(struct given *given, const char *path, bool must, struct arena *a, struct error *err)
{
	char *text = arena_alloc(a, CONFIG_FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;

	if (fd < 0 && errno == ENOENT && !must)
		return 0;
	if (fd < 0)
		return fail(err, ERR_INVALID, "the configuration file %s cannot be read: %s", path, strerror(errno));
	size_t len = 0;
	ssize_t n = text != NULL ? 1 : -1;

	while (n > 0 && len <= CONFIG_FILE_MAX) {
		n = read(fd, text + len, CONFIG_FILE_MAX + 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	(void)close(fd);
	if (n < 0)
		return fail(err, ERR_INVALID, "the configuration file %s cannot be read", path);
	if (len > CONFIG_FILE_MAX || memchr(text, '\0', len) != NULL)
		return fail(err, ERR_INVALID, "the configuration file %s is no text of up to 64 KiB", path);
	struct str rest = { text, len };

	for (int number = 1; rest.len > 0 && r == 0; number++) {
		struct str line = str_split(rest, '\n', &rest);

		r = read_line(given, line, arena_printf(a, "%s line %d", path, number), err);
	}
	return r;
}

/* Takes "--name value" and "--name=value" out of argv; the others stay. *ret_file: --config, or NULL. */
static int read_flags(struct given *given, int *argc, char **argv, const char **ret_file, struct arena *a,
		      struct error *err)
{
	int kept = 0;

	for (int i = 0; i < *argc; i++) {
		struct str value = STR_NONE, arg = str_of(argv[i]);
		struct str name = str_starts(arg, STR("--")) ? str_split(str_cut(arg, 2, arg.len), '=', &value) : STR_NONE;
		int k = name.p != NULL ? find(name) : -1;
		bool file = str_eq_c(name, "config");

		if (k < 0 && !file) {
			argv[kept++] = argv[i];
			continue;
		}
		struct str where = arena_printf(a, "--%.*s", STR_ARG(name));

		if (value.p == NULL && i + 1 >= *argc)
			return fail(err, ERR_INVALID, "%.*s needs a value", STR_ARG(where));
		if (value.p == NULL)
			value = str_of(argv[++i]);
		if (file)
			*ret_file = value.p;
		else
			given[k] = (struct given){ value, where };
	}
	*argc = kept;
	return 0;
}

/* ---- together ---- */

static int take(struct config *c, int k, struct given given, struct error *err)
{
	const struct setting *s = &settings[k];
	struct str shown = str_cut(given.value, 0, 60);
	bool secret = s->offset == AT(database) && memchr(given.value.p, '@', given.value.len) != NULL;

	if (secret)
		shown = STR("(not shown)");
	if (!utf8_valid(given.value))
		return fail(err, ERR_INVALID, "%s (set by %.*s) is not UTF-8", s->name, STR_ARG(given.where));
	if (s->check == NULL) {
		int64_t *n = (int64_t *)(void *)((char *)c + s->offset);

		if (!str_to_i64(given.value, n) || *n < s->min || *n > s->max)
			return fail(err, ERR_INVALID,
				    "%s (set by %.*s) is '%.*s': it must be a number from %lld to %lld", s->name,
				    STR_ARG(given.where), STR_ARG(shown), (long long)s->min, (long long)s->max);
		return 0;
	}
	const char *wrong = s->check(&given.value);

	if (wrong != NULL)
		return fail(err, ERR_INVALID, "%s (set by %.*s) is '%.*s': it %s", s->name, STR_ARG(given.where),
			    STR_ARG(shown), wrong);
	*(struct str *)(void *)((char *)c + s->offset) = arena_copy(&c->memory, given.value);
	return 0;
}

/* What a browser on this machine calls the address that is listened on: a wildcard is no address to go to. */
static struct str url_of_listen(struct config *c)
{
	struct str host, port;

	if (!host_and_port(c->listen, &host, &port))
		return STR_NONE;
	if (str_eq_c(host, "0.0.0.0") || str_eq_c(host, "[::]"))
		host = STR("127.0.0.1");
	return arena_printf(&c->memory, "http://%.*s:%.*s", STR_ARG(host), STR_ARG(port));
}

static int read_all(struct config *c, int *argc, char **argv, struct error *err)
{
	struct given from_file[SETTINGS] = { 0 }, given[SETTINGS] = { 0 };
	const char *file = getenv("MAILTRIXY_CONFIG");
	int r;

	if (file != NULL && file[0] == '\0')
		file = NULL;
	read_environment(given, &c->memory);
	if ((r = read_flags(given, argc, argv, &file, &c->memory, err)) < 0 ||
	    (r = read_file(from_file, file != NULL ? file : default_file, file != NULL, &c->memory, err)) < 0)
		return r;
	for (int k = 0; k < SETTINGS; k++) {
		struct given g = given[k].value.p != NULL ? given[k] : from_file[k];

		if (g.value.p == NULL)
			g = (struct given){ str_of(settings[k].preset), STR("default") };
		if ((r = take(c, k, g, err)) < 0)
			return r;
	}
	if (c->public_url.len == 0)
		c->public_url = url_of_listen(c);
	return arena_failed(&c->memory) ? fail(err, ERR_NOMEM, "no memory for the settings") : 0;
}

int config_read(struct config *c, int *argc, char **argv, struct error *err)
{
	*c = (struct config){ 0 };
	int r = read_all(c, argc, argv, err);

	if (r < 0)
		config_done(c);
	return r;
}

void config_done(struct config *c)
{
	arena_done(&c->memory);
	*c = (struct config){ 0 };
}
