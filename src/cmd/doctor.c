/* mailtrixy doctor: looks at an installation from outside the server, running or not, and says line by line what is right, what is
 * not, and what to do. Mends nothing. */
#include "cmd/cmd.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "addon/addon.h"
#include "addon/file.h"
#include "addon/package.h"
#include "base/clock.h"
#include "files/files.h"
#include "inbox/account.h"
#include "inbox/instance_key.h"
#include "store/file.h"
#include "store/lease.h"

enum { SPACE_LOW_MB = 1024 };

struct doctor {
	struct instance *i;
	struct db *db;
	int failed;
};

__attribute__((format(printf, 2, 3))) static void good(struct doctor *d, const char *format, ...)
{
	va_list args;

	(void)d;
	(void)printf("✓ ");
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
}

/* A fault counts; what only deserves a look does not. fix: NULL when the words say it. */
__attribute__((format(printf, 4, 5))) static void bad(struct doctor *d, bool fault, const char *fix, const char *format, ...)
{
	va_list args;

	d->failed += fault;
	(void)printf(fault ? "✗ " : "! ");
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
	if (fix != NULL)
		(void)printf("    → %s\n", fix);
}

static bool look_at_folder(struct doctor *d, const struct config *config)
{
	const char *path = config->data.p;
	struct stat st;
	struct statvfs space;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		bad(d, true, "Name the right one with --data, or make the first user with mailtrixy setup.", "data directory %s: %s", path,
		    strerror(errno));
		return false;
	}
	if ((st.st_mode & 077) != 0)
		bad(d, true, "chmod 700 it: the database and the sealing key lie there.", "data directory %s: others on this machine may look in",
		    path);
	else
		good(d, "data directory %s is its owner's alone", path);
	if (statvfs(path, &space) == 0) {
		long long mb = (long long)(space.f_bavail * (unsigned long)space.f_frsize / 1000000);

		if (mb < SPACE_LOW_MB)
			bad(d, true, "Make room: on a full disk webhooks are answered 503 until there is some.", "%lld MB are left on its disk", mb);
		else
			good(d, "%lld MB are left on its disk", mb);
	}
	return true;
}

static void look_at_server(struct doctor *d, const struct config *config)
{
	struct error err = { 0 };
	int lock;

	if (cmd_lock(config->data, false, &lock, &err) == 0) {
		(void)close(lock);
		bad(d, false, NULL, "no server runs on this data directory at the moment");
	} else {
		good(d, "a server runs");
	}
	if (str_starts(config->public_url, STR("https://")))
		good(d, "public URL %.*s", STR_ARG(config->public_url));
	else
		bad(d, false, "Set --public-url to the https:// address of the proxy before it; Meta takes no other.",
		    "public URL %.*s: Meta delivers to https only", STR_ARG(config->public_url));
}

/* Of servers that share the database: who lives, and who does what. */
static void look_at_leases(struct doctor *d, const struct cmd_server *servers, size_t server_count)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct store_lease *list;
	struct error err = { 0 };
	size_t count = 0;
	bool any = false;

	for (size_t k = 0; k < server_count; k++)
		any = any || servers[k].lives;
	if (!any)
		return;			/* nobody is there to do anything */
	if (store_lease_list(d->db, &a, &list, &count, &err) < 0)
		bad(d, true, NULL, "duties: %s", err.text);
	for (size_t k = 0; k < count; k++) {
		const struct cmd_server *holder = NULL;

		for (size_t n = 0; n < server_count; n++)
			if (servers[n].lives && str_eq(servers[n].id, list[k].server))
				holder = &servers[n];
		if (holder != NULL)
			good(d, "%.*s is done by %.*s", STR_ARG(list[k].name), STR_ARG(holder->address));
		else
			bad(d, false, "Look again in some seconds: servers take what nobody does.", "%.*s is done by nobody at the moment",
			    STR_ARG(list[k].name));
	}
}

