/* The life of an addon: install, activate, upgrade, deactivate, remove; and that it survives failing statements, kills, other
 * processes and what is broken on the disk. */
#include "house.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/log.h"
#include "store/engine.h"
#include "store/setting.h"

/* ---- a life ---- */

static void installs_once(void **state)
{
	HOUSE;
	struct str zip = good_zip(h);
	struct addon a, b;
	struct stat st;

	(void)state;
	check_ok(addon_install(&h->i, zip, true, &h->arena, &a, &h->err), &h->err);
	assert_int_equal(a.status, ADDON_INSTALLED);
	check_str(a.slug, "sample");
	assert_null(a.signed_by.p);
	assert_int_equal(folders(h), 1);
	struct str folder = arena_printf(&h->arena, "%s/addons/%.*s", h->folder.path, STR_ARG(a.package_hash));
	struct str library = arena_printf(&h->arena, "%.*s/sample.so", STR_ARG(folder));

	assert_int_equal(stat(folder.p, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_true(str_eq(slurp(h, library.p), fixture(h, "v1")));
	assert_false(active_here(h, "sample"));
	check_ok(addon_install(&h->i, zip, true, &h->arena, &b, &h->err), &h->err);
	assert_int_equal(a.installed_at, b.installed_at);
	/* Uploading it again mends what somebody broke on the disk. */
	spit(library.p, STR("broken"));
	check_ok(addon_install(&h->i, zip, true, &h->arena, &b, &h->err), &h->err);
	assert_true(str_eq(slurp(h, library.p), fixture(h, "v1")));
	assert_int_equal(folders(h), 1);
	check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
	assert_int_equal(folders(h), 0);
	check_is(addon_remove(&h->i, STR("sample"), &h->err), ERR_NOTFOUND, &h->err);
	check_is(activate(h, "sample"), ERR_NOTFOUND, &h->err);
}

static void activates_and_goes(void **state)
{
	HOUSE;

	(void)state;
	assert_false(widened(h));
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
	assert_true(active_here(h, "sample"));
	assert_int_equal(get(h, "sample").status, ADDON_ACTIVE);
	assert_true(has_table(h, "sample_accounts", "app_secret") && recorded(h, "sample", 1) &&
		    recorded(h, "sample", 2) && widened(h));
	check_ok(activate(h, "sample"), &h->err);
	check_is(addon_remove(&h->i, STR("sample"), &h->err), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "Deactivate"));
	restart(h);
	assert_true(active_here(h, "sample"));
	check_ok(deactivate(h, "sample"), &h->err);
	check_ok(deactivate(h, "sample"), &h->err);
	assert_false(active_here(h, "sample"));
	assert_int_equal(get(h, "sample").status, ADDON_INACTIVE);
	assert_true(has_table(h, "sample_accounts", "app_secret"));
	restart(h);
	assert_false(active_here(h, "sample"));
	check_ok(activate(h, "sample"), &h->err);
	check_ok(deactivate(h, "sample"), &h->err);
	check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
	assert_true(has_table(h, "sample_accounts", "app_secret") && recorded(h, "sample", 2));	/* the data stays */
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
}

static void only_newer_versions_take_the_place(void **state)
{
	HOUSE;
	struct member_list l = good_members(h);

	(void)state;
	check_ok(install(h, lib_zip(h, "v1-0-1", MANIFEST("1.0.1", BOTH))), &h->err);
	check_is(install(h, good_zip(h)), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "1.0.0 is older than the installed 1.0.1"));
	members_put(&l, "GUIDE.md", STR("another guide"));
	members_put(&l, "sample.so", fixture(h, "v1-0-1"));
	members_rehash(&l, MANIFEST("1.0.1", BOTH), &h->arena);
	struct str other = members_zip(&l, &h->arena);

	check_ok(install(h, other), &h->err);	/* while it is off, the same version may be replaced */
	assert_int_equal(folders(h), 1);
	check_ok(activate(h, "sample"), &h->err);
	check_ok(install(h, other), &h->err);	/* the very same package */
	assert_int_equal(get(h, "sample").status, ADDON_ACTIVE);
	check_is(install(h, lib_zip(h, "v1-0-1", MANIFEST("1.0.1", BOTH))), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "active with other content"));
	assert_int_equal(folders(h), 1);
	assert_true(active_here(h, "sample"));
	/* Removed, the older one installs; but its database has seen a newer migration. */
	check_ok(deactivate(h, "sample"), &h->err);
	check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
	check_ok(install(h, lib_zip(h, "v1", MANIFEST("1.0.0", "\"migrations/001.json\""))), &h->err);
	check_is(activate(h, "sample"), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "A newer version of this addon was active here"));
}

