/* See web/call.h: reading a request and writing its answer. Who may is web/gate.c. */
#include "web/call.h"

#include <unistd.h>

#include "base/limit.h"
#include "base/log.h"
#include "inbox/webhook.h"
#include "web/query.h"
#include "web/server.h"

void call_free(struct call *c)
{
	if (c->file.fd > 0)
		(void)close(c->file.fd);
	file_draft_drop(&c->draft);
	free(c->head_bytes);
	buf_done(&c->body);
	buf_done(&c->out);
	buf_done(&c->fields);
	json_free(&c->json);
	webhook_free(c->webhook);
	free(c);
}

void call_finish(struct call *c)
{
	loop_post(c->web->loop, &c->note);
}

bool id_read(struct str text, int64_t *ret)
{
	return text.len > 0 && text.p[0] >= '1' && text.p[0] <= '9' && str_to_i64(text, ret);
}

bool call_id(struct call *c, size_t n, int64_t *ret)
{
	if (id_read(c->param[n], ret))
		return true;
	call_not_found(c);
	return false;
}

bool call_query(struct call *c, const char *name, struct str *ret)
{
	struct error err = { 0 };
	int r = query_get(c->arena, c->head.query, name, ret, &err);

	if (r >= 0)
		return true;
	if (r == ERR_INVALID)
		call_problem(c, 400, NULL, "The request is malformed",
			     STR("A parameter of the address is not percent-encoded UTF-8."));
	else
		call_failed(c, &err, false);
	return false;
}

bool call_query_page(struct call *c, size_t *ret_limit, struct str *ret_cursor)
{
	struct str text;
	int64_t v = 50;

	if (!call_query(c, "cursor", ret_cursor) || !call_query(c, "limit", &text))
		return false;
	if (ret_cursor->len == 0)
		*ret_cursor = STR_NONE;
	if (text.p != NULL && (!str_to_i64(text, &v) || v < 1)) {
		call_problem(c, 400, NULL, "The request is malformed", STR("limit is a whole number, 1 or more."));
		return false;
	}
	*ret_limit = v < LIMIT_PAGE_ROWS ? (size_t)v : LIMIT_PAGE_ROWS;
	return true;
}

bool call_read_json(struct call *c)
{
	struct str type = http_field(&c->head, "content-type"), rest;
	struct error err = { 0 };
	int r;

	if (!str_eq_nocase(str_trim(str_split(type, ';', &rest)), STR("application/json"))) {
		call_problem(c, 415, NULL, "Unsupported content type", STR("The body must be application/json."));
		return false;
	}
	r = json_parse(buf_str(&c->body), &c->json, &err);
	if (r == ERR_INVALID) {
		call_problem(c, 400, NULL, "The body is not JSON",
			     arena_printf(c->arena, "The body is not JSON: %s", err.text));
		return false;
	}
	if (r < 0) {
		call_failed(c, &err, false);
		return false;
	}
	if (str_trim(buf_str(&c->body)).p[0] != '{') {
		call_problem(c, 400, NULL, "The body is not an object", STR("The body must be a JSON object."));
		return false;
	}
	return true;
}

void call_fault(struct call *c, const char *field, const char *message)
{
	if (c->faults.count < sizeof(c->faults.fault) / sizeof(c->faults.fault[0]))
		c->faults.fault[c->faults.count++] = (struct field_fault){ str_of(field), str_of(message) };
}

struct str call_text(struct call *c, const char *field, bool needed, size_t max)
{
	struct str s = json_get_str(c->json, field);

	if (s.p == NULL && !json_is_none(c->json, field))
		call_fault(c, field, "Must be a text.");
	else if (s.p == NULL && needed)
		call_fault(c, field, "Is missing.");
	else if (s.len > max)
		call_fault(c, field, "Is too long.");
	else
		return s;
	return STR_NONE;
}

