/* SPDX-License-Identifier: MIT */
/* ticker: timerfd_create(2) in the loop; elsewhere the loop's timer. */
#include "ticker.h"

#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/timerfd.h>

static void on_ready(void *arg, unsigned ready)
{
	struct ticker *t = arg;
	uint64_t times;

	(void)ready;
	/* Also when there was nothing: set anew meanwhile. */
	if (read(t->watch.fd, &times, sizeof times) == (ssize_t)sizeof times)
		t->on_tick(t->arg);
}

int ticker_open(
    struct ticker *t, struct loop *loop, void (*on_tick)(void *arg), void *arg, struct why *w)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return why_errno(w, WHY_BUG, "timerfd");
	*t = (struct ticker){.loop = loop, .on_tick = on_tick, .arg = arg};
	t->watch = (struct watch){.fd = fd, .on_ready = on_ready, .arg = t};
	loop_watch(loop, &t->watch, LOOP_READ);
	return 0;
}

void ticker_close(struct ticker *t)
{
	if (t->loop == NULL)
		return;
	loop_watch(t->loop, &t->watch, 0);
	(void)close(t->watch.fd); /* nothing is in it */
	t->loop = NULL;
}

void ticker_set(struct ticker *t, int64_t at_ns)
{
	struct itimerspec when = {.it_value = {at_ns / 1000000000, at_ns % 1000000000}};

	/* Fails only for arguments that are out of range. */
	(void)timerfd_settime(t->watch.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

#else

int ticker_open(
    struct ticker *t, struct loop *loop, void (*on_tick)(void *arg), void *arg, struct why *w)
{
	(void)w;
	*t = (struct ticker){.loop = loop, .on_tick = on_tick, .arg = arg};
	t->timer = (struct timer){.on_due = on_tick, .arg = arg};
	return 0;
}

void ticker_close(struct ticker *t)
{
	if (t->loop != NULL)
		loop_cancel(t->loop, &t->timer);
	t->loop = NULL;
}

void ticker_set(struct ticker *t, int64_t at_ns)
{
	loop_timer(t->loop, &t->timer, at_ns / 1000000 + 1);
}

#endif
