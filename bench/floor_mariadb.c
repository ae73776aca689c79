/* The floor of `./dev bench ingest --database`: what MariaDB itself can commit when a plain client writes the rows that a webhook
 * leaves, in groups. No HTTP, no JSON, no signature, no reading: nobody looks whether the customer or the message is known, and nobody
 * else writes. The tables are the program's own, in a database that it has set up; ids are counted by the client.
 *
 * A webhook is: one row of webhook_bodies (with the body), webhook_events and messages, two of changes, and one conversation updated.
 * A group of them is one transaction.
 *	bulk	each kind of row is sent at once for the whole group (array binding)
 *	rows	each row is a prepared statement of its own
 * Connections write side by side, each to conversations of its own, so that none waits for another's rows.
 *
 *	floor-mariadb HOST PORT USER PASSWORD DATABASE  bulk|rows  CONNECTIONS GROUP WEBHOOKS SENDERS FIRST
 * FIRST: number of the first webhook, so that several runs in one database stay distinct. Prints one JSON line. */
#include <inttypes.h>
#include <mysql.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"

enum { MAX_GROUP = 1024, MAX_CONNECTIONS = 64, BODY_BYTES = 1150, MAX_COLUMNS = 8, KINDS = 5, IDS_EACH = 8 };

/* What each kind of row is: its statement, and how its parameters come from the number of the webhook. */
enum value { ROW_ID, BODY_ID, MESSAGE_ID, CHANGE_ONE, CHANGE_TWO, EVENT_ID, CONVERSATION, NOW, HASH, MID, BODY, TEXT };
static const struct kind {
	const char *sql;
	unsigned int columns;
	enum value values[MAX_COLUMNS];
} kinds[KINDS] = {
	{ "INSERT INTO webhook_bodies (id, channel, received_at, body) VALUES (?, 'instagram', ?, ?)", 3, { BODY_ID, NOW, BODY } },
	{ "INSERT INTO webhook_events (id, body_id, workspace_id, account_id, state) VALUES (?, ?, 1, 1, 1)", 2, { EVENT_ID, BODY_ID } },
	{ "INSERT INTO messages (id, workspace_id, conversation_id, direction, kind, status, flags, at, external_id, external_hash, text, edit_number)"
	  " VALUES (?, 1, ?, 1, 1, 0, 0, ?, ?, ?, ?, 0)", 6, { MESSAGE_ID, CONVERSATION, NOW, MID, HASH, TEXT } },
	{ "INSERT INTO changes (id, workspace_id, kind, subject_id, conversation_id, at) VALUES (?, 1, 1, ?, ?, ?), (?, 1, 2, ?, ?, ?)", 8,
	  { CHANGE_ONE, MESSAGE_ID, CONVERSATION, NOW, CHANGE_TWO, CONVERSATION, CONVERSATION, NOW } },
	{ "UPDATE conversations SET unread = unread + 1, activity_at = ?, window_from = ? WHERE id = ?", 3, { NOW, NOW, CONVERSATION } },
};

struct column {
	int64_t numbers[MAX_GROUP];
	char *texts[MAX_GROUP];
	unsigned long lengths[MAX_GROUP];
	char bytes[MAX_GROUP][200];
};

struct writer {
	pthread_t thread;
	int64_t number, webhooks;		/* of this connection */
	int64_t *took_us;			/* of each group */
	size_t groups;
	MYSQL *db;
	MYSQL_STMT *statements[KINDS];
	struct column columns[KINDS][MAX_COLUMNS];
};

static struct {
	const char *host, *user, *password, *database;
	unsigned int port;
	bool bulk;
	int64_t connections, group, webhooks, senders, first;
	char body[BODY_BYTES], text[BODY_BYTES];
} bench;

_Noreturn static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "floor-mariadb: %s: %s\n", what, why);
	exit(1);
}

