/* Signing in and out, the first set-up, one-time links, and who is signed in. */
#include "web/session.h"

#include "base/clock.h"
#include "base/limit.h"
#include "base/log.h"
#include "web/pages.h"
#include "web/server.h"
#include "web/throttle.h"

enum { SESSION_DAYS = 30, FAILURES_MAX = 10, FAILURES_ADDRESS_MAX = 100 };
static const int64_t failures_window_ms = 15 * MINUTE_MS;

struct str session_csrf(struct arena *arena, struct str secret)
{
	SCOPED(buf_done) struct buf b = { 0 };
	unsigned char digest[SHA256_BYTES];

	buf_add(&b, STR("csrf:"));
	buf_add(&b, secret);
	crypto_sha256(buf_str(&b), digest);
	return crypto_hex(arena, digest, 16);
}

static void set_cookie(struct call *c, struct str value, int64_t seconds)
{
	call_header(c, "Set-Cookie",
		    arena_printf(c->arena, SESSION_COOKIE "=%.*s; Path=/; Max-Age=%lld; HttpOnly; SameSite=Lax%s",
				 STR_ARG(value), (long long)seconds, c->web->https ? "; Secure" : ""));
}

void session_forget_cookie(struct call *c)
{
	set_cookie(c, STR(""), 0);
}

bool session_begin(struct call *c, int64_t user_id)
{
	struct str name = str_cut(http_field(&c->head, "user-agent"), 0, LIMIT_NAME);
	struct error err = { 0 };

	if (name.len == 0 || !utf8_valid(name))
		name = STR("a browser");
	name.len = utf8_prefix(name, LIMIT_NAME);
	if (people_credential_new(c->instance, user_id, CREDENTIAL_SESSION, name, SESSION_DAYS * DAY_MS, c->arena, &c->secret,
				  &c->credential_id, &err) < 0 ||
	    people_user(c->db, user_id, c->arena, &c->user, &err) < 0) {
		call_failed(c, &err, false);
		return false;
	}
	c->credential_kind = CREDENTIAL_SESSION;
	set_cookie(c, c->secret, SESSION_DAYS * DAY_MS / SECOND_MS);
	return true;
}

