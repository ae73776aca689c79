/* Delivery keeps in memory only what is under way; the truth is the database (inbox/outbox.h). A claim is committed before
 * its request leaves, the outcome after the answer, so that whatever dies between them ends as "unknown" and is not sent
 * again. Order within a conversation is outbox_due's; here are the bounds on how much runs at once. */
#include "work/delivery.h"

#include "base/clock.h"
#include "base/log.h"
#include "files/files.h"
#include "inbox/outbox.h"
#include "work/ask.h"
#include "work/bring.h"
#include "work/outcome.h"

enum {
	IN_ALL = 64, PER_ACCOUNT = 4,		/* requests under way */
	FILES_IN_ALL = 24, FILES_PER_ACCOUNT = 2,	/* of these, messages with a file: words never wait for long ones */
	LOOK_PER_ACCOUNT = 8,			/* so that words behind some files are seen */
	DUE_MAX = 512,				/* read at once: more than IN_ALL, for some accounts are at their bound */
	CALL_MS = 30 * 1000, UPLOAD_BYTES_A_MS = 128,
	AGAIN_MS = 1000, AGAIN_MAX_MS = 30 * 1000,	/* rests while the store is in trouble */
	LOOK_MS = 30 * 1000,			/* without a ring or a due time: somebody else may have added work */
	SOON_MS = 20,
	LATE_MS = 5 * 1000,			/* a claim so old may be taken for a dead server's: nothing is sent by it any more */
	RECOVER_MS = 3 * 1000,			/* how often other servers' claims are looked at */
};
static const int64_t UPLOAD_LIVES_MS = 29 * DAY_MS;	/* Meta, "Media": an uploaded file is kept for 30 days */

enum sending_state { SENDING_NONE, SENDING_RUNS, SENDING_UNSETTLED };

struct sending {
	struct ask ask;				/* first: a finished ask is its sending */
	enum sending_state state;
	bool uploads;				/* what runs is the way up of its file; the message itself comes after it */
	struct outbox_item item;		/* its texts are memory's */
	const struct trixy_channel *channel;	/* lives until the process ends */
	int64_t begun_ms, claimed_ms;		/* monotonic; claimed_ms: before the claim was asked for */
	struct arena memory;			/* of the item and the outcome */
	struct trixy_outcome outcome;
};

struct delivery {
	struct instance *i;
	struct http_client *http;
	struct bell *bell;
	struct duties *duties;
	struct db *reader;
	struct bring *bring;			/* NULL where files lie on this disk only */
	struct ask_box box;
	struct sending sending[IN_ALL];
	size_t running;				/* those not SENDING_NONE */
	int64_t rest_until, rest_ms;		/* after a failure of the store, monotonic */
	int64_t recover_ms;			/* when other servers' claims are looked at next, monotonic */
};

int delivery_new(struct instance *i, struct http_client *http, struct bell *bell, struct duties *duties, struct delivery **ret,
		 struct error *err)
{
	struct delivery *d = calloc(1, sizeof(*d));
	int r;

