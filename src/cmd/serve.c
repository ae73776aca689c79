/* mailtrixy serve: opens the instance, starts what works by itself and the doors, and waits for a signal. */
#include "cmd/cmd.h"

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "web/web.h"
#include "work/work.h"

static void wait_for_end(sigset_t *signals)
{
	int signal = 0;

	while (sigwait(signals, &signal) != 0)
		;
	log_event(LOG_INFO, "stopping", log_c("signal", signal == SIGTERM ? "TERM" : "INT"), log_end);
}

static int run(struct config *config, sigset_t *signals, struct error *err)
{
	struct instance i = { 0 };
	struct work *work = NULL;
	struct web *web = NULL;
	int lock = -1, r;

	if ((r = cmd_instance_open(config, &i, err)) < 0)
		return r;
	if ((r = cmd_lock(config->data, store_shared(i.store), &lock, err)) < 0 || (r = work_start(&i, &work, err)) < 0 ||
	    (r = web_start(&i, &web, err)) < 0)
		goto done;
	(void)printf("MailTrixy listens on %.*s\n", STR_ARG(web_url(web)));
	(void)fflush(stdout);
	wait_for_end(signals);
done:
	work_close(work);
	if (!web_stop(web))
		_exit(r < 0);	/* somebody still uses all this: leave it as it is */
	work_stop(work);
	cmd_instance_close(&i);
	if (lock >= 0)
		(void)close(lock);
	if (r == 0)
		log_event(LOG_INFO, "stopped", log_end);
	return r;
}

int cmd_serve(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };
	enum log_level level;
	sigset_t signals;

	/* Before any thread starts, so that all of them inherit it: the main thread alone takes signals. */
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (config_read(&config, &argc, argv, &err) < 0 || cmd_rest(argc, argv, &err) < 0)
		return cmd_failed(&err);
	if (log_level_of(config.log_level, &level))
		log_set_level(level);
	return run(&config, &signals, &err) < 0 ? cmd_failed(&err) : 0;
}
