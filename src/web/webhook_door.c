/* Where providers call: the handshake by GET, events by POST. Their addresses are the channels', which come and go.
 *
 * A POST is answered when what it brought is durable, not before: the store's writer sends the answer after the commit. */
#include "base/limit.h"
#include "base/log.h"
#include "inbox/directory.h"
#include "inbox/webhook.h"
#include "web/server.h"
#include "web/workers.h"

enum { CHALLENGE_MAX = 512 };

const struct trixy_channel *webhook_door_channel(struct web *web, struct str path)
{
	return channels_by_path(web->instance->channels, path);
}

static void count(struct call *c, enum webhook_outcome outcome)
{
	atomic_fetch_add_explicit(&c->web->metrics.webhooks[outcome], 1, memory_order_relaxed);
}

/* The provider reads the status alone; the words are for who tries it by hand. */
static void answer_verdict(struct call *c, int verdict)
{
	switch (verdict) {
	case WEBHOOK_STORE:
		count(c, WEBHOOK_STORED);
		call_text_answer(c, 200, STR("EVENT_RECEIVED"));
		break;
	case WEBHOOK_UNSIGNED:
		count(c, WEBHOOK_REFUSED);
		call_problem(c, 401, NULL, "Not signed",
			     STR("X-Hub-Signature-256 is missing, or was not made with the App Secret of an account that "
				 "this webhook names."));
		break;
	default:
		count(c, WEBHOOK_BAD);
		call_problem(c, 400, NULL, "Not a webhook",
			     STR("The body is not JSON of the kind that this channel receives."));
		break;
	}
}

static void answer_lost(struct call *c, const struct error *err)
{
	count(c, WEBHOOK_LOST);
	log_event(LOG_ERROR, "webhook not stored; the provider will send it again", log_i("code", err->code),
		  log_c("reason", err->text), log_end);
	call_header(c, "Retry-After", STR("5"));
	call_problem(c, 503, NULL, "Not possible at the moment", STR("The event could not be stored. Send it again."));
}

/* ---- what another server may know ---- */

void webhook_door_again(struct call *c)
{
	const struct error full = { .code = ERR_LIMIT, .text = "too many requests wait already" };

	webhook_free(c->webhook);
	c->webhook = NULL;
	c->unit = (struct store_unit){ 0 };
	c->again = true;
	if (!workers_submit(c->web->workers, c)) {
		answer_lost(c, &full);
		call_finish(c);
	}
}

/* Whether somebody who would be refused, or is not known, is known after all: where several servers share the database an account may
 * have been connected by another one a moment ago. That takes a look at the database: not on the loop. */
static bool may_be_news(struct call *c, int verdict)
{
	return verdict == WEBHOOK_UNSIGNED && !c->again && store_shared(c->instance->store);
}

/* ---- storing ---- */

/* On the store's writer thread: must be quick. */
static void stored(void *arg, int result, const struct error *err)
{
	struct call *c = arg;

	if (result >= 0 && webhook_is_early(c->webhook) && !c->again) {
		webhook_door_again(c);
		return;
	}
	if (result >= 0 && webhook_is_early(c->webhook)) {
		const struct error early = { .code = ERR_TEMPORARY, .text = "an account that another server has connected is not known here yet" };

		answer_lost(c, &early);
		call_finish(c);
		return;
	}
	if (c->verdict != WEBHOOK_STORE)	/* what was journalled is the refusal */
		answer_verdict(c, c->verdict);
	else if (result < 0)
		answer_lost(c, err);
	else
		answer_verdict(c, WEBHOOK_STORE);
	if (result >= 0)
		webhook_stored(c->webhook);
	call_finish(c);
}

static int store_it(struct db *db, void *arg, struct error *err)
{
	struct call *c = arg;

	return webhook_store(db, c->webhook, err);
}

static void tell_ahead(void *arg, struct ahead *a)
{
	webhook_tell_ahead(((struct call *)arg)->webhook, a);
}

static int read_it(struct call *c, struct error *err)
{
	struct error why = { 0 };

	webhook_free(c->webhook);
	c->webhook = NULL;
	/* Refused is better than kept waiting: the provider sends it again. */
	if (c->again && directory_catch_up(c->instance, &why) < 0)
		(void)directory_refresh(c->instance, &why);
	return webhook_read(c->instance, c->channel, buf_str(&c->body), http_field(&c->head, "x-hub-signature-256"), &c->webhook, err);
}

static void receive(struct call *c)
{
	struct error err = { 0 };
	int verdict = read_it(c, &err);

	if (may_be_news(c, verdict)) {
		c->again = true;
		if (c->db == NULL)
			return;			/* call_run hands it over */
		verdict = read_it(c, &err);
	}
	if (verdict == ERR_LIMIT) {
		count(c, WEBHOOK_BAD);
		call_problem(c, 413, NULL, "The webhook is too large",
			     STR("It holds more events than this server takes at once."));
	} else if (verdict < 0) {
		answer_lost(c, &err);
	} else if (verdict != WEBHOOK_STORE && !webhook_has_unit(c->webhook)) {
		answer_verdict(c, verdict);
	} else {
		c->verdict = verdict;
		c->unit = (struct store_unit){ .run = store_it, .done = stored, .tell_ahead = tell_ahead, .arg = c };
	}
}

/* Visible ASCII goes back as it came, as plain text and nothing else: see the type and nosniff of every answer. */
static bool challenge_is_fine(struct str s)
{
	for (size_t k = 0; k < s.len; k++)
		if ((unsigned char)s.p[k] < 0x20 || (unsigned char)s.p[k] > 0x7e)
			return false;
	return s.len > 0 && s.len <= CHALLENGE_MAX;
}

static void shake_hands(struct call *c)
{
	struct str mode, token, challenge;
	struct error err = { 0 };
	int r;

	if (!call_query(c, "hub.mode", &mode) || !call_query(c, "hub.verify_token", &token) ||
	    !call_query(c, "hub.challenge", &challenge))
		return;
	r = webhook_handshake(c->instance, c->channel, mode, token, &err);
	if (r == 0 && challenge_is_fine(challenge))
		call_text_answer(c, 200, challenge);
	else if (r == 0 || r == ERR_DENIED || r == ERR_INVALID)
		call_problem(c, 403, NULL, "Not verified",
			     STR("hub.mode must be subscribe, hub.verify_token the Verify Token of a connected account, "
				 "and hub.challenge present."));
	else
		call_failed(c, &err, false);
}

const struct route webhook_route_get = { HTTP_GET, "webhook", ACCESS_PUBLIC, ROLE_NONE,
					 BODY_RAW, 4096,      ON_WORKER,     shake_hands };
const struct route webhook_route_post = { HTTP_POST, "webhook",          ACCESS_PUBLIC,    ROLE_NONE,
					  BODY_RAW,  LIMIT_WEBHOOK_BODY, ON_LOOP_IF_SMALL, receive };
