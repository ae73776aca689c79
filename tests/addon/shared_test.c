/* Addons where several servers share the database: two data directories, one store. In one process, so a library that one server has
 * loaded is loaded for both; what is checked here is which package lies where, and who trusts it. */
#include "house.h"
#include "shared.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "addon/turn.h"
#include "inbox/directory.h"
#include "store/blob.h"
#include "store/lease.h"

static struct shared_store shared;
static struct house *a, *b;

static struct house *server(void)
{
	struct house *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->arena.max = (size_t)512 * 1024 * 1024;
	h->config.data = folder_new(&h->folder);
	h->i = (struct instance){ .config = &h->config, .store = shared.store, .seal_key = { .generation = 1, .bytes = { 7 } } };
	check_ok(channels_new(&h->i.channels, &h->err), &h->err);
	check_ok(directory_new(&h->i.directory, &h->err), &h->err);
	check_ok(addon_load_active(&h->i, &h->err), &h->err);
	return h;
}

static void end(struct house **h)
{
	directory_free((*h)->i.directory);
	channels_free((*h)->i.channels);
	folder_done(&(*h)->folder);
	arena_done(&(*h)->arena);
	free(*h);
}

static int set_up(void **state)
{
	struct error err = { 0 };

	(void)state;
	check_ok(crypto_init(&err), &err);
	shared_store_open(&shared);
	a = server();
	b = server();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	engine_fault = NULL;
	end(&a);
	end(&b);
	shared_store_close(&shared);
	return 0;
}

static int64_t rows(const char *hash)
{
	struct error err = { 0 };

	return store_package_count(shared.reader, str_of(hash), &err);
}

static bool unpacked(struct house *h, struct str hash)
{
	struct stat s;

	return stat(arena_printf(&h->arena, "%s/addons/%.*s/addon.json", h->folder.path, STR_ARG(hash)).p, &s) == 0;
}

/* A package of some pieces: what does not get smaller when it is packed lies in it. */
static struct str large_zip(struct house *h, const char *lib, const char *manifest)
{
	struct member_list l = good_members(h);
	size_t len = 3 * BLOB_PIECE;
	char *noise = arena_alloc(&h->arena, len);

	crypto_random(noise, len);
	members_put(&l, "GUIDE.md", (struct str){ noise, len });
	members_put(&l, "sample.so", fixture(h, lib));
	members_rehash(&l, manifest, &h->arena);
	return members_zip(&l, &h->arena);
}

static void test_one_installs_all_have_it(void **state)
{
	(void)state;
	check_ok(install(a, large_zip(a, "v1", MANIFEST("1.0.0", BOTH))), &a->err);
	struct str first = get(a, "sample").package_hash;

	assert_int_equal(rows(first.p), 5);	/* the head, and four pieces */
	check_is(addon_sync(&b->i, &b->err), 0, &b->err);
	assert_false(unpacked(b, first));	/* nobody has activated it */
	check_ok(activate(a, "sample"), &a->err);
	assert_false(active_here(b, "sample"));
	check_is(addon_sync(&b->i, &b->err), 1, &b->err);
	assert_true(active_here(b, "sample"));
	assert_true(unpacked(b, first));
	check_is(addon_sync(&b->i, &b->err), 0, &b->err);

	/* A new version comes by way of the other. */
	check_ok(install(b, large_zip(b, "v1-0-1", MANIFEST("1.0.1", BOTH))), &b->err);
	struct str second = get(a, "sample").package_hash;

	assert_false(str_eq(first, second));
	assert_int_equal(rows(first.p), 0);
	assert_int_equal(rows(second.p), 5);
	check_is(addon_sync(&a->i, &a->err), 1, &a->err);
	assert_true(unpacked(a, second));
	assert_ptr_equal(channels_find(a->i.channels, STR("sample")), channels_find(b->i.channels, STR("sample")));

	check_ok(deactivate(a, "sample"), &a->err);
	check_is(addon_sync(&b->i, &b->err), 1, &b->err);
	assert_false(active_here(b, "sample"));
	check_ok(addon_remove(&b->i, STR("sample"), &b->err), &b->err);
	assert_int_equal(rows(second.p), 0);
	check_is(addon_sync(&a->i, &a->err), 0, &a->err);
}