#define THIRD "{\"id\":3,\"description\":\"more\",\"steps\":[{\"add_columns\":{\"table\":\"sample_accounts\",\"columns\":" \
	"[{\"name\":\"note\",\"type\":\"text\",\"max_bytes\":9,\"comment\":\"\"}]}}]}"

static struct str upgrade_zip(struct house *h, const char *third, const char *lib)
{
	struct member_list l = good_members(h);

	members_put(&l, "migrations/003.json", str_of(third));
	members_put(&l, "sample.so", fixture(h, lib));
	members_rehash(&l, MANIFEST("1.0.1", BOTH ",\"migrations/003.json\""), &h->arena);
	return members_zip(&l, &h->arena);
}

static void an_active_addon_is_upgraded(void **state)
{
	HOUSE;

	(void)state;
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
	const struct trixy_channel *old = channels_find(h->i.channels, STR("sample"));

	/* What fails leaves the old one at work. */
	check_is(install(h, upgrade_zip(h, "{\"id\":3,\"steps\":[{\"widen\":\"users.email\"}]}", "v1-0-1")),
		 ERR_INVALID, &h->err);
	assert_non_null(strstr(h->err.text, "Version 1.0.0 stays active"));
	assert_non_null(strstr(h->err.text, "users.email"));
	check_is(install(h, upgrade_zip(h, THIRD, "rule")), ERR_INVALID, &h->err);
	assert_ptr_equal(channels_find(h->i.channels, STR("sample")), old);
	check_str(get(h, "sample").version, "1.0.0");
	assert_int_equal(get(h, "sample").status, ADDON_ACTIVE);
	assert_int_equal(folders(h), 1);
	check_ok(install(h, upgrade_zip(h, THIRD, "v1-0-1")), &h->err);
	assert_true(has_table(h, "sample_accounts", "note") && recorded(h, "sample", 3));
	check_str(get(h, "sample").version, "1.0.1");
	assert_int_equal(get(h, "sample").status, ADDON_ACTIVE);
	const struct trixy_channel *newer = channels_find(h->i.channels, STR("sample"));

	assert_ptr_not_equal(newer, old);
	assert_int_equal(newer->text_max, 2000);
	assert_int_equal(old->text_max, 1000);	/* who still holds it may go on */
	assert_int_equal(folders(h), 1);
	restart(h);
	assert_int_equal(channels_find(h->i.channels, STR("sample"))->text_max, 2000);
}

