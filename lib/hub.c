/* SPDX-License-Identifier: MIT */
/* hub: topics: what comes in, who gets it, and the bounds of memory. The way of one member is in
 * hub_reader.c, pages are in hub_page.c. */
#include "hub.h"

#include "hub_reader.h"

enum { ENTRY_BYTES = 2048 }; /* of a log's entry, before any was seen */

void hub_init(struct hub *h, const struct hub_conf *conf, const struct hub_ops *ops)
{
	*h = (struct hub){.conf = *conf, .ops = ops};
	ring_init(&h->blocks);
	ring_init(&h->dirty);
	buf_init(&h->note, SIZE_MAX / 2);
}

void hub_fini(struct hub *h)
{
	buf_fini(&h->note);
}

void hub_set_slow(struct hub *h, enum hub_slow slow)
{
	h->conf.slow = slow;
}

void hub_topic_init(struct hub_topic *t, struct hub *h)
{
	*t = (struct hub_topic){.hub = h, .entry_bytes = ENTRY_BYTES};
	ring_init(&t->asking);
	ring_init(&t->live);
}

void hub_topic_fini(struct hub_topic *t)
{
	flow_enter(t);
	while (t->flow != NULL && t->flow->head != NULL)
		block_release(window_pop(t, BLOCK_LOST));
	hub_page_fail(t);
	flow_leave(t);
}

/* --- Members come and go */

void hub_enlist(struct hub_topic *t, struct member *m, bool ends)
{
	*m = (struct member){.topic = t, .state = READER_ASKING, .ends = ends};
	ring_add(&t->asking, &m->at);
	t->members++;
	t->hub->stats.members++;
}

void hub_join(struct member *m, struct id cursor, bool whole)
{
	struct hub_topic *t = m->topic;

	flow_enter(t);
	topic_flush(t);
	m->cursor = cursor;
	m->whole = whole;
	reader_settle(m, cursor);
	reader_read(m);
	flow_leave(t);
}

void hub_join_gap(struct member *m, struct id after, struct id before, struct id cursor)
{
	struct hub_topic *t = m->topic;

	flow_enter(t);
	topic_flush(t);
	m->cursor = cursor;
	m->whole = true;
	struct block *note = reader_note(t, after, before);
	reader_tell(m, note);
	block_release(note);
	reader_read(m);
	flow_leave(t);
}

void hub_leave(struct member *m)
{
	if (m->topic != NULL)
		reader_out(m);
}

void hub_writable(struct member *m)
{
	struct hub_topic *t = m->topic;

	if (t == NULL)
		return;
	flow_enter(t);
	topic_flush(t);
	reader_read(m);
	flow_leave(t);
}

/* Ends who stands in a block that the caller holds. */
static void end_readers(struct block *b, enum member_end end)
{
	while (!ring_is_empty(&b->readers))
		reader_end(ring_thing(b->readers.next, struct member, at), end);
	block_release(b);
}

/* All members, on one list. */
static void gather_all(struct hub_topic *t, struct ring *all)
{
	struct flow *f = t->flow;

	ring_init(all);
	ring_splice(all, &t->asking);
	ring_splice(all, &t->live);
	if (f == NULL)
		return;
	ring_splice(all, &f->pending);
	ring_splice(all, &f->ahead);
	ring_splice(all, &f->waiting);
	for (struct block *b = f->head; b != NULL; b = b->next)
		ring_splice(all, &b->readers);
	for (struct ring *r = f->outside.next; r != &f->outside; r = r->next)
		ring_splice(all, &ring_thing(r, struct block, outside)->readers);
}

void hub_end(struct hub_topic *t, enum member_end end)
{
	struct ring all;

	flow_enter(t);
	gather_all(t, &all);
	while (!ring_is_empty(&all))
		reader_end(ring_thing(all.next, struct member, at), end);
	flow_leave(t);
}

void hub_leave_all(struct hub_topic *t)
{
	struct ring all;

	flow_enter(t);
	gather_all(t, &all);
	while (!ring_is_empty(&all))
		reader_out(ring_thing(all.next, struct member, at));
	flow_leave(t);
}

/* --- Messages */

void hub_message(struct hub_topic *t, const struct hub_message *msg)
{
	struct hub *h = t->hub;

	if (t->begun && msg->has_id) {
		if (id_cmp(msg->id, t->last) <= 0)
			return;
		t->last = msg->id;
	}
	if (t->members == 0) {
		if (msg->has_id)
			t->base = msg->id;
		return;
	}
	hub_encode(h, msg);
	window_put(t, (struct event){.id = msg->id, .logged = msg->has_id, .over = hub_over(msg)});
	h->stats.messages_in++;
	h->stats.bytes_in += msg->len;
	if (ring_is_empty(&t->flow->dirty))
		ring_add(&h->dirty, &t->flow->dirty);
}

