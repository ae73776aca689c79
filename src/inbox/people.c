/* Who somebody is and what he may do: users, roles, members, workspaces. Sessions, tokens and links are credential.c; how
 * rows look is store/. */
#include "inbox/people.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "files/files.h"
#include "inbox/directory.h"
#include "store/user.h"
#include "store/workspace.h"

enum { PASSWORD_MIN_CHARACTERS = 10 };

const char *role_word(enum role role)
{
	switch (role) {
	case ROLE_VIEWER: return "viewer";
	case ROLE_AGENT: return "agent";
	case ROLE_ADMIN: return "admin";
	case ROLE_OWNER: return "owner";
	case ROLE_NONE: break;
	}
	return "none";
}

enum role role_of_word(struct str word)
{
	for (enum role role = ROLE_VIEWER; role <= ROLE_OWNER; role++)
		if (str_eq_c(word, role_word(role)))
			return role;
	return ROLE_NONE;
}

/* ---- what is entered ---- */

static int check_name(const char *field, struct str *name, struct error *err)
{
	*name = str_trim(*name);
	if (name->len == 0)
		return fail(err, ERR_INVALID, "%s: may not be empty", field);
	if (name->len > LIMIT_NAME)
		return fail(err, ERR_INVALID, "%s: may be at most %d bytes long", field, LIMIT_NAME);
	if (!utf8_valid(*name) || str_has_control(*name))
		return fail(err, ERR_INVALID, "%s: holds a character that no name has", field);
	return 0;
}

/* Whether mail arrives there is the only real test; this catches slips (RFC 5321 section 4.1.2 allows much more than people use). */
static int check_email(struct str *email, struct error *err)
{
	*email = str_trim(*email);
	struct str domain, local = str_split(*email, '@', &domain);

	if (email->len == 0)
		return fail(err, ERR_INVALID, "email: may not be empty");
	if (email->len > LIMIT_EMAIL)
		return fail(err, ERR_INVALID, "email: may be at most %d bytes long", LIMIT_EMAIL);
	bool fine = utf8_valid(*email) && !str_has_control(*email) && local.len > 0 && domain.len > 0;

	for (size_t i = 0; fine && i < email->len; i++)
		fine = email->p[i] != ' ' && email->p[i] != ',' && email->p[i] != '<' && email->p[i] != '>';
	for (size_t i = 0; fine && i < domain.len; i++)
		fine = domain.p[i] != '@';
	return fine ? 0 : fail(err, ERR_INVALID, "email: is not an e-mail address like name@example.org");
}

static int check_password(struct str password, struct error *err)
{
	if (!utf8_valid(password) || utf8_count(password) < PASSWORD_MIN_CHARACTERS)
		return fail(err, ERR_INVALID, "password: must have at least %d characters", PASSWORD_MIN_CHARACTERS);
	if (password.len > LIMIT_PASSWORD)
		return fail(err, ERR_INVALID, "password: may be at most %d bytes long", LIMIT_PASSWORD);
	return 0;
}

/* ---- passwords ---- */

/* A hash takes 64 MiB for as long as it is worked on: one at a time, however many workers there are. */
static pthread_mutex_t hashing = PTHREAD_MUTEX_INITIALIZER;

static int make_hash(struct str password, struct arena *arena, struct str *ret, struct error *err)
{
	(void)pthread_mutex_lock(&hashing);
	int r = password_hash(password, arena, ret, err);

	(void)pthread_mutex_unlock(&hashing);
	return r;
}

static int check_hash(struct str hash, struct str password, struct error *err)
{
	(void)pthread_mutex_lock(&hashing);
	int r = password_verify(hash, password, err);

	(void)pthread_mutex_unlock(&hashing);
	return r;
}

