/* One connection to a MariaDB server: which host, how, with which settings; and what its failures mean. */
#include "store/mariadb.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	CONNECT_SECONDS = 3,
	READ_SECONDS = 25,		/* longer than a wait for a lock; a server that answers nothing for so long counts as gone */
	DEAD_MS = 6000,			/* a peer that acknowledges nothing for so long, too */
	OLDEST_VERSION = 100600,
	QUERY_BYTES = 400,		/* of our own texts with ";" in them */
};

/* ---- failures ---- */

int mariadb_code(unsigned number)
{
	switch (number) {
	case ER_DUP_ENTRY:
	case ER_DUP_ENTRY_WITH_KEY_NAME:
	case ER_DUP_KEY:
		return ERR_EXISTS;
	case ER_CONSTRAINT_FAILED:
	case WARN_DATA_TRUNCATED:	/* a text that an ENUM does not know */
	case ER_TRUNCATED_WRONG_VALUE:
	case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
	case ER_WARN_DATA_OUT_OF_RANGE:
		return ERR_INVALID;
	case ER_NO_REFERENCED_ROW:
	case ER_NO_REFERENCED_ROW_2:
	case ER_ROW_IS_REFERENCED:
	case ER_ROW_IS_REFERENCED_2:
		return ERR_NOTFOUND;
	case ER_DATA_TOO_LONG:
	case ER_NET_PACKET_TOO_LARGE:
	case CR_NET_PACKET_TOO_LARGE:
		return ERR_LIMIT;
	case ER_ACCESS_DENIED_ERROR:
	case ER_DBACCESS_DENIED_ERROR:
	case ER_TABLEACCESS_DENIED_ERROR:
	case ER_COLUMNACCESS_DENIED_ERROR:
	case ER_SPECIFIC_ACCESS_DENIED_ERROR:
		return ERR_DENIED;
	case ER_OUTOFMEMORY:
	case ER_OUT_OF_SORTMEMORY:
	case CR_OUT_OF_MEMORY:
		return ERR_NOMEM;
	case ER_DISK_FULL:
	case ER_RECORD_FILE_FULL:
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
	case ER_USER_LIMIT_REACHED:
	case ER_QUERY_INTERRUPTED:
	case ER_STATEMENT_TIMEOUT:
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
	case CR_UNKNOWN_HOST:
		return ERR_TEMPORARY;
	}
	return ERR_BROKEN;
}

/* The connection is no more, or leads to a server that takes no writes: another one may do. */
static bool is_gone(unsigned number)
{
	switch (number) {
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_SERVER_LOST_EXTENDED:
	case CR_ERR_NET_WRITE:
	case CR_COMMANDS_OUT_OF_SYNC:		/* after a failure in between: begin anew */
	case CR_MALFORMED_PACKET:
	case ER_SERVER_SHUTDOWN:
	case ER_CONNECTION_KILLED:
	case ER_NORMAL_SHUTDOWN:
	case ER_NEW_ABORTING_CONNECTION:
	case ER_NET_READ_ERROR:
	case ER_NET_READ_INTERRUPTED:
	case ER_NET_ERROR_ON_WRITE:
	case ER_NET_WRITE_INTERRUPTED:
	case ER_NET_PACKETS_OUT_OF_ORDER:
	case ER_OPTION_PREVENTS_STATEMENT:	/* --read-only */
	case ER_READ_ONLY_MODE:
	case ER_UNKNOWN_COM_ERROR:		/* Galera: this node is not in the primary component */
		return true;
	}
	return false;
}

/* The transaction is lost, or worth nothing, and may succeed as it is. */
static bool is_conflict(unsigned number)
{
	switch (number) {
	case ER_LOCK_DEADLOCK:			/* Galera: another node's transaction was first */
	case ER_LOCK_WAIT_TIMEOUT:
	case ER_CHECKREAD:
	case ER_ERROR_DURING_COMMIT:
	case ER_TABLE_DEF_CHANGED:
	case ER_NEED_REPREPARE:
	case ER_QUERY_INTERRUPTED:
		return true;
	}
	return false;
}

