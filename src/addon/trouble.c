/* A line a server and addon: "SERVER\tADDON\tREASON\n". */
#include "addon/trouble.h"

#include "store/lease.h"
#include "store/setting.h"

#define NAME STR("addons.trouble")

void trouble_add(struct buf *list, struct str slug, const struct error *why)
{
	struct str reason = why->code == ERR_BROKEN ? STR("its log says why") : str_of(why->text);

	buf_add(list, slug);
	buf_add_char(list, '\t');
	for (size_t k = 0; k < reason.len; k++)
		buf_add_char(list, reason.p[k] == '\t' || reason.p[k] == '\n' ? ' ' : reason.p[k]);
	buf_add_char(list, '\n');
}

static bool lives(const struct store_server *servers, size_t count, struct str id)
{
	for (size_t k = 0; k < count; k++)
		if (str_eq(servers[k].id, id))
			return true;
	return false;
}

/* The lines of one server, as trouble_add makes them. */
static void take_own(struct str all, struct str server, struct buf *ret)
{
	for (struct str rest = all, line; rest.len > 0;) {
		struct str words, id = str_split(line = str_split(rest, '\n', &rest), '\t', &words);

		if (str_eq(id, server))
			buf_addf(ret, "%.*s\n", STR_ARG(words));
	}
}

struct note {
	struct str server, list;
};

/* Its own lines anew, and no longer those of servers that are gone. */
static int run_note(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	SCOPED(buf_done) struct buf text = { 0 };
	const struct note *n = arg;
	struct store_server *servers;
	struct str all, line;
	size_t count;
	int r = store_setting_get(db, NAME, &arena, &all, err);

	if (r < 0 || (r = store_server_list(db, &arena, &servers, &count, err)) < 0)
		return r;
	for (struct str rest = all; rest.len > 0;) {
		struct str words, id = str_split(line = str_split(rest, '\n', &rest), '\t', &words);

		if (!str_eq(id, n->server) && lives(servers, count, id))
			buf_addf(&text, "%.*s\n", STR_ARG(line));
	}
	for (struct str rest = n->list; rest.len > 0;) {
		line = str_split(rest, '\n', &rest);
		if (line.len > 0)
			buf_addf(&text, "%.*s\t%.*s\n", STR_ARG(n->server), STR_ARG(line));
	}
	if (text.failed)
		return fail(err, ERR_NOMEM, "out of memory");
	if ((r = store_setting_set(db, NAME, text.len > 0 ? buf_str(&text) : STR_NONE, err)) < 0)
		return r;
	return store_change_add(db, (struct workspace_id){ 0 }, CHANGE_ADDON, 0, 0, err);
}

static void reader_done(struct db **reader)
{
	store_reader_free(*reader);
}

int trouble_note(struct instance *i, struct buf *list, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	SCOPED(buf_done) struct buf own = { 0 };
	SCOPED(reader_done) struct db *db = NULL;
	struct note n = { store_server(i->store), buf_str(list) };
	struct str all;
	int r = store_shared(i->store) ? store_reader_new(i->store, &db, err) : 0;

	if (r < 0 || db == NULL || (r = store_setting_get(db, NAME, &arena, &all, err)) < 0)
		return r;
	take_own(r > 0 ? all : STR_NONE, n.server, &own);
	if (own.failed || list->failed)
		return fail(err, ERR_NOMEM, "out of memory");
	return str_eq(buf_str(&own), n.list) ? 0 : store_write(i->store, run_note, &n, err);
}

int trouble_of(struct db *db, struct str slug, struct arena *arena, struct str *ret, struct error *err)
{
	SCOPED(buf_done) struct buf text = { 0 };
	struct store_server *servers;
	struct str all;
	size_t count;
	int r = store_setting_get(db, NAME, arena, &all, err);

	*ret = STR_NONE;
	if (r <= 0 || (r = store_server_list(db, arena, &servers, &count, err)) < 0)
		return r;
	for (struct str rest = all; rest.len > 0;) {
		struct str reason, line = str_split(rest, '\n', &rest), id = str_split(line, '\t', &line), own = str_split(line, '\t', &reason);

		for (size_t k = 0; str_eq(own, slug) && k < count; k++)
			if (str_eq(servers[k].id, id))
				buf_addf(&text, "%sThe server at %.*s cannot load it: %.*s", text.len > 0 ? ". " : "",
					 STR_ARG(servers[k].address), STR_ARG(reason));
	}
	if (text.len > 0)
		*ret = arena_copy(arena, buf_str(&text));
	return text.failed || arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}