int people_sign_in(struct db *db, struct str email, struct str password, int64_t *ret_user_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct store_user user = { 0 };
	struct str unused;
	int r = password.len > LIMIT_PASSWORD ? ERR_NOTFOUND : store_user_by_email(db, str_trim(email), &arena, &user, err);

	if (r < 0 && r != ERR_NOTFOUND)
		return r;
	/* For an e-mail address that nobody has, work of the same length: the time must not tell which addresses have users. */
	if (r == ERR_NOTFOUND)
		(void)make_hash(STR("0123456789"), &arena, &unused, NULL);
	if (r == ERR_NOTFOUND || (r = check_hash(user.password, password, err)) == ERR_DENIED)
		return fail(err, ERR_DENIED, "e-mail or password is wrong");
	if (r < 0)
		return r;
	*ret_user_id = user.id;
	return 0;
}

/* ---- reading ---- */

static void user_of(const struct store_user *u, struct user *ret)
{
	*ret = (struct user){ .id = u->id, .email = u->email, .name = u->name, .instance_admin = u->instance_admin };
}

int people_any(struct db *db, bool *ret, struct error *err)
{
	return store_user_any(db, ret, err);
}

int people_user(struct db *db, int64_t user_id, struct arena *arena, struct user *ret, struct error *err)
{
	struct store_user u;
	int r = store_user_get(db, user_id, arena, &u, err);

	if (r == 0)
		user_of(&u, ret);
	return r;
}

int people_user_by_email(struct db *db, struct str email, struct arena *arena, struct user *ret, struct error *err)
{
	struct store_user u;
	int r = store_user_by_email(db, str_trim(email), arena, &u, err);

	if (r == 0)
		user_of(&u, ret);
	return r;
}

int people_memberships(struct db *db, int64_t user_id, struct arena *arena, struct membership **ret, size_t *ret_count,
		       struct error *err)
{
	struct store_membership *rows;
	size_t count;
	int r = store_membership_list(db, user_id, arena, &rows, &count, err);

	if (r < 0)
		return r;
	struct membership *list = arena_alloc(arena, (count + 1) * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "no memory for %zu memberships", count);
	for (size_t i = 0; i < count; i++)
		list[i] = (struct membership){ rows[i].workspace, rows[i].workspace_name, (enum role)rows[i].role };
	*ret = list;
	*ret_count = count;
	return 0;
}

int people_role(struct db *db, struct workspace_id w, int64_t user_id, enum role *ret, struct error *err)
{
	int role, r = store_member_role(db, w, user_id, &role, err);

	if (r == 0)
		*ret = (enum role)role;
	return r;
}

int people_members(struct db *db, struct workspace_id w, struct arena *arena, struct member **ret, size_t *ret_count,
		   struct error *err)
{
	struct store_member *rows;
	size_t count;
	int r = store_member_list(db, w, arena, &rows, &count, err);

	if (r < 0)
		return r;
	struct member *list = arena_alloc(arena, (count + 1) * sizeof(*list));

	if (list == NULL)
		return fail(err, ERR_NOMEM, "no memory for %zu members", count);
	for (size_t i = 0; i < count; i++)
		list[i] = (struct member){ rows[i].user_id, rows[i].email, rows[i].name, (enum role)rows[i].role };
	*ret = list;
	*ret_count = count;
	return 0;
}

/* ---- the first user ---- */

struct setup {
	struct store_user user;
	struct str workspace_name;
	int64_t user_id;
};

static int run_setup(struct db *db, void *arg, struct error *err)
{
	struct setup *s = arg;
	struct workspace_id w;
	bool any;
	int r;

	if ((r = store_user_any(db, &any, err)) < 0)
		return r;
	if (any)
		return fail(err, ERR_STATE, "this installation has a user already: sign in, or let an admin add you");
	if ((r = store_user_add(db, &s->user, &s->user_id, err)) < 0 ||
	    (r = store_workspace_add(db, s->workspace_name, s->user.created_at, &w, err)) < 0)
		return r;
	return store_member_add(db, w, s->user_id, ROLE_OWNER, s->user.created_at, err);
}

