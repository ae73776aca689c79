/* A house without doors whose work runs, and a provider across the street that does what the messages' own words tell it. */
#ifndef TESTS_WORK_STREET_H
#define TESTS_WORK_STREET_H

#include "../check.h"
#include "../folder.h"
#include "base/clock.h"
#include "inbox/account.h"
#include "inbox/message.h"
#include "peer.h"
#include "work/work.h"

/* What a text begins with is what the provider does with it:
 *	"hello"			takes it
 *	"once 429 ..."		answers so the first time it comes, takes it the second time
 *	"always 400 ..."	answers so each time
 *	"lose ..."		takes it, and closes without an answer
 *	"wait ..."		answers when street_release() is called; then as "once ..."
 *	"dead ..."		the channel sends it to where nobody listens
 *	"never ..."		the channel does not compose it
 * Answers: 200 sent, 299 sent without an id, 298 an outcome that does not exist, 297 failed in bytes that are no text, 296 the
 * channel cannot read the answer, 400 failed, 401 the token is dead, 403 held, 429 parked for 200 ms, 430 for a second, 500
 * again in 50 ms. */

#define SLUG "test-chat"

/* What a channel of street_able() adds: a file's content says what happens to its upload, as a text does; a message with a file is
 * sent as "TEXT [TYPE ID NAME]", a quote adds " >ID", a reaction is "react EMOJI ID", a template "template NAME LANGUAGE KEY=VALUE". */

struct street {
	struct folder folder;
	struct config config;
	struct instance i;
	struct db *reader;
	struct arena arena;
	struct workspace_id w;
	int64_t account_id;
	struct work *work;
	struct peer *peer;
	char graph_url[64];
};
extern struct street street;

/* Fixtures: everything but the work runs; one account, whose token is "good". */
int street_open(void **state);
int street_close(void **state);
void street_work(void);				/* starts it */
void street_rest(void);				/* stops it */

int64_t street_account(const char *key, const char *token);
void street_token(int64_t account_id, const char *token);	/* saves another one */
int64_t street_meet(int64_t account_id, const char *contact);	/* the customer writes; the conversation */
int64_t street_reply(int64_t conversation_id, const char *text);
/* From now on the channel can all that one can, and tells nobody's name. uploads: files are brought to the provider; else they are
 * fetched from here. */
void street_able(bool uploads);
/* ... and whom it tells that somebody writes learns that the messages were read. */
void street_typing_is_seen(void);
/* A file that user 7 has brought. */
int64_t street_upload(const char *name, const char *mime_type, const char *content);
/* Sends it, by user 7; the message. text: "" is none. */
int64_t street_send_file(int64_t conversation_id, const char *content, const char *text);
struct message street_message(int64_t conversation_id, int64_t message_id);
struct account street_account_now(int64_t account_id);
/* Wait until it is so; the test fails after 15 s. */
struct message street_becomes(int64_t conversation_id, int64_t message_id, int status);
struct account street_account_becomes(int64_t account_id, enum account_status status);
/* Waits until `is` says so. */
void street_until(bool (*is)(const void *arg), const void *arg, const char *what);

/* From now on statements that begin so fail; NULL: none. */
void street_fail(const char *sql_head);
int street_failures(void);

/* The provider. */
void street_release(void);			/* those that wait, and all that come later */
int street_got(const char *text);		/* how often it was asked to send this */
int street_waiting(void);			/* requests that hang now */
bool street_waits(int count);			/* until so many hang; false after 10 s */
int street_most_waiting(void);
int street_asked(const char *path_head);	/* how often for paths that begin so */
struct str street_sent(void);			/* texts in the order in which they came, each with a final '\n'; the arena's */
void street_refuse_token(const char *token);	/* answers 401 to it everywhere */
void street_refuse_slowly(void);		/* ... and to subscriptions only when street_release() is called */
void street_profile_status(int status);
void street_templates(int status, const char *first_page);	/* what it answers when it is asked for templates */

#endif
