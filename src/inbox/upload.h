/* Files that an agent has brought and not sent yet, and customers' files as they are read. */
#ifndef INBOX_UPLOAD_H
#define INBOX_UPLOAD_H

#include "files/files.h"
#include "inbox/instance.h"
#include "store/file.h"

/* What TRIXY_MESSAGE_* a file would be sent as, by the channel's media rules and the file's own type; a picture that only fits as
 * a file is one. 0: the channel takes no such file, *ret_why (the arena's) says so in words, with what to do. channel NULL: by
 * its type alone. */
int upload_type(const struct trixy_channel *channel, const struct store_file *file, struct arena *arena, struct str *ret_why);

/* Whether the channel takes the file as this TRIXY_MESSAGE_*. */
bool upload_fits(const struct trixy_channel *channel, int type, const struct store_file *file);

/* A name that may be shown and saved under: the last part of a path, without control characters and marks that turn the writing's
 * direction, LIMIT_FILE_NAME bytes with its ending. STR_NONE: nothing is left. The arena's. */
struct str file_name_clean(struct str name, struct arena *arena);

/* Keeps the draft's bytes and notes them for the user. Waits for the commit. Text of ret is the arena's. The draft is ended in any
 * case. ERR_INVALID: it is empty; ERR_LIMIT: it is larger than LIMIT_FILE, or the disk is full. */
int upload_add(struct instance *i, struct workspace_id w, int64_t user_id, struct file_draft *draft, struct str name,
	       struct arena *arena, struct store_upload *ret, struct error *err);
/* Takes it back. ERR_NOTFOUND: not the user's, or not there (sent already). */
int upload_delete(struct instance *i, struct workspace_id w, int64_t user_id, int64_t id, struct error *err);

struct attachment_file {
	struct store_file file;		/* file.id 0: nothing is kept (yet) */
	int type;			/* TRIXY_MESSAGE_* */
	struct str file_name;		/* cleaned: no path, no control characters; STR_NONE without one */
};
/* One file of a message, for serving. ERR_NOTFOUND: no such message or attachment in this workspace. Text is the arena's. */
int attachment_file_get(struct db *db, struct workspace_id w, int64_t message_id, int position, struct arena *arena,
			struct attachment_file *ret, struct error *err);
/* A person asks to fetch it once more. ERR_STATE: it is here, or has nothing to fetch. Waits for the commit. */
int attachment_fetch_again(struct instance *i, struct workspace_id w, int64_t conversation_id, int64_t message_id, int position,
			   struct error *err);

#endif