	if (d == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	d->i = i;
	d->http = http;
	d->bell = bell;
	d->duties = duties;
	ask_box_init(&d->box);
	if ((r = store_reader_new(i->store, &d->reader, err)) < 0 ||
	    (store_shared(i->store) && i->files != NULL && (r = bring_new(i->files, bell, &d->bring, err)) < 0)) {
		delivery_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

static void sending_end(struct delivery *d, struct sending *s)
{
	ask_done(&s->ask);
	arena_done(&s->memory);
	*s = (struct sending){ 0 };
	d->running--;
}

void delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	bring_free(d->bring);
	for (size_t k = 0; k < IN_ALL; k++)
		if (d->sending[k].state != SENDING_NONE)
			sending_end(d, &d->sending[k]);
	store_reader_free(d->reader);
	ask_box_done(&d->box);
	free(d);
}

size_t delivery_running(const struct delivery *d)
{
	return d->running;
}

/* ---- drafts ---- */

/* What the channel is asked to send, in the ask's memory. */
static int make_draft(struct delivery *d, const struct sending *s, bool with_text, struct arena *arena, struct trixy_draft *ret)
{
	const struct outbox_item *item = &s->item;
	const struct outbox_media *media = &item->media;
	struct trixy_pair *values = arena_alloc(arena, (item->value_count + 1) * sizeof(*values));

	if (values == NULL)
		return ERR_NOMEM;
	for (size_t k = 0; k < item->value_count; k++)
		values[k] = (struct trixy_pair){ trixy_from_str(item->values[k].key), trixy_from_str(item->values[k].value) };
	*ret = (struct trixy_draft){ .size = sizeof(*ret), .kind = item->kind, .contact_key = trixy_from_str(item->contact_key),
		.text = trixy_from_str(with_text ? item->text : STR_NONE), .tag = trixy_from_str(item->tag),
		.reply_to_id = trixy_from_str(item->reply_to_id), .reference = trixy_from_str(item->reference),
		.emoji = trixy_from_str(item->emoji), .template_name = trixy_from_str(item->template_name),
		.template_language = trixy_from_str(item->template_language), .values = values, .value_count = (uint32_t)item->value_count };
	if (media->file_id == 0)
		return 0;
	ret->media_type = (uint32_t)media->type;
	ret->media_flags = media->flags;
	ret->media_id = trixy_from_str(media->media_id);
	ret->mime_type = trixy_from_str(media->mime_type);
	ret->file_name = trixy_from_str(media->file_name);
	ret->byte_count = media->bytes;
	if (!channel_uploads(s->channel) && d->i->files != NULL) {
		struct str path = files_link(d->i->files, item->workspace, media->file_id, clock_now_ms() + DAY_MS, arena);

		ret->media_url = trixy_from_str(arena_printf(arena, "%.*s%.*s", STR_ARG(d->i->config->public_url), STR_ARG(path)));
	}
	return arena_failed(arena) ? ERR_NOMEM : 0;
}

/* ---- outcomes ---- */

static struct trixy_outcome read_answer(struct delivery *d, struct sending *s)
{
	struct trixy_account account;
	const struct trixy_channel *channel;
	struct trixy_outcome told = { .size = sizeof(told) };
	struct trixy_answer answer;
	struct trixy_draft draft;
	struct channel_memory memory;
	struct error err = { 0 };

	/* The account may have gone meanwhile; the answer counts all the same. */
	if (ask_open(&s->ask, d->i, d->reader, s->item.workspace, s->item.account_id, &account, &channel, &err) < 0)
		account = (struct trixy_account){ .size = sizeof(account) };
	channel_memory_init(&memory, &s->memory);
	if (ask_answer(&s->ask, &s->memory, &answer, &err) < 0 || make_draft(d, s, false, &s->memory, &draft) < 0)
		told = outcome_lost();
	else {
		answer.draft = &draft;
		if ((s->uploads ? s->channel->upload_answer : s->channel->read_answer)(&account, &answer, &memory.memory, &told) != 0)
			told = outcome_lost();
	}
	ask_forget_request(&s->ask);
	/* A reaction has no life of its own that an id would be needed for. */
	return s->uploads ? outcome_of_upload(&told) : outcome_checked(&told, s->item.kind != TRIXY_DRAFT_REACTION);
}

static void log_outcome(const struct sending *s)
{
	const struct trixy_outcome *o = &s->outcome;

	log_event(o->kind == TRIXY_SENT ? LOG_DEBUG : o->kind == TRIXY_UNKNOWN || o->kind == TRIXY_RECONNECT ? LOG_WARNING : LOG_INFO,
		  s->uploads ? "upload" : "deliver", log_i("message", s->item.message_id), log_i("account", s->item.account_id), log_i("try", s->item.tries + 1),
		  log_c("outcome", outcome_word(o->kind)), log_i("status", s->ask.call.status),
		  log_i("ms", s->begun_ms == 0 ? 0 : clock_mono_ms() - s->begun_ms), log_s("code", str_from_trixy(o->code)),
		  log_s("detail", o->detail.p != NULL ? str_from_trixy(o->detail) : str_of(s->ask.call.error.text)), log_end);
}

/* ---- settling ---- */

/* The store is in trouble (a full disk): everything rests a little, longer each time. */
static void rest(struct delivery *d, const char *what, const struct error *err)
{
	d->rest_ms = d->rest_ms == 0 ? AGAIN_MS : d->rest_ms * 2 < AGAIN_MAX_MS ? d->rest_ms * 2 : AGAIN_MAX_MS;
	d->rest_until = clock_mono_ms() + d->rest_ms;
	log_event(LOG_ERROR, "delivery rests and goes on later", log_c("step", what), log_i("ms", d->rest_ms), log_c("error", err->text),
		  log_end);
}

static void settled(struct delivery *d, struct sending *s, bool gone)
{
	if (gone)		/* its account was disconnected, or its workspace deleted, while it was under way */
		log_event(LOG_WARNING, "the outcome of a message came when it was no longer waited for", log_i("message", s->item.message_id),
			  log_c("outcome", outcome_word(s->outcome.kind)), log_end);
	sending_end(d, s);
}

static void settle_alone(struct delivery *d, struct sending *s)
{
	struct outbox_end end = { .item = &s->item, .outcome = &s->outcome };
	struct error err = { 0 };

	if (outbox_settle_all(d->i, &end, 1, &err) < 0)
		rest(d, "settle", &err);
	else
		settled(d, s, end.gone);
}

/* Writes the outcomes that are known, in one commit. What cannot be written stays here and is tried again: forgotten, it
 * would end as "unknown". */
static void settle_all(struct delivery *d)
{
	struct sending *of[IN_ALL];
	struct outbox_end ends[IN_ALL];
	struct error err = { 0 };
	size_t count = 0;

	for (size_t k = 0; k < IN_ALL; k++)
		if (d->sending[k].state == SENDING_UNSETTLED) {
			of[count] = &d->sending[k];
			ends[count++] = (struct outbox_end){ .item = &d->sending[k].item, .outcome = &d->sending[k].outcome };
		}
	if (count == 0)
		return;
	if (outbox_settle_all(d->i, ends, count, &err) == 0) {
		for (size_t k = 0; k < count; k++)
			settled(d, of[k], ends[k].gone);
	} else if (count == 1) {
		rest(d, "settle", &err);
	} else {			/* one that cannot be written must not hold the others */
		for (size_t k = 0; k < count; k++)
			settle_alone(d, of[k]);
	}
}

/* True: given back untried; nothing of the message has left. */
static bool release(struct delivery *d, struct sending *s)
{
	struct error err = { 0 };

	if (outbox_release(d->i, &s->item, &err) < 0)
		return false;
	sending_end(d, s);
	return true;
}

/* The file is at the provider: its id is noted, and the message itself may go. False: it was not noted, so it goes later. */
static bool note_upload(struct delivery *d, struct sending *s)
{
	struct str media_id = arena_copy(&s->memory, str_from_trixy(s->outcome.message_id));
	int64_t noted_ms = clock_mono_ms();
	struct error err = { 0 };

	if (media_id.p != NULL && outbox_uploaded(d->i, &s->item, media_id, clock_now_ms() + UPLOAD_LIVES_MS, &err) == 0) {
		s->item.media.media_id = media_id;
		s->claimed_ms = noted_ms;	/* that commit has looked at the claim */
		return true;
	}
	s->outcome = outcome_of(TRIXY_RETRY, STR("not_ready"), STR("The file was brought to the service, but that could not be noted."),
				STR("Wait: it is tried again."));
	s->outcome.detail = trixy_from_str(arena_copy(&s->memory, str_of(err.text)));
	return false;
}

static bool send_next(struct delivery *d, struct sending *s);

static void came_back(struct delivery *d, struct sending *s, bool stopping)
{
	const struct http_call *call = &s->ask.call;

	if (stopping && call->status == 0 && (call->surely_not_sent || s->uploads) && release(d, s))
		return;
	if (call->status > 0)
		s->outcome = read_answer(d, s);
	else if (call->surely_not_sent)
		s->outcome = outcome_unsent(&call->error, s->item.tries, &s->memory);
	else
		s->outcome = s->uploads ? outcome_of_upload(&(struct trixy_outcome){ .size = 0 }) : outcome_lost();
	s->state = SENDING_UNSETTLED;
	log_outcome(s);
	if (!s->uploads || s->outcome.kind != TRIXY_SENT || !note_upload(d, s))
		return;
	ask_done(&s->ask);
	if (!stopping || !release(d, s))
		(void)send_next(d, s);
}

static void take_finished(struct delivery *d, bool stopping)
{
	for (struct ask *a = ask_box_take(&d->box), *next; a != NULL; a = next) {
		next = ask_next(a);
		came_back(d, (struct sending *)(void *)a, stopping);
	}
	if (stopping || clock_mono_ms() >= d->rest_until)
		settle_all(d);
}

static void on_done(struct http_call *call)
{
	struct sending *s = (struct sending *)(void *)call;
	struct delivery *d = call->arg;

	ask_forget_request(&s->ask);
	ask_box_put(&d->box, call);
	bell_ring(d->bell);
}

/* On failure *ret says how the message ends. */
static bool open_account(struct delivery *d, struct sending *s, struct trixy_account *ret_account, struct trixy_outcome *ret)
{
	struct error err = { 0 };
	int r = ask_open(&s->ask, d->i, d->reader, s->item.workspace, s->item.account_id, ret_account, &s->channel, &err);

	if (r == ERR_DENIED) {
		log_event(LOG_ERROR, "the secrets of an account do not open; its messages wait until they are saved again",
			  log_i("account", s->item.account_id), log_c("error", err.text), log_end);
		*ret = outcome_of(TRIXY_HOLD, STR("secrets_lost"),
				  STR("The stored secrets of this account cannot be read with this server's key."),
				  STR("Open Settings → Channels, enter the secrets again and save."));
	} else if (r < 0) {
		*ret = outcome_of(TRIXY_RETRY, STR("not_ready"), STR("The account could not be read."), STR("Wait: it is tried again."));
		ret->detail = trixy_from_str(arena_copy(&s->memory, str_of(err.text)));
	}
	return r >= 0;
}

static void cannot_read_file(struct sending *s, int r, const struct error *err, struct trixy_outcome *ret)
{
	*ret = r == ERR_NOTFOUND ?
		outcome_of(TRIXY_FAILED, STR("file_gone"), STR("The file of this message is no longer kept here, so nothing was sent."),
			   STR("Attach the file again and send it anew.")) :
		outcome_of(TRIXY_RETRY, STR("not_ready"), STR("The file could not be read."), STR("Wait: it is tried again."));
	ret->detail = trixy_from_str(arena_copy(&s->memory, str_of(err->text)));
}

/* The file that goes with the message, opened. On failure *ret says how the message ends. */
static bool open_file(struct delivery *d, struct sending *s, int *ret_fd, int64_t *ret_bytes, struct trixy_outcome *ret)
{
	struct error err = { 0 };
	int r = d->i->files == NULL ? fail(&err, ERR_NOTFOUND, "files are not kept here") :
		files_read(d->i->files, s->item.workspace, s->item.media.sha256, false, ret_fd, ret_bytes, &err);

	if (r < 0)
		cannot_read_file(s, r, &err, ret);
	return r == 0;
}

/* Its file lies in the database only, and is brought by another thread: the message goes back into the queue, untried. */
static bool file_must_come(struct delivery *d, struct sending *s)
{
	const struct outbox_media *media = &s->item.media;
	struct error err = { 0 };
	int r;

	if (d->bring == NULL || media->file_id == 0 || media->media_id.p != NULL || files_here(d->i->files, s->item.workspace, media->sha256))
		return false;
	if ((r = bring_failure(d->bring, s->item.message_id, &err)) < 0) {
		cannot_read_file(s, r, &err, &s->outcome);
	} else if (bring_ask(d->bring, s->item.message_id, s->item.workspace, media->sha256) && release(d, s)) {
		return true;
	} else {
		(void)fail(&err, ERR_TEMPORARY, "it is not here yet");
		cannot_read_file(s, ERR_TEMPORARY, &err, &s->outcome);
	}
	s->state = SENDING_UNSETTLED;
	log_outcome(s);
	return true;
}

/* 30 s, and time for a slow line to bring the file. */
static int64_t upload_ms(int64_t bytes)
{
	return CALL_MS + bytes / UPLOAD_BYTES_A_MS;
}

/* Makes the request, of the message or of its file's way up. On failure *ret says how the message ends. */
static bool compose(struct delivery *d, struct sending *s, struct trixy_outcome *ret)
{
	struct trixy_request request = { .size = sizeof(request) };
	struct trixy_account account;
	struct trixy_draft draft;
	struct channel_memory memory;
	struct error err = { 0 };
	int64_t bytes = 0;
	int fd = 0;
	bool has_file = s->item.media.file_id != 0;

	channel_memory_init(&memory, &s->ask.memory);
	s->uploads = false;
	if (!open_account(d, s, &account, ret))
		return false;
	s->uploads = has_file && channel_uploads(s->channel) && s->item.media.media_id.p == NULL;
	/* One that is fetched from here must be here, too. */
	if (has_file && s->item.media.media_id.p == NULL && !open_file(d, s, &fd, &bytes, ret))
		return false;
	s->ask.fd = fd;
	int32_t c = make_draft(d, s, true, &s->ask.memory, &draft) < 0 ? TRIXY_ENOMEM :
		(s->uploads ? s->channel->upload_request : s->channel->compose)(&account, &draft, &memory.memory, &request);
	int r = c != 0 ? 0 : ask_fill_file(&s->ask, &request, fd, bytes, request.part_count > 0 ? upload_ms(bytes) : CALL_MS, &err);

	if (c == 0 && r == 0)
		return true;
	*ret = c == TRIXY_ENOMEM || err.code == ERR_NOMEM ?
		outcome_of(TRIXY_RETRY, STR("not_ready"), STR("The server was short of memory."), STR("Wait: it is tried again.")) :
		outcome_of(TRIXY_FAILED, STR("not_composed"), STR("The channel does not take this message."),
			   STR("Write it in another way; if that fails too, tell whoever made the channel's addon."));
	return false;
}

/* This process stood still, or its commit took long: others may have taken it for dead, and a person may have sent the message again.
 * It goes back into the queue, if the claim is still this one. */
static bool is_late(struct delivery *d, struct sending *s)
{
	if (!store_shared(d->i->store) || clock_mono_ms() - s->claimed_ms < LATE_MS)
		return false;
	log_event(LOG_WARNING, "a message was claimed too long ago to be sent by this claim", log_i("message", s->item.message_id), log_end);
	if (!release(d, s)) {
		s->outcome = outcome_of(TRIXY_RETRY, STR("not_ready"), STR("The server was held up."), STR("Wait: it is tried again."));
		s->state = SENDING_UNSETTLED;
	}
	return true;
}

/* True when its request is on its way; else its outcome is known already, or it was given back. */
static bool send_next(struct delivery *d, struct sending *s)
{
	if (is_late(d, s) || file_must_come(d, s))
		return false;
	s->state = SENDING_RUNS;
	if (!compose(d, s, &s->outcome)) {
		ask_forget_request(&s->ask);
		s->state = SENDING_UNSETTLED;
		log_outcome(s);
		return false;
	}
	s->begun_ms = clock_mono_ms();
	s->ask.call.done = on_done;
	s->ask.call.arg = d;
	http_client_submit(d->http, &s->ask.call);
	return true;
}

static struct sending *free_sending(struct delivery *d)
{
	for (size_t k = 0; k < IN_ALL; k++)
		if (d->sending[k].state == SENDING_NONE)
			return &d->sending[k];
	return NULL;
}

/* The item outlives the list that it came from: its texts are copied. */
static struct outbox_item keep(const struct outbox_item *item, struct arena *arena)
{
	struct outbox_item kept = *item;
	struct str *texts[] = { &kept.contact_key, &kept.text, &kept.tag, &kept.reply_to_id, &kept.reference, &kept.emoji, &kept.template_name,
				&kept.template_language, &kept.media.sha256, &kept.media.mime_type, &kept.media.file_name, &kept.media.media_id };

	kept.channel = STR_NONE;
	kept.arena = NULL;
	for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
		*texts[k] = arena_copy(arena, *texts[k]);
	kept.values = arena_alloc(arena, (item->value_count + 1) * sizeof(*kept.values));
	for (size_t k = 0; kept.values != NULL && k < item->value_count; k++)
		kept.values[k] = (struct template_value){ arena_copy(arena, item->values[k].key), arena_copy(arena, item->values[k].value) };
	return kept;
}

/* True when its request is on its way; else its outcome is known already. */
static bool launch(struct delivery *d, const struct outbox_item *item, int64_t claimed_ms)
{
	struct sending *s = free_sending(d);	/* choose() has counted them */

	s->claimed_ms = claimed_ms;
	s->item = keep(item, &s->memory);
	d->running++;
	if (!arena_failed(&s->memory))
		return send_next(d, s);
	s->outcome = outcome_of(TRIXY_RETRY, STR("not_ready"), STR("The server was short of memory."), STR("Wait: it is tried again."));
	s->state = SENDING_UNSETTLED;
	return false;
}

struct load { size_t same, files, same_files; };	/* under way: of the account, with files, both */

static void count_item(struct load *l, const struct outbox_item *item, int64_t account_id)
{
	bool is_same = item->account_id == account_id;

	l->same += is_same;
	l->files += item->is_file;
	l->same_files += is_same && item->is_file;
}

/* Packs those that the bounds allow to the front. */
static size_t choose(const struct delivery *d, struct outbox_item *items, size_t count)
{
	size_t chosen = 0;

	for (size_t k = 0; k < count && d->running + chosen < IN_ALL; k++) {
		struct load load = { 0 };

		for (size_t j = 0; j < IN_ALL; j++)
			if (d->sending[j].state != SENDING_NONE)
				count_item(&load, &d->sending[j].item, items[k].account_id);
		for (size_t j = 0; j < chosen; j++)
			count_item(&load, &items[j], items[k].account_id);
		if (load.same < PER_ACCOUNT && !(items[k].is_file && d->bring != NULL && bring_waits(d->bring, items[k].message_id)) &&
		    (!items[k].is_file || (load.files < FILES_IN_ALL && load.same_files < FILES_PER_ACCOUNT)))
			items[chosen++] = items[k];
	}
	return chosen;
}

/* Sends what may go. Returns ms until the clock brings something. */
static int64_t send_due(struct delivery *d)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct outbox_item *items = arena_alloc(&arena, DUE_MAX * sizeof(*items));
	int64_t now = clock_now_ms(), next = 0;
	struct error err = { 0 };
	size_t count, launched = 0;

	if (d->running == IN_ALL)
		return LOOK_MS;		/* the next that comes back rings */
	if (items == NULL || outbox_due(d->i, d->reader, now, LOOK_PER_ACCOUNT, &arena, items, DUE_MAX, &count, &next, &err) < 0) {
		rest(d, "look", &err);
		return d->rest_ms;
	}
	count = choose(d, items, count);
	int64_t claimed_ms = clock_mono_ms();
	int r = count == 0 ? 0 : outbox_claim_as(d->i, store_shared(d->i->store) ? DUTY_DELIVERY : STR_NONE, items, count, &err);

	if (r == ERR_STATE)
		return LOOK_MS;		/* another server delivers; the duties ring when that changes */
	if (r < 0) {
		rest(d, "claim", &err);
		return d->rest_ms;
	}
	d->rest_ms = 0;
	for (size_t k = 0; k < count; k++)
		if (items[k].claimed && launch(d, &items[k], claimed_ms))
			launched++;
	if (launched < count) {		/* ended before it left: what stands behind it may be due */
		settle_all(d);
		return SOON_MS;
	}
	return next > now && next - now < LOOK_MS ? next - now : LOOK_MS;
}

/* ---- other servers ---- */

static bool lives(void *arg, struct str server)
{
	return duty_lives(((struct delivery *)arg)->duties, server);
}

/* Called while this thread waits for the writer, or on it. */
static bool has(void *arg, int64_t message_id)
{
	const struct delivery *d = arg;

	for (size_t k = 0; k < IN_ALL; k++)
		if (d->sending[k].state != SENDING_NONE && d->sending[k].item.message_id == message_id)
			return true;
	return false;
}

/* What servers had under way that live no more. */
static void recover(struct delivery *d)
{
	const struct outbox_watch watch = { .lease = DUTY_DELIVERY, .lives = lives, .has = has, .arg = d };
	struct error err = { 0 };
	int64_t count = 0;

	if (!store_shared(d->i->store) || clock_mono_ms() < d->recover_ms)
		return;
	d->recover_ms = clock_mono_ms() + RECOVER_MS;
	if (outbox_recover_dead(d->i, d->reader, &watch, &count, &err) < 0)
		log_event(LOG_WARNING, "what another server had under way is looked at later", log_c("error", err.text), log_end);
	if (count > 0)
		log_event(LOG_WARNING, "messages were under way when their server died; whether they arrived is for a person to see",
			  log_i("messages", count), log_end);
}

int64_t delivery_round(struct delivery *d, bool stopping)
{
	take_finished(d, stopping);
	int64_t rest_ms = d->rest_until - clock_mono_ms(), wait;

	if (stopping)
		return LOOK_MS;
	if (rest_ms > 0)
		return rest_ms;
	if (!duty_mine(d->duties, DUTY_DELIVERY))
		return LOOK_MS;		/* the duties ring when it is */
	recover(d);
	wait = send_due(d);
	return store_shared(d->i->store) && wait > RECOVER_MS ? RECOVER_MS : wait;
}
