#include "work/outcome.h"

#include "work/ask.h"

enum { CODE_MAX = 64, WORDS_MAX = 1000, ID_MAX = 512, UNREACHED_TRIES = 2, UNREACHED_REST_MS = 60 * 1000 };

struct trixy_outcome outcome_of(uint32_t kind, struct str code, struct str reason, struct str fix)
{
	return (struct trixy_outcome){ .size = sizeof(struct trixy_outcome), .kind = kind, .code = trixy_from_str(code),
				       .reason = trixy_from_str(reason), .fix = trixy_from_str(fix) };
}

struct trixy_outcome outcome_lost(void)
{
	return outcome_of(TRIXY_UNKNOWN, STR("unknown"), STR_NONE, STR_NONE);	/* the words are inbox/'s */
}

struct trixy_outcome outcome_checked(const struct trixy_outcome *o, bool has_id)
{
	struct str id = str_from_trixy(o->message_id);
	struct trixy_outcome clean;

	if (!TRIXY_HAS(o, detail) || o->kind < TRIXY_SENT || o->kind > TRIXY_PARK_CONTACT)
		return outcome_lost();
	clean = outcome_of(o->kind, ask_told(o->code, CODE_MAX), ask_told(o->reason, WORDS_MAX), ask_told(o->fix, WORDS_MAX));
	clean.detail = trixy_from_str(ask_told(o->detail, WORDS_MAX));
	clean.wait_ms = o->wait_ms > 0 ? o->wait_ms : 0;
	if (o->kind == TRIXY_SENT && ((has_id && id.len == 0) || id.len > ID_MAX || !utf8_valid(id)))
		return outcome_lost();		/* sent perhaps, but what will its echo be known by? */
	clean.message_id = o->message_id;
	if (clean.code.p == NULL && o->kind == TRIXY_FAILED)
		clean.code = trixy_from_str(STR("refused"));
	if (clean.reason.p == NULL && o->kind == TRIXY_FAILED)
		clean.reason = trixy_from_str(STR("The message was refused without a reason."));
	return clean;
}

struct trixy_outcome outcome_of_upload(const struct trixy_outcome *told)
{
	struct trixy_outcome o = outcome_checked(told, true);

	return o.kind != TRIXY_UNKNOWN ? o :
		outcome_of(TRIXY_RETRY, STR("upload_lost"), STR("The file could not be brought to the service; nothing was sent."),
			   STR("Wait: it is tried again."));
}

struct trixy_outcome outcome_unsent(const struct error *why, int64_t tries, struct arena *arena)
{
	struct str reason;

	if (why->code == ERR_INVALID)
		return outcome_of(TRIXY_FAILED, STR("request_invalid"), STR("The channel made a request that cannot be sent."),
				  STR("Update the channel's addon, or tell whoever made it."));
	reason = arena_printf(arena, "The service could not be reached, so nothing was sent: %s.", why->text);
	/* A line that is down for an hour must not use up the message's tries: after some, the account's queue rests instead. */
	struct trixy_outcome o = outcome_of(tries < UNREACHED_TRIES ? TRIXY_RETRY : TRIXY_PARK, STR("unreachable"),
		utf8_valid(reason) ? reason : STR_NONE,
		STR("Wait: it is tried again. If this goes on, check this server's connection to the internet."));

	o.wait_ms = o.kind == TRIXY_PARK ? UNREACHED_REST_MS : 0;
	return o;
}

const char *outcome_word(uint32_t kind)
{
	static const char *const word[] = { "?", "sent", "retry", "park", "hold", "reconnect", "failed", "unknown", "park_contact" };

	return word[kind <= TRIXY_PARK_CONTACT ? kind : 0];
}
