#include "house.h"

#include <dirent.h>
#include <string.h>

#include "inbox/directory.h"
#include "store/account_fields.h"
#include "../database.h"
#include "store/addon.h"
#include "store/engine.h"

void open_instance(struct house *h)
{
	struct store_options options = { .database = h->config.database, .data_dir = h->config.data };

	h->i = (struct instance){ .config = &h->config };
	check_ok(channels_new(&h->i.channels, &h->err), &h->err);
	check_ok(directory_new(&h->i.directory, &h->err), &h->err);
	check_ok(store_open(&options, &h->i.store, &h->err), &h->err);
	check_ok(addon_load_active(&h->i, &h->err), &h->err);
}

void close_instance(struct house *h)
{
	store_close(h->i.store);
	directory_free(h->i.directory);
	channels_free(h->i.channels);
}

struct house *house_new(void)
{
	struct house *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->arena.max = (size_t)512 * 1024 * 1024;
	h->config.data = folder_new(&h->folder);
	h->config.database = test_database(&h->arena, h->config.data);
	open_instance(h);
	return h;
}

void house_done(struct house **h)
{
	engine_fault = NULL;
	close_instance(*h);
	test_database_drop((*h)->config.database);
	folder_done(&(*h)->folder);
	arena_done(&(*h)->arena);
	free(*h);
}

void restart(struct house *h)
{
	close_instance(h);
	open_instance(h);
}

struct str data_path(struct house *h, const char *rest)
{
	return arena_printf(&h->arena, "%.*s/%s", STR_ARG(h->config.data), rest);
}

struct str slurp(struct house *h, const char *path)
{
	SCOPED(buf_done) struct buf b = { 0 };
	FILE *f = fopen(path, "rb");
	char chunk[65536];
	size_t n;

	if (f == NULL)
		check_failed("%s cannot be read", path);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, (struct str){ chunk, n });
	(void)fclose(f);
	return arena_copy(&h->arena, buf_str(&b));
}

void spit(const char *path, struct str bytes)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.len, f), bytes.len);
	assert_int_equal(fclose(f), 0);
}

size_t folders(struct house *h)
{
	DIR *d = opendir(data_path(h, "addons").p);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	(void)closedir(d);
	return n;
}

struct addon get(struct house *h, const char *slug)
{
	struct addon a = { 0 };
	struct db *reader;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	check_ok(addon_get(reader, str_of(slug), &h->arena, &a, &h->err), &h->err);
	store_reader_free(reader);
	return a;
}

size_t installed(struct house *h)
{
	struct addon *list;
	struct db *reader;
	size_t count;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	check_ok(addon_list(reader, &h->arena, &list, &count, &h->err), &h->err);
	store_reader_free(reader);
	return count;
}

bool active_here(struct house *h, const char *channel)
{
	return channels_find(h->i.channels, str_of(channel)) != NULL;
}

bool has_table(struct house *h, const char *table, const char *column)
{
	struct account_column c = { .name = str_of(column), .max_bytes = 10, .comment = STR("") };
	struct db *reader;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	int r = store_account_table_has(reader, str_of(table), &c, 1, &h->err);

	store_reader_free(reader);
	return r > 0;
}

bool recorded(struct house *h, const char *slug, int64_t number)
{
	struct db *reader;
	struct str digest;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	int r = store_addon_migration_get(reader, str_of(slug), number, &h->arena, &digest, &h->err);

	store_reader_free(reader);
	assert_true(r >= 0);
	return r > 0;
}

bool widened(struct house *h)
{
	SCOPED(stmt_done) struct stmt st = { 0 };
	struct db *reader;

	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	check_ok(db_prepare_each(reader, &st, "SELECT instr(sql, 'whatsapp') FROM sqlite_master WHERE name = 'conversations'",
				 "SELECT instr(column_type, 'whatsapp') FROM information_schema.columns WHERE table_schema = database() AND"
				 " table_name = 'conversations' AND column_name = 'channel'", &h->err), &h->err);
	check_is(stmt_step(&st, &h->err), 1, &h->err);
	bool wide = next_i64(&st) == 0;

	stmt_done(&st);
	store_reader_free(reader);
	return wide;
}

struct str fixture(struct house *h, const char *name)
{
	return slurp(h, arena_printf(&h->arena, "%s/fixture-%s.so", FIXTURES, name).p);
}

struct member_list good_members(struct house *h)
{
	struct member_list l = { .count = 0 };

	members_put(&l, "addon.json", STR("{}"));
	members_put(&l, "GUIDE.md", STR("# A guide\n"));
	members_put(&l, "sample.so", fixture(h, "v1"));
	members_put(&l, "migrations/001.json", STR(FIRST));
	members_put(&l, "migrations/002.json", STR(SECOND));
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	return l;
}

struct str good_zip(struct house *h)
{
	struct member_list l = good_members(h);

	return members_zip(&l, &h->arena);
}

struct str lib_zip(struct house *h, const char *lib, const char *manifest)
{
	struct member_list l = good_members(h);

	members_put(&l, "sample.so", fixture(h, lib));
	members_rehash(&l, manifest, &h->arena);
	return members_zip(&l, &h->arena);
}

int install(struct house *h, struct str zip)
{
	struct addon a;

	h->err.text[0] = '\0';
	return addon_install(&h->i, zip, true, &h->arena, &a, &h->err);
}

int activate(struct house *h, const char *slug)
{
	struct addon a;

	h->err.text[0] = '\0';
	return addon_activate(&h->i, str_of(slug), &h->arena, &a, &h->err);
}

int deactivate(struct house *h, const char *slug)
{
	struct addon a;

	return addon_deactivate(&h->i, str_of(slug), &h->arena, &a, &h->err);
}

/* The good manifest with one text replaced. */
const char *changed(struct house *h, const char *from, const char *to)
{
	const char *good = MANIFEST("1.0.0", BOTH), *at = strstr(good, from);

	if (at == NULL)
		check_failed("the manifest does not hold the text to be changed");
	return arena_printf(&h->arena, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from)).p;
}
