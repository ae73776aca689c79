#include "work/diagnosis.h"

#include "base/clock.h"
#include "inbox/account.h"
#include "inbox/handshake.h"
#include "inbox/journal.h"

enum { REFUSALS_READ = 50 };

static void add(struct check_result *ret, int status, struct str check, struct str explanation, struct str fix)
{
	ret->findings[ret->count++] = (struct check_finding){
		.status = status, .check = check, .explanation = explanation, .fix = fix,
	};
}

static struct str at(struct arena *arena, const char *before, int64_t ms, const char *after)
{
	return arena_printf(arena, "%s%.*s%s", before, STR_ARG(clock_rfc3339(arena, ms)), after);
}

static void add_sending(const struct account *a, struct arena *arena, struct check_result *ret)
{
	struct str check = STR("Replies are sent");

	if (a->status == ACCOUNT_RECONNECT_NEEDED)
		add(ret, TRIXY_CHECK_FAILED, check,
		    a->status_reason.p != NULL ? a->status_reason :
						 STR("The account must be connected again; its replies wait until then."),
		    STR("Enter a new token under Configure and save."));
	else if (a->parked_until > clock_now_ms())
		add(ret, TRIXY_CHECK_WARNING, check,
		    arena_printf(arena, "Replies wait until %.*s. %.*s", STR_ARG(clock_rfc3339(arena, a->parked_until)),
				 STR_ARG(a->status_reason)),
		    STR("Wait, or save the account under Configure to try now."));
}

static int add_handshake(struct instance *i, struct db *db, const struct account *a, struct arena *arena, struct check_result *ret,
			 struct error *err)
{
	struct str check = STR("The webhook address was verified");
	int64_t accepted, refused;
	int r = handshake_times(i, db, a->channel, &accepted, &refused, err);

	if (r < 0)
		return r;
	if (refused > accepted)
		add(ret, TRIXY_CHECK_FAILED, check,
		    at(arena, "A handshake was refused at ", refused, ": its verify token is none of this server's."),
		    STR("Copy the Verify Token of this account again into the provider's dashboard, without blanks,"
			" and verify again."));
	else if (accepted > 0)
		add(ret, TRIXY_CHECK_OK, check, at(arena, "The last handshake succeeded at ", accepted, "."), STR_NONE);
	return 0;
}

/* The newest refusal of this account. */
static int find_refusal(struct db *db, const struct account *a, struct arena *arena, struct journal_event *ret, struct error *err)
{
	struct journal_event *events;
	struct str cursor;
	size_t count;
	int r = journal_list(db, a->workspace, JOURNAL_REFUSED, STR_NONE, REFUSALS_READ, arena, &events, &count, &cursor, err);

	*ret = (struct journal_event){ 0 };
	for (size_t k = 0; r == 0 && k < count; k++)
		if (events[k].account_id == a->id) {
			*ret = events[k];
			break;
		}
	return r;
}

static int add_webhooks(struct db *db, const struct account *a, struct arena *arena, struct check_result *ret, struct error *err)
{
	struct str check = STR("Webhooks arrive and verify");
	struct journal_event refusal;
	int r = find_refusal(db, a, arena, &refusal, err);

	if (r < 0)
		return r;
	/* last_event_at is kept to the minute. */
	if (refusal.received_at > a->last_event_at + MINUTE_MS)
		add(ret, TRIXY_CHECK_FAILED, check,
		    arena_printf(arena, "The last webhook was refused at %.*s: %.*s", STR_ARG(clock_rfc3339(arena, refusal.received_at)),
				 STR_ARG(refusal.reason)),
		    STR("Copy the App Secret of the app that sends the webhooks again, and save it under Configure."));
	else if (a->last_event_at > 0)
		add(ret, TRIXY_CHECK_OK, check, at(arena, "The last one was applied at ", a->last_event_at, "."), STR_NONE);
	else
		add(ret, TRIXY_CHECK_WARNING, check, STR("None has arrived for this account yet."),
		    STR("Write to the account from another one. If nothing appears here, look at the callback address and"
			" the fields in the provider's dashboard."));
	return 0;
}

int diagnosis_add(struct instance *i, struct db *db, struct workspace_id w, int64_t account_id, struct arena *arena,
		  struct check_result *ret, struct error *err)
{
	struct account a;
	int r = account_get(db, w, account_id, arena, &a, err);

	if (r < 0)
		return r;
	add_sending(&a, arena, ret);
	if ((r = add_handshake(i, db, &a, arena, ret, err)) < 0 || (r = add_webhooks(db, &a, arena, ret, err)) < 0)
		return r;
	return arena_failed(arena) ? fail(err, ERR_NOMEM, "out of memory") : 0;
}