static void look_at_servers(struct doctor *d)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct cmd_server *list = NULL;
	struct error err = { 0 };
	size_t count = 0;

	if (!store_shared(d->i->store))
		return;
	if (cmd_servers(d->i->store, &a, &list, &count, &err) < 0) {
		bad(d, true, NULL, "servers: %s", err.text);
		return;
	}
	for (size_t k = 0; k < count; k++) {
		if (list[k].lives)
			good(d, "server %.*s lives: version %.*s, since %.*s", STR_ARG(list[k].address), STR_ARG(list[k].version),
			     STR_ARG(clock_rfc3339(&a, list[k].started_at)));
		else
			bad(d, false, "If it should run: look at it. Its duties go on elsewhere.", "server %.*s gives no sign of life",
			    STR_ARG(list[k].address));
	}
	look_at_leases(d, list, count);
}

static void look_at_database(struct doctor *d)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct error err = { 0 };
	struct str fault = STR_NONE;

	if (db_check(d->db, &a, &fault, &err) < 0)
		bad(d, true, NULL, "database: %s", err.text);
	else if (fault.p != NULL)
		bad(d, true, "Stop the server, keep a copy of the data directory as it is, and restore your last backup.",
		    "database: it is damaged: %.*s", STR_ARG(fault));
	else if (store_shared(d->i->store))
		good(d, "database answers; whether its tables are whole its own tools say (mariadb-check)");
	else
		good(d, "database is whole");
}

/* That the key is the right one was found out when the instance was opened. */
static void look_at_key(struct doctor *d)
{
	struct error err = { 0 };
	int r;

	if (!store_shared(d->i->store))
		return;
	if ((r = instance_key_is_kept(d->i, d->db, &err)) < 0)
		bad(d, true, NULL, "secret.key: %s", err.text);
	else if (r == 0)
		bad(d, false, "Copy it to every further server by hand, or let the servers sign in to the database with a password.",
		    "secret.key is this instance's; the database does not keep it");
	else
		good(d, "secret.key is this instance's; further servers fetch it from the database");
}

static void look_at_account(struct doctor *d, const struct account_connected *c)
{
	SCOPED(arena_done) struct arena a = { 0 };
	const struct trixy_channel *channel;
	const struct account *account = &c->account;
	struct trixy_account opened;
	struct error err = { 0 };
	int r;

	if (account->status == ACCOUNT_DISABLED)
		return;
	r = account_open(d->i, d->db, account, &a, &opened, &channel, &err);
	if (r == ERR_STATE)
		return;		/* its addon is off */
	if (r < 0)
		bad(d, true, "Put the secret.key back that belongs to this database, or save the account's secrets again.",
		    "%.*s account %.*s of %.*s: %s", STR_ARG(account->channel), STR_ARG(account->name), STR_ARG(c->workspace_name), err.text);
	else if (account->status == ACCOUNT_RECONNECT_NEEDED)
		bad(d, true, "Settings → Channels → Configure: enter a new token.", "%.*s account %.*s of %.*s must be connected again: %.*s",
		    STR_ARG(account->channel), STR_ARG(account->name), STR_ARG(c->workspace_name), STR_ARG(account->status_reason));
	else if (account->last_error.len > 0)
		bad(d, false, "Settings → Channels → Check connection says more.", "%.*s account %.*s of %.*s: %.*s", STR_ARG(account->channel),
		    STR_ARG(account->name), STR_ARG(c->workspace_name), STR_ARG(account->last_error));
	else
		good(d, "%.*s account %.*s of %.*s: its secrets open", STR_ARG(account->channel), STR_ARG(account->name),
		     STR_ARG(c->workspace_name));
}

static void look_at_accounts(struct doctor *d)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct account_connected *list;
	struct error err = { 0 };
	size_t count = 0;

	if (account_list_of_channel(d->db, STR_NONE, &a, &list, &count, &err) < 0) {
		bad(d, true, NULL, "accounts: %s", err.text);
		return;
	}
	for (size_t k = 0; k < count; k++)
		look_at_account(d, &list[k]);
}

/* One page of rows against what lies on the disk. 1: there are more. */
static int check_files(struct doctor *d, int64_t *after_id, int64_t *seen, int64_t *missing, struct error *err)
{
	enum { PAGE = 1000 };
	SCOPED(arena_done) struct arena a = { 0 };
	struct store_file *list = arena_alloc(&a, PAGE * sizeof(*list));
	size_t count = 0;
	int r = list == NULL ? fail(err, ERR_NOMEM, "out of memory") : store_file_after(d->db, *after_id, &a, list, PAGE, &count, err);

	for (size_t k = 0; r >= 0 && k < count; k++) {
		if (files_whole(d->i->files, d->db, &list[k], NULL) <= 0)
			(*missing)++;
		(*seen)++;
		*after_id = list[k].id;
	}
	return r < 0 ? r : count == PAGE;
}

