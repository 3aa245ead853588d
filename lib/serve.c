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
	DUE_BATCH = 2000, /* deadlines in one go */
	AHEAD = 16,       /* connections more than the others are no matter */
	TICK_MS = 200,
	TRIM_MS = 10000, /* what a crowd has left: 20 ms for 400,000 pieces, seldom 1 */
	REFUSAL_MS = 60000,
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

/* --- Who comes in */

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

static void on_accept(void *arg, const struct door *door, int fd, const struct address *peer)
{
	struct server *s = arg;

	if (s->nconns >= s->max_conns + REFUSED_MOST)
		shut_out(s, fd);
	else
		conn_open(s, door, fd, peer);
}

/* Whether this worker has so many more than the others that they should have the next ones. Who
 * waits exclusively is woken in the same order each time: without this, of 3,000 that came at once
 * three workers had 512, 627 and 1,891. */
static bool is_ahead(const struct server *s)
{
	uint64_t n = s->board->n, total;

	if (n == 1)
		return false;
	total = metrics_total(s->board, METRICS_CONNECTIONS);
	return s->nconns * n > total + total / 8 + AHEAD * n;
}

static enum doors_pace pace(void *arg)
{
	const struct server *s = arg;

	return s->load.level >= STRAIN_MEDIUM ? DOORS_SLOW : is_ahead(s) ? DOORS_AHEAD : DOORS_FREE;
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
	if (now >= s->trim_due_ms) {
		xtrim();
		s->trim_due_ms = now + TRIM_MS;
	}
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

	/* It goes on: /readyz tells, readers are asked to come back, and HUP tries again. */
	(void)say_why(s->conf->say, w);
}

/* One line tells what is wrong, however many readers run into it. */
static void on_refused(void *arg, const struct why *w)
{
	struct server *s = arg;
	int64_t now = clock_ms();
	char text[sizeof w->text];

	if (now < s->refusal_due_ms)
		return;
	s->refusal_due_ms = now + REFUSAL_MS;
	/* It may hold a channel's name, which a client chose. */
	say(s->conf->say, SAY_ERROR, "%s", why_quote(text, sizeof text, w->text, strlen(w->text)));
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

static void open_subs(struct server *s)
{
	static const struct subs_ops ops = {.on_start = conn_on_start,
	    .on_send = conn_on_send,
	    .on_end = conn_on_end,
	    .on_down = on_down,
	    .on_up = on_up,
	    .on_dead = on_dead,
	    .on_started = on_started,
	    .on_refused = on_refused};
	const struct serve_conf *conf = s->conf;
	const struct subs_conf subs = {.link = conf->link,
	    .namespace = conf->gate.namespace,
	    .event_names = conf->event_names,
	    .slow = (enum hub_slow)conf->slow,
	    .max_lag_bytes = (size_t)conf->max_lag,
	    .memory_bytes = (size_t)conf->memory};

	s->subs = subs_open(s->loop, &subs, &ops, s);
}

int serve_open(struct server *s, struct loop *loop, const struct serve_conf *conf,
    struct listen *listen, struct metrics_board *board, struct metrics *metrics, struct why *w)
{
	static const struct doors_ops at_doors = {pace, on_accept};
	*s = (struct server){.conf = conf, .loop = loop, .board = board, .metrics = metrics};
	s->turn = (struct timer){.on_due = on_turn, .arg = s};
	s->tick = (struct timer){.on_due = on_tick, .arg = s};
	s->reap = (struct timer){.on_due = on_reap, .arg = s};
	s->max_conns = (size_t)(conf->max_connections > 0 ? conf->max_connections : serve_room());
	wheel_init(&s->wheel, clock_ms());
	quota_init(&s->quota);
	slab_init(&s->conns, sizeof(struct conn));
	slab_init(&s->requests, sizeof(struct request));
	posts_init(&s->posts, loop, &conf->link, on_refused, s);
	s->state = state_open(loop, &conf->link, conf->gate.namespace);
	if (open_keys(s, w) < 0 || journal_open(&s->journal, conf->access_log, w) < 0)
		return -1;
	open_subs(s);
	doors_open(
	    &s->doors, loop, listen, conf->max_accept_rate, conf->say, metrics, &at_doors, s);
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
	doors_close(&s->doors);
	loop_cancel(s->loop, &s->turn);
	loop_cancel(s->loop, &s->tick);
	loop_cancel(s->loop, &s->reap);
	loop_cancel(s->loop, &s->drained);
	posts_fini(&s->posts);
	state_close(s->state);
	if (s->subs != NULL)
		subs_close(s->subs);
	journal_close(&s->journal);
	access_close(s->access);
	quota_fini(&s->quota);
	slab_fini(&s->conns);
	slab_fini(&s->requests);
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
	doors_hear(&s->doors); /* they get an answer, and not a reset */
	s->draining = true;
	s->on_over = on_over;
	s->arg = arg;
	doors_shut(&s->doors);
	wheel_each(&s->wheel, drain_each, s);
	s->drained = (struct timer){.on_due = on_drained, .arg = s};
	loop_timer(s->loop, &s->drained, clock_ms() + s->conf->drain_ms + DRAIN_EXTRA_MS);
	loop_timer(s->loop, &s->reap, 0); /* perhaps there is nobody */
}

void serve_reload(struct server *s)
{
	struct why w;

	if (open_keys(s, &w) < 0)
		(void)say_why(s->conf->say, &w); /* the old keys stay in use */
	if (journal_reopen(&s->journal, &w) < 0)
		(void)say_why(s->conf->say, &w); /* so does the old file */
	if (!subs_is_dead(s->subs))
		return;
	subs_close(s->subs);
	open_subs(s);
}
