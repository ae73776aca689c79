/* See web/route.h. */
#include "web/route.h"

#include "base/limit.h"

#define API "/api/v1"
#define W API "/workspaces/{w}"
#define JSON BODY_JSON, LIMIT_JSON_BODY
#define NO_BODY BODY_NONE, 4096

/* Of paths that fit the same address, the one that stands first. */
static const struct route table[] = {
	{ HTTP_GET, "/healthz", ACCESS_PUBLIC, ROLE_NONE, NO_BODY, ON_LOOP, ops_health },
	{ HTTP_GET, "/readyz", ACCESS_PUBLIC, ROLE_NONE, NO_BODY, ON_WORKER, ops_ready },
	{ HTTP_GET, "/metrics", ACCESS_PUBLIC, ROLE_NONE, NO_BODY, ON_WORKER, ops_metrics },
	{ HTTP_GET, "/login", ACCESS_PUBLIC, ROLE_NONE, NO_BODY, ON_WORKER, page_link },
	{ HTTP_GET, "/files/{token}", ACCESS_PUBLIC, ROLE_NONE, NO_BODY, ON_WORKER, public_file },
	{ HTTP_GET, API "/openapi.json", ACCESS_PUBLIC, ROLE_NONE, NO_BODY, ON_LOOP, api_document },
	{ HTTP_GET, API "/setup", ACCESS_PUBLIC, ROLE_NONE, NO_BODY, ON_WORKER, api_setup_get },
	{ HTTP_POST, API "/setup", ACCESS_PUBLIC, ROLE_NONE, JSON, ON_SLOW_WORKER, api_setup },
	{ HTTP_POST, API "/session", ACCESS_PUBLIC, ROLE_NONE, JSON, ON_SLOW_WORKER, api_sign_in },
	{ HTTP_DELETE, API "/session", ACCESS_SIGNED_IN, ROLE_NONE, NO_BODY, ON_WORKER, api_sign_out },
	{ HTTP_GET, API "/me", ACCESS_SIGNED_IN, ROLE_NONE, NO_BODY, ON_WORKER, api_me },
	{ HTTP_GET, API "/tokens", ACCESS_SIGNED_IN, ROLE_NONE, NO_BODY, ON_WORKER, api_token_list },
	{ HTTP_POST, API "/tokens", ACCESS_SIGNED_IN, ROLE_NONE, JSON, ON_WORKER, api_token_add },
	{ HTTP_DELETE, API "/tokens/{id}", ACCESS_SIGNED_IN, ROLE_NONE, NO_BODY, ON_WORKER, api_token_delete },

	{ HTTP_GET, API "/admin/addons", ACCESS_INSTANCE_ADMIN, ROLE_NONE, NO_BODY, ON_WORKER, api_addon_list },
	{ HTTP_POST, API "/admin/addons", ACCESS_INSTANCE_ADMIN, ROLE_NONE, BODY_ZIP, LIMIT_ADDON_ZIP, ON_SLOW_WORKER, api_addon_upload },
	{ HTTP_POST, API "/admin/addons/{slug}/activate", ACCESS_INSTANCE_ADMIN, ROLE_NONE, NO_BODY, ON_SLOW_WORKER, api_addon_activate },
	{ HTTP_POST, API "/admin/addons/{slug}/deactivate", ACCESS_INSTANCE_ADMIN, ROLE_NONE, NO_BODY, ON_SLOW_WORKER, api_addon_deactivate },
	{ HTTP_DELETE, API "/admin/addons/{slug}", ACCESS_INSTANCE_ADMIN, ROLE_NONE, NO_BODY, ON_SLOW_WORKER, api_addon_delete },
	{ HTTP_GET, API "/admin/addons/{slug}/overview", ACCESS_INSTANCE_ADMIN, ROLE_NONE, NO_BODY, ON_WORKER, api_addon_overview },

	{ HTTP_POST, API "/workspaces", ACCESS_INSTANCE_ADMIN, ROLE_NONE, JSON, ON_WORKER, api_workspace_add },
	{ HTTP_PATCH, W, ACCESS_MEMBER, ROLE_ADMIN, JSON, ON_WORKER, api_workspace_change },
	{ HTTP_DELETE, W, ACCESS_MEMBER, ROLE_OWNER, NO_BODY, ON_SLOW_WORKER, api_workspace_delete },
	{ HTTP_GET, W "/members", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_member_list },
	{ HTTP_POST, W "/members", ACCESS_MEMBER, ROLE_ADMIN, JSON, ON_SLOW_WORKER, api_member_add },
	{ HTTP_PATCH, W "/members/{id}", ACCESS_MEMBER, ROLE_ADMIN, JSON, ON_WORKER, api_member_change },
	{ HTTP_DELETE, W "/members/{id}", ACCESS_MEMBER, ROLE_ADMIN, NO_BODY, ON_WORKER, api_member_delete },

	{ HTTP_GET, W "/channels", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_channel_list },
	{ HTTP_GET, W "/accounts", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_account_list },
	{ HTTP_POST, W "/accounts", ACCESS_MEMBER, ROLE_ADMIN, JSON, ON_WORKER, api_account_add },
	{ HTTP_GET, W "/accounts/{id}", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_account_get },
	{ HTTP_PUT, W "/accounts/{id}", ACCESS_MEMBER, ROLE_ADMIN, JSON, ON_WORKER, api_account_put },
	{ HTTP_DELETE, W "/accounts/{id}", ACCESS_MEMBER, ROLE_ADMIN, NO_BODY, ON_WORKER, api_account_delete },
	{ HTTP_PATCH, W "/accounts/{id}", ACCESS_MEMBER, ROLE_ADMIN, JSON, ON_WORKER, api_account_change },
	{ HTTP_GET, W "/accounts/{id}/templates", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_template_list },
	{ HTTP_POST, W "/accounts/{id}/templates", ACCESS_MEMBER, ROLE_AGENT, NO_BODY, ON_WAITING_WORKER, api_template_fetch },
	{ HTTP_POST, W "/accounts/{id}/check", ACCESS_MEMBER, ROLE_ADMIN, NO_BODY, ON_WAITING_WORKER, api_account_check },

	{ HTTP_GET, W "/conversations", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_conversation_list },
	{ HTTP_GET, W "/conversations/counts", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_conversation_counts },
	{ HTTP_GET, W "/conversations/{id}", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_conversation_get },
	{ HTTP_PATCH, W "/conversations/{id}", ACCESS_MEMBER, ROLE_AGENT, JSON, ON_WORKER, api_conversation_change },
	{ HTTP_GET, W "/conversations/{id}/messages", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_message_list },
	/* A text of 64 KiB may take six times that in JSON's escapes. */
	{ HTTP_POST, W "/conversations/{id}/messages", ACCESS_MEMBER, ROLE_AGENT, BODY_JSON, 2 * LIMIT_JSON_BODY, ON_WORKER, api_message_add },
	{ HTTP_POST, W "/conversations/{id}/messages/{m}/retry", ACCESS_MEMBER, ROLE_AGENT, NO_BODY, ON_WORKER, api_message_retry },

	{ HTTP_PUT, W "/conversations/{id}/messages/{m}/reaction", ACCESS_MEMBER, ROLE_AGENT, JSON, ON_WORKER, api_message_react },
	{ HTTP_POST, W "/conversations/{id}/messages/{m}/attachments/{n}/fetch", ACCESS_MEMBER, ROLE_AGENT, NO_BODY, ON_WORKER, api_attachment_fetch },
	{ HTTP_POST, W "/conversations/{id}/typing", ACCESS_MEMBER, ROLE_AGENT, NO_BODY, ON_WORKER, api_conversation_typing },

	{ HTTP_POST, W "/uploads", ACCESS_MEMBER, ROLE_AGENT, BODY_FILE, LIMIT_FILE, ON_SLOW_WORKER, api_upload_add },
	{ HTTP_GET, W "/uploads/{id}/content", ACCESS_MEMBER, ROLE_AGENT, NO_BODY, ON_WORKER, api_upload_content },
	{ HTTP_DELETE, W "/uploads/{id}", ACCESS_MEMBER, ROLE_AGENT, NO_BODY, ON_WORKER, api_upload_delete },
	{ HTTP_GET, W "/messages/{m}/attachments/{n}", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_attachment_get },

	{ HTTP_GET, W "/webhook-events", ACCESS_MEMBER, ROLE_ADMIN, NO_BODY, ON_WORKER, api_journal_list },
	{ HTTP_POST, W "/webhook-events/{id}/replay", ACCESS_MEMBER, ROLE_ADMIN, NO_BODY, ON_WORKER, api_journal_replay },
	{ HTTP_GET, W "/events", ACCESS_MEMBER, ROLE_VIEWER, NO_BODY, ON_WORKER, api_events },
};
enum { ROUTES = sizeof(table) / sizeof(table[0]) };