static void answer_me(struct call *c, int status)
{
	struct membership *list = NULL;
	struct error err = { 0 };
	size_t count = 0;
	struct json_out j;

	if (people_memberships(c->db, c->user.id, c->arena, &list, &count, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	j = call_json(c, status);
	json_open(&j, NULL);
	json_open(&j, "user");
	json_id(&j, "id", c->user.id);
	json_str(&j, "name", c->user.name);
	json_str(&j, "email", c->user.email);
	json_close(&j);
	json_bool(&j, "instance_admin", c->user.instance_admin);
	json_str(&j, "csrf_token", c->credential_kind == CREDENTIAL_SESSION ? session_csrf(c->arena, c->secret) : STR_NONE);
	json_list(&j, "workspaces");
	for (size_t k = 0; k < count; k++) {
		json_open(&j, NULL);
		json_id(&j, "id", list[k].workspace.v);
		json_str(&j, "name", list[k].workspace_name);
		json_c(&j, "role", role_word(list[k].role));
		json_close(&j);
	}
	json_list_end(&j);
	json_str(&j, "public_url", c->instance->config->public_url);
	json_close(&j);
}

void api_me(struct call *c)
{
	answer_me(c, 200);
}

void api_setup_get(struct call *c)
{
	struct error err = { 0 };
	bool any = false;
	struct json_out j;

	if (people_any(c->db, &any, &err) < 0) {
		call_failed(c, &err, false);
		return;
	}
	j = call_json(c, 200);
	json_open(&j, NULL);
	json_bool(&j, "needed", !any);
	json_close(&j);
}

void api_setup(struct call *c)
{
	struct str email = call_text(c, "email", true, LIMIT_EMAIL), name = call_text(c, "name", true, LIMIT_NAME);
	struct str password = call_text(c, "password", true, LIMIT_PASSWORD),
		   workspace = call_text(c, "workspace", true, LIMIT_NAME);
	struct error err = { 0 };
	int64_t user_id;
	bool any = false;

	/* Asked first, so that nobody can make this server hash passwords for nothing. */
	if (people_any(c->db, &any, &err) < 0) {
		call_failed(c, &err, false);
	} else if (any) {
		call_problem(c, 409, NULL, "Not possible now",
			     STR("This installation is set up already. Sign in, or let an admin add you."));
	} else if (!call_has_faults(c)) {
		if (people_setup(c->instance, email, name, password, workspace, &user_id, &err) < 0)
			call_failed_field(c, &err);
		else if (session_begin(c, user_id))
			answer_me(c, 201);
	}
}

struct guess {
	struct str pair, address;	/* keys of web/throttle.h */
};

/* True, and 429 is answered, when this address has guessed too often. */
static bool is_throttled(struct call *c, const struct guess *g)
{
	int64_t now = clock_mono_ms(), wait = throttle_wait(c->web->throttle, g->pair, FAILURES_MAX, failures_window_ms, now);

	if (wait == 0)
		wait = throttle_wait(c->web->throttle, g->address, FAILURES_ADDRESS_MAX, failures_window_ms, now);
	if (wait == 0)
		return false;
	call_header(c, "Retry-After", arena_printf(c->arena, "%lld", (long long)(wait / SECOND_MS + 1)));
	call_problem(c, 429, NULL, "Too many attempts",
		     arena_printf(c->arena, "Signing in failed too often. Try again in %lld minutes.",
				  (long long)(wait / MINUTE_MS + 1)));
	return true;
}

static struct str lower_case(struct arena *arena, struct str s)
{
	char *p = arena_alloc(arena, s.len + 1);

	for (size_t k = 0; p != NULL && k < s.len; k++)
		p[k] = s.p[k] >= 'A' && s.p[k] <= 'Z' ? (char)(s.p[k] + 32) : s.p[k];
	return (struct str){ p, p != NULL ? s.len : 0 };
}

void api_sign_in(struct call *c)
{
	struct str email = call_text(c, "email", true, LIMIT_EMAIL),
		   password = call_text(c, "password", true, LIMIT_PASSWORD);
	struct error err = { 0 };
	struct guess g;
	int64_t user_id, now = clock_mono_ms();
	int r;

	if (call_has_faults(c))
		return;
	g.address = arena_printf(c->arena, "a %.*s", STR_ARG(call_address(c)));
	g.pair = arena_printf(c->arena, "p %.*s %.*s", STR_ARG(call_address(c)), STR_ARG(lower_case(c->arena, email)));
	if (is_throttled(c, &g))
		return;
	/* Counted before the slow comparison: many at once must not all slip through. */
	throttle_failed(c->web->throttle, g.pair, failures_window_ms, now);
	throttle_failed(c->web->throttle, g.address, failures_window_ms, now);
	r = people_sign_in(c->db, email, password, &user_id, &err);
	if (r == ERR_DENIED) {
		log_event(LOG_WARNING, "sign-in refused", log_s("address", call_address(c)), log_end);
		call_problem(c, 401, NULL, "Not signed in", STR("E-mail or password is wrong."));
	} else if (r < 0) {
		call_failed(c, &err, false);
	} else {
		throttle_forget(c->web->throttle, g.pair);
		throttle_forgive(c->web->throttle, g.address);
		if (session_begin(c, user_id))
			answer_me(c, 200);
	}
}

void api_sign_out(struct call *c)
{
	struct error err = { 0 };

	if (c->credential_kind == CREDENTIAL_SESSION &&
	    people_credential_delete(c->instance, c->user.id, c->credential_id, &err) < 0 && err.code != ERR_NOTFOUND) {
		call_failed(c, &err, false);
		return;
	}
	call_access_ended(c);
	session_forget_cookie(c);
}

/* GET /login?token=...: the link that `mailtrixy link` prints; without a token it is a page. A HEAD uses nothing up. */
void page_link(struct call *c)
{
	struct error err = { 0 };
	struct str token;
	int64_t user_id;
	int r;

	if (!call_query(c, "token", &token))
		return;
	if (token.p == NULL || c->head.method == HTTP_HEAD) {
		(void)pages_answer(c->web->pages, c);
		return;
	}
	r = people_link_use(c->instance, token, &user_id, &err);
	if (r == ERR_DENIED || r == ERR_NOTFOUND || r == ERR_INVALID)
		call_redirect(c, call_sign_in_state(c) ? "/" : "/login?expired=1");
	else if (r < 0)
		call_failed(c, &err, false);
	else if (session_begin(c, user_id))
		call_redirect(c, "/");
}
