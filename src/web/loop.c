/* See web/loop.h: the thread, its timer, its door and how others wake it. What a connection does is connection.c. */
#include "web/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/connection.h"
#include "web/live.h"

enum { STOP_MS = 7 * 1000, HALF_REQUEST_MS = 2 * 1000 };

void lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	(void)pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(lock, &kind);
	pthread_mutexattr_destroy(&kind);
}

static void note_the_date(struct loop *l)
{
	time_t now = (time_t)(clock_now_ms() / SECOND_MS);
	struct tm tm;

	/* RFC 9110 section 5.6.7. The words are English in every locale: the program sets none. */
	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(l->date, sizeof(l->date), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm) == 0)
		l->date[0] = '\0';
}

/* While stopping: what waits for nothing goes; the end comes when nothing runs any more, or time is up. */
static void wind_down(struct loop *l)
{
	bool late;

	pthread_mutex_lock(&l->lock);
	l->stop_at = l->stop_wanted;
	pthread_mutex_unlock(&l->lock);
	if (l->stop_at == 0)
		return;
	if (l->door != NULL) {
		evconnlistener_free(l->door);
		l->door = NULL;
	}
	late = l->now > l->stop_at - STOP_MS + HALF_REQUEST_MS;
	for (struct conn *c = l->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->state == CONN_STREAM || c->state == CONN_LINGER || 
		    (c->state == CONN_HEAD && (c->in.len == 0 || late)) || (c->state == CONN_BODY && late))
			conn_close(c);
	}
	if ((l->conns == NULL && atomic_load(&l->figures.requests_running) == 0) || l->now >= l->stop_at)
		event_base_loopbreak(l->base);
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	eventfd_t count;

	(void)what;
	(void)eventfd_read(fd, &count);
	pthread_mutex_lock(&l->lock);
	struct note *note = l->first;
	bool stopping = l->stop_wanted != 0;

	l->first = l->last = NULL;
	pthread_mutex_unlock(&l->lock);
	l->now = clock_mono_ms();
	while (note != NULL) {
		struct note *next = note->next;

		note->run(note->arg);
		note = next;
	}
	if (stopping)
		wind_down(l);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	l->now = clock_mono_ms();
	l->ticks++;
	note_the_date(l);
	for (struct conn *c = l->conns, *next; c != NULL; c = next) {
		next = c->next;
		if (c->deadline != 0 && l->now >= c->deadline)
			conn_close(c);
	}
	if (l->door_shut && l->door != NULL) {
		l->door_shut = false;
		(void)evconnlistener_enable(l->door);
	}
	live_tick(l->web->live, l->now);
	wind_down(l);
}

static void on_accept(struct evconnlistener *door, evutil_socket_t fd, struct sockaddr *address, int len, void *arg)
{
	(void)door;
	(void)len;
	conn_accept(arg, fd, address);
}

/* Out of descriptors or memory: one line, and the next try when the tick opens the door again. */
static void on_accept_error(struct evconnlistener *door, void *arg)
{
	struct loop *l = arg;

	log_event(LOG_WARNING, "cannot accept a connection; trying again in a moment", log_c("reason", strerror(errno)),
		  log_end);
	evconnlistener_disable(door);
	l->door_shut = true;
}

int loop_new(struct web *web, struct loop **ret, struct error *err)
{
	struct loop *l = calloc(1, sizeof(*l));
	struct event_config *config = event_config_new();

	if (l == NULL || config == NULL) {
		free(l);
		if (config != NULL)
			event_config_free(config);
		return fail(err, ERR_NOMEM, "no memory for the event loop");
	}
	/* Other threads never touch libevent's objects: they only write to wake_fd. */
	(void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	l->web = web;
	l->base = event_base_new_with_config(config);
	event_config_free(config);
	lock_init(&l->lock);
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->base != NULL && l->wake_fd >= 0) {
		l->wake = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
		l->tick = event_new(l->base, -1, EV_PERSIST, on_tick, l);
	}
	if (l->wake == NULL || l->tick == NULL || event_add(l->wake, NULL) != 0 ||
	    event_add(l->tick, &(struct timeval){ .tv_sec = 1 }) != 0) {
		loop_free(l);
		return fail(err, ERR_BROKEN, "cannot make the event loop");
	}
	l->now = clock_mono_ms();
	note_the_date(l);
	*ret = l;
	return 0;
}

