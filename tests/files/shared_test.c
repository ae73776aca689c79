/* Files where several servers share the database: two data directories, one store. Each server's part is played by a `struct files` of
 * its own. */
#include "../check.h"
#include "../shared.h"
#include "pictures.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "files/state.h"
#include "store/blob.h"
#include "store/workspace.h"

static struct str program;
static struct shared_store shared;
static struct folder folder_a, folder_b;
static struct files *a, *b;
static struct workspace_id w;

static int build(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return store_workspace_add(db, STR("Acme"), clock_now_ms(), &w, err);
}

static struct files *server(struct folder *folder)
{
	struct seal_key key = { .generation = 1 };
	struct files *f = NULL;
	struct error err = { 0 };

	check_ok(files_open(folder_new(folder), program, &key, &f, &err), &err);
	files_share(f, shared.store);
	return f;
}

static int set_up(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_ok(crypto_init(&err), &err);
	shared_store_open(&shared);
	check_ok(store_write_alone(shared.store, build, NULL, &err), &err);
	a = server(&folder_a);
	b = server(&folder_b);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	files_close(a);
	files_close(b);
	shared_store_close(&shared);
	folder_done(&folder_a);
	folder_done(&folder_b);
	return 0;
}

/* Bytes that differ from piece to piece. */
static struct str bytes_of(struct buf *room, size_t len, unsigned seed)
{
	room->max = len + 1;
	for (size_t k = 0; k < len; k++)
		buf_add_char(room, (char)(k * 7 + k / 4099 + seed));
	assert_false(room->failed);
	return buf_str(room);
}

static int keep(struct files *f, struct str bytes, struct file_facts *ret, struct error *err)
{
	struct file_draft d;

	check_ok(file_draft_begin(f, &d, err), err);
	for (size_t at = 0; at < bytes.len; at += 100000)
		check_ok(file_draft_write(&d, str_cut(bytes, at, 100000), err), err);
	return files_keep(f, w, &d, ret, err);
}

static struct file_facts kept(struct files *f, struct str bytes)
{
	struct file_facts facts;
	struct error err = { 0 };

	check_ok(keep(f, bytes, &facts, &err), &err);
	files_settled(f, w, str_of(facts.sha256));
	return facts;
}

static void check_bytes(struct files *f, const struct file_facts *facts, bool preview, struct str expected)
{
	char *room = malloc(expected.len + 1);
	struct error err = { 0 };
	int64_t bytes = 0;
	int fd = -1;

	check_ok(files_read(f, w, str_of(facts->sha256), preview, &fd, &bytes, &err), &err);
	assert_int_equal(bytes, expected.len);
	assert_int_equal(read(fd, room, expected.len + 1), expected.len);
	assert_memory_equal(room, expected.p, expected.len);
	(void)close(fd);
	free(room);
}

static int read_code(struct files *f, const struct file_facts *facts)
{
	int64_t bytes;
	int fd = -1, r = files_read(f, w, str_of(facts->sha256), false, &fd, &bytes, NULL);

	if (fd >= 0)
		(void)close(fd);
	return r;
}

static int64_t pieces(const struct file_facts *facts, enum blob_part part)
{
	struct error err = { 0 };
	int64_t n = store_blob_count(shared.reader, w, str_of(facts->sha256), part, &err);

	check_is(n < 0, 0, &err);
	return n;
}

static void test_every_size(void **state)
{
	static const size_t sizes[] = { 1, BLOB_PIECE - 1, BLOB_PIECE, BLOB_PIECE + 1, 3 * BLOB_PIECE, 3 * BLOB_PIECE + 70000 };

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		SCOPED(buf_done) struct buf room = { 0 };
		struct str bytes = bytes_of(&room, sizes[k], (unsigned)k);
		struct file_facts facts = kept(a, bytes);

		assert_int_equal(pieces(&facts, BLOB_FILE), store_blob_pieces((int64_t)sizes[k]));
		assert_false(files_have(b, w, str_of(facts.sha256), false));
		check_bytes(b, &facts, false, bytes);
		assert_true(files_have(b, w, str_of(facts.sha256), false));
		/* From its disk from now on. */
		shared_run(&shared, "DELETE FROM file_bytes");
		check_bytes(b, &facts, false, bytes);
		check_bytes(a, &facts, false, bytes);
	}
}

