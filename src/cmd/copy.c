/* mailtrixy copy: a whole instance from one database into another, from SQLite to MariaDB and back. What it copies is store/copy.h and
 * copy_beside.c; here is the order of the steps, and what is told meanwhile. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/copy.h"
#include "store/copy.h"

enum { TELL_TERMINAL_MS = 200, TELL_LINES_MS = 10000 };

/* ---- how far it is ---- */

struct show {
	bool terminal, open;		/* open: a line that is not ended yet */
	const char *step;
	char what[80];
	int64_t began_ms, began_at, told_ms, done, all;
};

static void say_rate(const struct show *s, bool over)
{
	int64_t ms = clock_mono_ms() - s->began_ms, moved = s->done - s->began_at, rate = ms > 0 ? moved * 1000 / ms : 0;

	if (over)
		(void)fprintf(stderr, "%s %s: %lld", s->step, s->what, (long long)s->done);
	else
		(void)fprintf(stderr, "%s %s: %lld of %lld", s->step, s->what, (long long)s->done, (long long)s->all);
	if (over && ms >= 1000)
		(void)fprintf(stderr, " in %lld s, %lld a second", (long long)((ms + 500) / 1000), (long long)rate);
	else if (!over && rate > 0)
		(void)fprintf(stderr, ", %lld a second, %lld s left", (long long)rate, (long long)((s->all - s->done) / rate + 1));
}

static void end_line(struct show *s)
{
	if (s->step == NULL || s->done == 0)
		return;
	if (s->open)
		(void)fputs("\r\033[K", stderr);
	say_rate(s, true);
	(void)fputc('\n', stderr);
	s->open = false;
	s->step = NULL;
}

static void tell(struct show *s, const char *step, struct str what, int64_t done, int64_t all)
{
	int64_t now = clock_mono_ms();

	if (s->step == NULL || !str_eq_c(str_of(step), s->step) || !str_eq_c(what, s->what)) {
		end_line(s);
		s->step = step;
		(void)snprintf(s->what, sizeof(s->what), "%.*s", STR_ARG(what));
		s->began_ms = s->told_ms = now;
		s->began_at = done;
	}
	s->done = done;
	s->all = all;
	if (now - s->told_ms < (s->terminal ? TELL_TERMINAL_MS : TELL_LINES_MS))
		return;
	s->told_ms = now;
	if (s->terminal)
		(void)fputs("\r\033[K", stderr);
	say_rate(s, false);
	if (!s->terminal)
		(void)fputc('\n', stderr);
	s->open = s->terminal;
}

static void rows_told(void *arg, const struct copy_told *t)
{
	tell(arg, t->step, t->what, t->done, t->all);
}

static void files_told(void *arg, const char *step, int64_t done, int64_t all)
{
	tell(arg, step, STR("bytes of files"), done, all);
}

static void noted(void *arg, struct str text)
{
	end_line(arg);
	(void)fprintf(stderr, "%.*s\n", STR_ARG(text));
}

/* ---- the steps ---- */

struct work {
	struct copy_side from, to;
	struct copy *copy;
	struct show show;
	struct copy_carried carried;
	int64_t rows, differences, files_missing;
};

static int move(struct work *w, struct error *err)
{
	int r;

	if (copy_state(w->copy) == COPY_BEGUN)
		noted(&w->show, STR("going on with the copy that was begun"));
	if ((r = copy_key(&w->from, &w->to, err)) < 0)
		return r;
	if (r == 0)
		noted(&w->show, STR("secret.key is not there: put your copy of it into the target's data directory before the server starts;"
				    " without it the accounts must be connected again"));
	if ((r = copy_rows(w->copy, err)) < 0 ||
	    (r = copy_beside(&w->from, &w->to, files_told, &w->show, &w->carried, err)) < 0)
		return r;
	noted(&w->show, STR("the index for searching is made anew in the target"));
	return copy_words(w->copy, err);
}

static int check(struct work *w, struct error *err)
{
	int r;

	if ((r = copy_check(w->copy, &w->rows, &w->differences, err)) < 0 ||
	    (r = copy_beside_check(&w->to, files_told, &w->show, &w->files_missing, err)) < 0)
		return r;
	end_line(&w->show);
	if (w->differences > 0)
		return fail(err, ERR_BROKEN, "the copy is not the same as the source: %lld differences, told above. Nothing was changed in the"
			    " source", (long long)w->differences);
	if (w->files_missing > w->carried.files_missing)
		return fail(err, ERR_BROKEN, "%lld files are not whole in the target, told above. Run the same command again",
			    (long long)w->files_missing);
	return 0;
}

static int run(struct work *w, bool again, struct error *err)
{
	struct copy_options options = { .from = w->from.store, .to = w->to.store, .arg = &w->show, .progress = rows_told, .note = noted };
	int r = copy_new(&options, &w->copy, err);

	if (r < 0)
		return r;
	if (copy_state(w->copy) == COPY_FINISHED) {
		(void)printf("This copy was finished at %.*s.%s\n", STR_ARG(copy_finished_at(w->copy)),
			     again ? "" : " Nothing is left to do; --check compares both sides again.");
		(void)fflush(stdout);
		return again ? check(w, err) : 0;
	}
	if ((r = move(w, err)) < 0 || (r = check(w, err)) < 0 || (r = copy_finish(w->copy, err)) < 0)
		return r;
	(void)printf("The copy is whole: %lld rows, compared one by one; %lld files, %lld packages of addons.%s\n"
		     "Start the server with the target as --database, and --data %.*s\n", (long long)w->rows,
		     (long long)w->carried.files, (long long)w->carried.packages,
		     w->carried.missing > 0 ? " Some were not in the source either, told above." : "", STR_ARG(w->to.data));
	return 0;
}

static int copy(int argc, char **argv, struct config *config, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct work w = { .from.lock = -1, .to.lock = -1, .show.terminal = isatty(STDERR_FILENO) };
	struct str from, to, from_data, to_data;
	int r;

	if ((r = config_read(config, &argc, argv, err)) < 0 || (r = cmd_option(&argc, argv, "--from", &from, err)) < 0 ||
	    (r = cmd_option(&argc, argv, "--to", &to, err)) < 0 || (r = cmd_option(&argc, argv, "--from-data", &from_data, err)) < 0 ||
	    (r = cmd_option(&argc, argv, "--to-data", &to_data, err)) < 0)
		return r;
	bool again = cmd_switch(&argc, argv, "--check");

	if ((r = cmd_rest(argc, argv, err)) < 0 || (r = copy_side_of(&w.from, "--from", from, from_data, config->data, &a, err)) < 0 ||
	    (r = copy_side_of(&w.to, "--to", to, to_data, config->data, &a, err)) < 0 || (r = crypto_init(err)) < 0)
		return r;
	log_set_level(LOG_WARNING);
	if ((r = copy_sides_open(&w.from, &w.to, err)) == 0)
		r = run(&w, again, err);
	if (w.show.open)
		(void)fputc('\n', stderr);
	copy_free(w.copy);
	copy_side_close(&w.from);
	copy_side_close(&w.to);
	return r;
}

int cmd_copy(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };

	return copy(argc, argv, &config, &err) < 0 ? cmd_failed(&err) : 0;
}
