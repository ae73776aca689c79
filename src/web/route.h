/* The one table of what this server answers: who may, how much it reads, who runs it. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "inbox/people.h"
#include "web/http.h"

struct call;

enum route_access {
	ACCESS_PUBLIC,
	ACCESS_SIGNED_IN,
	ACCESS_INSTANCE_ADMIN,
	ACCESS_MEMBER,		/* of the workspace {w}, with at least `role`; others are told 404, as for a workspace that is not */
};
enum route_body {
	BODY_NONE, BODY_JSON, BODY_ZIP, BODY_RAW,
	BODY_FILE,		/* any bytes, to call->draft as they come; who may not send them is told before they are read */
};
enum route_thread {
	ON_LOOP,		/* answers from memory */
	ON_LOOP_IF_SMALL,	/* there when its body is small, else on a worker; uses no database */
	ON_WORKER,
	/* Only some workers at a time have one of these, so that the others stay quick: */
	ON_SLOW_WORKER,		/* takes a tenth of a second or more */
	ON_WAITING_WORKER,	/* waits for somebody outside */
};

struct route {
	enum http_method method;
	const char *path;	/* "{...}" stands for one segment: call->param in order */
	enum route_access access;
	enum role role;		/* with ACCESS_MEMBER */
	enum route_body body;
	size_t body_max;	/* more is 413 */
	enum route_thread thread;
	void (*run)(struct call *call);
};

enum { ROUTE_PARAMS = 4 };

/* For tests, the OpenAPI check and metrics. */
const struct route *route_table(size_t *ret_count);
/* The route of a path and method, its parameters in `param`. NULL: *ret_allowed has the methods that the path knows, 0 for a
 * path that is not known. A HEAD is its GET. */
const struct route *route_find(enum http_method method, struct str path, struct str param[ROUTE_PARAMS], unsigned *ret_allowed);
/* Something is different after it: it needs the CSRF token from who is signed in by cookie. */
bool route_changes(const struct route *route);

/* The handlers, one file a resource. Each answers the call before it returns, or leaves call->unit to be
 * written, which answers it. */
void api_setup_get(struct call *c);			/* session_api.c */
void api_setup(struct call *c);
void api_sign_in(struct call *c);
void api_sign_out(struct call *c);
void page_link(struct call *c);
void api_me(struct call *c);
void api_token_list(struct call *c);			/* token_api.c */
void api_token_add(struct call *c);
void api_token_delete(struct call *c);
void api_workspace_add(struct call *c);			/* workspace_api.c */
void api_workspace_change(struct call *c);
void api_workspace_delete(struct call *c);
void api_member_list(struct call *c);
void api_member_add(struct call *c);
void api_member_change(struct call *c);
void api_member_delete(struct call *c);
void api_channel_list(struct call *c);			/* account_api.c */
void api_account_list(struct call *c);
void api_account_add(struct call *c);
void api_account_get(struct call *c);
void api_account_put(struct call *c);
void api_account_change(struct call *c);
void api_account_delete(struct call *c);
void api_account_check(struct call *c);
void api_template_list(struct call *c);			/* template_api.c */
void api_template_fetch(struct call *c);
void api_conversation_list(struct call *c);		/* conversation_api.c */
void api_conversation_counts(struct call *c);
void api_conversation_get(struct call *c);
void api_conversation_change(struct call *c);
void api_message_list(struct call *c);			/* message_api.c */
void api_message_add(struct call *c);
void api_message_retry(struct call *c);
void api_message_react(struct call *c);
void api_conversation_typing(struct call *c);
void api_upload_add(struct call *c);			/* file_api.c */
void api_upload_content(struct call *c);
void api_upload_delete(struct call *c);
void api_attachment_get(struct call *c);
void api_attachment_fetch(struct call *c);
void public_file(struct call *c);
void api_journal_list(struct call *c);			/* journal_api.c */
void api_journal_replay(struct call *c);
void api_events(struct call *c);			/* live.c */
void api_addon_list(struct call *c);			/* addon_api.c */
void api_addon_upload(struct call *c);
void api_addon_activate(struct call *c);
void api_addon_deactivate(struct call *c);
void api_addon_delete(struct call *c);
void api_addon_overview(struct call *c);
void ops_health(struct call *c);			/* ops.c */
void ops_ready(struct call *c);
void ops_metrics(struct call *c);
void api_document(struct call *c);			/* pages.c */

#endif