static void look_at_files(struct doctor *d)
{
	int64_t after_id = 0, seen = 0, missing = 0;
	struct error err = { 0 };
	int r;

	while ((r = check_files(d, &after_id, &seen, &missing, &err)) > 0)
		;
	if (r < 0)
		bad(d, true, NULL, "customers' files: %s", err.text);
	else if (missing > 0)
		bad(d, true, store_shared(d->i->store) ? "Put the table file_bytes of your backup back into the database." :
		    "Put the folder files of your backup back into the data directory.", "customers' files: of %lld, %lld are not %s or not whole",
		    (long long)seen, (long long)missing, store_shared(d->i->store) ? "in the database" : "on the disk");
	else
		good(d, "customers' files: all %lld are there", (long long)seen);
}

/* Every file of the package against its manifest. */
static int check_package(struct doctor *d, const struct addon *addon, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct str folder = arena_printf(&a, "%.*s/addons", STR_ARG(d->i->config->data));
	struct manifest m;
	int r = package_manifest(folder, addon->package_hash, &a, &m, err);

	if (r == ERR_NOTFOUND && store_shared(d->i->store))	/* fetched when somebody activates it */
		return (r = addon_is_kept(d->i, d->db, addon->package_hash, err)) == 0 ?
		       fail(err, ERR_INVALID, "its package is not in the database: upload it once more") : r;
	for (size_t k = 0; r >= 0 && k < m.file_count; k++) {
		SCOPED(buf_done) struct buf bytes = { 0 };

		r = package_file(folder, addon->package_hash, &m, m.files[k].name, &bytes, err);
	}
	return r;
}

static void look_at_addons(struct doctor *d)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct addon *list;
	struct error err = { 0 };
	size_t count = 0;

	if (addon_list(d->db, &a, &list, &count, &err) < 0) {
		bad(d, true, NULL, "addons: %s", err.text);
		return;
	}
	for (size_t k = 0; k < count; k++) {
		if (list[k].status == ADDON_ACTIVE && list[k].status_reason.len > 0)
			bad(d, true, "The others go on with it. That server tries again by itself; its log says more.", "addon %.*s: %.*s",
			    STR_ARG(list[k].name), STR_ARG(list[k].status_reason));
		if (check_package(d, &list[k], &err) < 0)
			bad(d, true, NULL, "addon %.*s: %s", STR_ARG(list[k].name), err.text);
		else if (list[k].status == ADDON_FAILED)
			bad(d, true, "Admin → Addons → Activate tries again.", "addon %.*s: %.*s", STR_ARG(list[k].name),
			    STR_ARG(list[k].status_reason));
		else if (list[k].status_reason.len == 0)
			good(d, "addon %.*s %.*s is %s", STR_ARG(list[k].name), STR_ARG(list[k].version), addon_status_word(list[k].status));
	}
}

static int doctor(int argc, char **argv, struct config *config, struct error *err)
{
	struct instance i = { 0 };
	struct doctor d = { .i = &i };
	struct error why = { 0 };
	int r;

	if ((r = config_read(config, &argc, argv, err)) < 0 || (r = cmd_rest(argc, argv, err)) < 0)
		return r;
	if (!look_at_folder(&d, config))
		return 1;
	look_at_server(&d, config);
	if (cmd_instance_open(config, &i, &why) < 0 || store_reader_new(i.store, &d.db, &why) < 0) {
		bad(&d, true, NULL, "the installation does not open: %s", why.text);
	} else {
		look_at_database(&d);
		look_at_servers(&d);
		look_at_key(&d);
		look_at_files(&d);
		look_at_accounts(&d);
		look_at_addons(&d);
	}
	store_reader_free(d.db);
	cmd_instance_close(&i);
	(void)printf(d.failed == 0 ? "\nNothing is wrong.\n" : "\n%d to mend.\n", d.failed);
	return d.failed > 0;
}

int cmd_doctor(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };
	int r = doctor(argc, argv, &config, &err);

	return r < 0 ? cmd_failed(&err) : r;
}
