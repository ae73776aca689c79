#include "work/work.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "inbox/outbox.h"
#include "work/check.h"
#include "work/connect.h"
#include "work/delivery.h"
#include "work/diagnosis.h"
#include "work/duty.h"
#include "work/foreign.h"
#include "work/housekeeping.h"
#include "work/media.h"
#include "work/presence.h"
#include "work/profile.h"
#include "work/templates.h"

enum { GRACE_MS = 7 * 1000 };	/* for requests under way when the server stops, which has 10 s in all */

struct work {
	struct instance *i;
	struct http_client *http;
	struct duties *duties;
	struct foreign *foreign;	/* NULL: no other server */
	struct bell bell;
	pthread_t thread;
	struct delivery *delivery;
	struct profiles *profiles;
	struct courtesy *presence;
	struct connect *connect;
	struct media *media;		/* NULL where no files are kept: tests */
	struct housekeeping *housekeeping;
};

/* ---- the hooks of struct instance ---- */

static void on_wake(void *arg)
{
	struct work *work = arg;

	bell_ring(&work->bell);
	media_wake(work->media);
}

static void on_account(void *arg, struct workspace_id w, int64_t account_id, int64_t after_ms)
{
	connect_note(((struct work *)arg)->connect, w, account_id, after_ms);
}

static int on_check(void *arg, struct workspace_id w, int64_t account_id, struct arena *arena, struct check_finding **ret,
		    size_t *ret_count, struct error *err)
{
	struct work *work = arg;
	struct check_result result;
	struct db *reader;
	int r = store_reader_new(work->i->store, &reader, err);

	if (r < 0)
		return r;
	if ((r = check_run(work->i, work->http, reader, w, account_id, arena, &result, err)) == 0) {
		connect_checked(work->i, w, account_id, &result);
		r = diagnosis_add(work->i, reader, w, account_id, arena, &result, err);
	}
	store_reader_free(reader);
	if (r < 0)
		return r;
	*ret = result.findings;
	*ret_count = result.count;
	return 0;
}

static int on_fetch_templates(void *arg, struct workspace_id w, int64_t account_id, struct error *err)
{
	struct work *work = arg;
	struct db *reader;
	int r = store_reader_new(work->i->store, &reader, err);

	if (r < 0)
		return r;
	r = templates_fetch(work->i, work->http, reader, w, account_id, err);
	store_reader_free(reader);
	return r;
}

static void on_presence(void *arg, struct workspace_id w, int64_t conversation_id, enum presence what)
{
	presence_note(((struct work *)arg)->presence, w, conversation_id, what);
}

static void set_hooks(struct work *work)
{
	struct instance *i = work->i;

	i->wake_work = on_wake;
	i->account_changed = on_account;
	i->check_account = on_check;
	i->fetch_templates = on_fetch_templates;
	i->presence = on_presence;
	i->wake_arg = i->account_changed_arg = i->check_arg = i->fetch_templates_arg = i->presence_arg = work;
}

static void unset_hooks(struct instance *i)
{
	i->wake_work = NULL;
	i->account_changed = NULL;
	i->check_account = NULL;
	i->fetch_templates = NULL;
	i->presence = NULL;
}

/* ---- several servers ---- */

static void on_duties(void *arg)
{
	struct work *work = arg;

	on_wake(work);
	if (work->connect != NULL)
		connect_wake(work->connect);
}

static void on_visit(void *arg, struct workspace_id w, int64_t account_id, int64_t after_ms)
{
	struct work *work = arg;

	if (duty_mine(work->duties, DUTY_ACCOUNTS))
		connect_told(work->connect, w, account_id, after_ms);
}

static int make_duties(struct work *work, struct error *err)
{
	const struct str names[] = { DUTY_DELIVERY, DUTY_MEDIA, DUTY_ACCOUNTS, DUTY_HOUSEKEEPING };
	char host[128] = "", address[256];
	struct duty_options options = { .store = work->i->store, .version = STR(MAILTRIXY_VERSION), .changed = on_duties, .arg = work,
					.shared = store_shared(work->i->store) };
	int r;

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(address, sizeof(address), "%s, %.*s", host, STR_ARG(work->i->config->listen));
	options.address = str_of(address);
	r = duty_new(&options, &work->duties, err);
	for (size_t k = 0; r >= 0 && k < sizeof(names) / sizeof(names[0]); k++)
		r = duty_add(work->duties, names[k], err);
	return r;
}

/* ---- the thread that delivers ---- */