/* "host:port" or "[address]:port". */
static int resolve(struct str listen, struct arena *arena, struct addrinfo **ret, struct error *err)
{
	const char *colon = NULL;
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	int r;

	for (size_t k = 0; k < listen.len; k++)
		if (listen.p[k] == ':')
			colon = listen.p + k;
	if (colon == NULL)
		return fail(err, ERR_INVALID, "listen: '%.*s' is not HOST:PORT", STR_ARG(listen));
	struct str host = { listen.p, (size_t)(colon - listen.p) };
	struct str port = { colon + 1, listen.len - host.len - 1 };

	if (host.len >= 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		host = str_cut(host, 1, host.len - 2);
	host = arena_copy(arena, host);
	port = arena_copy(arena, port);
	if (arena_failed(arena))
		return fail(err, ERR_NOMEM, "out of memory");
	r = getaddrinfo(host.len > 0 ? host.p : NULL, port.p, &hints, ret);
	return r == 0 ? 0 : fail(err, ERR_INVALID, "listen: cannot use '%.*s': %s", STR_ARG(listen), gai_strerror(r));
}

static void write_url(int fd, char *url, size_t url_size)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} s;
	socklen_t len = sizeof(s);
	char host[INET6_ADDRSTRLEN] = "";

	memset(&s, 0, sizeof(s));
	if (getsockname(fd, &s.any, &len) != 0) {
		url[0] = '\0';
	} else if (s.any.sa_family == AF_INET6) {
		(void)inet_ntop(AF_INET6, &s.v6.sin6_addr, host, sizeof(host));
		(void)snprintf(url, url_size, "http://[%s]:%u", host, (unsigned)ntohs(s.v6.sin6_port));
	} else {
		(void)inet_ntop(AF_INET, &s.v4.sin_addr, host, sizeof(host));
		(void)snprintf(url, url_size, "http://%s:%u", host, (unsigned)ntohs(s.v4.sin_port));
	}
}

int loop_listen(struct loop *l, struct str listen, int64_t max_connections, char *url, size_t url_size, struct error *err)
{
	SCOPED(arena_done) struct arena arena = { 0 };
	struct addrinfo *address = NULL;
	int r = resolve(listen, &arena, &address, err);

	if (r < 0 || address == NULL)
		return r < 0 ? r : fail(err, ERR_INVALID, "listen: '%.*s' names no address", STR_ARG(listen));
	l->door = evconnlistener_new_bind(l->base, on_accept, l,
					  LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, 1024,
					  address->ai_addr, (int)address->ai_addrlen);
	freeaddrinfo(address);
	if (l->door == NULL)
		return fail(err, errno == EADDRINUSE ? ERR_STATE : ERR_BROKEN, "cannot listen on %.*s: %s",
			    STR_ARG(listen), strerror(errno));
	evconnlistener_set_error_cb(l->door, on_accept_error);
	l->conn_max = max_connections > 0 ? (size_t)max_connections : 8192;
	write_url(evconnlistener_get_fd(l->door), url, url_size);
	return 0;
}

static void *run(void *arg)
{
	struct loop *l = arg;

	(void)pthread_setname_np(pthread_self(), "web-loop");
	(void)event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

int loop_start(struct loop *l, struct error *err)
{
	if (pthread_create(&l->thread, NULL, run, l) != 0)
		return fail(err, ERR_BROKEN, "cannot start the thread of the sockets");
	l->started = true;
	return 0;
}

void loop_post(struct loop *l, struct note *note)
{
	bool was_empty;

	note->next = NULL;
	pthread_mutex_lock(&l->lock);
	was_empty = l->first == NULL;
	if (l->last != NULL)
		l->last->next = note;
	else
		l->first = note;
	l->last = note;
	/* Inside the lock: after the last note is taken the loop may end and close wake_fd. */
	if (was_empty)
		(void)eventfd_write(l->wake_fd, 1);
	pthread_mutex_unlock(&l->lock);
}

bool loop_stop(struct loop *l)
{
	if (!l->started)
		return true;
	pthread_mutex_lock(&l->lock);
	l->stop_wanted = clock_mono_ms() + STOP_MS;
	(void)eventfd_write(l->wake_fd, 1);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	l->started = false;
	return atomic_load(&l->figures.requests_running) == 0;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	while (l->conns != NULL)
		conn_close(l->conns);
	while (l->first != NULL) {	/* what came after the thread had ended, and holds memory */
		struct note *note = l->first;

		l->first = note->next;
		note->run(note->arg);
	}
	if (l->door != NULL)
		evconnlistener_free(l->door);
	if (l->wake != NULL)
		event_free(l->wake);
	if (l->tick != NULL)
		event_free(l->tick);
	if (l->base != NULL)
		event_base_free(l->base);
	if (l->wake_fd >= 0)
		(void)close(l->wake_fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct loop_figures *loop_figures(struct loop *l)
{
	return &l->figures;
}