const struct route *route_table(size_t *ret_count)
{
	*ret_count = ROUTES;
	return table;
}

/* "{...}" takes one segment that is not empty. */
static bool fits(const char *pattern, struct str path, struct str param[ROUTE_PARAMS])
{
	size_t params = 0, at = 0;

	while (*pattern != '\0') {
		if (*pattern != '{') {
			if (at == path.len || path.p[at] != *pattern)
				return false;
			at++;
			pattern++;
			continue;
		}
		size_t from = at;

		while (at < path.len && path.p[at] != '/')
			at++;
		if (at == from)
			return false;
		if (params < ROUTE_PARAMS)
			param[params++] = (struct str){ path.p + from, at - from };
		pattern = strchr(pattern, '}') + 1;
	}
	return at == path.len;
}

const struct route *route_find(enum http_method method, struct str path, struct str param[ROUTE_PARAMS], unsigned *ret_allowed)
{
	const char *first = NULL;

	if (method == HTTP_HEAD)
		method = HTTP_GET;
	*ret_allowed = 0;
	for (size_t k = 0; k < ROUTES; k++) {
		/* A later pattern that fits as well ("/conversations/{id}" for "counts") is another address. */
		if ((first != NULL && strcmp(first, table[k].path) != 0) || !fits(table[k].path, path, param))
			continue;
		if (table[k].method == method)
			return &table[k];
		first = table[k].path;
		*ret_allowed |= table[k].method;
	}
	return NULL;
}

bool route_changes(const struct route *route)
{
	return route->method != HTTP_GET;
}
