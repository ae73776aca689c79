/* mailtrixy copy: a whole instance from one database into another, from SQLite to MariaDB and back. What it copies is store/copy.h and
 * copy_beside.c; here is the order of the steps, and what is told meanwhile. */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
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
	const struct copy_side *from, *to;
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
	if ((r = copy_key(w->from, w->to, err)) < 0)
		return r;
	if (r == 0)
		noted(&w->show, STR("secret.key is not there: put your copy of it into the target's data directory before the server starts;"
				    " without it the accounts must be connected again"));
	if ((r = copy_rows(w->copy, err)) < 0 ||
	    (r = copy_beside(w->from, w->to, files_told, &w->show, &w->carried, err)) < 0)
		return r;
	noted(&w->show, STR("the index for searching is made anew in the target"));
	return copy_words(w->copy, err);
}

static int check(struct work *w, struct error *err)
{
	int r;

	if ((r = copy_check(w->copy, &w->rows, &w->differences, err)) < 0 ||
	    (r = copy_beside_check(w->to, files_told, &w->show, &w->files_missing, err)) < 0)
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

static int every_step(struct work *w, const struct copy_how *how, struct arena *arena, struct copy_result *ret, struct error *err)
{
	struct copy_options options = { .from = w->from->store, .to = w->to->store, .of_a_moment = how->of_a_moment, .arg = &w->show,
					.progress = rows_told, .note = noted };
	int r = copy_new(&options, &w->copy, err);

	if (r < 0)
		return r;
	if (copy_state(w->copy) == COPY_FINISHED) {
		ret->finished_at = arena_copy(arena, copy_finished_at(w->copy));
		if (ret->finished_at.p == NULL)
			return fail(err, ERR_NOMEM, "out of memory");
		return how->again ? check(w, err) : 0;
	}
	return (r = move(w, err)) < 0 || (r = check(w, err)) < 0 ? r : copy_finish(w->copy, err);
}

int copy_whole(const struct copy_side *from, const struct copy_side *to, const struct copy_how *how, struct arena *arena,
	       struct copy_result *ret, struct error *err)
{
	struct work w = { .from = from, .to = to, .show.terminal = isatty(STDERR_FILENO) };
	int r;

	*ret = (struct copy_result){ 0 };
	r = every_step(&w, how, arena, ret, err);
	if (w.show.open)
		(void)fputc('\n', stderr);
	ret->rows = w.rows;
	ret->carried = w.carried;
	copy_free(w.copy);
	return r;
}

static void say_result(const struct copy_result *got, bool again, struct str data)
{
	if (got->finished_at.p != NULL)
		(void)printf("This copy was finished at %.*s.%s\n", STR_ARG(got->finished_at), again ? " Both sides are the same." :
			     " Nothing is left to do; --check compares both sides again.");
	else
		(void)printf("The copy is whole: %lld rows, compared one by one; %lld files, %lld packages of addons.%s\n"
			     "Start the server with the target as --database, and --data %.*s\n", (long long)got->rows,
			     (long long)got->carried.files, (long long)got->carried.packages,
			     got->carried.missing > 0 ? " Some were not in the source either, told above." : "", STR_ARG(data));
}

/* What stands on a command line, others on the machine can read; what stands in the environment, they cannot. */
static int url_option(int *argc, char **argv, const char *name, const char *variable, struct str *ret, struct error *err)
{
	int r = cmd_option(argc, argv, name, ret, err);
	const char *value = getenv(variable);

	if (r == 0 && ret->p == NULL && value != NULL)
		*ret = str_of(value);
	return r;
}

static int copy(int argc, char **argv, struct config *config, struct error *err)
{
	SCOPED(arena_done) struct arena a = { 0 };
	struct copy_side source = { .lock = -1 }, target = { .lock = -1 };
	struct copy_result got;
	struct str from, to, from_data, to_data;
	int r;

	if ((r = config_read(config, &argc, argv, err)) < 0 || (r = url_option(&argc, argv, "--from", "MAILTRIXY_COPY_FROM", &from, err)) < 0 ||
	    (r = url_option(&argc, argv, "--to", "MAILTRIXY_COPY_TO", &to, err)) < 0 ||
	    (r = cmd_option(&argc, argv, "--from-data", &from_data, err)) < 0 ||
	    (r = cmd_option(&argc, argv, "--to-data", &to_data, err)) < 0)
		return r;
	struct copy_how how = { .again = cmd_switch(&argc, argv, "--check") };

	if ((r = cmd_rest(argc, argv, err)) < 0 || (r = copy_side_of(&source, "--from", from, from_data, config->data, &a, err)) < 0 ||
	    (r = copy_side_of(&target, "--to", to, to_data, config->data, &a, err)) < 0 || (r = crypto_init(err)) < 0)
		return r;
	log_set_level(LOG_WARNING);
	if ((r = copy_sides_open(&source, &target, err)) == 0 && (r = copy_whole(&source, &target, &how, &a, &got, err)) == 0)
		say_result(&got, how.again, target.data);
	copy_side_close(&source);
	copy_side_close(&target);
	return r;
}

int cmd_copy(int argc, char **argv)
{
	SCOPED(config_done) struct config config = { 0 };
	struct error err = { 0 };

	return copy(argc, argv, &config, &err) < 0 ? cmd_failed(&err) : 0;
}
