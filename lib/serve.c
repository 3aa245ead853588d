/* SPDX-License-Identifier: MIT */
/*
 * serve: one process of the server.
 *
 *	doors ──accept──→ conn … conn ──→ (reap)
 *	wheel ──turn────→ conn_due        tick: load, metrics, access log
 *	subs  ──────────→ conn_on_…
 */
#include "serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "conn.h"

enum {
	ACCEPT_BATCH = 64,     /* in one go: others want their turn */
	ACCEPT_SLOW = 8,       /* the same under load … */
	ACCEPT_SLOW_MS = 20,   /* … and then nothing for so long */
	ACCEPT_AGAIN_MS = 100, /* after the kernel had none to give; jittered */
	DUE_BATCH = 2000,      /* deadlines in one go */
	AHEAD = 16,            /* connections more than the others are no matter */
	YIELD_MS = 1,
	TICK_MS = 200,
	SPARE_FDS = 64,        /* for Redis, files, and refusals */
	REFUSED_MOST = 256,    /* above the limit that get an answer */
	CACHED_LONG_MS = 5000, /* state under load */
	DRAIN_EXTRA_MS = 1000, /* for the last ones to take what they were sent */
};

/* --- Deadlines */

void serve_deadline(struct server *s, struct wheel_entry *e, int64_t due_ms)
{
	wheel_set(&s->wheel, e, due_ms);
	if (s->turn.slot == 0 || due_ms < s->turn.at_ms)
		loop_timer(s->loop, &s->turn, due_ms + WHEEL_TICK_MS);
}

static void on_turn(void *arg)
{
	struct server *s = arg;
	int64_t now = loop_now(s->loop);
	struct wheel_entry *e;

	for (int i = 0; i < DUE_BATCH; i++) {
		if ((e = wheel_next(&s->wheel, now)) == NULL) {
			if (wheel_due_ms(&s->wheel) >= 0)
				loop_timer(s->loop, &s->turn, wheel_due_ms(&s->wheel));
			return;
		}
		conn_due(conn_of_timer(e));
	}
	loop_timer(s->loop, &s->turn, now); /* the rest, behind what else is ready */
}

/* --- The dead */

static void on_reap(void *arg)
{
	struct server *s = arg;

	while (s->dead != NULL) {
		struct conn *c = s->dead;

		s->dead = c->next_dead;
		conn_free(c);
	}
	if (s->draining && s->nconns == 0 && s->on_over != NULL)
		s->on_over(s->arg);
}

void serve_bury(struct server *s, struct conn *c)
{
	c->next_dead = s->dead;
	s->dead = c;
	s->nconns--;
	s->metrics->n[METRICS_CONNECTIONS]--;
	loop_timer(s->loop, &s->reap, 0);
}

/* --- Doors */

static void open_doors(struct server *s, bool open)
{
	if (s->doors_are_open == open)
		return;
	s->doors_are_open = open;
	for (size_t i = 0; i < s->ndoors; i++)
		loop_watch(s->loop, &s->doors[i].watch, open ? LOOP_READ | LOOP_EXCLUSIVE : 0u);
}

static void on_reopen(void *arg)
{
	struct server *s = arg;

	if (!s->draining)
		open_doors(s, true);
}

static void close_doors_for(struct server *s, int64_t ms)
{
	open_doors(s, false);
	loop_timer(s->loop, &s->reopen, clock_ms() + ms);
}

/* How many may come in now, by --max-accept-rate: a bucket that holds a tenth of a second's. */
static int allowance(struct server *s)
{
	double rate = (double)s->conf->max_accept_rate, most = rate / 10 > 1 ? rate / 10 : 1;
	int64_t now = clock_ms();

	if (s->conf->max_accept_rate == 0)
		return ACCEPT_BATCH;
	s->rate_left += rate * (double)(now - s->rate_at_ms) / 1000;
	s->rate_at_ms = now;
	if (s->rate_left > most)
		s->rate_left = most;
	return s->rate_left < ACCEPT_BATCH ? (int)s->rate_left : ACCEPT_BATCH;
}