int people_setup(struct instance *i, struct str email, struct str name, struct str password, struct str workspace_name,
		 int64_t *ret_user_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct setup s = { .user = { .instance_admin = true, .created_at = clock_now_ms() } };
	int r;

	if ((r = check_email(&email, err)) < 0 || (r = check_name("name", &name, err)) < 0 || (r = check_password(password, err)) < 0 ||
	    (r = check_name("workspace", &workspace_name, err)) < 0 || (r = make_hash(password, &arena, &s.user.password, err)) < 0)
		return r;
	s.user.email = email;
	s.user.name = name;
	s.workspace_name = workspace_name;
	if ((r = store_write(i->store, run_setup, &s, err)) < 0)
		return r;
	*ret_user_id = s.user_id;
	return 0;
}

/* ---- workspaces ---- */

struct workspace_work {
	struct workspace_id w;
	struct str name;
	int64_t owner_id;
};

static int run_workspace_new(struct db *db, void *arg, struct error *err)
{
	struct workspace_work *work = arg;
	int64_t now = clock_now_ms();
	int r = store_workspace_add(db, work->name, now, &work->w, err);

	return r < 0 ? r : store_member_add(db, work->w, work->owner_id, ROLE_OWNER, now, err);
}

int people_workspace_new(struct instance *i, int64_t owner_id, struct str name, struct workspace_id *ret, struct error *err)
{
	struct workspace_work work = { .owner_id = owner_id };
	int r;

	if ((r = check_name("name", &name, err)) < 0)
		return r;
	work.name = name;
	if ((r = store_write(i->store, run_workspace_new, &work, err)) < 0)
		return r;
	*ret = work.w;
	return 0;
}

static int run_workspace_rename(struct db *db, void *arg, struct error *err)
{
	struct workspace_work *work = arg;

	return store_workspace_rename(db, work->w, work->name, err);
}

int people_workspace_rename(struct instance *i, struct workspace_id w, struct str name, struct error *err)
{
	struct workspace_work work = { .w = w };
	int r;

	if ((r = check_name("name", &name, err)) < 0)
		return r;
	work.name = name;
	return store_write(i->store, run_workspace_rename, &work, err);
}

static int run_workspace_close(struct db *db, void *arg, struct error *err)
{
	return store_workspace_close(db, ((struct workspace_work *)arg)->w, err);
}

static int run_workspace_piece(struct db *db, void *arg, struct error *err)
{
	return store_workspace_delete_some(db, ((struct workspace_work *)arg)->w, err);
}

static int delete_pieces(struct instance *i, struct workspace_id w, struct error *err)
{
	struct workspace_work work = { .w = w };
	int r;

	while ((r = store_write(i->store, run_workspace_piece, &work, err)) > 0)
		;
	return r < 0 || i->files == NULL ? r : files_delete_workspace(i->files, w, err);
}

int people_workspace_delete(struct instance *i, struct workspace_id w, struct error *err)
{
	struct workspace_work work = { .w = w };
	struct error later = { 0 };
	int r = store_write(i->store, run_workspace_close, &work, err);

	if (r < 0)
		return r;
	if (directory_load(i, &later) < 0 || delete_pieces(i, w, &later) < 0)
		/* It is closed already, which is what was asked for; the rest goes with people_sweep. */
		log_event(LOG_WARNING, "a deleted workspace still has rows; they go with the next sweep", log_i("workspace", w.v),
			  log_c("error", later.text), log_end);
	return 0;
}

int people_sweep(struct instance *i, struct db *db, struct error *err)
{
	struct workspace_id w;
	int r;

	while ((r = store_workspace_closed(db, &w, err)) > 0)
		if ((r = delete_pieces(i, w, err)) < 0)
			return r;
	return r;
}

/* ---- members ---- */

struct member_work {
	struct workspace_id w;
	enum role by, role;
	struct store_user user;
	int64_t user_id;
};

