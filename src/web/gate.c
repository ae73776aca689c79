/* The one place where it is decided who a request comes from and what it may do: sign-in, CSRF, roles, the body's form. */
#include "web/call.h"
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

void call_run(struct call *c)
{
	struct str type, rest;

	if (may(c) && (c->route->body != BODY_JSON || call_read_json(c))) {
		type = str_trim(str_split(http_field(&c->head, "content-type"), ';', &rest));
		if (c->route->body == BODY_ZIP && !str_eq_nocase(type, STR("application/zip")))
			call_problem(c, 415, NULL, "Unsupported content type", STR("The body must be application/zip."));
		else
			c->route->run(c);
	}
	/* Either way the call is somebody else's after this, and may be gone already. */
	if (c->unit.run != NULL)
		store_submit(c->instance->store, &c->unit);
	else
		call_finish(c);
}
