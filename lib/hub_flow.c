/* SPDX-License-Identifier: MIT */
/* hub_flow: what a topic needs while something is on its way. */
#include <stdlib.h>

#include "hub_reader.h"

struct flow *flow_of(struct hub_topic *t)
{
	if (t->flow != NULL)
		return t->flow;
	struct flow *f = t->flow = xcalloc(1, sizeof *f);
	f->topic = t;
	ring_init(&f->pending);
	ring_init(&f->ahead);
	ring_init(&f->waiting);
	ring_init(&f->outside);
	ring_init(&f->dirty);
	return f;
}

static bool is_over(const struct flow *f)
{
	return f->head == NULL && f->page == NULL && !f->ask.going_on &&
	    ring_is_empty(&f->outside) && ring_is_empty(&f->ahead) && ring_is_empty(&f->waiting);
}

void flow_enter(struct hub_topic *t)
{
	t->hub->depth++;
}

void flow_leave(struct hub_topic *t)
{
	struct flow *f = t->flow;

	if (--t->hub->depth > 0 || f == NULL || !is_over(f))
		return;
	ring_remove(&f->dirty);
	t->flow = NULL;
	free(f);
}
