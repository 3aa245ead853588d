/* SPDX-License-Identifier: MIT */
/*
 * link: one connection that comes back.
 *
 *	            ┌────────── lost, backoff ──────────┐
 *	link_open → WAITING ──timer──→ CONNECTING ──→ UP ──refused, gave up──→ closed
 */
#include "link.h"

#include "local.h"

enum {
	RETRY_LEAST_MS = 50,
	RETRY_MOST_MS = 5000,
	READS_MOST = 4, /* of 64 KiB before on_idle: more to hand on at once, and still fair */
};

const char *link_name(const struct link *link)
{
	if (link->conf.url != NULL)
		return link->conf.url->shown;
	return link->local.shown != NULL ? link->local.shown : "the private Redis";
}

static void drop(struct link *link)
{
	if (link->redis == NULL)
		return;
	loop_watch(link->loop, &link->watch, 0);
	redis_close(link->redis);
	link->redis = NULL;
	link->up = false;
}

void link_close(struct link *link)
{
	if (link->loop == NULL)
		return;
	drop(link);
	loop_cancel(link->loop, &link->timer);
	if (link->conf.url == NULL)
		url_fini(&link->local);
	link->loop = NULL;
}

void link_die(struct link *link, const struct why *w)
{
	struct why copy = *w;

	link_close(link);
	link->ops->on_dead(link->arg, &copy);
}

static void lost(struct link *link, const struct why *cause)
{
	int64_t now = clock_ms();
	struct why w;

	drop(link);
	if (cause->status != WHY_UNAVAILABLE) {
		link_die(link, cause);
		return;
	}
	link->failures++;
	if (link->down_since_ms == 0)
		link->down_since_ms = now;
	if (link->conf.give_up_ms >= 0 && now - link->down_since_ms >= link->conf.give_up_ms) {
		(void)why_set(&w, WHY_UNAVAILABLE, "%s: %s; gave up after %.1f s", link_name(link),
		    cause->text, (double)(now - link->down_since_ms) / 1000); /* fills w */
		link_die(link, &w);
		return;
	}
	int64_t wait = backoff_next(&link->backoff);
	if (link->conf.give_up_ms >= 0 && now + wait > link->down_since_ms + link->conf.give_up_ms)
		wait = link->down_since_ms + link->conf.give_up_ms - now;
	loop_timer(link->loop, &link->timer, now + wait);
	(void)why_set(&w, WHY_UNAVAILABLE, "%s: %s", link_name(link), cause->text); /* fills w */
	if (link->ops->on_down != NULL)
		link->ops->on_down(link->arg, &w, wait);
}

void link_fault(struct link *link, const struct why *w)
{
	struct why copy = *w;

	copy.status = WHY_UNAVAILABLE;
	lost(link, &copy);
}

void link_refused(struct link *link, const char *object, const struct reply *error)
{
	struct why w;

	if (redis_refusal(object, error, &w))
		lost(link, &w);
	else
		link_die(link, &w);
}

/* Asks the loop for what the connection needs now, and for its next deadline. */
static void settle(struct link *link)
{
	if (link->redis == NULL)
		return;
	unsigned want = redis_want(link->redis) |
	    (link->want_write && redis_is_connected(link->redis) ? LOOP_WRITE : 0u);
	if (link->watch.fd != redis_fd(link->redis)) {
		/* Another address is tried: the old descriptor is closed, and gone from the
		 * kernel's set with that. */
		loop_watch(link->loop, &link->watch, 0);
		link->watch.fd = redis_fd(link->redis);
	}
	loop_watch(link->loop, &link->watch, want);
	int64_t due = redis_due(link->redis);
	/* A timer that is set too early only looks again; moving it for every reply would cost
	 * more. */
	if (link->timer.slot == 0 || link->timer.at_ms > due)
		loop_timer(link->loop, &link->timer, due);
}

static void good_reply(struct link *link)
{
	link->failures = 0;
	link->down_since_ms = 0;
	backoff_reset(&link->backoff);
}

/* Delivers what has come: 0, -1 when the server talks garbage. The owner may close or fault the
 * link in any callback. */
