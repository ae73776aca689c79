/* mailtrixy setup, token and link: the first user, an API token, a one-time sign-in link. */
#include "cmd/cmd.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/limit.h"
#include "inbox/people.h"

enum { LINK_MINUTES = 60 };

/* The whole of standard input up to the first line end; `room` holds it. */
static int read_password(char *room, size_t size, struct str *ret, struct error *err)
{
	size_t used = 0;
	ssize_t n;

	while (used < size && (n = read(STDIN_FILENO, room + used, size - used)) != 0) {
		if (n < 0)
			return fail(err, ERR_BROKEN, "cannot read the password from standard input");
		used += (size_t)n;
	}
	struct str rest;

	*ret = str_split((struct str){ room, used }, '\n', &rest);
	if (ret->len > 0 && ret->p[ret->len - 1] == '\r')
		ret->len--;
	return 0;
}

static int setup(int argc, char **argv, struct config *config, struct error *err)
{
	struct instance i = { 0 };
	struct str email, name, workspace, password = STR_NONE;
	char room[LIMIT_PASSWORD + 2];
	int64_t user_id;
	int r;

	if ((r = config_read(config, &argc, argv, err)) < 0 || (r = cmd_option(&argc, argv, "--email", &email, err)) < 0 ||
	    (r = cmd_option(&argc, argv, "--name", &name, err)) < 0 ||
	    (r = cmd_option(&argc, argv, "--workspace", &workspace, err)) < 0)
		return r;
	if (!cmd_switch(&argc, argv, "--password-stdin"))
		return fail(err, ERR_INVALID, "setup reads the password from standard input: add --password-stdin");
	if ((r = cmd_rest(argc, argv, err)) < 0 || (r = read_password(room, sizeof(room), &password, err)) < 0 ||
	    (r = cmd_instance_open(config, &i, err)) < 0)
		return r;
	r = people_setup(&i, email, name, password, workspace, &user_id, err);
	crypto_wipe(room, sizeof(room));
	cmd_instance_close(&i);
	if (r == 0)
		(void)printf("%.*s is the instance's administrator and the owner of \"%.*s\".\n", STR_ARG(email), STR_ARG(workspace));
	return r;
}

/* Makes a credential of the user named by --email and prints `before` and its secret. */
static int credential(int argc, char **argv, enum credential_kind kind, struct config *config, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct instance i = { 0 };
	struct db *db = NULL;
	struct str email, secret;
	struct user user;
	int64_t id;
	int r;

	if ((r = config_read(config, &argc, argv, err)) < 0 || (r = cmd_option(&argc, argv, "--email", &email, err)) < 0 ||
	    (r = cmd_rest(argc, argv, err)) < 0)
		return r;
	if (email.p == NULL)
		return fail(err, ERR_INVALID, "--email is missing: whose is it?");
	if ((r = cmd_instance_open(config, &i, err)) < 0)
		return r;
	if ((r = store_reader_new(i.store, &db, err)) == 0 && (r = people_user_by_email(db, email, &arena, &user, err)) == 0)
		r = people_credential_new(&i, user.id, kind, kind == CREDENTIAL_LINK ? STR("sign-in link") : STR("command line"),
					  kind == CREDENTIAL_LINK ? LINK_MINUTES * MINUTE_MS : 0, &arena, &secret, &id, err);
	store_reader_free(db);
	if (r == ERR_NOTFOUND)
		(void)fail(err, r, "no user has the e-mail address %.*s; mailtrixy setup makes the first one", STR_ARG(email));
	if (r == 0 && kind == CREDENTIAL_LINK)
		(void)printf("%.*s/login?token=%.*s\n", STR_ARG(config->public_url), STR_ARG(secret));
	else if (r == 0)
		(void)printf("%.*s\n", STR_ARG(secret));
	cmd_instance_close(&i);
	return r;
}

int cmd_setup(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };

	return setup(argc, argv, &config, &err) < 0 ? cmd_failed(&err) : 0;
}

int cmd_token(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };

	return credential(argc, argv, CREDENTIAL_TOKEN, &config, &err) < 0 ? cmd_failed(&err) : 0;
}

int cmd_link(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };

	return credential(argc, argv, CREDENTIAL_LINK, &config, &err) < 0 ? cmd_failed(&err) : 0;
}