/* The kernel has no descriptor or memory for another: they wait in its queue. */
static void on_accept_error(struct server *s, int error)
{
	s->metrics->n[METRICS_ACCEPT_ERRORS]++;
	if (!s->told_accept_error)
		say(s->conf->say, SAY_ERROR, "accept: %s; new connections wait (said once)",
		    strerror(error));
	s->told_accept_error = true;
	close_doors_for(s, ACCEPT_AGAIN_MS + (int64_t)clock_random(ACCEPT_AGAIN_MS));
}

/* Beyond the limit: most are told so, once they have asked; what comes on top is not even heard. */
static void shut_out(struct server *s, int fd)
{
	static const char answer[] =
	    "HTTP/1.1 503 Service Unavailable\r\n"
	    "Retry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

	s->metrics->n[METRICS_ACCEPTED]++;
	s->metrics->n[METRICS_REFUSED_CONNECTIONS]++;
	if (write(fd, answer, sizeof answer - 1) < 0) {
		/* It is closed all the same. */
	}
	(void)close(fd);
}

static bool is_passing(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
	    error == EHOSTUNREACH || error == ENETUNREACH || error == EPERM;
}

/* Whether this worker has so many more than the others that they should have the next ones. Who
 * waits exclusively is woken in the same order each time: without this, of 3,000 that came at once
 * three workers had 512, 627 and 1,891. */
static bool is_ahead(const struct server *s)
{
	uint64_t n = s->board->n, total = metrics_total(s->board, METRICS_CONNECTIONS);

	return n > 1 && s->nconns * n > total + total / 8 + AHEAD * n;
}

static void on_door(void *arg, unsigned ready)
{
	struct serve_door *door = arg;
	struct server *s = door->server;
	bool slow = s->load.level >= STRAIN_MEDIUM;
	int most = allowance(s), n = 0;
	struct address peer;

	(void)ready;
	bool ahead = is_ahead(s);
	if (ahead && !s->yielded) {
		s->yielded = true; /* but only once: the others may hang */
		close_doors_for(s, YIELD_MS);
		return;
	}
	s->yielded = false;
	if (door->socket->is_admin)
		most = ACCEPT_BATCH;
	else if ((slow || ahead) && most > ACCEPT_SLOW)
		most = ACCEPT_SLOW;
	while (n < most) {
		int fd = listen_accept(door->socket, &peer);

		if (fd < 0 && is_passing(errno))
			continue;
		if (fd < 0 && errno != EAGAIN)
			on_accept_error(s, errno);
		if (fd < 0)
			return;
		n++;
		s->rate_left--;
		if (s->nconns >= s->max_conns + REFUSED_MOST)
			shut_out(s, fd);
		else
			conn_open(s, door, fd, &peer);
	}
	if (n == ACCEPT_BATCH || door->socket->is_admin || (ahead && !slow))
		return;
	s->metrics->n[METRICS_ACCEPT_DELAYS]++;
	close_doors_for(s, slow ? ACCEPT_SLOW_MS : 1000 / (s->conf->max_accept_rate + 1) + 1);
}

/* --- The tick */

static void copy_stats(struct server *s)
{
	uint64_t *n = s->metrics->n;
	struct subs_stats now;

	subs_stats(s->subs, &now);
	n[METRICS_TOPICS] = now.topics;
	n[METRICS_CATCHING] = now.catching;
	n[METRICS_BLOCKED] = now.blocked;
	n[METRICS_WINDOW_BYTES] = now.window_bytes;
	n[METRICS_MESSAGES_IN] = now.messages_in;
	n[METRICS_BYTES_IN] = now.bytes_in;
	n[METRICS_DELIVERIES] = now.deliveries;
	n[METRICS_PAGES] = now.pages;
	n[METRICS_GAPS] = now.gaps;
	n[METRICS_SLOW_DROPS] = now.slow_drops;
	n[METRICS_MEMORY_DROPS] = now.memory_drops;
	n[METRICS_REDIS_UP] = subs_is_up(s->subs);
	n[METRICS_LEVEL] = s->load.level;
	n[METRICS_LATE_MS] = (uint64_t)s->load.late_ms;
	s->metrics->alive_ms = clock_ms();
}