/* A live member did not take all of the batch, which begins at (b, offset). */
static void block_member(struct member *m, struct block *b, size_t offset, size_t got)
{
	b = reader_step(b, &offset, got);
	reader_stand(m, b, offset);
}

static void send_batch(struct hub_topic *t, struct block *b, size_t offset)
{
	struct reader_parts all, cut;
	struct flow *f = t->flow;

	reader_gather(&all, b, offset, false);
	reader_gather(&cut, b, offset, true);
	while (!ring_is_empty(&f->pending)) {
		struct member *m = ring_thing(f->pending.next, struct member, at);
		const struct reader_parts *p = m->ends ? &cut : &all;

		ring_remove(&m->at);
		ring_add(&t->live, &m->at);
		ssize_t got = reader_send(m, p->parts, p->n, p->total);
		if (got < 0)
			continue;
		if ((size_t)got < p->total) {
			block_member(m, b, offset, (size_t)got);
		} else if (p->over != 0) {
			reader_end(m, p->over - 1);
		} else if (p->more) {
			block_member(m, b, offset, (size_t)got);
			reader_read(m);
		}
	}
}

/* Members ahead of the window: the messages up to their cursor are not for them. */
static void send_ahead(struct hub_topic *t)
{
	struct ring ahead;

	ring_init(&ahead);
	ring_splice(&ahead, &t->flow->ahead);
	while (!ring_is_empty(&ahead)) {
		struct member *m = ring_thing(ahead.next, struct member, at);

		reader_settle(m, m->cursor);
		reader_read(m);
	}
}

void topic_flush(struct hub_topic *t)
{
	struct flow *f = t->flow;

	if (f == NULL || f->batch == NULL || !t->begun || t->flushing)
		return;
	struct block *b = f->batch;
	size_t last = f->bytes;
	f->batch = NULL;
	t->flushing = true;
	ring_splice(&f->pending, &t->live);
	send_batch(t, b, f->batch_offset);
	if (!ring_is_empty(&f->ahead))
		send_ahead(t);
	t->flushing = false;
	t->block_bytes = last > UINT32_MAX ? UINT32_MAX : (uint32_t)last;
	window_trim(t);
}

/* Takes the window's oldest block out, sent or not. The caller releases it. */
static struct block *drop_oldest(struct hub_topic *t)
{
	struct flow *f = t->flow;

	if (f->batch == f->head) {
		f->batch = f->head->next;
		f->batch_offset = 0;
	}
	return window_pop(t, BLOCK_OUT);
}

/* Keeps the window within its bound: who stands in what falls out lags too far behind. */
static void bound_window(struct hub_topic *t)
{
	struct hub *h = t->hub;
	const struct flow *f = t->flow;

	while (f->bytes > h->conf.max_lag_bytes && f->head != NULL) {
		struct block *b = drop_oldest(t);

		if (h->conf.slow != HUB_DISCONNECT) {
			block_release(b);
			continue;
		}
		h->stats.slow_drops += b->users - 1; /* we are the other user */
		end_readers(b, MEMBER_SLOW);
	}
}

/* Drops the laggards with the oldest blocks while all blocks together are too much. */
static void bound_memory(struct hub *h)
{
	while (h->stats.window_bytes > h->conf.memory_bytes && !ring_is_empty(&h->blocks)) {
		struct block *b = ring_thing(h->blocks.next, struct block, age);
		struct hub_topic *t = b->topic;

		if (b == t->flow->page)
			return; /* it is over soon */
		flow_enter(t);
		if (b->kind == BLOCK_WINDOW)
			(void)drop_oldest(t); /* the topic's oldest is b */
		else
			block_hold(b);
		for (struct ring *r = b->readers.next; r != &b->readers; r = r->next)
			h->stats.memory_drops++;
		end_readers(b, MEMBER_SLOW);
		flow_leave(t);
	}
}

void hub_flush(struct hub *h)
{
	while (!ring_is_empty(&h->dirty)) {
		struct flow *f = ring_thing(h->dirty.next, struct flow, dirty);
		struct hub_topic *t = f->topic;

		ring_remove(&f->dirty);
		flow_enter(t);
		topic_flush(t);
		bound_window(t);
		flow_leave(t);
	}
	bound_memory(h);
}
