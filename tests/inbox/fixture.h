/* A house without doors for the domain's tests: a store in a folder of its own, one workspace, one account of a small channel
 * that lives here. */
#ifndef TESTS_INBOX_FIXTURE_H
#define TESTS_INBOX_FIXTURE_H

#include "../check.h"
#include "../folder.h"
#include "base/clock.h"
#include "inbox/apply.h"
#include "inbox/conversation.h"

#define CHANNEL "whatsapp"	/* one of the core's closed list, so that nothing must be widened */

struct house {
	struct folder folder;
	struct str database;
	struct config config;
	struct instance i;
	struct db *reader;
	struct arena arena;
	struct workspace_id w, other;
	int64_t account_id;
	const struct trixy_channel *channel;	/* whose events house_apply applies; &fake_channel to begin with */
};

extern struct house house;
extern const struct trixy_channel fake_channel;

int house_open(void **state);
int house_close(void **state);
/* Connects one more account, with what signs its webhooks. */
int64_t house_connect(struct workspace_id w, const char *key, const char *secret);
/* Applies the events in one unit. */
/* store_write for a unit that tells what it will ask for (struct store_unit.tell_ahead). */
int house_write_ahead(int (*run)(struct db *db, void *arg, struct error *err), void (*tell_ahead)(void *arg, struct ahead *a), void *arg,
		      struct error *err);
struct apply_result house_apply(const struct trixy_event *events, size_t count);
/* The only conversation of a contact; fails the test when there is none. */
struct conversation house_conversation(const char *contact);
/* Its messages, newest first. */
struct message *house_messages(int64_t conversation_id, size_t *ret_count);
/* A number that a statement gives: for what no reading shows. Its only parameter is the account. */
#define house_number(sql) house_number_of("" sql "", sizeof(sql) - 1)
int64_t house_number_of(const char *sql, size_t len);
/* What is stored of a contact's conversation, row by row with every column but the row ids, as text. */
struct str house_dump(const char *contact);

/* A file that a user has brought and not sent yet; its bytes are nowhere. */
int64_t house_upload(int64_t user_id, const char *name, const char *mime_type, int64_t bytes);

#define T(lit) ((struct trixy_text){ "" lit "", sizeof(lit) - 1 })
struct trixy_event said(const char *contact, const char *id, const char *text, int64_t at_ms);	/* by the customer */
struct trixy_event echoed(const char *contact, const char *id, const char *text, int64_t at_ms);

#endif
