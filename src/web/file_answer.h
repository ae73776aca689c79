/* A kept file as an answer: what it may do in a browser, what the browser has already, and which part is asked for. */
#ifndef WEB_FILE_ANSWER_H
#define WEB_FILE_ANSWER_H

#include "web/call.h"

enum { FILE_PIECE = 128 * 1024 };	/* is in memory at a time */

struct file_answer {
	struct workspace_id workspace;
	struct str sha256;
	struct str mime_type;		/* as the file's bytes look */
	struct str name;		/* for who saves it; STR_NONE: made of its type and `id` */
	int64_t id;
	int type;			/* TRIXY_MESSAGE_* */
	bool preview;			/* the small picture beside it instead */
	bool download;			/* to be saved, whatever it is */
	bool public;			/* for a provider's program: nobody keeps it, no browser shows it */
};
/* Answers a GET or HEAD with it. Conditions and a range of the request count (RFC 9110 sections 13 and 14): 200, 206, 304 or 416; a
 * request for several ranges gets the whole. 404: its bytes are not on the disk. */
void file_answer(struct call *c, const struct file_answer *f);
/* On a worker: the next piece into call->out, or call->file.failed. */
void file_answer_read(struct call *c);

/* ---- parts of it ---- */

/* The one range that a Range field asks for of `bytes` bytes. 1: *ret_from and *ret_len are it. 0: none, or more than one, or not
 * understood: the whole is answered. -1: it begins behind the end. */
int file_range(struct str field, int64_t bytes, int64_t *ret_from, int64_t *ret_len);
/* Content-Disposition (RFC 6266). Anything that is not plain ASCII is told twice, as old and as new programs read it. */
struct str file_disposition(bool is_inline, struct str name, struct arena *arena);
/* The short list of what a browser may show by itself, in a window of its own, without harm. */
bool file_may_be_shown(struct str mime_type);

#endif