static void test_preview(void **state)
{
	SCOPED(buf_done) struct buf png = { 0 };
	SCOPED(buf_done) struct buf small = { 0 };
	struct error err = { 0 };
	int64_t bytes = 0;
	char room[65536];
	int fd = -1;

	(void)state;
	picture_png(&png, 900, 300, false, false);
	struct file_facts facts = kept(a, buf_str(&png));

	assert_true(facts.has_preview);
	check_ok(files_read(a, w, str_of(facts.sha256), true, &fd, &bytes, &err), &err);
	assert_int_equal(read(fd, room, sizeof(room)), bytes);
	(void)close(fd);
	check_bytes(b, &facts, true, (struct str){ room, (size_t)bytes });
	assert_false(files_have(b, w, str_of(facts.sha256), false));	/* only what was asked for */
	check_bytes(b, &facts, false, buf_str(&png));
	/* What there is no preview of has none on any server. */
	facts = kept(a, STR("words"));
	assert_int_equal(files_read(b, w, str_of(facts.sha256), true, &fd, &bytes, &err), ERR_NOTFOUND);
}

/* ---- at once ---- */

static atomic_int statements;

static int count_reads(const char *sql)
{
	if (strstr(sql, "SELECT bytes FROM file_bytes") != NULL)
		atomic_fetch_add(&statements, 1);
	return 0;
}

static struct file_facts wanted;

static void *read_it(void *arg)
{
	*(int *)arg = read_code(b, &wanted);
	return NULL;
}

static void test_many_threads_fetch_once(void **state)
{
	SCOPED(buf_done) struct buf room = { 0 };
	struct str bytes = bytes_of(&room, 5 * BLOB_PIECE, 1);
	pthread_t thread[8];
	int code[8];

	(void)state;
	wanted = kept(a, bytes);
	atomic_store(&statements, 0);
	engine_fault = count_reads;
	for (size_t k = 0; k < 8; k++)
		assert_int_equal(pthread_create(&thread[k], NULL, read_it, &code[k]), 0);
	for (size_t k = 0; k < 8; k++)
		(void)pthread_join(thread[k], NULL);
	engine_fault = NULL;
	for (size_t k = 0; k < 8; k++)
		assert_int_equal(code[k], 0);
	assert_int_equal(atomic_load(&statements), 6);	/* five pieces, and that there is no sixth */
	check_bytes(b, &wanted, false, bytes);
}

/* ---- what is not whole ---- */

static void test_changed_bytes_do_not_show(void **state)
{
	SCOPED(buf_done) struct buf room = { 0 };
	struct str bytes = bytes_of(&room, 2 * BLOB_PIECE, 2);
	struct file_facts facts = kept(a, bytes);

	(void)state;
	shared_run(&shared, "UPDATE file_bytes SET bytes = 'x' WHERE position = 1");
	assert_int_equal(read_code(b, &facts), ERR_NOTFOUND);
	assert_false(files_have(b, w, str_of(facts.sha256), false));
	shared_run(&shared, "DELETE FROM file_bytes WHERE position = 1");
	assert_int_equal(read_code(b, &facts), ERR_NOTFOUND);
	/* Kept again it is whole again. */
	facts = kept(b, bytes);
	assert_int_equal(pieces(&facts, BLOB_FILE), 2);
}

/* A preview has another name than its own hash: that stands before it. */
static void test_damaged_previews_do_not_show(void **state)
{
	static const char *const damages[] = {
		"UPDATE file_bytes SET bytes = SUBSTR(bytes, 2) WHERE part = 1",
		"UPDATE file_bytes SET bytes = SUBSTR(bytes, 1, LENGTH(bytes) - 1) WHERE part = 1",
		"UPDATE file_bytes SET bytes = SUBSTR(bytes, 1, 20) WHERE part = 1", "UPDATE file_bytes SET bytes = '' WHERE part = 1",
	};
	SCOPED(buf_done) struct buf png = { 0 };
	struct error err = { 0 };
	int64_t bytes = 0;
	int fd = -1;

	(void)state;
	picture_png(&png, 900, 300, false, false);
	for (size_t k = 0; k < sizeof(damages) / sizeof(damages[0]); k++) {
		struct file_facts facts = kept(a, buf_str(&png));

		assert_true(facts.has_preview);
		shared_run(&shared, damages[k]);
		assert_int_equal(files_read(b, w, str_of(facts.sha256), true, &fd, &bytes, &err), ERR_NOTFOUND);
		assert_false(files_have(b, w, str_of(facts.sha256), true));
		check_bytes(b, &facts, false, buf_str(&png));	/* the picture itself is whole */
		shared_run(&shared, "DELETE FROM file_bytes");
	}
}

