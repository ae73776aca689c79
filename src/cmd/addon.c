/* mailtrixy addon …: the life of an addon without a browser, and the tools of an addon's maker. */
#include <string.h>

#include "addon/addon.h"
#include "addon/file.h"
#include "base/limit.h"
#include "base/log.h"
#include "cmd/cmd.h"

static void config_drop(struct config *c)
{
	config_done(c);
}

static int usage(void)
{
	(void)fputs(
		"mailtrixy addon keygen --out PREFIX                    make a signing key: PREFIX.key (secret), PREFIX.pub\n"
		"mailtrixy addon pack FOLDER [--key FILE] --out ZIP     make a package\n"
		"mailtrixy addon verify ZIP                             check a package and who signed it\n"
		"mailtrixy addon install ZIP [--allow-unsigned]         install it, or upgrade to it\n"
		"mailtrixy addon activate|deactivate|remove SLUG\n"
		"mailtrixy addon list\n"
		"All but keygen and pack take --data DIR (default ./data). A running server follows within seconds.\n",
		stderr);
	return 2;
}

/* The one argument that is left. */
static int one(int argc, char **argv, const char *what, struct str *ret, struct error *err)
{
	if (argc < 1 || argv[0][0] == '-')
		return fail(err, ERR_INVALID, "%s is missing", what);
	*ret = str_of(argv[0]);
	return cmd_rest(argc - 1, argv + 1, err);
}

static int keygen(int argc, char **argv, struct error *err)
{
	struct str prefix = STR_NONE;
	int r;

	if ((r = cmd_option(&argc, argv, "--out", &prefix, err)) < 0 || (r = cmd_rest(argc, argv, err)) < 0)
		return r;
	if (prefix.len == 0)
		return fail(err, ERR_INVALID, "--out PREFIX is missing");
	if ((r = addon_keygen(prefix, err)) < 0)
		return r;
	(void)printf(
		"%.*s.key is the secret: keep it to yourself\n%.*s.pub goes into DATA/trusted-keys/ of the servers that trust you\n",
		STR_ARG(prefix), STR_ARG(prefix));
	return 0;
}

static int pack(int argc, char **argv, struct error *err)
{
	struct str folder = STR_NONE, key = STR_NONE, out = STR_NONE;
	int r;

	if ((r = cmd_option(&argc, argv, "--key", &key, err)) < 0 ||
	    (r = cmd_option(&argc, argv, "--out", &out, err)) < 0 ||
	    (r = one(argc, argv, "the folder", &folder, err)) < 0)
		return r;
	if (out.len == 0)
		return fail(err, ERR_INVALID, "--out ZIP is missing");
	if ((r = addon_pack(folder, key, out, err)) < 0)
		return r;
	(void)printf("%.*s is ready%s\n", STR_ARG(out),
		     key.len > 0 ? "" : ", unsigned: every server will ask before it installs it");
	return 0;
}

static int read_zip(struct str path, struct buf *ret, struct error *err)
{
	int r = file_read(path.p, LIMIT_ADDON_ZIP, ret, err);

	return r == ERR_NOTFOUND ? fail(err, ERR_INVALID, "there is no file %.*s", STR_ARG(path)) : r;
}

static int verify(struct config *config, int argc, char **argv, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	SCOPED(buf_done) struct buf zip = { 0 };
	struct addon addon;
	struct str path = STR_NONE;
	int r;

	if ((r = one(argc, argv, "the zip", &path, err)) < 0 || (r = read_zip(path, &zip, err)) < 0)
		return r;
	struct str trust = arena_printf(&a, "%.*s/trusted-keys", STR_ARG(config->data));

	if ((r = addon_verify(buf_str(&zip), trust, &a, &addon, err)) < 0)
		return r;
	(void)printf("%.*s %.*s (%.*s), channel %.*s\nsha256 %.*s\n", STR_ARG(addon.slug), STR_ARG(addon.version),
		     STR_ARG(addon.name), STR_ARG(addon.channel), STR_ARG(addon.package_hash));
	if (addon.signed_by.p == NULL)
		return fail(err, ERR_DENIED, "%.*s", STR_ARG(addon.status_reason));
	(void)printf("signed by %.*s, which is trusted here\n", STR_ARG(addon.signed_by));
	return 0;
}