int mariadb_failed(struct mariadb_db *d, unsigned number, const char *words, const char *sql, struct error *err)
{
	int code = mariadb_code(number);
	bool gone = is_gone(number), conflict = is_conflict(number);

	if (gone || conflict)
		code = ERR_TEMPORARY;
	/* Before the connection goes: the words are the connection's. */
	if (code == ERR_DENIED)
		(void)fail(err, code, "the database's user lacks a right: %.160s. Run GRANT ALL ON that database TO this user (%u)", words, number);
	else if (sql != NULL)
		(void)fail(err, code, "database: %.120s (%u) in: %.*s", words, number, SQL_SHOWN, sql);
	else
		(void)fail(err, code, "database: %.200s (%u)", words, number);
	if (gone || conflict)
		d->lost = d->may_retry = true;
	if (gone)
		mariadb_disconnect(d);
	else if (conflict && d->open && number != ER_LOCK_DEADLOCK)
		(void)mysql_query(d->handle, "ROLLBACK");
	return code;
}

/* ---- text statements ---- */

/* The numbers of a result's first row. 1: there was one. */
static int take_row(MYSQL *handle, int64_t *ret, size_t count)
{
	MYSQL_RES *result = mysql_store_result(handle);
	MYSQL_ROW row = result != NULL ? mysql_fetch_row(result) : NULL;
	bool found = row != NULL;

	for (size_t i = 0; found && i < count && i < mysql_num_fields(result); i++)
		if (row[i] == NULL || !str_to_i64(str_of(row[i]), &ret[i]))
			ret[i] = 0;
	if (result != NULL)
		mysql_free_result(result);
	return found;
}

int mariadb_still_open(struct mariadb_db *d, const char *sql, struct error *err)
{
	if (!d->open || d->handle == NULL || (d->handle->server_status & SERVER_STATUS_IN_TRANS) != 0)
		return 0;
	d->lost = d->may_retry = true;
	return fail(err, ERR_TEMPORARY, "the database server gave the transaction up, in: %.*s", SQL_SHOWN, sql);
}

int mariadb_query(struct mariadb_db *d, const char *sql, int64_t *ret, size_t count, struct error *err)
{
	int found = 0, more;

	if (d->handle == NULL)
		return fail(err, ERR_TEMPORARY, "the connection to the database server is gone");
	if (mysql_query(d->handle, sql) != 0)
		return mariadb_failed(d, mysql_errno(d->handle), mysql_error(d->handle), sql, err);
	do {
		if (mysql_field_count(d->handle) > 0)
			found |= take_row(d->handle, ret, count);
		if (mysql_errno(d->handle) != 0 || (more = mysql_next_result(d->handle)) > 0)
			return mariadb_failed(d, mysql_errno(d->handle), mysql_error(d->handle), sql, err);
	} while (more == 0);
	return found;
}

/* A node of a cluster takes a transaction back when another node's was first, at any moment. It says so to the next message, but
 * not between two statements of one: the second would then run outside of the transaction, and the COMMIT after it would succeed. */
int mariadb_queries(struct mariadb_db *d, const char *sql, int64_t *ret, size_t count, struct error *err)
{
	struct str rest = str_of(sql);
	char one[QUERY_BYTES];
	int r, found = 0;

	if (!d->cluster || strchr(sql, ';') == NULL)
		return mariadb_query(d, sql, ret, count, err);
	while (rest.p != NULL) {
		struct str piece = str_split(rest, ';', &rest);

		(void)snprintf(one, sizeof(one), "%.*s", STR_ARG(piece));
		if ((r = mariadb_query(d, one, ret, count, err)) < 0 || (rest.p != NULL && (r = mariadb_still_open(d, one, err)) < 0))
			return r;
		found |= r;
	}
	return found;
}

/* ---- connecting ---- */

