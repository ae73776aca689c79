/* The one place where it is decided who a request comes from and what it may do: sign-in, CSRF, roles, the body's form. */
#include "base/log.h"
#include "web/call.h"
#include "web/file_answer.h"
#include "web/query.h"
#include "web/server.h"
#include "web/session.h"

static void ask_to_sign_in(struct call *c)
{
	call_header(c, "WWW-Authenticate", STR("Bearer realm=\"mailtrixy\""));
	call_problem(c, 401, NULL, "Not signed in", STR("Sign in, or send a valid API token."));
}

/* Whoever shows a secret is its user. A bearer token goes before a cookie, and a wrong one is not excused by a right
 * cookie. */
static bool recognise(struct call *c)
{
	struct str value = http_field(&c->head, "authorization"), rest;
	struct error err = { 0 };
	bool touch = false;
	int64_t user_id = 0;
	int r;

	if (value.p != NULL) {
		if (!str_eq_nocase(str_split(value, ' ', &rest), STR("bearer")))
			return false;
		c->secret = str_trim(rest);
		c->credential_kind = CREDENTIAL_TOKEN;
	} else {
		c->secret = cookie_get(http_field(&c->head, "cookie"), SESSION_COOKIE);
		c->credential_kind = CREDENTIAL_SESSION;
	}
	r = c->secret.len == 0
		    ? ERR_DENIED
		    : people_by_secret(c->db, c->credential_kind, c->secret, &user_id, &c->credential_id, &touch, &err);
	if (r >= 0)
		r = people_user(c->db, user_id, c->arena, &c->user, &err);
	if (r < 0) {
		c->credential_kind = 0;
		if (r != ERR_DENIED && r != ERR_NOTFOUND)
			call_failed(c, &err, false);
		return false;
	}
	if (touch)
		(void)people_credential_touch(c->instance, c->credential_id, NULL);
	return true;
}

/* A page of another origin can make a browser send the cookie, but cannot read the token. */
static bool csrf_is_right(struct call *c)
{
	struct str expected;

	if (!route_changes(c->route) || c->credential_kind != CREDENTIAL_SESSION)
		return true;
	expected = session_csrf(c->arena, c->secret);
	if (expected.p != NULL && crypto_equal(http_field(&c->head, "x-csrf-token"), expected))
		return true;
	call_problem(c, 403, "csrf", "Not allowed",
		     STR("The header X-CSRF-Token is missing or not this session's. Load the page again."));
	return false;
}

static bool may_in_workspace(struct call *c)
{
	struct error err = { 0 };

	if (!call_id(c, 0, &c->workspace.v))
		return false;
	if (people_role(c->db, c->workspace, c->user.id, &c->role, &err) < 0) {
		call_failed(c, &err, false);
		return false;
	}
	if (c->role == ROLE_NONE) {
		call_not_found(c);
		return false;
	}
	if (c->role >= c->route->role)
		return true;
	call_problem(c, 403, NULL, "Not allowed",
		     arena_printf(c->arena, "This takes the role %s; yours is %s.", role_word(c->route->role),
				  role_word(c->role)));
	return false;
}

static bool may(struct call *c)
{
	if (c->route->access == ACCESS_PUBLIC) {
		/* A form of another site must not sign somebody in or set this up (login CSRF). */
		if (route_changes(c->route) && str_eq_c(http_field(&c->head, "sec-fetch-site"), "cross-site")) {
			call_problem(c, 403, "csrf", "Not allowed", STR("This request came from another site."));
			return false;
		}
		return true;
	}
	if (!recognise(c)) {
		if (c->status == 0)
			ask_to_sign_in(c);
		return false;
	}
	if (!csrf_is_right(c))
		return false;
	if (c->route->access == ACCESS_MEMBER)
		return may_in_workspace(c);
	if (c->route->access == ACCESS_INSTANCE_ADMIN && !c->user.instance_admin) {
		call_problem(c, 403, NULL, "Not allowed", STR("Only an admin of this installation may do this."));
		return false;
	}
	return true;
}

bool call_sign_in_state(struct call *c)
{
	bool known = recognise(c);

	c->status = 0;
	return known;
}

/* What is not the client's fault and not passing either: a full disk, or a broken one. */
static void disk_failed(struct call *c, const struct error *err)
{
	log_event(LOG_ERROR, "a file that is being uploaded cannot be kept", log_c("reason", err->text), log_end);
	call_problem(c, 507, "disk", "The file cannot be kept",
		     STR("The server's disk is full or broken; its log says which. Tell the admin of this installation."));
}

static void spool(struct call *c)
{
	struct error err = { 0 };

	if (c->body.len > 0 && file_draft_write(&c->draft, buf_str(&c->body), &err) < 0)
		disk_failed(c, &err);
}

static void admit(struct call *c)
{
	struct error err = { 0 };

	if (may(c) && file_draft_begin(c->instance->files, &c->draft, &err) < 0)
		disk_failed(c, &err);
}

static bool body_is_right(struct call *c)
{
	struct str rest, type;

	switch (c->route->body) {
	case BODY_JSON:
		return call_read_json(c);
	case BODY_ZIP:
		type = str_trim(str_split(http_field(&c->head, "content-type"), ';', &rest));
		if (str_eq_nocase(type, STR("application/zip")))
			return true;
		call_problem(c, 415, NULL, "Unsupported content type", STR("The body must be application/zip."));
		return false;
	case BODY_FILE:
		spool(c);
		return c->status == 0;
	case BODY_NONE:
	case BODY_RAW:
		break;
	}
	return true;
}

void call_run(struct call *c)
{
	switch (c->step) {
	case CALL_RUN:
		/* Also for a body that was admitted: who sent it may have lost the right meanwhile. */
		if (may(c) && body_is_right(c))
			c->route->run(c);
		break;
	case CALL_ADMIT: admit(c); break;
	case CALL_SPOOL: spool(c); break;
	case CALL_READ: file_answer_read(c); break;
	case CALL_DROP: file_draft_drop(&c->draft); break;
	}
	/* Whichever way, the call is somebody else's after this, and may be gone already. */
	if (c->again && c->db == NULL)
		webhook_door_again(c);
	else if (c->unit.run != NULL)
		store_submit(c->instance->store, &c->unit);
	else
		call_finish(c);
}