static void print(const struct addon *a)
{
	(void)printf("%-16.*s %-10.*s %-9s %.*s (%s%.*s)\n", STR_ARG(a->slug), STR_ARG(a->version),
		     addon_status_word(a->status), STR_ARG(a->name),
		     a->signed_by.p != NULL ? "signed by " : "not signed by a trusted key", STR_ARG(a->signed_by));
	if (a->status_reason.len > 0)
		(void)printf("%-16s %.*s\n", "", STR_ARG(a->status_reason));
}

static int list(struct instance *i, struct arena *a, struct error *err)
{
	struct db *reader;
	struct addon *addons;
	size_t count;
	int r = store_reader_new(i->store, &reader, err);

	if (r < 0)
		return r;
	if ((r = addon_list(reader, a, &addons, &count, err)) == 0) {
		for (size_t k = 0; k < count; k++)
			print(&addons[k]);
		if (count == 0)
			(void)puts("no addon is installed");
	}
	store_reader_free(reader);
	return r;
}

static int install(struct instance *i, int argc, char **argv, struct arena *a, struct error *err)
{
	SCOPED(buf_done) struct buf zip = { 0 };
	bool unsigned_too = cmd_switch(&argc, argv, "--allow-unsigned");
	struct addon addon;
	struct str path = STR_NONE;
	int r;

	if ((r = one(argc, argv, "the zip", &path, err)) < 0 || (r = read_zip(path, &zip, err)) < 0)
		return r;
	r = addon_install(i, buf_str(&zip), unsigned_too, a, &addon, err);
	if (r == ERR_DENIED)	/* the warning is longer than one error text has room beside */
		(void)fputs("mailtrixy: with --allow-unsigned it is installed all the same\n", stderr);
	if (r == 0)
		print(&addon);
	return r;
}

typedef int change_fn(struct instance *i, struct str slug, struct arena *arena, struct addon *ret, struct error *err);

static int change(struct instance *i, int argc, char **argv, change_fn *fn, struct arena *a, struct error *err)
{
	struct addon addon;
	struct str slug = STR_NONE;
	int r = one(argc, argv, "the addon's slug", &slug, err);

	if (r < 0 || (r = fn(i, slug, a, &addon, err)) < 0)
		return r;
	print(&addon);
	return 0;
}

static int take_away(struct instance *i, int argc, char **argv, struct error *err)
{
	struct str slug = STR_NONE;
	int r = one(argc, argv, "the addon's slug", &slug, err);

	if (r < 0 || (r = addon_remove(i, slug, err)) < 0)
		return r;
	(void)printf("%.*s is removed; what it stored stays\n", STR_ARG(slug));
	return 0;
}

static int with_instance(struct str verb, struct config *config, int argc, char **argv, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct instance i;
	int r;

	log_set_level(LOG_WARNING);	/* what is done is printed */
	if ((r = cmd_instance_open(config, &i, err)) < 0)
		return r;
	if (str_eq_c(verb, "install"))
		r = install(&i, argc, argv, &a, err);
	else if (str_eq_c(verb, "activate"))
		r = change(&i, argc, argv, addon_activate, &a, err);
	else if (str_eq_c(verb, "deactivate"))
		r = change(&i, argc, argv, addon_deactivate, &a, err);
	else if (str_eq_c(verb, "remove"))
		r = take_away(&i, argc, argv, err);
	else
		r = cmd_rest(argc, argv, err) < 0 ? err->code : list(&i, &a, err);
	cmd_instance_close(&i);
	return r;
}

int cmd_addon(int argc, char **argv)
{
	static const char *const verbs[] = { "install", "activate", "deactivate", "remove", "list" };
	SCOPED(config_drop) struct config config = { 0 };
	struct error err = { 0 };
	struct str verb = argc > 0 ? str_of(argv[0]) : STR_NONE;
	bool known = false;
	int r = 0;

	for (size_t k = 0; k < sizeof(verbs) / sizeof(verbs[0]); k++)
		known = known || str_eq_c(verb, verbs[k]);
	argc -= argc > 0;
	argv++;
	if (crypto_init(&err) < 0)
		return cmd_failed(&err);
	if (str_eq_c(verb, "keygen"))
		r = keygen(argc, argv, &err);
	else if (str_eq_c(verb, "pack"))
		r = pack(argc, argv, &err);
	else if (!known && !str_eq_c(verb, "verify"))
		return usage();
	else if ((r = config_read(&config, &argc, argv, &err)) == 0)
		r = known ? with_instance(verb, &config, argc, argv, &err) : verify(&config, argc, argv, &err);
	return r < 0 ? cmd_failed(&err) : 0;
}
