/* What the commands share: options, the instance, and how a failure is told. */
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addon/addon.h"
#include "base/log.h"
#include "channel/whatsapp/whatsapp.h"
#include "files/files.h"
#include "inbox/directory.h"
#include "inbox/instance_key.h"
#include "store/lease.h"
#include "store/copy.h"

static void drop(int *argc, char **argv, int at, int count)
{
	for (int k = at; k + count < *argc; k++)
		argv[k] = argv[k + count];
	*argc -= count;
}

int cmd_option(int *argc, char **argv, const char *name, struct str *ret, struct error *err)
{
	*ret = STR_NONE;
	for (int k = 0; k < *argc; k++) {
		struct str arg = str_of(argv[k]), rest, head = str_split(arg, '=', &rest);

		if (!str_eq_c(head, name))
			continue;
		if (rest.p != NULL) {
			*ret = rest;
			drop(argc, argv, k, 1);
			return 0;
		}
		if (k + 1 >= *argc)
			return fail(err, ERR_INVALID, "%s needs a value", name);
		*ret = str_of(argv[k + 1]);
		drop(argc, argv, k, 2);
		return 0;
	}
	return 0;
}

bool cmd_switch(int *argc, char **argv, const char *name)
{
	for (int k = 0; k < *argc; k++)
		if (str_eq_c(str_of(argv[k]), name)) {
			drop(argc, argv, k, 1);
			return true;
		}
	return false;
}

int cmd_failed(const struct error *err)
{
	(void)fprintf(stderr, "mailtrixy: %s\n", err->text);
	return err->code == ERR_INVALID ? 2 : 1;
}

int cmd_rest(int argc, char **argv, struct error *err)
{
	return argc == 0 ? 0 : fail(err, ERR_INVALID, "'%s' is not understood here; see mailtrixy help", argv[0]);
}

static int open_data(struct config *config, struct error *err)
{
	struct stat s;

	if (mkdir(config->data.p, 0700) != 0 && errno != EEXIST)
		return fail(err, ERR_BROKEN, "cannot make the data directory %s: %s", config->data.p, strerror(errno));
	if (stat(config->data.p, &s) != 0 || !S_ISDIR(s.st_mode))
		return fail(err, ERR_BROKEN, "the data directory %s is not a directory", config->data.p);
	return 0;
}

/* A copy (mailtrixy copy) that is not finished looks like an instance and is none: whoever served it would answer with half of it. */
static int is_no_half_copy(struct store *store, struct error *err)
{
	struct db *db = NULL;
	int r;

	if ((r = store_reader_new(store, &db, err)) == 0)
		r = copy_unfinished(db, err);
	store_reader_free(db);
	return r <= 0 ? r : fail(err, ERR_STATE, "the database is a copy that is not finished: run the same mailtrixy copy or restore again");
}

int cmd_instance_open(struct config *config, struct instance *i, struct error *err)
{
	struct store_options options = { .database = config->database, .data_dir = config->data };
	int r;

	*i = (struct instance){ .config = config };
	if ((r = crypto_init(err)) < 0 || (r = open_data(config, err)) < 0 ||
	    (r = channels_new(&i->channels, err)) < 0 || (r = channels_add(i->channels, &whatsapp_channel, err)) < 0 ||
	    (r = directory_new(&i->directory, err)) < 0 ||
	    (r = store_open(&options, &i->store, err)) < 0 || (r = is_no_half_copy(i->store, err)) < 0 ||
	    (r = instance_key_load(i, err)) < 0 || (r = addon_load_active(i, err)) < 0 || (r = directory_load(i, err)) < 0 ||
	    (r = files_open(config->data, STR("/proc/self/exe"), &i->seal_key, &i->files, err)) < 0) {
		cmd_instance_close(i);
		return r;
	}
	files_share(i->files, i->store);
	return 0;
}

void cmd_instance_close(struct instance *i)
{
	files_close(i->files);
	store_close(i->store);
	directory_free(i->directory);
	channels_free(i->channels);
	crypto_wipe(&i->seal_key, sizeof(i->seal_key));
	*i = (struct instance){ 0 };
}

int cmd_lock(struct str data, bool shared, int *ret_fd, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct str path = arena_printf(&arena, "%.*s/serve.lock", STR_ARG(data));
	int fd = path.p == NULL ? -1 : open(path.p, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(err, ERR_BROKEN, "cannot open %.*s/serve.lock: %s", STR_ARG(data), strerror(errno));
	if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
		(void)close(fd);
		return fail(err, ERR_STATE, "another mailtrixy serve uses the data directory %.*s", STR_ARG(data));
	}
	*ret_fd = fd;
	return 0;
}

enum { BEATS_MS = 2200 };	/* a server that lives beats once a second */

static int read_servers(struct store *store, struct arena *arena, struct store_server **ret, size_t *ret_count, struct error *err)
{
	struct db *db = NULL;
	int r = store_reader_new(store, &db, err);

	if (r == 0)
		r = store_server_list(db, arena, ret, ret_count, err);
	store_reader_free(db);
	return r;
}

static bool has_moved(const struct store_server *s, const struct store_server *list, size_t count)
{
	for (size_t k = 0; k < count; k++)
		if (str_eq(s->id, list[k].id))
			return s->beat != list[k].beat;
	return true;			/* it came meanwhile */
}

int cmd_servers(struct store *store, struct arena *arena, struct cmd_server **ret, size_t *ret_count, struct error *err)
{
	struct store_server *before, *now;
	size_t before_count, count;
	int r;

	*ret_count = 0;
	if (!store_shared(store))
		return 0;
	if ((r = read_servers(store, arena, &before, &before_count, err)) < 0)
		return r;
	if (before_count > 0)
		(void)usleep(BEATS_MS * 1000);
	if ((r = read_servers(store, arena, &now, &count, err)) < 0)
		return r;
	*ret = arena_alloc(arena, (count + 1) * sizeof(**ret));
	if (*ret == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	for (size_t k = 0; k < count; k++)
		(*ret)[k] = (struct cmd_server){ .id = now[k].id, .address = now[k].address, .version = now[k].version,
						 .started_at = now[k].started_at, .lives = has_moved(&now[k], before, before_count) };
	*ret_count = count;
	return 0;
}