static void a_failing_migration_can_be_mended(void **state)
{
	static const struct { const char *second, *words;
	} bad[] = {
		{ "{\"id\":2,\"steps\":[{\"widen\":\"users.email\"}]}",
		  "step 1: widen can open conversations.channel only, not 'users.email'" },
		{ "{\"id\":3,\"steps\":[{\"widen\":\"conversations.channel\"}]}", "\"id\" must be 2" },
		{ "{\"id\":2,\"steps\":[]}", "1 to 32 steps" },
		{ "{\"id\":2,\"steps\":[{\"drop\":\"users\"}]}", "must be one of" },
		{ "{\"id\":2,\"steps\":[{\"widen\":\"conversations.channel\",\"add_columns\":{}}]}",
		  "must be one of" },
		{ "{\"id\":2,\"steps\":[{\"create_account_table\":{\"table\":\"users\",\"columns\":[]}}]}",
		  "\"table\" must be sample_accounts" },
		{ "{\"id\":2,\"steps\":[{\"add_columns\":{\"table\":\"sample_accounts\",\"columns\":[]}}]}",
		  "list of 1 to" },
		{ "{\"id\":2,\"steps\":[{\"add_columns\":{\"table\":\"sample_accounts\",\"columns\":[{\"name\":\"a\"}]}}]}",
		  "text or secret" },
		{ "{\"id\":2,\"steps\":[{\"widen\":\"conversations.channel\"},{\"add_columns\":{\"table\":\"sample_accounts\",\"columns\":"
		  "[{\"name\":\"a b; DROP TABLE users\",\"type\":\"text\",\"max_bytes\":1}]}}]}",
		  "step 2" },
		{ "not json", "not JSON" },
	};
	HOUSE;

	(void)state;
	for (size_t k = 0; k < COUNT(bad); k++) {
		struct member_list l = good_members(h);

		members_put(&l, "migrations/002.json", str_of(bad[k].second));
		members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
		check_ok(install(h, members_zip(&l, &h->arena)), &h->err);
		int r = activate(h, "sample");
		struct addon a = get(h, "sample");

		if (r != ERR_INVALID || strstr(h->err.text, bad[k].words) == NULL || strstr(h->err.text, "Migration 2") == NULL)
			check_failed("%s: %d, '%s'", bad[k].second, r, h->err.text);
		assert_int_equal(a.status, ADDON_FAILED);
		check_str(a.status_reason, h->err.text);
		assert_false(active_here(h, "sample"));
		assert_true(recorded(h, "sample", 1) && !recorded(h, "sample", 2) && !widened(h));
	}
	/* The mended package goes on where the other stopped; one that edits what has run does not. */
	struct member_list l = good_members(h);

	members_put(&l, "migrations/001.json", STR("{\"id\":1,\"steps\":[" TABLE_STEP "]}"));
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	check_ok(install(h, members_zip(&l, &h->arena)), &h->err);
	check_is(activate(h, "sample"), ERR_STATE, &h->err);
	assert_non_null(strstr(h->err.text, "applied in another form"));
	check_ok(install(h, good_zip(h)), &h->err);
	assert_null(get(h, "sample").status_reason.p);
	check_ok(activate(h, "sample"), &h->err);
	assert_true(widened(h) && active_here(h, "sample"));
}

static void bad_libraries_stay_out(void **state)
{
	static const struct { const char *lib, *words;
	} bad[] = {
		{ "abi", "needs ABI 9.1" },
		{ "size", "no description" },
		{ "null", "no description" },
		{ "no-entry", "trixy_addon_entry" },
		{ "unresolved", "somewhere_else" },
		{ "rule", "text limit" },
		{ "channel", "channel is 'elsewhere'" },
		{ "other", "The library is 'other' 1.0.0, but addon.json says 'sample'" },
		{ "v1-0-1", "'sample' 1.0.1, but addon.json says 'sample' 1.0.0" },
	};
	HOUSE;

	(void)state;
	for (size_t k = 0; k < COUNT(bad); k++) {
		check_ok(install(h, lib_zip(h, bad[k].lib, MANIFEST("1.0.0", BOTH))), &h->err);
		int r = activate(h, "sample");

		if (r != ERR_INVALID || strstr(h->err.text, bad[k].words) == NULL ||
		    strstr(h->err.text, h->folder.path) != NULL)
			check_failed("%s: %d, '%s'", bad[k].lib, r, h->err.text);
		assert_int_equal(get(h, "sample").status, ADDON_FAILED);
		assert_false(active_here(h, "sample"));
	}
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
}

static void channels_belong_to_one_addon(void **state)
{
	HOUSE;
	struct member_list l = good_members(h);

	(void)state;
	check_ok(install(h, good_zip(h)), &h->err);
	members_rehash(&l, changed(h, "\"slug\":\"sample\"", "\"slug\":\"thief\""), &h->arena);
	check_is(install(h, members_zip(&l, &h->arena)), ERR_EXISTS, &h->err);
	assert_non_null(strstr(h->err.text, "belongs to the installed addon 'Sample'"));
	members_rehash(&l, changed(h, "\"channel\":\"sample\"", "\"channel\":\"other\""), &h->arena);
	check_is(install(h, members_zip(&l, &h->arena)), ERR_STATE, &h->err);
	assert_int_equal(installed(h), 1);
	assert_int_equal(folders(h), 1);
}