static void test_the_other_one_activates(void **state)
{
	(void)state;
	check_ok(install(a, good_zip(a)), &a->err);
	check_ok(activate(b, "sample"), &b->err);
	assert_true(active_here(b, "sample"));
	check_is(addon_sync(&a->i, &a->err), 1, &a->err);
	assert_true(active_here(a, "sample"));
}

/* ---- who is trusted ---- */

/* What somebody who can write into the database puts in place of a package, without the key. */
static void swap_package(struct house *h, struct str hash, struct str zip)
{
	SCOPED(buf_done) struct buf sql = { 0 };
	unsigned char digest[SHA256_BYTES];

	crypto_sha256(zip, digest);
	shared_run(&shared, "DELETE FROM addon_packages");
	buf_addf(&sql, "INSERT INTO addon_packages (package_hash, position, bytes) VALUES ('%.*s', 0, 'mailtrixy-package-1 1 %.*s ",
		 STR_ARG(hash), STR_ARG(crypto_hex(&h->arena, digest, sizeof(digest))));
	for (size_t k = 0; k < SEAL_EXTRA_BYTES + 2 * SHA256_BYTES; k++)
		buf_add_c(&sql, "00");
	buf_add_c(&sql, "')");
	shared_run(&shared, sql.p);
	buf_clear(&sql);
	buf_addf(&sql, "INSERT INTO addon_packages (package_hash, position, bytes) VALUES ('%.*s', 1, x'", STR_ARG(hash));
	buf_add_hex(&sql, zip.p, zip.len);
	buf_add_c(&sql, "')");
	assert_false(sql.failed);
	shared_run(&shared, sql.p);
}

/* Both servers of this test are one process, so they have one row. */
static int put_server(struct db *db, void *arg, struct error *err)
{
	struct store_server s = { .id = store_server(shared.store), .beat = 1, .version = STR("1"), .address = STR("10.0.0.2:8080") };

	(void)arg;
	return store_server_put(db, &s, err);
}

static void test_what_the_database_alone_says_is_not_trusted(void **state)
{
	unsigned char public_key[SIGN_PUBLIC_BYTES], secret[SIGN_SECRET_BYTES];
	struct member_list l = good_members(a);

	(void)state;
	check_ok(install(a, good_zip(a)), &a->err);
	check_ok(activate(a, "sample"), &a->err);
	struct str hash = get(a, "sample").package_hash;

	swap_package(a, hash, lib_zip(a, "v1", MANIFEST("1.0.0", "\"migrations/001.json\"")));
	check_is(addon_sync(&b->i, &b->err), 1, &b->err);	/* what it had, it has not */
	assert_false(active_here(b, "sample"));
	assert_false(unpacked(b, hash));
	assert_int_equal(get(b, "sample").status, ADDON_ACTIVE);	/* others go on */
	assert_int_equal(get(b, "sample").status_reason.len, 0);	/* what a command line cannot load is no server's trouble */
	check_ok(store_write(shared.store, put_server, NULL, &b->err), &b->err);
	assert_non_null(strstr(get(a, "sample").status_reason.p, "The server at 10.0.0.2:8080 cannot load it: The package in the database"));
	assert_null(strstr(get(a, "sample").status_reason.p, ". The server"));

	/* Signed by somebody, but nobody whom b trusts; then by somebody whom it does. */
	sign_key_new(public_key, secret);
	members_sign(&l, secret, &a->arena);
	swap_package(a, hash, members_zip(&l, &a->arena));
	check_is(addon_sync(&b->i, &b->err) < 0, 0, &b->err);
	assert_false(unpacked(b, hash));
	assert_int_equal(mkdir(data_path(b, "trusted-keys").p, 0700), 0);
	spit(data_path(b, "trusted-keys/acme.pub").p, crypto_hex(&b->arena, public_key, sizeof(public_key)));
	check_is(addon_sync(&b->i, &b->err), 1, &b->err);
	assert_true(active_here(b, "sample") && unpacked(b, hash));
	assert_int_equal(get(b, "sample").status_reason.len, 0);
}

static void test_another_key_has_sealed_it(void **state)
{
	(void)state;
	b->i.seal_key.bytes[0] ^= 1;
	check_ok(install(a, good_zip(a)), &a->err);
	check_is(activate(b, "sample"), ERR_DENIED, &b->err);
	assert_non_null(strstr(b->err.text, "no server of this instance"));
	assert_false(unpacked(b, get(b, "sample").package_hash));
	b->i.seal_key.bytes[0] ^= 1;
	check_ok(activate(b, "sample"), &b->err);
}