static void test_fetched_before_it_is_read(void **state)
{
	SCOPED(buf_done) struct buf room = { 0 };
	struct file_facts facts = kept(a, bytes_of(&room, 3 * BLOB_PIECE, 9));
	struct str name = str_of(facts.sha256);
	struct error err = { 0 };

	(void)state;
	assert_true(files_here(a, w, name));
	assert_false(files_here(b, w, name));
	check_ok(files_fetch(b, w, name, &err), &err);
	assert_true(files_here(b, w, name));
	shared_run(&shared, "DELETE FROM file_bytes");
	check_ok(files_fetch(b, w, name, &err), &err);
	check_ok(files_delete_folder(b, w, &err), &err);
	check_is(files_fetch(b, w, name, &err), ERR_NOTFOUND, &err);
}

static int puts_left;

static int stop_after(const char *sql)
{
	return strncmp(sql, "INSERT INTO file_bytes", 22) == 0 && puts_left-- <= 0 ? ERR_BROKEN : 0;
}

static void test_a_writer_that_ends_half_way(void **state)
{
	SCOPED(buf_done) struct buf room = { 0 };
	struct str bytes = bytes_of(&room, 4 * BLOB_PIECE, 3);
	struct file_facts facts = { 0 };
	struct error err = { 0 };

	(void)state;
	for (int n = 0; n < 4; n++) {
		puts_left = n == 0 ? 0 : 1;	/* one more than the time before */
		engine_fault = stop_after;
		assert_int_equal(keep(a, bytes, &facts, &err), ERR_BROKEN);
		engine_fault = NULL;
	}
	facts = kept(b, bytes);
	assert_int_equal(pieces(&facts, BLOB_FILE), 4);
	check_bytes(a, &facts, false, bytes);
}

static void sweep(void);

/* Ended before the first piece, between two, and when all were there and no row yet: a sweep leaves nothing of it, and not earlier
 * than after a day. */
static void test_what_a_killed_writer_leaves(void **state)
{
	SCOPED(buf_done) struct buf room = { 0 };
	struct str bytes = bytes_of(&room, 4 * BLOB_PIECE, 8);
	struct file_facts facts = kept(a, bytes), again;
	struct error err = { 0 };

	(void)state;
	shared_run(&shared, "DELETE FROM file_bytes");
	for (int left = 0; left <= 4; left += 2) {
		puts_left = left;
		engine_fault = stop_after;
		check_is(keep(a, bytes, &again, &err), left < 4 ? ERR_BROKEN : 0, &err);
		engine_fault = NULL;
		assert_int_equal(pieces(&facts, BLOB_FILE), left);
		sweep();
		assert_int_equal(pieces(&facts, BLOB_FILE), left);
		shared_run(&shared, "UPDATE file_bytes SET kept_at = 1");
		sweep();
		assert_int_equal(pieces(&facts, BLOB_FILE), 0);
	}
	files_settled(a, w, str_of(facts.sha256));
}

/* ---- sweeps ---- */

static void sweep(void)
{
	struct error err = { 0 };

	check_ok(files_sweep_shared(a, shared.reader, NULL, NULL, &err), &err);
}

static int put_row(struct db *db, void *arg, struct error *err)
{
	const struct file_facts *facts = arg;
	struct store_file f = { .workspace = w, .sha256 = str_of(facts->sha256), .mime_type = STR("text/plain"), .bytes = facts->bytes,
		.created_at = 1, .has_preview = facts->has_preview };

	return store_file_put(db, &f, err);
}