static void deliver(struct work *work)
{
	int64_t end_ms = 0;

	for (;;) {
		bool stopping = bell_closed(&work->bell);
		int64_t wait = delivery_round(work->delivery, stopping), other = profiles_round(work->profiles, stopping),
			courtesy = presence_round(work->presence, stopping);

		if (stopping && end_ms == 0)
			end_ms = clock_mono_ms() + GRACE_MS;
		if (stopping && (delivery_running(work->delivery) == 0 || clock_mono_ms() >= end_ms))
			return;
		wait = other < wait ? other : wait;
		wait = courtesy < wait ? courtesy : wait;
		if (stopping && end_ms - clock_mono_ms() < wait)
			wait = end_ms - clock_mono_ms();
		bell_wait(&work->bell, wait);
	}
}

static void *run(void *arg)
{
	struct work *work = arg;

	(void)pthread_setname_np(pthread_self(), "delivery");
	deliver(work);
	http_client_stop(work->http);	/* also ends a check that a person's request still waits for */
	/* What that has ended: given back where surely nothing left, else "unknown". */
	(void)delivery_round(work->delivery, true);
	return NULL;
}

/* ---- start and stop ---- */

/* Where several servers share the database, whoever delivers looks at what others have claimed. */
static int recover(struct instance *i, struct error *err)
{
	int64_t count = 0;
	int r = store_shared(i->store) ? 0 : outbox_recover(i, &count, err);

	if (r == 0 && count > 0)
		log_event(LOG_WARNING, "messages were under way when the server died; whether they arrived is for a person to see",
			  log_i("messages", count), log_end);
	return r;
}

static void work_free(struct work *work)
{
	duty_stop(work->duties);	/* its thread wakes the others: first, while they are all there */
	foreign_free(work->foreign);
	housekeeping_free(work->housekeeping);
	media_free(work->media);
	connect_free(work->connect);
	http_client_stop(work->http);
	profiles_free(work->profiles);
	presence_free(work->presence);
	delivery_free(work->delivery);
	http_client_free(work->http);
	duty_free(work->duties);
	bell_done(&work->bell);
	free(work);
}

int work_start(struct instance *i, struct work **ret, struct error *err)
{
	struct work *work = calloc(1, sizeof(*work));
	int r;

	if (work == NULL)
		return fail(err, ERR_NOMEM, "out of memory");
	work->i = i;
	bell_init(&work->bell);
	if ((r = recover(i, err)) < 0 || (r = make_duties(work, err)) < 0 || (r = http_client_start(STR("MailTrixy/1.0"), &work->http, err)) < 0 ||
	    (r = delivery_new(i, work->http, &work->bell, work->duties, &work->delivery, err)) < 0 ||
	    (r = profiles_new(i, work->http, &work->bell, work->duties, &work->profiles, err)) < 0 ||
	    (r = presence_new(i, work->http, &work->bell, &work->presence, err)) < 0 ||
	    (r = connect_start(i, work->http, work->duties, &work->connect, err)) < 0 ||
	    (i->files != NULL && (r = media_start(i, work->duties, &work->media, err)) < 0))
		goto failed;
	/* Before the threads that call them. */
	set_hooks(work);
	if ((r = housekeeping_start(i, work->duties, &work->housekeeping, err)) < 0 ||
	    (r = foreign_start(i, &(struct foreign_ears){ .work = on_wake, .visit = on_visit, .arg = work }, &work->foreign, err)) < 0 ||
	    (r = duty_start(work->duties, err)) < 0)
		goto failed_hooks;
	if (pthread_create(&work->thread, NULL, run, work) != 0) {
		r = fail(err, ERR_BROKEN, "no thread for delivery");
		goto failed_hooks;
	}
	*ret = work;
	return 0;
failed_hooks:
	unset_hooks(i);
failed:
	connect_close(work->connect);
	http_client_stop(work->http);
	work_free(work);
	return r;
}

void work_close(struct work *work)
{
	if (work == NULL)
		return;
	duty_close(work->duties);	/* the other servers go on with what this one has not begun */
	connect_close(work->connect);
	media_close(work->media);
	housekeeping_close(work->housekeeping);
	bell_close(&work->bell);
}

void work_stop(struct work *work)
{
	if (work == NULL)
		return;
	work_close(work);
	(void)pthread_join(work->thread, NULL);
	foreign_free(work->foreign);
	work->foreign = NULL;
	housekeeping_free(work->housekeeping);
	work->housekeeping = NULL;
	unset_hooks(work->i);
	work_free(work);
}