static MYSQL *connect_one(void)
{
	MYSQL *db = mysql_init(NULL);

	if (db == NULL || mysql_real_connect(db, bench.host, bench.user, bench.password, bench.database, bench.port, NULL, 0) == NULL)
		die("connect", db ? mysql_error(db) : "no memory");
	if (mysql_query(db, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED") != 0 || mysql_autocommit(db, 0) != 0)
		die("session", mysql_error(db));
	return db;
}

/* Conversations are numbered across the connections: those of connection k are k, k + CONNECTIONS, …; ids above what the program uses. */
static int64_t conversation_of(const struct writer *w, int64_t n)
{
	int64_t each = bench.senders / bench.connections;

	return 1000000000000 + n * 7919 % (each > 0 ? each : 1) * bench.connections + w->number;
}

static void set_value(const struct writer *w, struct column *c, int row, enum value value, int64_t n)
{
	int64_t id = 2000000000000 + n * IDS_EACH;

	switch (value) {
	case ROW_ID: case BODY_ID: case MESSAGE_ID: case CHANGE_ONE: case CHANGE_TWO: case EVENT_ID:
		c->numbers[row] = id + (int64_t)value;
		break;
	case CONVERSATION:
		c->numbers[row] = conversation_of(w, n);
		break;
	case NOW:
		c->numbers[row] = 1764000000000 + n;
		break;
	case HASH:
		c->numbers[row] = (int64_t)((uint64_t)n * 0x9E3779B97F4A7C15u);
		break;
	case MID:
		c->lengths[row] = (unsigned long)snprintf(c->bytes[row], sizeof(c->bytes[row]), "aWdfZAG1faXRlb%0150" PRId64, n);
		c->texts[row] = c->bytes[row];
		break;
	case BODY:
		c->texts[row] = bench.body;
		c->lengths[row] = sizeof(bench.body);
		break;
	case TEXT:
		c->texts[row] = bench.text;
		c->lengths[row] = sizeof(bench.text) - 400;
		break;
	}
}

static void bind_row(struct writer *w, int k, unsigned int row, unsigned int rows)
{
	MYSQL_BIND binds[MAX_COLUMNS] = { 0 };

	for (unsigned int p = 0; p < kinds[k].columns; p++) {
		struct column *c = &w->columns[k][p];
		bool text = kinds[k].values[p] >= MID;

		binds[p].buffer_type = !text ? MYSQL_TYPE_LONGLONG : kinds[k].values[p] == BODY ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
		/* An array of pointers to texts, where rows go together; the text itself, where one goes alone. */
		binds[p].buffer = !text ? (void *)&c->numbers[row] : rows > 0 ? (void *)c->texts : c->texts[row];
		binds[p].length = &c->lengths[row];
	}
	if ((rows > 0 && mysql_stmt_attr_set(w->statements[k], STMT_ATTR_ARRAY_SIZE, &rows) != 0) ||
	    mysql_stmt_bind_param(w->statements[k], binds) != 0 || mysql_stmt_execute(w->statements[k]) != 0)
		die(kinds[k].sql, mysql_stmt_error(w->statements[k]));
}

static void one_group(struct writer *w, int64_t from, unsigned int rows)
{
	for (int k = 0; k < KINDS; k++) {
		for (unsigned int row = 0; row < rows; row++)
			for (unsigned int p = 0; p < kinds[k].columns; p++)
				set_value(w, &w->columns[k][p], (int)row, kinds[k].values[p],
					  bench.first + (from + row) * bench.connections + w->number);
		if (bench.bulk)
			bind_row(w, k, 0, rows);
		for (unsigned int row = 0; !bench.bulk && row < rows; row++)
			bind_row(w, k, row, 0);
	}
	if (mysql_commit(w->db) != 0)
		die("commit", mysql_error(w->db));
}

static void *write_all(void *arg)
{
	struct writer *w = arg;

	for (int64_t done = 0; done < w->webhooks;) {
		int64_t rows = w->webhooks - done < bench.group ? w->webhooks - done : bench.group, start = clock_mono_us();

		one_group(w, done, (unsigned int)rows);
		done += rows;
		w->took_us[w->groups++] = clock_mono_us() - start;
	}
	return NULL;
}

static void open_writer(struct writer *w)
{
	w->db = connect_one();
	w->took_us = calloc((size_t)(w->webhooks / bench.group + 1), sizeof(*w->took_us));
	if (w->took_us == NULL)
		die("memory", "none");
	for (int k = 0; k < KINDS; k++) {
		w->statements[k] = mysql_stmt_init(w->db);
		if (w->statements[k] == NULL || mysql_stmt_prepare(w->statements[k], kinds[k].sql, strlen(kinds[k].sql)) != 0)
			die(kinds[k].sql, mysql_error(w->db));
	}
}

static void make_conversations(void)
{
	MYSQL *db = connect_one();

	for (int64_t n = 0; n < bench.senders; n++) {
		SCOPED(buf_done) struct buf sql = { 0 };

		buf_addf(&sql, "INSERT IGNORE INTO conversations (id, workspace_id, channel, account_id, contact_id, external_key, status, unread,"
			       " activity_at, window_from, read_at) VALUES (%" PRId64 ", 1, 'whatsapp', 1, 1, '9%014" PRId64 "', 1, 0, 0, 0, 0)",
			 1000000000000 + n, n);
		if (sql.failed || mysql_real_query(db, sql.p, sql.len) != 0)
			die("conversations", mysql_error(db));
	}
	if (mysql_commit(db) != 0)
		die("commit", mysql_error(db));
	mysql_close(db);
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report(struct writer *writers, int64_t took_us)
{
	size_t count = 0, at = 0;

	for (int64_t k = 0; k < bench.connections; k++)
		count += writers[k].groups;
	int64_t *all = calloc(count, sizeof(*all));

	if (all == NULL)
		die("memory", "none");
	for (int64_t k = 0; k < bench.connections; k++) {
		memcpy(all + at, writers[k].took_us, writers[k].groups * sizeof(*all));
		at += writers[k].groups;
	}
	qsort(all, count, sizeof(*all), by_size);
	(void)printf("{\"webhooks\":%" PRId64 ",\"seconds\":%.3f,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n", bench.webhooks,
		     (double)took_us / 1e6, (double)bench.webhooks * 1e6 / (double)took_us, (double)all[count / 2] / 1e3,
		     (double)all[count * 99 / 100] / 1e3, (double)all[count - 1] / 1e3);
	free(all);
}

static int64_t number(const char *word, int64_t min, int64_t max)
{
	int64_t v;

	if (!str_to_i64(str_of(word), &v) || v < min || v > max)
		die("not a number that fits", word);
	return v;
}

int main(int argc, char **argv)
{
	if (argc != 12)
		die("use", "HOST PORT USER PASSWORD DATABASE bulk|rows CONNECTIONS GROUP WEBHOOKS SENDERS FIRST");
	bench.host = argv[1];
	bench.port = (unsigned int)number(argv[2], 1, 65535);
	bench.user = argv[3];
	bench.password = argv[4];
	bench.database = argv[5];
	bench.bulk = strcmp(argv[6], "bulk") == 0;
	bench.connections = number(argv[7], 1, MAX_CONNECTIONS);
	bench.group = number(argv[8], 1, MAX_GROUP);
	bench.webhooks = number(argv[9], 1, 100000000) / bench.connections * bench.connections;
	bench.senders = number(argv[10], bench.connections, 1000000) / bench.connections * bench.connections;
	bench.first = number(argv[11], 0, INT64_MAX / 1000000);
	memset(bench.body, 'b', sizeof(bench.body));
	memset(bench.text, 't', sizeof(bench.text));
	struct writer *writers = calloc((size_t)bench.connections, sizeof(*writers));

	if (writers == NULL || mysql_library_init(0, NULL, NULL) != 0)
		die("memory", "none");
	make_conversations();
	for (int64_t k = 0; k < bench.connections; k++) {
		writers[k].number = k;
		writers[k].webhooks = bench.webhooks / bench.connections;
		open_writer(&writers[k]);
	}
	int64_t start = clock_mono_us();

	for (int64_t k = 0; k < bench.connections; k++)
		if (pthread_create(&writers[k].thread, NULL, write_all, &writers[k]) != 0)
			die("thread", "none");
	for (int64_t k = 0; k < bench.connections; k++)
		(void)pthread_join(writers[k].thread, NULL);
	report(writers, clock_mono_us() - start);
	for (int64_t k = 0; k < bench.connections; k++) {
		for (int s = 0; s < KINDS; s++)
			(void)mysql_stmt_close(writers[k].statements[s]);
		mysql_close(writers[k].db);
		free(writers[k].took_us);
	}
	free(writers);
	mysql_library_end();
	return 0;
}