static void the_start_survives_what_is_broken(void **state)
{
	HOUSE;

	(void)state;
	check_ok(install(h, good_zip(h)), &h->err);
	check_ok(activate(h, "sample"), &h->err);
	close_instance(h);
	/* What a killed install left. */
	assert_int_equal(mkdir(data_path(h, "addons/.tmp-abcdef").p, 0700), 0);
	spit(data_path(h, "addons/.tmp-abcdef/half").p, STR("x"));
	assert_int_equal(mkdir(data_path(h, "addons/0000").p, 0700), 0);
	open_instance(h);
	assert_int_equal(folders(h), 1);
	assert_true(active_here(h, "sample"));
	close_instance(h);
	assert_int_equal(system(arena_printf(&h->arena, "rm -r '%s/addons'", h->folder.path).p), 0);
	open_instance(h);
	assert_false(active_here(h, "sample"));
	struct addon a = get(h, "sample");

	assert_int_equal(a.status, ADDON_FAILED);
	assert_non_null(strstr(a.status_reason.p, "missing on the server's disk"));
	check_is(activate(h, "sample"), ERR_INVALID, &h->err);
	check_ok(install(h, good_zip(h)), &h->err);	/* the same package mends it */
	check_ok(activate(h, "sample"), &h->err);
	assert_true(active_here(h, "sample"));
}

/* A package of its own: what is loaded already is not read again. */
static void a_changed_library_is_not_loaded(void **state)
{
	HOUSE;

	(void)state;
	struct member_list l = good_members(h);

	members_put(&l, "GUIDE.md", STR("a package that no other test loads"));
	members_rehash(&l, MANIFEST("1.0.0", BOTH), &h->arena);
	check_ok(install(h, members_zip(&l, &h->arena)), &h->err);
	struct str library = arena_printf(&h->arena, "%s/addons/%.*s/sample.so", h->folder.path,
					  STR_ARG(get(h, "sample").package_hash));

	spit(library.p, fixture(h, "v1-0-1"));
	check_is(activate(h, "sample"), ERR_INVALID, &h->err);
	assert_non_null(strstr(h->err.text, "changed on the server's disk"));
	assert_null(strstr(h->err.text, h->folder.path));
}

/* ---- other processes ---- */

static void another_process_is_followed(void **state)
{
	HOUSE;
	struct house other = { .config = h->config };
	int64_t before, after;
	struct db *reader;

	(void)state;
	open_instance(&other);
	check_is(addon_sync(&h->i, &h->err), 0, &h->err);
	check_ok(install(&other, good_zip(h)), &other.err);
	check_ok(activate(&other, "sample"), &other.err);
	assert_false(active_here(h, "sample"));
	check_ok(store_reader_new(h->i.store, &reader, &h->err), &h->err);
	check_ok(store_change_last(reader, &before, &h->err), &h->err);
	check_is(addon_sync(&h->i, &h->err), 1, &h->err);
	check_ok(store_change_last(reader, &after, &h->err), &h->err);
	assert_true(after > before);	/* browsers are told */
	store_reader_free(reader);
	assert_true(active_here(h, "sample"));
	check_is(addon_sync(&h->i, &h->err), 0, &h->err);
	check_ok(install(&other, upgrade_zip(h, THIRD, "v1-0-1")), &other.err);
	check_is(addon_sync(&h->i, &h->err), 1, &h->err);
	assert_int_equal(channels_find(h->i.channels, STR("sample"))->text_max, 2000);
	check_ok(deactivate(&other, "sample"), &other.err);
	check_is(addon_sync(&h->i, &h->err), 1, &h->err);
	assert_false(active_here(h, "sample"));
	check_ok(addon_remove(&other.i, STR("sample"), &other.err), &other.err);
	check_is(addon_sync(&h->i, &h->err), 0, &h->err);
	close_instance(&other);
	arena_done(&other.arena);
}

struct worker {
	struct house *h;
	struct str zip;
	atomic_int bad;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	SCOPED(arena_done) struct arena a = { 0 };
	struct error err = { 0 };
	struct addon addon;

