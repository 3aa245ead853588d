/* SPDX-License-Identifier: MIT */
/* spooler: a spool as a loop keeps it. */
#include "spooler.h"

#include "clock.h"

enum { SYNC_MS = 1000 }; /* also how often a full disk is tried again */

static void on_timer(void *arg)
{
	struct spooler *s = arg;
	struct why w;

	if (s->is_full)
		spooler_write(s);
	else if (spool_sync(s->spool, &w) < 0)
		s->ops->on_full(s->arg, &w);
}

void spooler_init(
    struct spooler *s, struct loop *loop, size_t most, const struct spooler_ops *ops, void *arg)
{
	*s = (struct spooler){.loop = loop, .most = most, .ops = ops, .arg = arg};
	s->timer = (struct timer){.on_due = on_timer, .arg = s};
}

void spooler_fini(struct spooler *s, bool acked)
{
	struct why w;

	loop_cancel(s->loop, &s->timer);
	/* One that cannot be emptied is sent again by the next start, and skipped by the script. */
	if (s->spool != NULL && acked)
		(void)spool_reset(s->spool, true, &w);
	spool_close(s->spool);
}

void spooler_write(struct spooler *s)
{
	bool was_full = s->is_full;
	struct why w;

	if (s->spool == NULL)
		return;
	s->is_full = spool_write(s->spool, &w) < 0;
	if (s->timer.slot == 0)
		loop_timer(s->loop, &s->timer, clock_ms() + SYNC_MS);
	if (s->is_full && !was_full)
		s->ops->on_full(s->arg, &w);
	else if (was_full && !s->is_full)
		s->ops->on_room(s->arg);
}

void spooler_empty(struct spooler *s)
{
	struct why w;

	if (s->spool == NULL)
		return;
	/* That it cannot be cut is no loss: it stays larger than it must. */
	if (spool_reset(s->spool, !spooler_has_room(s), &w) == 0 && s->is_full)
		spooler_write(s);
}

bool spooler_has_room(const struct spooler *s)
{
	return s->spool == NULL || (!s->is_full && spool_size(s->spool) <= s->most);
}

bool spooler_is_written(const struct spooler *s)
{
	return s->spool != NULL && spool_is_written(s->spool);
}