bool call_bool(struct call *c, const char *field)
{
	bool v = false;

	if (!json_get_bool(c->json, field, &v) && !json_is_none(c->json, field))
		call_fault(c, field, "Must be true or false.");
	return v;
}

void call_fault_list(struct call *c, const struct account_faults *faults)
{
	struct json_out j;

	call_problem(c, 422, NULL, "Some fields need another value",
		     faults->count == 1 ? faults->fault[0].message : STR("Each field that needs another value says why."));
	/* Goes on where call_problem ended: before its '}'. */
	c->out.len--;
	buf_add(&c->out, STR(",\"errors\":"));
	j = json_out(&c->out);
	json_list(&j, NULL);
	for (size_t k = 0; k < faults->count; k++) {
		json_open(&j, NULL);
		json_str(&j, "field", faults->fault[k].field);
		json_str(&j, "message", faults->fault[k].message);
		json_close(&j);
	}
	json_list_end(&j);
	buf_add_char(&c->out, '}');
}

bool call_has_faults(struct call *c)
{
	if (c->faults.count > 0)
		call_fault_list(c, &c->faults);
	return c->faults.count > 0;
}

static bool is_trusted(struct str list, struct str address)
{
	while (list.p != NULL) {
		struct str one = str_trim(str_split(list, ',', &list));

		if (one.len > 0 && str_eq(one, address))
			return true;
	}
	return false;
}

/* Takes the rightmost address off `list`. */
static struct str last_address(struct str *list)
{
	size_t at = list->len;
	struct str address;

	while (at > 0 && list->p[at - 1] != ',')
		at--;
	address = str_trim(str_cut(*list, at, list->len));
	*list = str_cut(*list, 0, at > 0 ? at - 1 : 0);
	return address;
}

/* The rightmost address that is no proxy of ours: what stands left of it, anybody can write. Several fields of the name
 * are one list (RFC 9110 section 5.3): a proxy that adds a line of its own adds it below the client's. */
struct str call_address(struct call *c)
{
	struct str address = str_of(c->peer), trusted = c->instance->config->trusted_proxies;

	for (size_t k = c->head.field_count; k > 0; k--) {
		struct str list = c->head.field[k - 1].value;

		if (!str_eq_nocase(c->head.field[k - 1].name, STR("x-forwarded-for")))
			continue;
		while (list.len > 0 && is_trusted(trusted, address))
			address = last_address(&list);
	}
	return str_cut(address, 0, 64);
}

struct json_out call_json(struct call *c, int status)
{
	c->status = status;
	c->type = "application/json; charset=utf-8";
	buf_clear(&c->out);
	return json_out(&c->out);
}

struct json_out call_list(struct call *c)
{
	struct json_out j = call_json(c, 200);

	json_open(&j, NULL);
	json_list(&j, "items");
	return j;
}

void call_list_end(struct json_out *j, struct str next)
{
	json_list_end(j);
	json_str(j, "next_cursor", next);
	json_close(j);
}

void call_list_failed(struct call *c, const struct error *err)
{
	if (err->code == ERR_INVALID)
		call_problem(c, 400, NULL, "The request is malformed", STR("cursor is not one that this list has given."));
	else
		call_failed(c, err, false);
}

void call_empty(struct call *c, int status)
{
	c->status = status;
	c->type = NULL;
	buf_clear(&c->out);
}

void call_access_ended(struct call *c)
{
	call_empty(c, 204);
	c->access_ended = true;
}

void call_text_answer(struct call *c, int status, struct str text)
{
	c->status = status;
	c->type = "text/plain; charset=utf-8";
	buf_clear(&c->out);
	buf_add(&c->out, text);
}

void call_header(struct call *c, const char *name, struct str value)
{
	if (str_has_control(value))
		return;			/* a line break would be a field of somebody else's */
	buf_add_c(&c->fields, name);
	buf_add(&c->fields, STR(": "));
	buf_add(&c->fields, value);
	buf_add(&c->fields, STR("\r\n"));
}