static void set_tls(MYSQL *m, const struct mariadb_url *u, const char *host)
{
	enum mariadb_tls tls = u->tls;
	my_bool on = 1, verify;

	if (tls == TLS_BY_ITSELF)
		tls = u->ca != NULL ? TLS_VERIFY : host == NULL || mariadb_url_is_local(host) ? TLS_OFF : TLS_VERIFY;
	if (tls == TLS_OFF)
		return;
	verify = tls == TLS_VERIFY;
	(void)mysql_ssl_set(m, u->key, u->cert, u->ca, NULL, NULL);
	(void)mysql_options(m, MYSQL_OPT_SSL_ENFORCE, &on);
	(void)mysql_options(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

static void set_options(MYSQL *m, const struct mariadb_db *d, const char *host)
{
	unsigned seconds = CONNECT_SECONDS, read_seconds = READ_SECONDS, none = 0;
	enum mysql_protocol_type protocol = host != NULL ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;

	(void)mysql_options(m, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
	if (d->db.use != DB_SCHEMA) {
		(void)mysql_options(m, MYSQL_OPT_READ_TIMEOUT, &read_seconds);
		(void)mysql_options(m, MYSQL_OPT_WRITE_TIMEOUT, &read_seconds);
	}
	(void)mysql_options(m, MYSQL_OPT_PROTOCOL, &protocol);
	(void)mysql_options(m, MYSQL_OPT_LOCAL_INFILE, &none);	/* else a server could ask for our files */
	(void)mysql_options(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	set_tls(m, &d->url, host);
}

/* A machine that lost its power or its cable says nothing: the kernel finds that out sooner than a time limit on answers may be. */
static void watch_peer(MYSQL *m)
{
	int fd = (int)mysql_get_socket(m), on = 1, idle = 3, interval = 1, count = 3;
	unsigned dead = DEAD_MS;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof(dead));
}

/* What the operator should do. */
static int refused(const struct mariadb_url *u, const char *host, unsigned number, const char *words, struct error *err)
{
	switch (number) {
	case ER_ACCESS_DENIED_ERROR:
	case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
		return fail(err, ERR_DENIED, "the database server at %.60s refuses the user %.40s: the password is wrong, or this user may not "
			    "come from this machine (%u)", host, u->user, number);
	case ER_DBACCESS_DENIED_ERROR:
		return fail(err, ERR_DENIED, "the user %.40s has no right to the database %s: run GRANT ALL ON `%s`.* TO this user (%u)",
			    u->user, u->name, u->name, number);
	case ER_BAD_DB_ERROR:
		return fail(err, ERR_NOTFOUND, "there is no database %s, and the user %.40s may not create it: run CREATE DATABASE `%s` and "
			    "GRANT ALL ON `%s`.* TO this user (%u)", u->name, u->user, u->name, u->name, number);
	case CR_SSL_CONNECTION_ERROR:
		return fail(err, ERR_STATE, "no trusted encrypted connection to the database server at %.60s: %.70s. Give ca=FILE, or tls=on "
			    "(not verified), or tls=off in the URL", host, words);
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
		return fail(err, ERR_TEMPORARY, "the database server at %.60s takes no more connections: raise its max_connections (%u)", host,
			    number);
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
	case CR_UNKNOWN_HOST:
	case CR_SERVER_LOST:
	case CR_SERVER_GONE_ERROR:
		return fail(err, ERR_TEMPORARY, "the database server at %.60s cannot be reached: %.120s", host, words);
	}
	int code = is_gone(number) ? ERR_TEMPORARY : mariadb_code(number);

	return fail(err, code, "the database server at %.60s does not take the connection: %.120s (%u)", host, words, number);
}

static int text_failed(MYSQL *m, const char *host, struct error *err)
{
	unsigned number = mysql_errno(m);

	return fail(err, is_gone(number) ? ERR_TEMPORARY : mariadb_code(number), "the database server at %.60s: %.140s (%u)", host,
		    mysql_error(m), number);
}

#define SQL_MODE "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION," \
	"PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES"

/* Each group of settings in one round trip. A writer that was stopped in the middle of a transaction must not hold up all others
 * for ever: idle_transaction_timeout. */
static const char *const settings_for_all = "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin, sql_mode = '" SQL_MODE "', autocommit = 1, "
	"innodb_lock_wait_timeout = 10, lock_wait_timeout = 10";
static const char *const settings_to_write = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;"
	"SET SESSION idle_transaction_timeout = 5";
static const char *const settings_to_read = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";

static int run_all(MYSQL *m, const char *sql, const char *host, struct error *err)
{
	int more;

	if (mysql_query(m, sql) != 0)
		return text_failed(m, host, err);
	do {
		int64_t none;

		if (mysql_field_count(m) > 0)
			(void)take_row(m, &none, 0);
		if ((more = mysql_next_result(m)) > 0)
			return text_failed(m, host, err);
	} while (more == 0);
	return 0;
}

/* Every word of SQL_MODE. */
static bool is_strict(struct str mode)
{
	struct str words = STR(SQL_MODE);

	while (words.p != NULL) {
		struct str word = str_split(words, ',', &words), list = mode;
		bool found = false;

		while (list.p != NULL && !found)
			found = str_eq(str_split(list, ',', &list), word);
		if (!found)
			return false;
	}
	return true;
}

/* That the settings stuck, and whether this is a node of a cluster, and a working one. */
static int check_session(MYSQL *m, const char *host, bool *ret_cluster, struct error *err)
{
	if (mysql_query(m, "SELECT @@sql_mode, @@collation_connection, @@wsrep_on") != 0)
		return text_failed(m, host, err);
	MYSQL_RES *result = mysql_store_result(m);
	MYSQL_ROW row = result != NULL ? mysql_fetch_row(result) : NULL;
	int r = row != NULL ? 0 : text_failed(m, host, err);

	if (row != NULL && !is_strict(str_of(row[0])))
		r = fail(err, ERR_STATE, "the database server at %.60s does not keep the SQL mode that was asked for (strict): does a proxy in "
			 "between change sessions?", host);
	else if (row != NULL && !str_eq_c(str_of(row[1]), "utf8mb4_nopad_bin"))
		r = fail(err, ERR_STATE, "the database server at %.60s does not keep the character set that was asked for (utf8mb4, "
			 "utf8mb4_nopad_bin)", host);
	*ret_cluster = row != NULL && str_eq_c(str_of(row[2]), "1");
	if (result != NULL)
		mysql_free_result(result);
	return r;
}

static int check_node(MYSQL *m, const char *host, struct error *err)
{
	if (mysql_query(m, "SHOW STATUS LIKE 'wsrep_ready'") != 0)
		return text_failed(m, host, err);
	MYSQL_RES *result = mysql_store_result(m);
	MYSQL_ROW row = result != NULL ? mysql_fetch_row(result) : NULL;
	bool ready = row == NULL || str_eq_nocase(str_of(row[1]), STR("ON"));

	if (result != NULL)
		mysql_free_result(result);
	return ready ? 0 : fail(err, ERR_TEMPORARY, "the database server at %.60s is a node of a cluster that is not ready (not in the "
				"primary component, or joining)", host);
}

static int check_version(MYSQL *m, const char *host, struct error *err)
{
	if (!mariadb_connection(m))
		return fail(err, ERR_STATE, "the database server at %.60s is not MariaDB but %.40s: MariaDB 10.6 or newer is needed", host,
			    mysql_get_server_info(m));
	if (mysql_get_server_version(m) < OLDEST_VERSION)
		return fail(err, ERR_STATE, "the database server at %.60s is MariaDB %.40s: 10.6 or newer is needed", host,
			    mysql_get_server_info(m));
	return 0;
}

static int set_up_session(MYSQL *m, enum db_use use, const char *host, bool *ret_cluster, struct error *err)
{
	int r;

	if ((r = check_version(m, host, err)) < 0 || (r = run_all(m, settings_for_all, host, err)) < 0 ||
	    (r = run_all(m, use == DB_READER ? settings_to_read : settings_to_write, host, err)) < 0 ||
	    (r = check_session(m, host, ret_cluster, err)) < 0)
		return r;
	if (!*ret_cluster)
		return 0;
	/* A reader sees what any node had committed before it asked. */
	if ((r = check_node(m, host, err)) < 0 || use != DB_READER)
		return r;
	return run_all(m, "SET SESSION wsrep_sync_wait = 1", host, err);
}

static MYSQL *open_one(struct mariadb_db *d, const struct mariadb_host *h, const char *database, unsigned *ret_number, struct error *err)
{
	const struct mariadb_url *u = &d->url;
	const char *place = h != NULL ? h->name : u->socket;
	MYSQL *m = mysql_init(NULL);

	*ret_number = 0;
	if (m == NULL) {
		(void)fail(err, ERR_NOMEM, "out of memory");
		return NULL;
	}
	set_options(m, d, h != NULL ? h->name : NULL);
	if (mysql_real_connect(m, h != NULL ? h->name : NULL, u->user, u->password, database, h != NULL ? h->port : 0,
			       h != NULL ? NULL : u->socket, CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS | CLIENT_REMEMBER_OPTIONS) == NULL) {
		*ret_number = mysql_errno(m);
		(void)refused(u, place, *ret_number, mysql_error(m), err);
		mysql_close(m);
		return NULL;
	}
	if (h != NULL)
		watch_peer(m);
	return m;
}

/* The database is not there: makes it where the right is. */
static bool create_database(struct mariadb_db *d, const struct mariadb_host *h, const char *place)
{
	unsigned number;
	struct error err;
	char sql[200];
	MYSQL *m = open_one(d, h, NULL, &number, &err);
	int r = -1;

	if (m == NULL)
		return false;
	(void)snprintf(sql, sizeof(sql), "CREATE DATABASE IF NOT EXISTS `%s` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", d->url.name);
	r = run_all(m, sql, place, &err);
	mysql_close(m);
	if (r == 0)
		log_event(LOG_INFO, "database created", log_c("server", place), log_c("database", d->url.name), log_end);
	return r == 0;
}

static int connect_to(struct mariadb_db *d, const struct mariadb_host *h, struct error *err)
{
	const char *place = h != NULL ? h->name : d->url.socket;
	unsigned number;
	MYSQL *m = open_one(d, h, d->url.name, &number, err);
	int r;

	if (m == NULL && (number == ER_BAD_DB_ERROR || number == ER_DBACCESS_DENIED_ERROR) && d->db.use == DB_SCHEMA &&
	    create_database(d, h, place))
		m = open_one(d, h, d->url.name, &number, err);
	if (m == NULL)
		return err != NULL ? err->code : ERR_TEMPORARY;
	if ((r = set_up_session(m, d->db.use, place, &d->cluster, err)) < 0) {
		mysql_close(m);
		return r;
	}
	d->handle = m;
	return 0;
}

int mariadb_reach(struct mariadb_db *d, struct error *err)
{
	size_t tries = d->url.hosts == 0 ? 1 : d->url.hosts;
	struct error first = { 0 }, more;
	int r = 0;

	if (d->handle != NULL)
		return 0;
	for (size_t i = 0; i < tries; i++) {
		if ((r = connect_to(d, d->url.hosts == 0 ? NULL : &d->url.host[d->host], i == 0 ? &first : &more)) == 0)
			return 0;
		if (i > 0 && first.code == ERR_TEMPORARY && more.code != ERR_TEMPORARY)
			first = more;		/* more than "not there" */
		d->host = d->url.hosts == 0 ? 0 : (d->host + 1) % d->url.hosts;
	}
	d->lost = d->may_retry = true;
	if (err != NULL)
		*err = first;
	return first.code;
}

void mariadb_disconnect(struct mariadb_db *d)
{
	if (d->handle == NULL)
		return;
	mysql_close(d->handle);
	d->handle = NULL;
	mariadb_forget_prepared(d);
	if (d->url.hosts > 0)
		d->host = (d->host + 1) % d->url.hosts;
}
