/* Rows of workspaces and members. Roles are enum role of inbox/people.h. */
#ifndef STORE_WORKSPACE_H
#define STORE_WORKSPACE_H

#include "store/store.h"

struct store_member {
	int64_t user_id;
	struct str email, name;
	int role;
};
struct store_membership {
	struct workspace_id workspace;
	struct str workspace_name;
	int role;
};

/* Inside a unit. */
int store_workspace_add(struct db *db, struct str name, int64_t now_ms, struct workspace_id *ret, struct error *err);
int store_workspace_rename(struct db *db, struct workspace_id w, struct str name, struct error *err);	/* ERR_NOTFOUND */

/* Deleting takes several units, because a workspace may hold millions of rows and others want to write meanwhile.
 * _close makes it unreachable: no members, no live accounts, nothing to be sent. ERR_NOTFOUND.
 * _delete_some then removes a piece; 1: there is more, 0: all is gone, the workspace too. Only for a closed one (ERR_STATE).
 * A closed workspace has no members and is found by _closed after a crash; 1: there is one, 0: there is none. */
int store_workspace_close(struct db *db, struct workspace_id w, struct error *err);
int store_workspace_delete_some(struct db *db, struct workspace_id w, struct error *err);
/* 1: it is there, closed or not; 0: it is not. */
int store_workspace_there(struct db *db, struct workspace_id w, struct error *err);
int store_workspace_closed(struct db *db, struct workspace_id *ret, struct error *err);

/* 0 when the user is no member. */
int store_member_role(struct db *db, struct workspace_id w, int64_t user_id, int *ret_role, struct error *err);
/* By name of the person, and of the workspace. */
int store_member_list(struct db *db, struct workspace_id w, struct arena *arena, struct store_member **ret,
		      size_t *ret_count,
		      struct error *err);
int store_membership_list(struct db *db, int64_t user_id, struct arena *arena, struct store_membership **ret,
			  size_t *ret_count, struct error *err);
/* role 0: of any role. */
int store_member_count(struct db *db, struct workspace_id w, int role, int64_t *ret, struct error *err);
/* Inside a unit. */
int store_member_add(struct db *db, struct workspace_id w, int64_t user_id, int role, int64_t now_ms,
		     struct error *err);	/* ERR_EXISTS */
int store_member_set_role(struct db *db, struct workspace_id w, int64_t user_id, int role,
			  struct error *err);	/* ERR_NOTFOUND */
int store_member_remove(struct db *db, struct workspace_id w, int64_t user_id,
			struct error *err);		/* ERR_NOTFOUND */

#endif
