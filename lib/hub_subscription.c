/* SPDX-License-Identifier: MIT */
/* hub_subscription: it begins, and is lost: where members go on. The argument stands in hub.h. */
#include "hub_reader.h"

void hub_lost(struct hub_topic *t)
{
	struct flow *f = t->flow;

	flow_enter(t);
	topic_flush(t);
	while (f != NULL && f->head != NULL)
		block_release(window_pop(t, BLOCK_LOST));
	if (f != NULL) {
		f->batch = NULL;
		f->serial++; /* nobody goes on behind a hole */
	}
	t->base = t->last;
	t->begun = false;
	flow_leave(t);
}

static struct id later(struct id a, struct id b)
{
	return id_cmp(a, b) > 0 ? a : b;
}

/* The log ends before what these members have: they are told, and go on behind its end. */
static void tell_loss(struct hub_topic *t, struct ring *members, struct id last)
{
	struct id after = {0, 0};
	struct block *note = NULL;

	while (!ring_is_empty(members)) {
		struct member *m = ring_thing(members->next, struct member, at);

		if (note == NULL || id_cmp(m->cursor, after) != 0) {
			if (note != NULL)
				block_release(note);
			after = m->cursor;
			note = reader_note(t, after, (struct id){0, 0});
		}
		m->cursor = last;
		m->whole = false;
		reader_tell(m, note);
		reader_read(m);
	}
	if (note != NULL)
		block_release(note);
}

/* Each goes on from its cursor, if the log still goes that far. */
static void resume_all(struct hub_topic *t, struct ring *members, struct id last)
{
	struct ring lost;

	ring_init(&lost);
	while (!ring_is_empty(members)) {
		struct member *m = ring_thing(members->next, struct member, at);

		if (id_cmp(m->cursor, last) > 0) {
			ring_remove(&m->at);
			ring_add(&lost, &m->at);
		} else {
			m->whole = true;
			reader_settle(m, m->cursor);
			reader_read(m);
		}
	}
	tell_loss(t, &lost, last);
}

/* What came before the log's end was known comes behind that. */
static void rebase(struct hub_topic *t)
{
	struct flow *f = t->flow;

	if (f == NULL || f->head == NULL)
		return;
	for (struct block *b = f->head; b != NULL && id_is_zero(b->last); b = b->next)
		block_rebase(b, t->base);
	f->tail->last = later(f->tail->last, t->base); /* what joins it comes behind both */
}

static void mark_fallen(struct flow *f)
{
	for (struct ring *r = f->outside.next; r != &f->outside; r = r->next)
		ring_thing(r, struct block, outside)->fell_back = true;
}

void hub_begin(struct hub_topic *t, struct id last)
{
	struct id had = t->last;
	bool fell_back = id_cmp(last, had) < 0;
	struct flow *f = t->flow;
	struct ring all;

	flow_enter(t);
	t->begun = true;
	/* base is beyond what was had when not all of what came meanwhile could be kept. */
	t->base = id_cmp(t->base, had) > 0 ? later(t->base, last) : last;
	rebase(t);
	t->last = later(f != NULL && f->tail != NULL ? f->tail->last : last, t->base);
	ring_init(&all);
	if (f != NULL)
		ring_splice(&all, &f->ahead); /* first: the log may end before what they have */
	if (fell_back || id_cmp(t->base, had) != 0 || !ring_is_empty(&all)) {
		if (f != NULL)
			f->batch = NULL; /* it comes behind what is missing */
		for (struct ring *r = t->live.next; r != &t->live; r = r->next)
			ring_thing(r, struct member, at)->cursor = had;
		ring_splice(&all, &t->live);
	} else {
		topic_flush(t);
	}
	if (f != NULL && fell_back)
		mark_fallen(f);
	t->flushing = true; /* the window stays until all have read it */
	resume_all(t, &all, last);
	t->flushing = false;
	window_trim(t);
	flow_leave(t);
}
