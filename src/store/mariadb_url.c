/* Reads mysql:// URLs. Connecting is mariadb_open.c. */
#include "store/mariadb_url.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_PORT = 3306, PASSWORD_FILE_BYTES = 4096, NAME_BYTES = 64 };

static int no_memory(struct error *err)
{
	return fail(err, ERR_NOMEM, "out of memory");
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes percent signs. `what` names the part in the message; the part itself may be secret. */
static int decode(struct str s, const char *what, struct arena *arena, const char **ret, struct error *err)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t n = 0;

	if (out == NULL)
		return no_memory(err);
	for (size_t i = 0; i < s.len; i++) {
		int high, low;

		if (s.p[i] != '%') {
			out[n++] = s.p[i];
			continue;
		}
		if (i + 2 >= s.len || (high = hex_digit(s.p[i + 1])) < 0 || (low = hex_digit(s.p[i + 2])) < 0)
			return fail(err, ERR_INVALID, "the database URL has a %% in its %s that is not followed by two hex digits: write %% "
				    "itself as %%25", what);
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	if (memchr(out, '\0', n) != NULL)
		return fail(err, ERR_INVALID, "the database URL has a NUL in its %s", what);
	*ret = out;
	return 0;
}

/* "host", "host:3306", "[::1]:3306". */
static int read_host(struct str s, struct arena *arena, struct mariadb_url *u, struct error *err)
{
	struct str name = s, port = STR_NONE;
	int64_t number = DEFAULT_PORT;
	int r;

	if (str_starts(s, STR("["))) {
		name = str_split(str_cut(s, 1, s.len), ']', &port);
		if (port.p == NULL || (port.len > 0 && port.p[0] != ':'))
			return fail(err, ERR_INVALID, "the database URL has a host that begins with [ and does not end with ]");
		port = port.len > 0 ? str_cut(port, 1, port.len) : STR_NONE;
	} else {
		name = str_split(s, ':', &port);
	}
	if (port.p != NULL && (!str_to_i64(port, &number) || number < 1 || number > 65535))
		return fail(err, ERR_INVALID, "the database URL has a port that is not a number from 1 to 65535");
	if (name.len == 0)
		return fail(err, ERR_INVALID, "the database URL names no host: mysql://user:password@host/name, or with ?socket=PATH");
	if (u->hosts == MARIADB_HOSTS)
		return fail(err, ERR_LIMIT, "the database URL names more than %d hosts", MARIADB_HOSTS);
	struct mariadb_host *h = &u->host[u->hosts++];

	h->port = (unsigned)number;
	if ((r = decode(name, "host", arena, &h->name, err)) < 0)
		return r;
	return 0;
}

static int read_hosts(struct str s, struct arena *arena, struct mariadb_url *u, struct error *err)
{
	int r;

	while (s.p != NULL) {
		struct str host = str_split(s, ',', &s);

		if ((r = read_host(host, arena, u, err)) < 0)
			return r;
	}
	return 0;
}

/* user[:password]@ before the hosts. The last @ counts: a password may hold one that nobody encoded. */
static int read_user(struct str *authority, struct arena *arena, struct mariadb_url *u, struct error *err)
{
	const char *at = authority->len > 0 ? memrchr(authority->p, '@', authority->len) : NULL;
	struct str password, user;
	int r;

	if (at == NULL)
		return fail(err, ERR_INVALID, "the database URL names no user: mysql://user:password@host/name");
	user = str_split(str_cut(*authority, 0, (size_t)(at - authority->p)), ':', &password);
	*authority = str_cut(*authority, (size_t)(at - authority->p) + 1, authority->len);
	if ((r = decode(user, "user", arena, &u->user, err)) < 0)
		return r;
	return password.p == NULL ? 0 : decode(password, "password", arena, &u->password, err);
}

static int read_password_file(const char *path, struct arena *arena, struct mariadb_url *u, struct error *err)
{
	char *text = arena_alloc(arena, PASSWORD_FILE_BYTES + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (text != NULL && fd >= 0)
		n = read(fd, text, PASSWORD_FILE_BYTES);
	int why = errno;

	if (fd >= 0)
		(void)close(fd);
	if (text == NULL)
		return no_memory(err);
	if (n < 0)
		return fail(err, ERR_INVALID, "cannot read the password_file of the database URL, %s: %s", path, strerror(why));
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	text[n] = '\0';
	u->password = text;
	return 0;
}

static int read_tls(const char *value, struct mariadb_url *u, struct error *err)
{
	if (strcmp(value, "off") == 0)
		u->tls = TLS_OFF;
	else if (strcmp(value, "on") == 0)
		u->tls = TLS_ON;
	else if (strcmp(value, "verify") == 0)
		u->tls = TLS_VERIFY;
	else
		return fail(err, ERR_INVALID, "the database URL has a tls that is none of off, on and verify");
	return 0;
}

static int read_option(struct str option, struct arena *arena, struct mariadb_url *u, struct error *err)
{
	struct str text, name = str_split(option, '=', &text);
	const char *value = NULL;
	int r = decode(text, "options", arena, &value, err);

	if (r < 0)
		return r;
	if (str_eq_c(name, "socket"))
		u->socket = value;
	else if (str_eq_c(name, "ca"))
		u->ca = value;
	else if (str_eq_c(name, "cert"))
		u->cert = value;
	else if (str_eq_c(name, "key"))
		u->key = value;
	else if (str_eq_c(name, "tls"))
		return read_tls(value, u, err);
	else if (str_eq_c(name, "password_file"))
		return read_password_file(value, arena, u, err);
	else
		return fail(err, ERR_INVALID, "the database URL has an option that is not known, %.*s: there are socket, password_file, tls, "
			    "ca, cert and key", (int)(name.len > 30 ? 30 : name.len), name.p != NULL ? name.p : "");
	return 0;
}

/* A database's name stands in a few statements in backquotes. */
static int check_name(const char *name, struct error *err)
{
	size_t len = strlen(name);

	if (len == 0)
		return fail(err, ERR_INVALID, "the database URL names no database: mysql://user:password@host/name");
	if (len > NAME_BYTES || strpbrk(name, "`/\\. ") != NULL)
		return fail(err, ERR_INVALID, "the database URL has a database's name that this program does not take: at most %d letters, "
			    "digits, - and _", NAME_BYTES);
	return 0;
}

int mariadb_url_parse(struct str url, struct arena *arena, struct mariadb_url *ret, struct error *err)
{
	struct str options, name, authority, rest, scheme = str_split(url, ':', &rest);
	int r;

	*ret = (struct mariadb_url){ 0 };
	if (!(str_eq_c(scheme, "mysql") || str_eq_c(scheme, "mariadb")) || !str_starts(rest, STR("//")))
		return fail(err, ERR_INVALID, "the database URL does not begin with mysql:// or mariadb://");
	rest = str_split(str_cut(rest, 2, rest.len), '?', &options);
	const char *slash = rest.len > 0 ? memrchr(rest.p, '/', rest.len) : NULL;

	if (slash == NULL)
		return fail(err, ERR_INVALID, "the database URL names no database: mysql://user:password@host/name");
	authority = str_cut(rest, 0, (size_t)(slash - rest.p));
	name = str_cut(rest, authority.len + 1, rest.len);
	if ((r = decode(name, "database's name", arena, &ret->name, err)) < 0 || (r = check_name(ret->name, err)) < 0 ||
	    (r = read_user(&authority, arena, ret, err)) < 0)
		return r;
	while (options.p != NULL) {
		struct str option = str_split(options, '&', &options);

		if (option.len > 0 && (r = read_option(option, arena, ret, err)) < 0)
			return r;
	}
	if (ret->socket != NULL && authority.len == 0)
		return 0;
	return read_hosts(authority, arena, ret, err);
}

bool mariadb_url_is_local(const char *host)
{
	return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}
