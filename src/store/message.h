/* Rows of messages, their attachments and reactions. Numbers are those of inbox/message.h and mailtrixy/addon.h. */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "store/file.h"

struct store_message {
	int64_t id;
	struct workspace_id workspace;
	int64_t conversation_id;
	int direction, kind, status;
	uint32_t flags;
	int64_t at, author_id, edit_number;		/* author_id 0: nobody here */
	struct str external_id, text, payload, reply_to_id, story_id, story_url, tag, client_id;
	struct str error_code, error_text, error_fix;
	struct str content;				/* JSON: see sql/sqlite/002_media.sql */
};
struct store_attachment {
	int type;
	uint32_t flags;
	struct str url, title, external_id, details, mime_type, file_name, sha256, fault, media_id;
	int state;					/* enum attachment_state */
	int64_t file_id, due_at, tries, media_until;	/* 0: none */
	int position;					/* as read */
	struct store_file file;				/* as read: what is kept; id 0: nothing */
};
struct store_reaction {
	int side;		/* 1 the contact, 2 us */
	struct str reaction, emoji;	/* both STR_NONE: taken back */
	int64_t at;
	int status;		/* ours: 0 settled, 1 on its way, 2 refused */
	struct str error_text;
};

/* What stands in the index instead of an external id of 164 characters; the full id is compared as well. */
int64_t store_message_hash(struct str external_id);

/* By the provider's id. 1 found, 0 not. Text is the arena's. */
int store_message_find(struct db *db, struct workspace_id w, int64_t conversation_id, struct str external_id, struct arena *arena,
		       struct store_message *ret, struct error *err);
int store_message_get(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t id, struct arena *arena,
		      struct store_message *ret, struct error *err);		/* ERR_NOTFOUND */
/* By the client's own id. 1 found, 0 not. */
int store_message_by_client(struct db *db, struct workspace_id w, int64_t conversation_id, struct str client_id, struct arena *arena,
			    struct store_message *ret, struct error *err);
/* Up to STORE_AT_ONCE questions in one: which of these a message has. In any order. */
struct store_message_key { int64_t conversation_id, external_hash; };
int store_message_some_there(struct db *db, const struct store_message_key *keys, size_t count, struct store_message_key *ret,
			     size_t *ret_count, struct error *err);
/* The oldest own message with this text that may have been sent by up_to_ms (it is being sent, its fate is unknown, or it is
 * queued again after an attempt) and that no echo has named yet. 1 found, 0 not. */
int store_message_unsettled(struct db *db, struct workspace_id w, int64_t conversation_id, struct str text, int64_t up_to_ms,
			    struct arena *arena, struct store_message *ret, struct error *err);
/* The oldest own message of this kind without words whose fate is unknown, tried between these times. 1 found, 0 not. */
int store_message_unknown(struct db *db, struct workspace_id w, int64_t conversation_id, int kind, int64_t from_ms, int64_t up_to_ms,
			  struct arena *arena, struct store_message *ret, struct error *err);
/* The customer's newest that has an external id. 1 found, 0 not. */
int store_message_newest_in(struct db *db, struct workspace_id w, int64_t conversation_id, struct arena *arena, struct store_message *ret,
			    struct error *err);
/* Newest first; behind (before_at, before_id) when before_id is not 0. Only what shows (direction > 0). */
int store_message_list(struct db *db, struct workspace_id w, int64_t conversation_id, int64_t before_at, int64_t before_id, size_t limit,
		       struct arena *arena, struct store_message *ret, size_t *ret_count, struct error *err);

/* Inside a unit. */
int store_message_add(struct db *db, struct store_message *m, struct error *err);		/* sets m->id */
int store_message_save(struct db *db, const struct store_message *m, struct error *err);	/* all of the row */
/* Empties a row whose message goes on in another one, with its attachments and reactions. The row stays, unseen, so that its
 * id never becomes another message's. */
int store_message_retire(struct db *db, struct workspace_id w, int64_t id, struct error *err);

int store_attachment_add(struct db *db, struct workspace_id w, int64_t message_id, int position, const struct store_attachment *a,
			 struct error *err);
/* All of the row but its type and position. ERR_NOTFOUND: it has gone, e.g. with an unsent message. */
int store_attachment_save(struct db *db, struct workspace_id w, int64_t message_id, int position, const struct store_attachment *a,
			  struct error *err);
int store_attachment_delete(struct db *db, struct workspace_id w, int64_t message_id, struct error *err);
int store_attachment_get(struct db *db, struct workspace_id w, int64_t message_id, int position, struct arena *arena,
			 struct store_attachment *ret, struct error *err);	/* ERR_NOTFOUND */
/* In their order, each with its file, by one query. */
int store_attachment_list(struct db *db, struct workspace_id w, int64_t message_id, struct arena *arena, struct store_attachment **ret,
			  size_t *ret_count, struct error *err);

/* Puts the last word of one side: a later `at` wins; at the same time, the one whose reaction and emoji compare higher (any
 * fixed rule will do: the state must not depend on the order of arrival). 1: it changed something, 0: an older one. */
int store_reaction_put(struct db *db, struct workspace_id w, int64_t message_id, const struct store_reaction *reaction,
		       struct error *err);
/* Writes it whatever was there: for ours, when its sending ends. */
int store_reaction_save(struct db *db, struct workspace_id w, int64_t message_id, const struct store_reaction *reaction,
			struct error *err);
int store_reaction_delete(struct db *db, struct workspace_id w, int64_t message_id, struct error *err);	/* of both sides */
/* With those taken back. */
int store_reaction_list(struct db *db, struct workspace_id w, int64_t message_id, struct arena *arena, struct store_reaction **ret,
			size_t *ret_count, struct error *err);

#endif
