/* Kept files: named by their hash, there before anybody says so, gone only when nobody has them. */
#include "../check.h"
#include "../database.h"
#include "../folder.h"
#include "pictures.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "files/state.h"
#include "store/file.h"
#include "store/user.h"
#include "store/workspace.h"

static struct str program;
static struct folder folder;
static struct arena memory;
static struct str database;
static struct store *store;
static struct db *reader;
static struct files *files;
static struct workspace_id w, other;

static int build(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	int r = store_workspace_add(db, STR("Acme"), clock_now_ms(), &w, err);

	return r < 0 ? r : store_workspace_add(db, STR("Other"), clock_now_ms(), &other, err);
}

static int set_up(void **state)
{
	struct store_options options = { .data_dir = folder_new(&folder) };
	struct seal_key key = { .generation = 1 };
	struct error err = { 0 };

	(void)state;
	check_ok(crypto_init(&err), &err);
	options.database = database = test_database(&memory, options.data_dir);
	check_ok(store_open(&options, &store, &err), &err);
	check_ok(store_write_alone(store, build, NULL, &err), &err);
	check_ok(store_reader_new(store, &reader, &err), &err);
	check_ok(files_open(str_of(folder.path), program, &key, &files, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	files_close(files);
	store_reader_free(reader);
	store_close(store);
	test_database_drop(database);
	arena_done(&memory);
	folder_done(&folder);
	return 0;
}

static struct file_draft draft_of(struct str bytes)
{
	struct file_draft d;
	struct error err = { 0 };

	check_ok(file_draft_begin(files, &d, &err), &err);
	for (size_t at = 0; at < bytes.len; at += 1000)		/* in pieces */
		check_ok(file_draft_write(&d, str_cut(bytes, at, 1000), &err), &err);
	return d;
}

static struct file_facts keep(struct workspace_id in, struct str bytes)
{
	struct file_draft d = draft_of(bytes);
	struct file_facts facts;
	struct error err = { 0 };

	check_ok(files_keep(files, in, &d, &facts, &err), &err);
	assert_int_equal(d.fd, 0);
	return facts;
}

static struct str path_of(struct arena *a, struct workspace_id in, const struct file_facts *facts, const char *end)
{
	return arena_printf(a, "%s/files/%lld/%.2s/%s%s", folder.path, (long long)in.v, facts->sha256, facts->sha256, end);
}

static bool is_there(struct workspace_id in, const struct file_facts *facts, const char *end)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct stat s;

	return stat(path_of(&a, in, facts, end).p, &s) == 0;
}

static int drafts(void)
{
	char path[300];
	int n = -2;

	(void)snprintf(path, sizeof(path), "%s/files/new", folder.path);
	DIR *d = opendir(path);

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static void check_bytes(struct workspace_id in, const struct file_facts *facts, struct str expected)
{
	char *room = malloc(expected.len + 1);
	struct error err = { 0 };
	int64_t bytes = 0;
	int fd = -1;

	check_ok(files_read(files, in, str_of(facts->sha256), false, &fd, &bytes, &err), &err);
	assert_int_equal(bytes, expected.len);
	assert_int_equal(read(fd, room, expected.len + 1), expected.len);
	assert_memory_equal(room, expected.p, expected.len);
	(void)close(fd);
	free(room);
}

static void test_keep(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct file_facts facts = keep(w, STR("hello"));
	struct stat s;

	(void)state;
	assert_string_equal(facts.sha256, "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	assert_string_equal(facts.mime_type, "text/plain");
	assert_int_equal(facts.bytes, 5);
	assert_false(facts.has_preview);
	check_bytes(w, &facts, STR("hello"));
	assert_int_equal(stat(path_of(&a, w, &facts, "").p, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	assert_int_equal(stat(arena_printf(&a, "%s/files/%lld", folder.path, (long long)w.v).p, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0700);
	assert_int_equal(stat(arena_printf(&a, "%s/files", folder.path).p, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0700);
	assert_int_equal(drafts(), 0);
	/* Another workspace has nothing of it. */
	int fd;
	int64_t bytes;
	struct error err = { 0 };

	assert_int_equal(files_read(files, other, str_of(facts.sha256), false, &fd, &bytes, &err), ERR_NOTFOUND);
	assert_int_equal(files_read(files, w, str_of(facts.sha256), true, &fd, &bytes, &err), ERR_NOTFOUND);
	struct files_figures figures;

	files_figures(files, &figures);
	assert_true(figures.kept == 1 && figures.bytes == 5);
}

static void test_picture(void **state)
{
	struct buf b = { 0 };
	struct error err = { 0 };
	int64_t bytes = 0;
	int fd = -1, width, height;

	(void)state;
	picture_png(&b, 900, 300, false, false);
	struct file_facts facts = keep(w, buf_str(&b));

	assert_true(facts.width == 900 && facts.height == 300 && facts.has_preview);
	check_bytes(w, &facts, buf_str(&b));
	check_ok(files_read(files, w, str_of(facts.sha256), true, &fd, &bytes, &err), &err);
	buf_clear(&b);
	char *room = malloc((size_t)bytes);

	assert_int_equal(read(fd, room, (size_t)bytes), bytes);
	picture_size((struct str){ room, (size_t)bytes }, &width, &height);
	assert_true(width == 640 && height == 213);
	free(room);
	(void)close(fd);
	buf_done(&b);
	assert_int_equal(drafts(), 0);
}

static void test_drop(void **state)
{
	struct file_draft d = draft_of(STR("hello")), never = { 0 };

	(void)state;
	assert_int_equal(drafts(), 1);
	file_draft_drop(&d);
	file_draft_drop(&d);
	file_draft_drop(&never);
	assert_int_equal(drafts(), 0);
}

/* The last of the disk is for what customers write. */
static void test_almost_full(void **state)
{
	SCOPED(file_draft_drop) struct file_draft d = { 0 };
	struct error err = { 0 };
	struct str bytes = STR("hello");

	(void)state;
	check_ok(file_draft_begin(files, &d, &err), &err);
	check_ok(file_draft_write(&d, bytes, &err), &err);
	d.kept_free = INT64_MAX;	/* somebody else fills it meanwhile */
	check_ok(file_draft_write(&d, bytes, &err), &err);
	d.bytes += 1 << 20;
	assert_int_equal(file_draft_write(&d, bytes, &err), ERR_BROKEN);
	file_draft_drop(&d);
	files->kept_free = INT64_MAX;
	check_ok(file_draft_begin(files, &d, &err), &err);
	assert_int_equal(file_draft_write(&d, bytes, &err), ERR_BROKEN);
	files->kept_free = KEPT_FREE;
}

/* What was broken on the disk is whole again when the same bytes come once more. */
static void test_again(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct file_facts facts = keep(w, STR("hello"));

	(void)state;
	assert_int_equal(truncate(path_of(&a, w, &facts, "").p, 2), 0);
	facts = keep(w, STR("hello"));
	check_bytes(w, &facts, STR("hello"));
}

static void test_names_from_outside(void **state)
{
	static const char *const names[] = { "", "../../secret.key", "..", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b982",
		"2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b98/4" };
	struct error err = { 0 };
	int64_t bytes;
	int fd;

	(void)state;
	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		assert_int_equal(files_read(files, w, str_of(names[k]), false, &fd, &bytes, &err), ERR_NOTFOUND);
}

static void test_no_link_is_followed(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct file_facts facts = keep(w, STR("hello"));
	struct str path = path_of(&a, w, &facts, "");
	struct error err = { 0 };
	int64_t bytes;
	int fd;

	(void)state;
	assert_int_equal(unlink(path.p), 0);
	assert_int_equal(symlink("/etc/passwd", path.p), 0);
	assert_int_equal(files_read(files, w, str_of(facts.sha256), false, &fd, &bytes, &err), ERR_BROKEN);
}

/* ---- the sweep ---- */

static int run_put(struct db *db, void *arg, struct error *err)
{
	const struct file_facts *facts = arg;
	struct store_file f = { .workspace = w, .sha256 = str_of(facts->sha256), .mime_type = str_of(facts->mime_type), .bytes = facts->bytes,
				.created_at = clock_now_ms() };

	return store_file_put(db, &f, err);
}

static void put(const struct file_facts *facts)
{
	struct error err = { 0 };

	check_ok(store_write(store, run_put, (void *)facts, &err), &err);
	files_settled(files, w, str_of(facts->sha256));
}

static int run_delete_rows(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_file f[16];
	size_t count;
	int r = store_file_unused(db, 0, INT64_MAX, &arena, f, 16, &count, err);

	(void)arg;
	for (size_t k = 0; k < count && r >= 0; k++)
		r = store_file_delete(db, w, f[k].id, err);
	return r < 0 ? r : 0;
}

static void delete_rows(void)
{
	struct error err = { 0 };

	check_ok(store_write(store, run_delete_rows, NULL, &err), &err);
}

static void age(const char *path)
{
	struct timespec t[2] = { { .tv_sec = time(NULL) - 25 * 60 * 60 }, { .tv_sec = time(NULL) - 25 * 60 * 60 } };

	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static void age_file(const struct file_facts *facts)
{
	SCOPED(arena_done) struct arena a = { 0 };

	age(path_of(&a, w, facts, "").p);
}

static void sweep(void)
{
	struct error err = { 0 };

	check_ok(files_sweep(files, reader, NULL, NULL, &err), &err);
}

static void test_sweep_leaves_what_has_a_row(void **state)
{
	struct file_facts facts = keep(w, STR("hello"));

	(void)state;
	put(&facts);
	age_file(&facts);
	sweep();
	check_bytes(w, &facts, STR("hello"));
}

/* A crash came between the bytes and their row. */
static void test_sweep_takes_orphans(void **state)
{
	struct buf b = { 0 };

	(void)state;
	picture_png(&b, 9, 9, false, false);
	struct file_facts young = keep(w, STR("young")), old = keep(w, buf_str(&b)), held = keep(w, STR("held"));

	buf_done(&b);
	files_settled(files, w, str_of(young.sha256));
	files_settled(files, w, str_of(old.sha256));
	age_file(&old);
	age_file(&held);
	sweep();
	assert_true(is_there(w, &young, ""));
	assert_false(is_there(w, &old, "") || is_there(w, &old, ".preview"));
	assert_true(is_there(w, &held, ""));	/* its row is being written at this moment */
	files_settled(files, w, str_of(held.sha256));
	sweep();
	assert_false(is_there(w, &held, ""));
}

static void test_bytes_stay_for_a_day(void **state)
{
	struct file_facts facts = keep(w, STR("hello"));

	(void)state;
	put(&facts);
	age_file(&facts);
	delete_rows();
	files_let_go(files, w, str_of(facts.sha256));
	sweep();
	check_bytes(w, &facts, STR("hello"));
	age_file(&facts);
	sweep();
	assert_false(is_there(w, &facts, ""));
}

static void test_sweep_drafts(void **state)
{
	struct file_draft young = draft_of(STR("young")), old = draft_of(STR("old"));
	char path[512];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/files/%s", folder.path, old.path);
	age(path);
	sweep();
	assert_int_equal(drafts(), 1);
	file_draft_drop(&young);
	file_draft_drop(&old);
}

static void test_workspaces(void **state)
{
	struct workspace_id gone = { 4711 };
	struct file_facts facts = keep(w, STR("hello")), others = keep(other, STR("hello"));
	struct file_facts left = keep(gone, STR("hello"));
	struct error err = { 0 };
	char path[512];
	struct stat s;

	(void)state;
	put(&facts);
	check_ok(files_delete_workspace(files, other, &err), &err);
	assert_false(is_there(other, &others, ""));
	check_bytes(w, &facts, STR("hello"));
	check_ok(files_delete_workspace(files, other, &err), &err);	/* there is nothing: no error */
	assert_true(is_there(gone, &left, ""));
	sweep();							/* a crash came before its folder was deleted */
	(void)snprintf(path, sizeof(path), "%s/files/4711", folder.path);
	assert_int_not_equal(stat(path, &s), 0);
	check_bytes(w, &facts, STR("hello"));
}

/* ---- one thread keeps the same bytes all the time, another lets them go and sweeps ---- */

enum { ROUNDS = 60 };

static void *keep_often(void *arg)
{
	(void)arg;
	for (int k = 0; k < ROUNDS; k++) {
		struct file_facts facts = keep(w, STR("hello"));

		put(&facts);
		/* Whoever has a row has the bytes. The other thread deletes rows that nothing uses: so ask under one. */
		struct error err = { 0 };
		int64_t id;
		int r = store_file_find(reader, w, str_of(facts.sha256), &id, &err);

		assert_true(r >= 0);
	}
	return NULL;
}

static void test_keeping_and_sweeping_together(void **state)
{
	struct db *db;
	struct error err = { 0 };
	pthread_t thread;
	struct file_facts facts = { 0 };

	(void)state;
	(void)snprintf(facts.sha256, sizeof(facts.sha256), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
	check_ok(store_reader_new(store, &db, &err), &err);
	assert_int_equal(pthread_create(&thread, NULL, keep_often, NULL), 0);
	for (int k = 0; k < 4 * ROUNDS; k++) {
		SCOPED(arena_done) struct arena a = { 0 };
		struct timespec t[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };

		delete_rows();
		(void)utimensat(AT_FDCWD, path_of(&a, w, &facts, "").p, t, 0);
		check_ok(files_sweep(files, db, NULL, NULL, &err), &err);
	}
	(void)pthread_join(thread, NULL);
	/* At rest: a row and the bytes, or neither. */
	int64_t id;
	int row = store_file_find(db, w, str_of(facts.sha256), &id, &err);

	if (row == 1)
		check_bytes(w, &facts, STR("hello"));
	store_reader_free(db);
}

/* ---- public links ---- */

static int open_link(const char *path, int64_t now_ms, int64_t *ret_id)
{
	struct workspace_id in = { 0 };
	struct error err = { 0 };
	int r = files_link_read(files, str_cut(str_of(path), strlen("/files/"), 4096), now_ms, &in, ret_id, &err);

	if (r == 0)
		assert_int_equal(in.v, w.v);
	return r;
}

static void test_links(void **state)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str link = files_link(files, w, 55, 1000, &a);
	char changed[256];
	int64_t id = 0;

	(void)state;
	assert_true(str_starts(link, STR("/files/")));
	assert_int_equal(open_link(link.p, 999, &id), 0);
	assert_int_equal(id, 55);
	assert_int_equal(open_link(link.p, 1000, &id), ERR_DENIED);
	for (size_t k = strlen("/files/"); k < link.len; k++) {		/* every character counts */
		(void)snprintf(changed, sizeof(changed), "%s", link.p);
		changed[k] = changed[k] == '1' ? '2' : '1';
		assert_int_equal(open_link(changed, 0, &id), ERR_DENIED);
		changed[k] = '\0';
		assert_int_equal(open_link(changed, 0, &id), ERR_DENIED);
	}
	(void)snprintf(changed, sizeof(changed), "%s0", link.p);
	assert_int_equal(open_link(changed, 0, &id), ERR_DENIED);
	/* Another installation's key. */
	struct seal_key key = { .generation = 1, .bytes = { 1 } };
	struct error err = { 0 };

	files_close(files);
	check_ok(files_open(str_of(folder.path), STR_NONE, &key, &files, &err), &err);
	assert_int_equal(open_link(link.p, 0, &id), ERR_DENIED);
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(test_keep), T(test_picture), T(test_drop), T(test_almost_full), T(test_again), T(test_names_from_outside), T(test_no_link_is_followed),
		T(test_sweep_leaves_what_has_a_row), T(test_sweep_takes_orphans), T(test_bytes_stay_for_a_day), T(test_sweep_drafts),
		T(test_workspaces), T(test_keeping_and_sweeping_together), T(test_links),
	};

	if (argc != 2)
		return 2;
	program = str_of(argv[1]);
	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