static void on_tick(void *arg)
{
	struct server *s = arg;
	enum strain_level before = s->load.level;
	int64_t now = clock_ms(), late = now - s->tick_due_ms;

	copy_stats(s);
	const struct strain_facts facts = {.connections = s->nconns,
	    .max_connections = s->max_conns,
	    .memory_bytes = s->metrics->n[METRICS_WINDOW_BYTES],
	    .max_memory_bytes = (uint64_t)s->conf->memory,
	    .late_ms = late > 0 ? late : 0};
	enum strain_level level = strain_update(&s->load, &facts, now);
	if (level != before) {
		say(s->conf->say, SAY_NOTE, "load: %s", strain_name(level));
		subs_set_slow(s->subs,
		    level >= STRAIN_MEDIUM && s->conf->slow == HUB_RESUME
			? HUB_LATEST
			: (enum hub_slow)s->conf->slow);
		state_keep(s->state, level >= STRAIN_LIGHT ? CACHED_LONG_MS : 1000);
	}
	journal_flush(&s->journal);
	s->tick_due_ms = now + TICK_MS;
	loop_timer(s->loop, &s->tick, s->tick_due_ms);
}

const char *serve_date(struct server *s)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now == s->date_s)
		return s->date;
	s->date_s = now;
	(void)gmtime_r(&now, &tm); /* a year of four digits */
	(void)strftime(s->date, sizeof s->date, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return s->date;
}

/* --- Redis */

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct server *s = arg;

	s->metrics->n[METRICS_REDIS_LOSSES] += !s->down;
	if (!s->down)
		say(s->conf->say, SAY_NOTE, "%s, retrying in %lld ms", w->text, (long long)wait_ms);
	s->down = true;
}

static void on_up(void *arg)
{
	struct server *s = arg;

	if (s->down)
		say(s->conf->say, SAY_NOTE, "connected to Redis again");
	s->down = false;
}

static void on_dead(void *arg, const struct why *w)
{
	struct server *s = arg;

	(void)say_why(s->conf->say, w); /* it goes on: /readyz tells, and readers come back */
}

static void on_started(void *arg, const char *path)
{
	struct server *s = arg;

	say(s->conf->say, SAY_NOTE, "started a private Redis at %s", path);
}

/* --- Life */

int64_t serve_room(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 1024 - SPARE_FDS;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r); /* what it is now tells */
	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == RLIM_INFINITY)
		return 1 << 20;
	int64_t room = (int64_t)r.rlim_cur;
	/* A part is kept back for Redis, files, and those that are told that there is no room. */
	return room > 8 * SPARE_FDS         ? room - SPARE_FDS - REFUSED_MOST / 4
	    : room - (room + 3) / 4 - 8 > 1 ? room - (room + 3) / 4 - 8
					    : 1;
}

static void make_doors(struct server *s, struct listen *listen)
{
	s->ndoors = listen->n;
	s->doors = xcalloc(listen->n, sizeof *s->doors);
	for (size_t i = 0; i < listen->n; i++) {
		struct serve_door *door = &s->doors[i];

		*door = (struct serve_door){.server = s, .socket = &listen->sockets[i]};
		door->watch =
		    (struct watch){.fd = door->socket->fd, .on_ready = on_door, .arg = door};
	}
}

/* Each worker for itself, so that HUP reaches all; what is worth a word was said before. */
static int open_keys(struct server *s, struct why *w)
{
	const struct serve_conf *c = s->conf;
	const struct say silent = {.tool = c->say->tool, .quiet = 2};
	struct access *fresh;

	if (c->nkeys == 0)
		return 0;
	if (access_open(&fresh, c->keys, c->nkeys, &silent, w) < 0)
		return -1;
	access_close(s->access);
	s->access = fresh;
	return 0;
}