static int check_right(enum role by, enum role role, struct error *err)
{
	if (by < ROLE_ADMIN)
		return fail(err, ERR_DENIED, "only an admin or owner manages members");
	if (role > by)
		return fail(err, ERR_DENIED, "an %s cannot make an %s", role_word(by), role_word(role));
	return 0;
}

static int add_user(struct db *db, struct member_work *work, struct error *err)
{
	if (work->user.password.p == NULL)
		return fail(err, ERR_INVALID, "password: nobody has this e-mail address yet, so a first password is needed");
	if (work->user.name.len == 0)
		return fail(err, ERR_INVALID, "name: nobody has this e-mail address yet, so a name is needed");
	return store_user_add(db, &work->user, &work->user_id, err);
}

static int run_member_add(struct db *db, void *arg, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct member_work *work = arg;
	struct store_user known;
	int r = store_user_by_email(db, work->user.email, &arena, &known, err);

	work->user_id = r == 0 ? known.id : 0;
	if (r == ERR_NOTFOUND)
		r = add_user(db, work, err);
	if (r < 0)
		return r;
	r = store_member_add(db, work->w, work->user_id, work->role, work->user.created_at, err);
	return r == ERR_EXISTS ? fail(err, r, "email: this person is a member already") : r;
}

int people_member_add(struct instance *i, struct workspace_id w, enum role by, struct str email, struct str name,
		      struct str password, enum role role, int64_t *ret_user_id, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct member_work work = { .w = w, .by = by, .role = role, .user = { .created_at = clock_now_ms() } };
	int r;

	if (role < ROLE_VIEWER || role > ROLE_OWNER)
		return fail(err, ERR_INVALID, "role: is viewer, agent, admin or owner");
	if ((r = check_right(by, role, err)) < 0 || (r = check_email(&email, err)) < 0)
		return r;
	if (str_trim(name).len > 0 && (r = check_name("name", &name, err)) < 0)
		return r;
	if (password.len > 0 && ((r = check_password(password, err)) < 0 ||
				 (r = make_hash(password, &arena, &work.user.password, err)) < 0))
		return r;
	work.user.email = email;
	work.user.name = str_trim(name);
	if ((r = store_write(i->store, run_member_add, &work, err)) < 0)
		return r;
	*ret_user_id = work.user_id;
	return 0;
}

static int run_member_change(struct db *db, void *arg, struct error *err)
{
	struct member_work *work = arg;
	int64_t owners = 0;
	int had, r;

	if ((r = store_member_role(db, work->w, work->user_id, &had, err)) < 0)
		return r;
	if (had == ROLE_NONE)
		return fail(err, ERR_NOTFOUND, "not a member of this workspace");
	if (had > (int)work->by)
		return fail(err, ERR_DENIED, "an %s cannot change an %s", role_word(work->by), role_word((enum role)had));
	if (had == ROLE_OWNER && work->role != ROLE_OWNER) {
		if ((r = store_member_count(db, work->w, ROLE_OWNER, &owners, err)) < 0)
			return r;
		if (owners < 2)
			return fail(err, ERR_STATE, "this is the workspace's last owner: make somebody else an owner first");
	}
	return work->role == ROLE_NONE ? store_member_remove(db, work->w, work->user_id, err) :
					 store_member_set_role(db, work->w, work->user_id, work->role, err);
}

int people_member_change(struct instance *i, struct workspace_id w, enum role by, int64_t user_id, enum role role,
			 struct error *err)
{
	struct member_work work = { .w = w, .by = by, .role = role, .user_id = user_id };
	int r;

	if (role < ROLE_NONE || role > ROLE_OWNER)
		return fail(err, ERR_INVALID, "role: is viewer, agent, admin or owner");
	if ((r = check_right(by, role, err)) < 0)
		return r;
	return store_write(i->store, run_member_change, &work, err);
}
