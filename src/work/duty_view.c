#include "work/duty_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A look that comes later than this was held up: what happened between is not known. */
enum { COUNTED_MS = 2 * DUTY_LOOK_MS };

void duty_view_init(struct duty_view *v, struct str self)
{
	*v = (struct duty_view){ .live = 1 };
	(void)snprintf(v->self, sizeof(v->self), "%.*s", STR_ARG(self));
}

void duty_view_done(struct duty_view *v)
{
	free(v->others);
	free(v->leases);
	*v = (struct duty_view){ 0 };
}

static struct duty_lease *lease_of(const struct duty_view *v, struct str name)
{
	for (size_t k = 0; k < v->lease_count; k++)
		if (str_eq_c(name, v->leases[k].name))
			return &v->leases[k];
	return NULL;
}

bool duty_view_add(struct duty_view *v, struct str name)
{
	if (name.len >= DUTY_NAME_MAX)
		return false;
	if (lease_of(v, name) != NULL)
		return true;
	if (v->lease_count == v->lease_room) {
		size_t room = v->lease_room == 0 ? 8 : v->lease_room * 2;
		struct duty_lease *more = realloc(v->leases, room * sizeof(*more));

		if (more == NULL)
			return false;
		v->leases = more;
		v->lease_room = room;
	}
	struct duty_lease *l = &v->leases[v->lease_count++];

	*l = (struct duty_lease){ .is_mine = false };
	(void)snprintf(l->name, sizeof(l->name), "%.*s", STR_ARG(name));
	return true;
}

static const struct duty_other *find(const struct duty_view *v, struct str id)
{
	for (size_t k = 0; k < v->other_count; k++)
		if (str_eq_c(id, v->others[k].id))
			return &v->others[k];
	return NULL;
}

static bool is_live(const struct duty_other *o)
{
	return o->still_ms < DUTY_DEAD_MS;
}

bool duty_view_lives(const struct duty_view *v, struct str server)
{
	const struct duty_other *o = find(v, server);

	return str_eq_c(server, v->self) || (o != NULL && is_live(o));
}

/* How many leases it holds is counted by see_leases. */
static struct duty_other seen(const struct duty_view *v, const struct store_server *s, int64_t elapsed)
{
	const struct duty_other *before = find(v, s->id);
	struct duty_other now = { .beat = s->beat };

	(void)snprintf(now.id, sizeof(now.id), "%.*s", STR_ARG(s->id));
	if (before != NULL) {
		now.still_ms = before->beat == s->beat ? before->still_ms + elapsed : 0;
		now.known_ms = before->known_ms + elapsed;
	}
	return now;
}

static bool is_free(const struct duty_view *v, const struct store_lease *row)
{
	return row->server.p == NULL || !duty_view_lives(v, row->server);
}

static void see_leases(struct duty_view *v, const struct store_lease *leases, size_t count, int64_t elapsed)
{
	for (size_t k = 0; k < count; k++) {
		struct duty_lease *l = lease_of(v, leases[k].name);

		if (l == NULL)
			continue;
		for (size_t n = 0; n < v->other_count; n++)
			v->others[n].held += str_eq_c(leases[k].server, v->others[n].id);
		l->is_mine = str_eq_c(leases[k].server, v->self);
		l->free_ms = is_free(v, &leases[k]) ? l->free_ms + elapsed : 0;
		l->given = l->given && l->free_ms > 0;
	}
}

/* When somebody comes or goes, what nobody wanted to have may be offered again. */
static void count_live(struct duty_view *v)
{
	size_t live = 1;

	for (size_t k = 0; k < v->other_count; k++)
		live += is_live(&v->others[k]) && v->others[k].beat >= 0;
	for (size_t k = 0; live != v->live && k < v->lease_count; k++)
		v->leases[k].kept = false;
	v->live = live;
}

bool duty_view_see(struct duty_view *v, int64_t mono_ms, const struct store_server *servers, size_t server_count,
		   const struct store_lease *leases, size_t lease_count)
{
	int64_t elapsed = v->seen_ms == 0 ? 0 : mono_ms - v->seen_ms;
	struct duty_other *others = calloc(server_count + 1, sizeof(*others));
	size_t count = 0;

	if (others == NULL)
		return false;
	elapsed = elapsed < COUNTED_MS ? elapsed : COUNTED_MS;
	for (size_t k = 0; k < server_count; k++)
		if (!str_eq_c(servers[k].id, v->self))
			others[count++] = seen(v, &servers[k], elapsed);
	free(v->others);
	v->others = others;
	v->other_count = count;
	v->seen_ms = mono_ms;
	see_leases(v, leases, lease_count, elapsed);
	count_live(v);
	return true;
}

/* ---- what to do ---- */

struct plan {
	struct duty_view *v;
	struct duty_move *moves;
	size_t max, count;
	size_t mine, share;
};

static void add(struct plan *p, const struct duty_lease *l, bool take, int64_t term)
{
	p->moves[p->count++] = (struct duty_move){ .name = str_of(l->name), .take = take, .term = term };
}

static void plan_take(struct plan *p, const struct store_lease *leases, size_t count)
{
	for (size_t k = 0; k < count && p->count < p->max; k++) {
		struct duty_lease *l = lease_of(p->v, leases[k].name);

		if (l == NULL || !is_free(p->v, &leases[k]))
			continue;
		bool is_spare = l->free_ms >= DUTY_SPARE_MS;

		if (!is_spare && (p->mine >= p->share || l->given))
			continue;
		l->kept = is_spare && p->v->live > 1;
		add(p, l, true, leases[k].term);
		p->mine++;
	}
}

/* The fewest that a server which has settled here holds. */
static size_t fewest(const struct duty_view *v)
{
	size_t least = SIZE_MAX;

	for (size_t k = 0; k < v->other_count; k++) {
		const struct duty_other *o = &v->others[k];

		if (is_live(o) && o->beat >= 0 && o->known_ms >= DUTY_SETTLED_MS && o->held < least)
			least = o->held;
	}
	return least;
}

/* A few at a time: others look once a second. */
static void plan_give(struct plan *p)
{
	size_t least = fewest(p->v), gives;

	if (least == SIZE_MAX || p->mine < least + 2)
		return;
	gives = 1 + (p->mine - least) / 8;
	for (size_t k = p->v->lease_count; k > 0 && gives > 0 && p->count < p->max; k--) {
		struct duty_lease *l = &p->v->leases[k - 1];

		if (!l->is_mine || l->kept)
			continue;
		l->given = true;
		add(p, l, false, 0);
		gives--;
	}
}

size_t duty_view_plan(struct duty_view *v, bool leaving, const struct store_lease *leases, size_t lease_count, struct duty_move *ret,
		      size_t max)
{
	struct plan p = { .v = v, .moves = ret, .max = max };

	for (size_t k = 0; k < v->lease_count; k++)
		p.mine += v->leases[k].is_mine;
	if (leaving) {
		for (size_t k = 0; k < v->lease_count && p.count < max; k++)
			if (v->leases[k].is_mine)
				add(&p, &v->leases[k], false, 0);
		return p.count;
	}
	p.share = (v->lease_count + v->live - 1) / v->live;
	plan_take(&p, leases, lease_count);
	if (p.count == 0)
		plan_give(&p);
	return p.count;
}