int serve_open(struct server *s, struct loop *loop, const struct serve_conf *conf,
    struct listen *listen, struct metrics_board *board, struct metrics *metrics, struct why *w)
{
	static const struct subs_ops ops = {.on_start = conn_on_start,
	    .on_send = conn_on_send,
	    .on_end = conn_on_end,
	    .on_down = on_down,
	    .on_up = on_up,
	    .on_dead = on_dead,
	    .on_started = on_started};
	const struct subs_conf subs = {.link = conf->link,
	    .namespace = conf->gate.namespace,
	    .event_names = conf->event_names,
	    .slow = (enum hub_slow)conf->slow,
	    .max_lag_bytes = (size_t)conf->max_lag,
	    .memory_bytes = (size_t)conf->memory};

	*s = (struct server){.conf = conf, .loop = loop, .board = board, .metrics = metrics};
	s->turn = (struct timer){.on_due = on_turn, .arg = s};
	s->tick = (struct timer){.on_due = on_tick, .arg = s};
	s->reap = (struct timer){.on_due = on_reap, .arg = s};
	s->reopen = (struct timer){.on_due = on_reopen, .arg = s};
	s->max_conns = (size_t)(conf->max_connections > 0 ? conf->max_connections : serve_room());
	s->rate_at_ms = clock_ms();
	wheel_init(&s->wheel, clock_ms());
	quota_init(&s->quota);
	slab_init(&s->conns, sizeof(struct conn));
	slab_init(&s->requests, sizeof(struct request));
	posts_init(&s->posts, loop, &conf->link);
	make_doors(s, listen);
	s->state = state_open(loop, &conf->link, conf->gate.namespace);
	if (open_keys(s, w) < 0 || journal_open(&s->journal, conf->access_log, w) < 0 ||
	    subs_open(&s->subs, loop, &subs, &ops, s, w) < 0)
		return -1;
	open_doors(s, true);
	s->tick_due_ms = clock_ms();
	loop_timer(loop, &s->tick, s->tick_due_ms);
	return 0;
}

static void drop_each(void *arg, struct wheel_entry *e)
{
	(void)arg;
	conn_drop(conn_of_timer(e));
}

void serve_close(struct server *s)
{
	if (s->loop == NULL)
		return;
	s->on_over = NULL;
	wheel_each(&s->wheel, drop_each, NULL);
	on_reap(s);
	open_doors(s, false);
	loop_cancel(s->loop, &s->turn);
	loop_cancel(s->loop, &s->tick);
	loop_cancel(s->loop, &s->reap);
	loop_cancel(s->loop, &s->reopen);
	posts_fini(&s->posts);
	state_close(s->state);
	if (s->subs != NULL)
		subs_close(s->subs);
	journal_close(&s->journal);
	access_close(s->access);
	quota_fini(&s->quota);
	slab_fini(&s->conns);
	slab_fini(&s->requests);
	free(s->doors);
	s->loop = NULL;
}

static void on_drained(void *arg)
{
	struct server *s = arg;

	wheel_each(&s->wheel, drop_each, NULL); /* who is left had its time */
	on_reap(s);
}

static void drain_each(void *arg, struct wheel_entry *e)
{
	struct server *s = arg;

	conn_drain(conn_of_timer(e), s->conf->drain_ms);
}

void serve_drain(struct server *s, void (*on_over)(void *arg), void *arg)
{
	if (s->draining)
		return;
	/* Those that the kernel has let in already are heard. */
	for (size_t i = 0; i < s->ndoors; i++)
		on_door(&s->doors[i], LOOP_READ);
	s->draining = true;
	s->on_over = on_over;
	s->arg = arg;
	open_doors(s, false);
	loop_cancel(s->loop, &s->reopen);
	wheel_each(&s->wheel, drain_each, s);
	s->reopen = (struct timer){.on_due = on_drained, .arg = s};
	loop_timer(s->loop, &s->reopen, clock_ms() + s->conf->drain_ms + DRAIN_EXTRA_MS);
	loop_timer(s->loop, &s->reap, 0); /* perhaps there is nobody */
}

void serve_reload(struct server *s)
{
	struct why w;

	if (open_keys(s, &w) < 0)
		(void)say_why(s->conf->say, &w); /* the old keys stay in use */
	if (journal_reopen(&s->journal, &w) < 0)
		(void)say_why(s->conf->say, &w); /* so does the old file */
}