	for (int k = 0; k < 6; k++) {
		if (addon_install(&w->h->i, w->zip, true, &a, &addon, &err) < 0 ||
		    addon_activate(&w->h->i, STR("sample"), &a, &addon, &err) < 0 ||
		    addon_sync(&w->h->i, &err) < 0 ||
		    addon_deactivate(&w->h->i, STR("sample"), &a, &addon, &err) < 0) {
			print_error("%s\n", err.text);
			atomic_fetch_add(&w->bad, 1);
		}
	}
	return NULL;
}

static void two_admins_at_once(void **state)
{
	HOUSE;
	struct worker w = { .h = h, .zip = good_zip(h) };
	pthread_t threads[3];

	(void)state;
	for (size_t k = 0; k < COUNT(threads); k++)
		assert_int_equal(pthread_create(&threads[k], NULL, work, &w), 0);
	for (size_t k = 0; k < COUNT(threads); k++)
		assert_int_equal(pthread_join(threads[k], NULL), 0);
	assert_int_equal(atomic_load(&w.bad), 0);
	assert_false(active_here(h, "sample"));
	assert_int_equal(folders(h), 1);
}

static int write_setting(struct db *db, void *arg, struct error *err)
{
	(void)arg;
	return store_setting_set(db, STR("busy"), STR("very"), err);
}

/* A server at work in another process: the command line waits its turn, and the server's writes go on. */
static void a_busy_database_is_waited_for(void **state)
{
	struct house *h = house_new();
	struct str zip = good_zip(h);
	int pipes[2];
	char byte;

	(void)state;
	close_instance(h);
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		open_instance(h);
		for (int64_t n = 0;; n++) {
			if (store_write(h->i.store, write_setting, NULL, &h->err) < 0) {
				print_error("%s\n", h->err.text);
				_exit(1);
			}
			if (n == 10 && write(pipes[1], "x", 1) != 1)
				_exit(2);
		}
	}
	assert_int_equal(read(pipes[0], &byte, 1), 1);
	open_instance(h);
	for (int k = 0; k < 5; k++) {
		check_ok(install(h, zip), &h->err);
		check_ok(activate(h, "sample"), &h->err);
		check_ok(deactivate(h, "sample"), &h->err);
		check_ok(addon_remove(&h->i, STR("sample"), &h->err), &h->err);
	}
	int status;

	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	house_done(&h);
}

/* Two command lines on one data directory: neither ever fails, and nothing is left over. */
static void two_processes_at_once(void **state)
{
	struct house *h = house_new();
	struct str zip = good_zip(h);
	pid_t pids[2];

	(void)state;
	close_instance(h);
	for (size_t p = 0; p < COUNT(pids); p++) {
		pids[p] = fork();
		assert_true(pids[p] >= 0);
		if (pids[p] != 0)
			continue;
		open_instance(h);
		for (int k = 0; k < 25; k++)
			if (install(h, zip) < 0 || activate(h, "sample") < 0 || deactivate(h, "sample") < 0 ||
			    (addon_remove(&h->i, STR("sample"), &h->err) < 0 && h->err.code != ERR_STATE &&
			     h->err.code != ERR_NOTFOUND)) {
				/* The other one may have removed it between two steps, and nothing else. */
				if (h->err.code == ERR_NOTFOUND)
					continue;
				print_error("%s\n", h->err.text);
				_exit(1);
			}
		_exit(0);
	}
	for (size_t p = 0; p < COUNT(pids); p++) {
		int status;

		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	open_instance(h);
	assert_int_equal(folders(h), installed(h));
	house_done(&h);
}

/* ---- what stops in the middle ---- */

static int fault_at, fault_count;

static int fault(const char *sql)
{
	(void)sql;
	return ++fault_count == fault_at ? ERR_BROKEN : 0;
}

static void every_statement_may_fail(void **state)
{
	struct error before;
	int failed = 0;

	(void)state;
	for (fault_at = 1; ; fault_at++) {
		HOUSE;

		fault_count = 0;
		engine_fault = fault;
		int r = install(h, good_zip(h));

		r = r < 0 ? r : activate(h, "sample");
		before = h->err;
		bool reached = fault_count >= fault_at;

		engine_fault = NULL;
		assert_true(r == 0 || !active_here(h, "sample") || get(h, "sample").status == ADDON_ACTIVE);
		if (r < 0)
			failed++;
		if (r < 0 && strlen(before.text) == 0)
			check_failed("statement %d failed without a word", fault_at);
		/* What is recorded is done. (What was done last may not be recorded yet.) */
		assert_true(!recorded(h, "sample", 2) || widened(h));
		assert_true(!recorded(h, "sample", 1) || has_table(h, "sample_accounts", "user_id"));
		check_ok(install(h, good_zip(h)), &h->err);
		check_ok(activate(h, "sample"), &h->err);
		assert_true(active_here(h, "sample") && widened(h) && recorded(h, "sample", 1) && folders(h) == 1);
		if (!reached)
			break;
	}
	assert_true(fault_at > 10 && failed > 5);
}

static void kills_leave_nothing_half_done(void **state)
{
	(void)state;
	for (int round = 0; round < 12; round++) {
		struct house *h = house_new();
		struct str zip = good_zip(h);

		close_instance(h);
		fflush(NULL);
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			open_instance(h);
			for (;;)
				if (install(h, zip) < 0 || activate(h, "sample") < 0 || deactivate(h, "sample") < 0 ||
				    addon_remove(&h->i, STR("sample"), &h->err) < 0)
					_exit(1);
		}
		(void)usleep((useconds_t)(round * 7919 % 60000 + 500));
		int status;

		(void)kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));	/* it did not end by a failure */
		open_instance(h);
		assert_true(folders(h) == installed(h));
		assert_true(!recorded(h, "sample", 2) || widened(h));
		check_ok(install(h, zip), &h->err);
		check_ok(activate(h, "sample"), &h->err);
		assert_true(active_here(h, "sample") && widened(h));
		house_done(&h);
	}
}

