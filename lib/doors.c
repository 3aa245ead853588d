/* SPDX-License-Identifier: MIT */
/* doors: accepts connections, at a pace. */
#include "doors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"

enum {
	BATCH = 64,     /* in one go: others want their turn */
	SLOW_BATCH = 8, /* the same under load … */
	SLOW_MS = 20,   /* … and then nothing for so long */
	AGAIN_MS = 100, /* after the kernel had none to give; jittered */
	YIELD_MS = 1,
	HEAR_MOST = 4096, /* at the end */
};

static void open_all(struct doors *d, bool open)
{
	if (d->are_open == open)
		return;
	d->are_open = open;
	for (size_t i = 0; i < d->n; i++)
		loop_watch(d->loop, &d->all[i].watch, open ? LOOP_READ | LOOP_EXCLUSIVE : 0u);
}

static void on_reopen(void *arg)
{
	open_all(arg, true);
}

static void close_for(struct doors *d, int64_t ms)
{
	open_all(d, false);
	loop_timer(d->loop, &d->reopen, clock_ms() + ms);
}

/* How many may come in now, by max_rate: a bucket that holds a tenth of a second's. */
static int allowance(struct doors *d)
{
	double rate = (double)d->max_rate, most = rate / 10 > 1 ? rate / 10 : 1;
	int64_t now = clock_ms();

	if (d->max_rate == 0)
		return BATCH;
	d->rate_left += rate * (double)(now - d->rate_at_ms) / 1000;
	d->rate_at_ms = now;
	if (d->rate_left > most)
		d->rate_left = most;
	return d->rate_left < BATCH ? (int)d->rate_left : BATCH;
}

/* The kernel has no descriptor or memory for another: they wait in its queue. */
static void on_error(struct doors *d, int error)
{
	d->metrics->n[METRICS_ACCEPT_ERRORS]++;
	if (!d->told_error)
		say(d->say, SAY_ERROR, "accept: %s; new connections wait (said once)",
		    strerror(error));
	d->told_error = true;
	close_for(d, AGAIN_MS + (int64_t)clock_random(AGAIN_MS));
}

static bool is_passing(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
	    error == EHOSTUNREACH || error == ENETUNREACH || error == EPERM;
}

/* False when there is none to accept. */
static bool accept_one(struct door *door)
{
	struct doors *d = door->doors;
	struct address peer;
	int fd;

	do
		fd = listen_accept(door->socket, &peer);
	while (fd < 0 && is_passing(errno));
	if (fd < 0) {
		if (errno != EAGAIN)
			on_error(d, errno);
		return false;
	}
	if (!door->socket->is_admin)
		d->rate_left--;
	d->ops->on_accept(d->arg, door, fd, &peer);
	return true;
}

static void on_door(void *arg, unsigned ready)
{
	struct door *door = arg;
	struct doors *d = door->doors;
	enum doors_pace pace = d->ops->pace(d->arg);
	int most = allowance(d), n = 0;

	(void)ready;
	if (pace == DOORS_AHEAD && !d->yielded) {
		d->yielded = true; /* but only once: the others may hang */
		close_for(d, YIELD_MS);
		return;
	}
	d->yielded = false;
	if (door->socket->is_admin)
		most = BATCH;
	else if (pace != DOORS_FREE && most > SLOW_BATCH)
		most = SLOW_BATCH;
	while (n < most) {
		if (!accept_one(door))
			return;
		n++;
	}
	if (n == BATCH || door->socket->is_admin || pace == DOORS_AHEAD)
		return;
	d->metrics->n[METRICS_ACCEPT_DELAYS]++;
	close_for(d, pace == DOORS_SLOW ? SLOW_MS : 1000 / (d->max_rate + 1) + 1);
}

void doors_open(struct doors *d, struct loop *loop, struct listen *listen, int64_t max_rate,
    const struct say *say, struct metrics *metrics, const struct doors_ops *ops, void *arg)
{
	*d = (struct doors){.loop = loop,
	    .say = say,
	    .metrics = metrics,
	    .ops = ops,
	    .arg = arg,
	    .max_rate = max_rate,
	    .rate_at_ms = clock_ms()};
	d->reopen = (struct timer){.on_due = on_reopen, .arg = d};
	d->n = listen->n;
	d->all = xcalloc(listen->n, sizeof *d->all);
	for (size_t i = 0; i < listen->n; i++) {
		struct door *door = &d->all[i];

		*door = (struct door){.doors = d, .socket = &listen->sockets[i]};
		door->watch =
		    (struct watch){.fd = door->socket->fd, .on_ready = on_door, .arg = door};
	}
	open_all(d, true);
}

void doors_hear(struct doors *d)
{
	int n = 0;

	for (size_t i = 0; i < d->n; i++)
		while (n < HEAR_MOST && accept_one(&d->all[i]))
			n++;
}

void doors_shut(struct doors *d)
{
	open_all(d, false);
	loop_cancel(d->loop, &d->reopen);
}

void doors_close(struct doors *d)
{
	if (d->loop == NULL)
		return;
	doors_shut(d);
	free(d->all);
	d->loop = NULL;
}