void call_redirect(struct call *c, const char *where)
{
	call_empty(c, 303);
	call_header(c, "Location", str_of(where));
}

void call_allow(struct call *c, unsigned methods)
{
	static const struct {
		unsigned method;
		const char *name;
	} names[] = {
		{ HTTP_GET, "GET, HEAD" }, { HTTP_POST, "POST" }, { HTTP_PUT, "PUT" }, { HTTP_PATCH, "PATCH" }, { HTTP_DELETE, "DELETE" },
	};
	char list[64] = "";
	size_t len = 0;

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if ((methods & names[k].method) != 0)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len > 0 ? ", " : "", names[k].name);
	call_header(c, "Allow", (struct str){ list, len });
}

void call_problem(struct call *c, int status, const char *name, const char *title, struct str detail)
{
	struct json_out j;

	c->status = status;
	c->type = "application/problem+json";
	c->fixed = STR_NONE;
	c->stream = false;
	c->file.length = c->file.left = 0;
	buf_clear(&c->out);
	j = json_out(&c->out);
	json_open(&j, NULL);
	if (name == NULL) {
		json_c(&j, "type", "about:blank");
	} else {
		char urn[96];

		(void)snprintf(urn, sizeof(urn), "urn:mailtrixy:problem:%s", name);
		json_c(&j, "type", urn);
	}
	json_c(&j, "title", title);
	json_i64(&j, "status", status);
	json_str(&j, "detail", detail);
	json_close(&j);
}

void call_not_found(struct call *c)
{
	call_problem(c, 404, NULL, "Not found", STR("There is nothing at this address, or you may not see it."));
}

static void say(struct call *c, int status, const char *title, const struct error *err, bool shown, const char *otherwise)
{
	call_problem(c, status, NULL, title, shown && err->text[0] != '\0' ? str_of(err->text) : str_of(otherwise));
}

void call_failed(struct call *c, const struct error *err, bool shown)
{
	switch (err->code) {
	case ERR_INVALID: say(c, 422, "The request cannot be taken", err, shown, "A value in it breaks a rule."); return;
	case ERR_NOTFOUND: call_not_found(c); return;
	case ERR_EXISTS: say(c, 409, "It is there already", err, shown, "There is one like it already."); return;
	case ERR_DENIED: say(c, 403, "Not allowed", err, shown, "Your role does not allow this."); return;
	case ERR_LIMIT: say(c, 422, "Too much", err, shown, "It is more than this server takes."); return;
	case ERR_STATE: say(c, 409, "Not possible now", err, shown, "Its present state does not allow this."); return;
	case ERR_TEMPORARY:
		call_header(c, "Retry-After", STR("2"));
		call_problem(c, 503, NULL, "Not possible at the moment",
			     STR("The server could not do this just now. Try again in a moment."));
		break;
	default:
		call_problem(c, 500, NULL, "The server failed",
			     STR("Something went wrong on the server. Its log says what; nothing was changed."));
	}
	log_event(LOG_ERROR, "request failed", log_c("route", c->route != NULL ? c->route->path : "-"),
		  log_i("status", c->status), log_i("code", err->code), log_c("reason", err->text), log_end);
}

void call_failed_field(struct call *c, const struct error *err)
{
	struct str why, field = str_split(str_of(err->text), ':', &why);
	struct account_faults one = { .count = 1 };

	if ((err->code != ERR_INVALID && err->code != ERR_EXISTS) || why.p == NULL ||
	    memchr(field.p, ' ', field.len) != NULL) {
		call_failed(c, err, true);
		return;
	}
	why = str_trim(why);
	one.fault[0] = (struct field_fault){ field, why };
	call_fault_list(c, &one);
	if (err->code == ERR_EXISTS)
		call_problem(c, 409, NULL, "It is there already", why);
}
