/* SPDX-License-Identifier: MIT */
/* load: publishers, their common schedule, and its end. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "load_member.h"

static void on_tick(void *arg);
static void on_end(void *arg);

void load_channel(char name[LOAD_CHANNEL_NAME], const char *channel, size_t i)
{
	(void)snprintf(name, LOAD_CHANNEL_NAME, "%s:%zu", channel, i); /* checked by the command */
}

/* --- Life */

int load_open(struct load **out, struct loop *loop, const struct load_conf *conf,
    const struct load_ops *ops, void *arg, struct why *w)
{
	struct load *l = xcalloc(1, sizeof *l);
	bool each = conf->durable && conf->channels > conf->connections;
	int r = 0;

	*l = (struct load){.conf = *conf, .ops = ops, .arg = arg, .loop = loop};
	l->n = each ? conf->channels : conf->connections;
	l->members = xcalloc(l->n, sizeof *l->members);
	l->stamp_size = conf->size - (LOAD_SIZE_MIN - AUDIT_STAMP_MIN);
	l->end = (struct timer){.on_due = on_end, .arg = l};
	buf_init(&l->message, SIZE_MAX / 2);
	hist_init(&l->facts.corrected);
	hist_init(&l->facts.uncorrected);
	hist_init(&l->facts.second);
	r = ticker_open(&l->ticker, loop, on_tick, l, w);
	for (size_t i = 0; i < l->n && r == 0; i++)
		r = load_member_open(l, i, w);
	if (r < 0) {
		load_close(l);
		return -1;
	}
	*out = l;
	return 0;
}

void load_close(struct load *l)
{
	if (l == NULL)
		return;
	ticker_close(&l->ticker);
	loop_cancel(l->loop, &l->end);
	for (size_t i = 0; i < l->n; i++)
		load_member_close(&l->members[i]);
	free(l->members);
	buf_fini(&l->message);
	hist_fini(&l->facts.corrected);
	hist_fini(&l->facts.uncorrected);
	hist_fini(&l->facts.second);
	free(l);
}

/* The slots go round the members: only those whose time has come are looked at. */
static void on_tick(void *arg)
{
	struct load *l = arg;
	int64_t now = clock_ns();
	struct pace all = {.start_ns = l->start_ns, .rate = l->conf.rate, .members = 1};
	size_t pumped = 0;

	for (; now >= pace_at(&all, l->slot) && pace_at(&all, l->slot) < l->end_ns; l->slot++)
		if (pumped++ < l->n)
			load_member_pump(&l->members[(size_t)(l->slot % l->n)]);
	if (pace_at(&all, l->slot) < l->end_ns)
		ticker_set(&l->ticker, pace_at(&all, l->slot));
}

static uint64_t waiting(const struct load *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->members[i].waiting;
	return n;
}

static void finish(struct load *l)
{
	struct pace_slots *s = &l->facts.slots;

	if (l->over)
		return;
	l->over = true;
	for (size_t i = 0; i < l->n; i++) {
		struct pace *p = &l->members[i].pace;

		s->intended += pace_slots(p, l->end_ns);
		s->taken += p->taken;
	}
	s->unsent = s->intended - s->taken;
	l->facts.errors += waiting(l);
	l->ops->on_over(l->arg);
}

/* From the end on: whether anything is left that is worth waiting for. */
static void on_end(void *arg)
{
	struct load *l = arg;
	int64_t now = clock_ns();
	bool backlog = false;

	for (size_t i = 0; l->conf.rate > 0 && i < l->n; i++)
		backlog = backlog || pace_next(&l->members[i].pace, now) < l->end_ns;
	if (l->over)
		return;
	if ((!backlog && waiting(l) == 0) || now > l->end_ns + l->grace_ns)
		finish(l);
	else
		loop_timer(l->loop, &l->end, clock_ms() + 2);
}

void load_start(struct load *l, int64_t start_ns, int64_t end_ns, int64_t grace_ms)
{
	l->started = true;
	l->start_ns = start_ns;
	l->end_ns = end_ns;
	l->grace_ns = grace_ms * 1000000;
	for (size_t i = 0; i < l->n; i++) {
		l->members[i].pace.start_ns = start_ns;
		l->members[i].free_ns = start_ns;
	}
	loop_timer(l->loop, &l->end, end_ns / 1000000 + 1);
	if (l->conf.rate > 0) {
		ticker_set(&l->ticker, start_ns);
		return;
	}
	for (size_t i = 0; i < l->n; i++)
		load_member_pump(&l->members[i]);
}

void load_stop(struct load *l, int64_t grace_ms)
{
	int64_t now = clock_ns();

	l->end_ns = now < l->end_ns ? now : l->end_ns;
	l->grace_ns = grace_ms * 1000000;
	if (l->started && grace_ms > 0)
		on_end(l);
	else
		finish(l);
}

/* --- Facts */

struct load_facts *load_facts(struct load *l)
{
	return &l->facts;
}

size_t load_connected(const struct load *l)
{
	return l->connected;
}

void load_lanes(const struct load *l,
    void (*on_lane)(void *arg, size_t channel, uint32_t run, uint32_t lane, uint64_t sent),
    void *arg)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->members[i].nlanes; k++)
			on_lane(arg, l->members[i].lanes[k].channel, l->conf.run, (uint32_t)i,
			    l->members[i].lanes[k].seq);
}
