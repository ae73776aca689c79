/* Who may do what: users, workspaces, members, sessions, tokens. */
#ifndef INBOX_PEOPLE_H
#define INBOX_PEOPLE_H

#include "inbox/instance.h"

/* Rising rights: a route that states ROLE_AGENT lets admins and owners in too. Stored: never renumbered. */
enum role { ROLE_NONE = 0, ROLE_VIEWER = 1, ROLE_AGENT = 2, ROLE_ADMIN = 3, ROLE_OWNER = 4 };
const char *role_word(enum role role);
enum role role_of_word(struct str word);	/* ROLE_NONE: not a role */

struct user { int64_t id; struct str email, name; bool instance_admin; };
struct membership { struct workspace_id workspace; struct str workspace_name; enum role role; };
struct member { int64_t user_id; struct str email, name; enum role role; };

enum credential_kind { CREDENTIAL_SESSION = 1, CREDENTIAL_TOKEN = 2, CREDENTIAL_LINK = 3 };
struct credential { int64_t id; struct str name; int64_t created_at, used_at, expires_at; };

/* Reading: with a reader of the calling thread; text is the arena's. */
int people_any(struct db *db, bool *ret, struct error *err);			/* has this instance a user? */
int people_user(struct db *db, int64_t user_id, struct arena *arena, struct user *ret, struct error *err);
int people_user_by_email(struct db *db, struct str email, struct arena *arena, struct user *ret, struct error *err);
int people_memberships(struct db *db, int64_t user_id, struct arena *arena, struct membership **ret,
		       size_t *ret_count, struct error *err);
/* ROLE_NONE when the user is no member: the one question that every workspace route asks. */
int people_role(struct db *db, struct workspace_id w, int64_t user_id, enum role *ret, struct error *err);
int people_members(struct db *db, struct workspace_id w, struct arena *arena, struct member **ret,
		   size_t *ret_count, struct error *err);
int people_credentials(struct db *db, int64_t user_id, enum credential_kind kind, struct arena *arena,
		       struct credential **ret,
		       size_t *ret_count, struct error *err);
/* Whoever shows `secret` is this user. ERR_DENIED: nobody, or expired. A one-time link is not used up by this. */
int people_by_secret(struct db *db, enum credential_kind kind, struct str secret, int64_t *ret_user_id,
		     int64_t *ret_credential_id, bool *ret_touch, struct error *err);
/* E-mail and password; takes as long for an unknown e-mail. ERR_DENIED. */
int people_sign_in(struct db *db, struct str email, struct str password, int64_t *ret_user_id, struct error *err);

/* Writing: each waits for its commit. ERR_INVALID, ERR_EXISTS: err->text begins with what is wrong ("email", "name", "password",
 * "workspace", "role"), then ": " and why, in words that may be shown. */
/* The first user: instance admin, owner of the first workspace. ERR_STATE once a user exists. */
int people_setup(struct instance *i, struct str email, struct str name, struct str password, struct str workspace_name,
		 int64_t *ret_user_id, struct error *err);
/* lifetime_ms 0: for ever. *ret_secret is shown once. */
int people_credential_new(struct instance *i, int64_t user_id, enum credential_kind kind, struct str name,
			  int64_t lifetime_ms,
			  struct arena *arena, struct str *ret_secret, int64_t *ret_id, struct error *err);
int people_credential_delete(struct instance *i, int64_t user_id, int64_t credential_id, struct error *err);
int people_credential_touch(struct instance *i, int64_t credential_id, struct error *err);	/* does not wait */
int people_link_use(struct instance *i, struct str secret, int64_t *ret_user_id, struct error *err);	/* once */
int people_workspace_new(struct instance *i, int64_t owner_id, struct str name, struct workspace_id *ret,
			 struct error *err);
int people_workspace_rename(struct instance *i, struct workspace_id w, struct str name, struct error *err);
/* With all that is in it, which may take a while; it is out of everybody's reach from the first moment. */
int people_workspace_delete(struct instance *i, struct workspace_id w, struct error *err);
/* Finishes deletions that a crash interrupted: at the start and now and then. */
int people_sweep(struct instance *i, struct db *db, struct error *err);
/* Adds a member; an unknown e-mail becomes a user with this password. `by` may not give more than its own role.
 * ERR_EXISTS, ERR_DENIED. */
int people_member_add(struct instance *i, struct workspace_id w, enum role by, struct str email, struct str name,
		      struct str password, enum role role, int64_t *ret_user_id, struct error *err);
/* ROLE_NONE removes. ERR_STATE: the last owner. */
int people_member_change(struct instance *i, struct workspace_id w, enum role by, int64_t user_id, enum role role,
			 struct error *err);

#endif