static void test_sweep(void **state)
{
	SCOPED(buf_done) struct buf room = { 0 }, png = { 0 };
	struct error err = { 0 };

	(void)state;
	struct file_facts young = kept(a, STR("young"));

	shared_run(&shared, "UPDATE file_bytes SET kept_at = kept_at + 172800000");
	struct file_facts used = kept(a, STR("used")), old = kept(a, bytes_of(&room, 20 * BLOB_PIECE, 4)), again = kept(a, STR("again"));

	picture_png(&png, 900, 300, false, false);
	struct file_facts picture = kept(a, buf_str(&png));

	check_ok(store_write(shared.store, put_row, &used, &err), &err);
	shared_run(&shared, "UPDATE file_bytes SET kept_at = kept_at - 172800000");
	(void)kept(b, STR("again"));		/* somebody keeps it, and has no row yet */
	sweep();
	assert_int_equal(pieces(&young, BLOB_FILE), 1);
	assert_int_equal(pieces(&used, BLOB_FILE), 1);
	assert_int_equal(pieces(&again, BLOB_FILE), 1);
	assert_int_equal(pieces(&old, BLOB_FILE), 0);
	assert_int_equal(pieces(&picture, BLOB_FILE), 0);
	assert_int_equal(pieces(&picture, BLOB_PREVIEW), 0);
}

static void test_sweep_of_many(void **state)
{
	struct file_facts facts[250];

	(void)state;
	for (size_t k = 0; k < 250; k++) {
		char text[32];
		int len = snprintf(text, sizeof(text), "file number %zu", k);

		/* no need to look at each */
		struct files *f = a;
		struct str had = f->program;

		f->program = STR_NONE;
		facts[k] = kept(f, (struct str){ text, (size_t)len });
		f->program = had;
	}
	shared_run(&shared, "UPDATE file_bytes SET kept_at = 1");
	sweep();
	for (size_t k = 0; k < 250; k++)
		assert_int_equal(pieces(&facts[k], BLOB_FILE), 0);
}

static void test_a_deleted_workspace(void **state)
{
	SCOPED(buf_done) struct buf room = { 0 };
	struct file_facts facts = kept(a, bytes_of(&room, 20 * BLOB_PIECE, 5)), other = kept(a, STR("other"));
	struct error err = { 0 };

	(void)state;
	shared_run(&shared, "UPDATE file_bytes SET workspace_id = workspace_id + 1000000 WHERE position = 0 AND LENGTH(bytes) = 5");
	check_ok(files_delete_workspace(b, w, &err), &err);
	assert_int_equal(pieces(&facts, BLOB_FILE), 0);
	w.v += 1000000;
	assert_int_equal(pieces(&other, BLOB_FILE), 1);
	w.v -= 1000000;
	check_ok(files_delete_workspace(b, w, &err), &err);
}

static void test_whole(void **state)
{
	SCOPED(buf_done) struct buf room = { 0 };
	struct file_facts facts = kept(a, bytes_of(&room, 3 * BLOB_PIECE, 6));
	struct store_file row = { .workspace = w, .sha256 = str_of(facts.sha256), .bytes = facts.bytes };
	struct error err = { 0 };

	(void)state;
	check_is(files_whole(a, shared.reader, &row, &err), 1, &err);
	check_is(files_whole(b, shared.reader, &row, &err), 1, &err);
	assert_false(files_have(b, w, row.sha256, false));	/* looking fetches nothing */
	row.has_preview = true;
	check_is(files_whole(b, shared.reader, &row, &err), 0, &err);
	row.has_preview = false;
	shared_run(&shared, "DELETE FROM file_bytes WHERE position = 1");
	check_is(files_whole(b, shared.reader, &row, &err), 0, &err);
	check_is(files_whole(a, shared.reader, &row, &err), 0, &err);	/* others cannot have it */
}

#define each(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		each(test_every_size), each(test_preview), each(test_many_threads_fetch_once), each(test_changed_bytes_do_not_show),
		each(test_damaged_previews_do_not_show), each(test_fetched_before_it_is_read),
		each(test_a_writer_that_ends_half_way), each(test_what_a_killed_writer_leaves), each(test_sweep), each(test_sweep_of_many), each(test_a_deleted_workspace),
		each(test_whole),
	};

	program = argc > 1 ? str_of(argv[1]) : STR_NONE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