static void test_changed_pieces(void **state)
{
	(void)state;
	check_ok(install(a, large_zip(a, "v1", MANIFEST("1.0.0", BOTH))), &a->err);
	shared_run(&shared, "UPDATE addon_packages SET bytes = 'x' WHERE position = 2");
	check_is(activate(b, "sample"), ERR_INVALID, &b->err);
	shared_run(&shared, "DELETE FROM addon_packages WHERE position = 2");
	check_is(activate(b, "sample"), ERR_INVALID, &b->err);
	assert_non_null(strstr(b->err.text, "Upload the package once more"));
	check_ok(activate(a, "sample"), &a->err);	/* a has the files and mends it */
	check_ok(activate(b, "sample"), &b->err);
}

/* ---- what is not whole, and what came before ---- */

static int puts_left;

static int stop_after(const char *sql)
{
	return strncmp(sql, "INSERT INTO addon_packages", 26) == 0 && puts_left-- <= 0 ? ERR_BROKEN : 0;
}

static void test_a_server_that_ends_half_way(void **state)
{
	struct str zip = large_zip(a, "v1", MANIFEST("1.0.0", BOTH));

	(void)state;
	for (int n = 0; n < 5; n++) {
		puts_left = n == 0 ? 0 : 1;
		engine_fault = stop_after;
		check_is(install(a, zip), ERR_BROKEN, &a->err);
		engine_fault = NULL;
		assert_int_equal(installed(b), 0);
	}
	check_ok(install(b, zip), &b->err);
	check_ok(activate(a, "sample"), &a->err);
}

static void test_an_installation_that_had_its_own_database(void **state)
{
	(void)state;
	check_ok(install(a, large_zip(a, "v1", MANIFEST("1.0.0", BOTH))), &a->err);
	check_ok(activate(a, "sample"), &a->err);
	struct str hash = get(a, "sample").package_hash;

	shared_run(&shared, "DELETE FROM addon_packages");
	check_is(addon_is_kept(&a->i, shared.reader, hash, &a->err), 0, &a->err);
	check_ok(addon_load_active(&a->i, &a->err), &a->err);
	check_is(addon_is_kept(&a->i, shared.reader, hash, &a->err), 1, &a->err);
	check_is(addon_sync(&b->i, &b->err), 1, &b->err);
	assert_true(active_here(b, "sample") && unpacked(b, hash));
}

/* ---- at the same moment ---- */

static atomic_int inside;

struct taker {
	struct store *store;
	pthread_t thread;
	struct error err;
	int r, met;
};

static void *take_turns(void *arg)
{
	struct taker *t = arg;

	for (int n = 0; n < 10 && t->r == 0; n++) {
		struct turn *turn = NULL;

		if ((t->r = turn_take(t->store, &turn, &t->err)) < 0)
			break;
		t->met += atomic_fetch_add(&inside, 1) != 0;
		(void)sched_yield();
		atomic_fetch_sub(&inside, 1);
		turn_give(turn);
	}
	return NULL;
}

/* Two servers: two stores with a name each. On a real shared database only. */
static void test_one_server_at_a_time(void **state)
{
	struct store_options options = { .data_dir = STR_NONE, .database = shared.database };
	struct taker takers[2] = { { .store = shared.store } };
	struct folder folder;
	struct error err = { 0 };

	(void)state;
	if (!test_database_is_shared())
		return;
	options.data_dir = folder_new(&folder);
	check_ok(store_open(&options, &takers[1].store, &err), &err);
	for (size_t k = 0; k < 2; k++)
		assert_int_equal(pthread_create(&takers[k].thread, NULL, take_turns, &takers[k]), 0);
	for (size_t k = 0; k < 2; k++)
		(void)pthread_join(takers[k].thread, NULL);
	for (size_t k = 0; k < 2; k++) {
		check_ok(takers[k].r, &takers[k].err);
		assert_int_equal(takers[k].met, 0);
	}
	store_close(takers[1].store);
	folder_done(&folder);
}

#define each(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		each(test_one_installs_all_have_it), each(test_the_other_one_activates),
		each(test_what_the_database_alone_says_is_not_trusted), each(test_another_key_has_sealed_it), each(test_changed_pieces),
		each(test_a_server_that_ends_half_way), each(test_an_installation_that_had_its_own_database),
		each(test_one_server_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