/* The real one, as it is built. */
static void instagram_installs(void **state)
{
	HOUSE;
	struct str stage = data_path(h, "stage"), zip = data_path(h, "instagram.zip");
	struct addon a;

	(void)state;
	assert_int_equal(
		system(arena_printf(&h->arena,
				    "mkdir '%s' && cp -R '%s/addon.json' '%s/migrations' '%s/GUIDE.md' '%s' '%s'",
				    stage.p, INSTAGRAM_FOLDER, INSTAGRAM_FOLDER, INSTAGRAM_FOLDER, INSTAGRAM_MODULE,
				    stage.p)
			       .p),
		0);
	check_ok(addon_pack(stage, STR_NONE, zip, &h->err), &h->err);
	check_ok(addon_install(&h->i, slurp(h, zip.p), true, &h->arena, &a, &h->err), &h->err);
	check_str(a.name, "Instagram Direct Messages");
	check_ok(activate(h, "instagram"), &h->err);
	assert_true(has_table(h, "instagram_accounts", "page_access_token") && widened(h));
	const struct trixy_channel *c = channels_by_path(h->i.channels, STR("/addons/instagram/webhook"));

	assert_non_null(c);
	for (uint32_t k = 0; k < c->field_count; k++)	/* every form field has its column */
		assert_true(has_table(h, "instagram_accounts", arena_copy(&h->arena, str_from_trixy(c->fields[k].name)).p));
}

static int start(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);	/* failures are wanted here */
	return crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(installs_once), cmocka_unit_test(activates_and_goes),
		cmocka_unit_test(only_newer_versions_take_the_place), cmocka_unit_test(an_active_addon_is_upgraded),
		cmocka_unit_test(a_failing_migration_can_be_mended), cmocka_unit_test(bad_libraries_stay_out),
		cmocka_unit_test(channels_belong_to_one_addon), cmocka_unit_test(the_start_survives_what_is_broken),
		cmocka_unit_test(a_changed_library_is_not_loaded), cmocka_unit_test(another_process_is_followed),
		cmocka_unit_test(two_admins_at_once), cmocka_unit_test(two_processes_at_once),
		cmocka_unit_test(a_busy_database_is_waited_for), cmocka_unit_test(every_statement_may_fail),
		cmocka_unit_test(kills_leave_nothing_half_done), cmocka_unit_test(instagram_installs),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
