/* One request, from its head to its answer, and what a handler needs to read the one and write the other.
 *
 * The loop makes it and frees it. Between, one thread at a time has it: a worker while the handler runs, the store's writer while
 * a webhook is committed; call_finish gives it back. A file that comes in or goes out takes it to a worker several times. */
#ifndef WEB_CALL_H
#define WEB_CALL_H

#include "base/json.h"
#include "files/files.h"
#include "inbox/account.h"
#include "inbox/people.h"
#include "web/http.h"
#include "web/loop.h"
#include "web/route.h"

struct web;
struct conn;
struct webhook;

/* What a worker is to do with a call. */
enum call_step {
	CALL_RUN,	/* answers it */
	CALL_ADMIT,	/* before a BODY_FILE comes: answers who may not send it, or begins its draft */
	CALL_SPOOL,	/* writes `body` to the draft; answers when that fails */
	CALL_READ,	/* reads the next piece of the answer's file into `out` */
	CALL_DROP,	/* removes the draft of a call that nobody waits for any more */
};

struct call {
	struct web *web;
	struct instance *instance;

	/* the request */
	char *head_bytes;			/* what `head` points into */
	struct http_head head;
	struct http_chunks chunks;
	struct buf body;			/* of a BODY_FILE: what is not in `draft` yet */
	struct file_draft draft;		/* a BODY_FILE; whole once the handler runs; fd 0: it was empty */
	char peer[64];				/* the address at the other end of the connection */
	const struct route *route;
	struct str param[ROUTE_PARAMS];
	const struct trixy_channel *channel;	/* of a webhook */
	int64_t started_us;

	/* on a worker */
	enum call_step step;
	struct arena *arena;
	struct db *db;
	struct user user;
	enum role role;				/* in `workspace` */
	struct workspace_id workspace;
	enum credential_kind credential_kind;	/* 0: not signed in */
	int64_t credential_id;
	struct str secret;			/* of the session or token */
	struct json_object *json;		/* a BODY_JSON's object */
	struct account_faults faults;		/* of the form, gathered by call_field_* */

	/* the answer */
	int status;
	const char *type;			/* NULL: no body */
	char own_type[128];			/* where `type` may point, when it is not known beforehand */
	struct buf out;
	struct str fixed;			/* instead of `out`: bytes that live as long as the program */
	struct {				/* instead of both, by web/file_answer.h: `out` has the first piece */
		int fd;				/* 0: none */
		int64_t length;			/* bytes of the body; 0: the answer is no file */
		int64_t at, left;		/* what is to be read yet */
		bool failed;
	} file;
	struct buf fields;			/* more header lines, each with its CRLF */
	const char *policy;			/* Content-Security-Policy; NULL: the strictest */
	const char *caching;			/* Cache-Control; NULL: "no-store" */
	bool stream;				/* becomes a live stream from `stream_from` on; < 0: from now on */
	int64_t stream_from;
	bool access_ended;			/* see call_access_ended */

	/* a webhook's (web/webhook_door.c) */
	struct webhook *webhook;
	int verdict;
	bool again;				/* it is read a second time, on a worker: another server may know more */
	struct store_unit unit;			/* run set by the handler: goes to the writer, whose done() finishes the call */

	/* the loop's (web/connection.h) */
	int64_t received;			/* bytes of the body */
	int64_t reserved;			/* of loop_figures.upload_bytes */
	int64_t uploader;			/* who has one of the places for uploads; 0: nobody */
	bool counted;				/* in loop_figures.files_leaving */
	struct conn *conn;			/* NULL: the client left */
	struct note note;
	struct call *next;			/* in the workers' queue */
};

void call_free(struct call *c);
/* Any thread, once: the answer is complete. Afterwards the call is the loop's again. */
void call_finish(struct call *c);
/* On a worker: does the call's step and gives the call back. CALL_RUN: who is it, may they, is the body right; then the route's
 * handler. Answers whatever is wrong. */
void call_run(struct call *c);
/* "Content-Type" is JSON and the body an object. Answers 415 or 400 and returns false otherwise. */
bool call_read_json(struct call *c);

/* ---- reading ---- */

/* An id as the API writes it. There is one way to write each: with a leading zero or a sign it is none. */
bool id_read(struct str text, int64_t *ret);
/* The n-th parameter of the path as an id. False, and 404 is answered, when it is none. */
bool call_id(struct call *c, size_t n, int64_t *ret);
/* A query parameter, decoded. True; *ret is STR_NONE when it is not there. False, and 400 is answered: broken encoding. */
bool call_query(struct call *c, const char *name, struct str *ret);
/* "limit", LIMIT_PAGE_ROWS at most, more counts as that; and "cursor", STR_NONE for the first page. False: 400 is answered. */
bool call_query_page(struct call *c, size_t *ret_limit, struct str *ret_cursor);
/* Members of the JSON body. A wrong type, or a missing one that is needed, is noted as a fault of that field. */
struct str call_text(struct call *c, const char *field, bool needed, size_t max);
bool call_bool(struct call *c, const char *field);
void call_fault(struct call *c, const char *field, const char *message);
/* True, and 422 is answered with all of them, when there are faults. */
bool call_has_faults(struct call *c);
/* Where the request comes from: the peer, or what a trusted proxy says. */
struct str call_address(struct call *c);

/* ---- answering ---- */

/* Begins a JSON answer; write one value. */
struct json_out call_json(struct call *c, int status);
/* A 200 with a page of a list: write its items between these two. next: the cursor of the page after; STR_NONE: this is the last. */
struct json_out call_list(struct call *c);
void call_list_end(struct json_out *j, struct str next);
/* A page that could not be read: ERR_INVALID says that its cursor is none of the list's. */
void call_list_failed(struct call *c, const struct error *err);
void call_empty(struct call *c, int status);
/* 204: a member, session, token or workspace is gone. Streams that hung on it end before they are told anything more. */
void call_access_ended(struct call *c);
void call_text_answer(struct call *c, int status, struct str text);
void call_redirect(struct call *c, const char *where);		/* 303 */
void call_header(struct call *c, const char *name, struct str value);
/* application/problem+json. name: NULL or the end of "urn:mailtrixy:problem:NAME"; detail: words for the person. */
void call_problem(struct call *c, int status, const char *name, const char *title, struct str detail);
void call_allow(struct call *c, unsigned methods);		/* the Allow field of a 405 */
void call_not_found(struct call *c);
/* The problem that an error code stands for. `shown`: err->text is meant for people; otherwise a sentence of the code's is
 * sent and the text goes to the log. */
void call_failed(struct call *c, const struct error *err, bool shown);
/* "field: why" of inbox/people.h as a fault at its field, or else like call_failed. */
void call_failed_field(struct call *c, const struct error *err);
void call_fault_list(struct call *c, const struct account_faults *faults);	/* 422 */

#endif