static int deliver(struct link *link, struct redis *r, struct why *w)
{
	struct reply *reply;
	int got = 0;

	if (!link->up && redis_is_connected(r)) {
		link->up = link->was_up = true;
		link->preamble = 0;
		link->ops->on_up(link->arg);
	}
	while (link->redis == r && (got = redis_next(r, &reply, w)) == 1) {
		if (link->preamble > 0)
			link->preamble--;
		else if (reply->type != REPLY_ERROR && link->down_since_ms > 0)
			good_reply(link);
		link->ops->on_reply(link->arg, reply);
	}
	return link->redis == r ? got : 0;
}

/* Reads and delivers; what comes behind the first read may fail another time. */
static int receive(struct link *link, struct redis *r, struct why *w)
{
	int more = redis_read(r, w);

	if (more < 0 || deliver(link, r, w) < 0)
		return -1;
	for (int reads = 1; reads < READS_MOST && more > 0 && link->redis == r; reads++) {
		struct why later;

		more = redis_read(r, &later);
		if (more >= 0 && deliver(link, r, w) < 0)
			return -1;
	}
	return 0;
}

static void step(struct link *link, bool readable)
{
	struct redis *r = link->redis;
	struct why w;

	if (redis_flush(r, &w) < 0 ||
	    (readable ? receive(link, r, &w) : deliver(link, r, &w)) < 0) {
		lost(link, &w);
		return;
	}
	if (link->redis == r && link->up && link->ops->on_idle != NULL)
		link->ops->on_idle(link->arg);
	/* What the callbacks queued goes out now, without a wake-up in between. */
	if (link->redis == r && (redis_want(r) & LOOP_WRITE) && redis_flush(r, &w) < 0)
		lost(link, &w);
	settle(link);
}

void link_pump(struct link *link)
{
	if (link->redis != NULL)
		step(link, false);
}

size_t link_send(struct link *link, const void *p, size_t n)
{
	struct why w;

	if (!link->up)
		return 0;
	ssize_t put = redis_write(link->redis, p, n, &w);
	if (put < 0) {
		lost(link, &w);
		return 0;
	}
	link->want_write = (size_t)put < n;
	settle(link);
	return (size_t)put;
}

static void on_ready(void *arg, unsigned ready)
{
	step(arg, ready & LOOP_READ);
}

/* Opens the private Redis, starting it when nobody listens there. -2 when that cannot be done:
 * waiting would not help. */
static int open_local(struct link *link, struct why *w)
{
	bool started = false;

	url_fini(&link->local);
	if (local_url(&link->local, w) < 0)
		return -2;
	if (redis_open(&link->redis, &link->local, &link->conf.times, w) == 0)
		return 0;
	url_fini(&link->local);
	if (local_start(&link->local, &started, link->was_up, w) < 0)
		return link->was_up ? -1 : -2;
	if (started && link->ops->on_started != NULL)
		link->ops->on_started(link->arg, link->local.path);
	return redis_open(&link->redis, &link->local, &link->conf.times, w);
}

static void connect_now(struct link *link)
{
	const struct link_conf *c = &link->conf;
	struct why w;
	int r =
	    c->url == NULL ? open_local(link, &w) : redis_open(&link->redis, c->url, &c->times, &w);

	if (r == -2) {
		link_die(link, &w);
	} else if (r < 0) {
		lost(link, &w);
	} else {
		link->watch.fd = redis_fd(link->redis);
		step(link, false);
	}
}

static void on_due(void *arg)
{
	struct link *link = arg;
	struct why w;

	if (link->redis == NULL)
		connect_now(link);
	else if (redis_tick(link->redis, clock_ms(), &w) < 0)
		lost(link, &w);
	else
		settle(link);
}

void link_open(struct link *link, struct loop *loop, const struct link_conf *conf,
    const struct link_ops *ops, void *arg)
{
	*link = (struct link){.loop = loop,
	    .conf = *conf,
	    .ops = ops,
	    .arg = arg,
	    .down_since_ms = clock_ms(),
	    .backoff = {RETRY_LEAST_MS, RETRY_MOST_MS, 0}};
	link->watch = (struct watch){.fd = -1, .on_ready = on_ready, .arg = link};
	link->timer = (struct timer){.on_due = on_due, .arg = link};
	loop_timer(loop, &link->timer, 0);
}
