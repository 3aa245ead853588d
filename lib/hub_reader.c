/* SPDX-License-Identifier: MIT */
/* hub_reader: a member's way through the window and the log. */
#include "hub_reader.h"

#include "sse.h"

static bool is_catching(unsigned state)
{
	return state == READER_WAITING || state == READER_PAGING;
}

static bool is_standing(unsigned state)
{
	return state == READER_READING || state == READER_PAGING;
}

/* --- From list to list */

static void move(struct member *m, enum reader_state state, struct ring *list, struct block *to)
{
	struct hub_topic *t = m->topic;
	struct hub_stats *stats = &t->hub->stats;
	struct block *from = m->block;

	if (is_catching(state) != is_catching(m->state))
		flow_of(t)->catching += is_catching(state) ? 1u : UINT32_MAX;
	stats->catching += (uint64_t)is_catching(state) - (uint64_t)is_catching(m->state);
	stats->blocked += (uint64_t)is_standing(state) - (uint64_t)is_standing(m->state);
	m->state = (uint8_t)state;
	m->block = to;
	ring_remove(&m->at);
	if (list != NULL)
		ring_add(list, &m->at);
	if (to != NULL && from != to)
		block_hold(to);
	if (from != NULL && from != to)
		block_release(from);
}

void reader_place(struct member *m, enum reader_state state, struct ring *list)
{
	move(m, state, list, NULL);
}

void reader_stand(struct member *m, struct block *b, size_t offset)
{
	m->offset = (uint32_t)offset;
	if (m->block != b)
		move(m, b->kind == BLOCK_WINDOW ? READER_READING : READER_PAGING, &b->readers, b);
}

void reader_out(struct member *m)
{
	struct hub_topic *t = m->topic;

	for (struct hub_call *c = t->hub->calls; c != NULL; c = c->outer)
		if (c->m == m)
			c->m = NULL;
	flow_enter(t);
	move(m, READER_OUT, NULL, NULL);
	m->topic = NULL;
	t->hub->stats.members--;
	t->members--;
	window_trim(t);
	if (t->members == 0)
		t->hub->ops->on_empty(t);
	flow_leave(t);
}

void reader_end(struct member *m, enum member_end end)
{
	struct hub_topic *t = m->topic;

	reader_out(m);
	t->hub->ops->on_end(t, m, end);
}

void reader_settle(struct member *m, struct id own)
{
	struct hub_topic *t = m->topic;
	size_t offset;

	if (id_cmp(m->cursor, t->base) < 0) {
		struct flow *f = flow_of(t);

		for (struct ring *r = f->outside.next; r != &f->outside; r = r->next) {
			struct block *page = ring_thing(r, struct block, outside);
			ssize_t at = hub_page_place(page, m);

			/* One that ends where the member is would bring it back here. */
			if (at >= 0 && id_cmp(m->cursor, page->reach) < 0) {
				reader_stand(m, page, (size_t)at);
				return;
			}
		}
		reader_place(m, READER_WAITING, &f->waiting);
		if (!f->ask.going_on)
			t->hub->ops->on_page(t);
	} else if (id_cmp(own, t->last) > 0) {
		m->cursor = own;
		reader_place(m, READER_AHEAD, &flow_of(t)->ahead);
	} else {
		struct block *b = t->begun ? window_find(t, m->cursor, &offset) : NULL;

		if (b != NULL)
			reader_stand(m, b, offset);
		else
			reader_place(m, READER_LIVE, &t->live);
	}
}

struct block *reader_note(struct hub_topic *t, struct id after, struct id before)
{
	struct hub *h = t->hub;
	struct buf text;

	buf_init(&text, SIZE_MAX / 2);
	h->ops->on_gap(t, &text, after, before);
	buf_clear(&h->note);
	(void)sse_event(&h->note, "", 0, "gap", h->conf.event_names ? 3 : 0, buf_head(&text),
	    text.len); /* no cap */
	buf_fini(&text);
	struct block *note = block_new(t, BLOCK_NOTE, block_room_for(h->note.len));
	(void)block_add(note, buf_head(&h->note), h->note.len,
	    (struct event){.id = after}); /* it was made for it */
	return note;
}

void reader_tell(struct member *m, struct block *note)
{
	m->topic->hub->stats.gaps++;
	reader_stand(m, note, 0);
}

static void tell(struct member *m, struct id after, struct id before)
{
	struct block *note = reader_note(m->topic, after, before);

	reader_tell(m, note);
	block_release(note);
}

/* --- Sending */

ssize_t reader_send(struct member *m, const struct iovec *parts, int nparts, size_t total)
{
	struct hub *h = m->topic->hub;
	struct hub_call call = {m, h->calls};

	h->calls = &call;
	ssize_t got = h->ops->on_send(m, parts, nparts);
	h->calls = call.outer;
	if (call.m == NULL)
		return -1;
	if (got < 0 || (size_t)got > total) {
		reader_out(m);
		return -1;
	}
	if (got > 0) {
		h->stats.deliveries++;
		h->stats.bytes_out += (uint64_t)got;
	}
	return got;
}

/* The number of the first end at or behind the offset; b->events when there is none. */
static uint32_t find_over(const struct block *b, size_t offset)
{
	uint32_t i = block_event_at(b, offset);

	while (i < b->events && block_event(b, i)->over == 0)
		i++;
	return i;
}

void reader_gather(struct reader_parts *p, const struct block *b, size_t offset, bool ends)
{
	p->n = 0;
	p->total = 0;
	p->over = 0;
	for (; b != NULL && p->n < READER_PARTS && p->over == 0; b = b->next, offset = 0) {
		size_t end = b->len;

		if (ends && b->ends > 0) {
			uint32_t i = find_over(b, offset);

			if (i < b->events) {
				end = block_event(b, i)->end;
				p->over = block_event(b, i)->over;
			}
		}
		if (end == offset)
			continue;
		p->parts[p->n++] =
		    (struct iovec){(void *)(uintptr_t)(b->data + offset), end - offset};
		p->total += end - offset;
	}
	p->more = b != NULL && p->over == 0;
}

struct block *reader_step(struct block *b, size_t *offset, size_t got)
{
	*offset += got;
	while (*offset >= b->len && b->next != NULL) {
		*offset -= b->len;
		b = b->next;
	}
	return b;
}

/* --- Behind a block */

/* Behind the block that comes next in the window, if that is still there. */
static bool follow(struct member *m, const struct block *b)
{
	struct hub_topic *t = m->topic;
	const struct flow *f = t->flow;

	if (!t->begun || b->serial + 1 != (f->head != NULL ? f->head->serial : f->serial + 1))
		return false;
	if (f->head != NULL)
		reader_stand(m, f->head, 0);
	else
		reader_place(m, READER_LIVE, &t->live);
	return true;
}

/* To what comes from now on: what there is behind `after` is told as a gap. */
static void skip(struct member *m, struct id after)
{
	struct id last = m->topic->last;

	m->cursor = last;
	m->whole = !id_is_zero(last);
	/* Nobody knows where the gap ends when only what is in no log was missed, or when the log
	 * has fallen back behind what the member had. */
	tell(m, after, id_cmp(last, after) <= 0 ? (struct id){0, 0} : next_id(last));
}

/* Behind a block that fell out of the window: what follows may be gone from there. */
static void resume(struct member *m, const struct block *b)
{
	struct hub_topic *t = m->topic;

	if (follow(m, b))
		return;
	if (t->hub->conf.slow == HUB_LATEST) {
		skip(m, b->last);
		return;
	}
	m->cursor = b->last;
	m->whole = !id_is_zero(b->last);
	if (t->flow->lost_unlogged > b->serial)
		tell(m, m->cursor, (struct id){0, 0});
	else
		reader_settle(m, m->cursor);
}

/* The member has read all of its block, and there is no next one. */
static void finish(struct member *m)
{
	const struct block *b = m->block;

	if (b->fell_back) {
		struct id after = b->kind == BLOCK_PAGE ? b->reach : b->last;

		m->cursor = m->topic->base;
		m->whole = false;
		tell(m, after, (struct id){0, 0});
		return;
	}
	switch ((enum block_kind)b->kind) {
	case BLOCK_WINDOW:
		reader_place(m, READER_LIVE, &m->topic->live);
		break;
	case BLOCK_OUT:
		resume(m, b);
		break;
	case BLOCK_LOST:
		m->cursor = b->last;
		m->whole = !id_is_zero(b->last);
		reader_settle(m, m->cursor);
		break;
	case BLOCK_PAGE: {
		struct id own = b->events > 0         ? b->last
		    : id_cmp(m->cursor, b->reach) < 0 ? m->cursor
						      : b->reach;

		m->cursor = b->reach;
		m->whole = true;
		reader_settle(m, own);
		break;
	}
	case BLOCK_NOTE:
		reader_settle(m, m->cursor);
		break;
	}
}

/* It fell out and is to have the latest only: first the event that it is in the middle of, then a
 * gap. True: p is that rest of the event. */
static bool leap(struct member *m, struct reader_parts *p)
{
	struct block *b = m->block;
	uint32_t i = block_event_at(b, m->offset);

	if (i < b->events && block_start(b, i) != m->offset) {
		const struct event *e = block_event(b, i);

		p->n = 1;
		p->total = e->end - m->offset;
		p->parts[0] = (struct iovec){b->data + m->offset, p->total};
		p->over = m->ends ? e->over : 0;
		return true;
	}
	skip(m, i > 0 ? block_event(b, i - 1)->id : b->from);
	return false;
}

/* What is to be sent next; false when it is something else now, or gone. */
static bool gather(struct member *m, struct reader_parts *p)
{
	reader_gather(p, m->block, m->offset, m->ends);
	if (m->block->kind != BLOCK_OUT)
		return true;
	switch (m->topic->hub->conf.slow) {
	case HUB_RESUME:
		return true;
	case HUB_LATEST:
		return leap(m, p);
	case HUB_DISCONNECT:
		break;
	}
	m->topic->hub->stats.slow_drops++;
	reader_end(m, MEMBER_SLOW);
	return false;
}

/* True: it goes on from where it stands now. */
static bool read_on(struct member *m, struct reader_parts *p)
{
	struct hub_call call = {m, m->topic->hub->calls};

	m->topic->hub->calls = &call;
	bool go = gather(m, p);
	m->topic->hub->calls = call.outer;
	if (!go)
		return call.m != NULL;
	if (p->total > 0) {
		ssize_t got = reader_send(m, p->parts, p->n, p->total);

		if (got < 0)
			return false;
		size_t offset = m->offset;
		struct block *b = reader_step(m->block, &offset, (size_t)got);
		reader_stand(m, b, offset);
		if ((size_t)got < p->total)
			return false;
	}
	if (p->over != 0) {
		reader_end(m, p->over - 1);
		return false;
	}
	if (m->offset < m->block->len)
		return true;
	finish(m);
	return is_standing(m->state);
}

void reader_read(struct member *m)
{
	struct hub_topic *t = m->topic;
	struct reader_parts p;

	if (!is_standing(m->state))
		return;
	flow_enter(t);
	while (read_on(m, &p))
		;
	window_trim(t);
	flow_leave(t);
}

void reader_read_all(struct ring *list)
{
	while (!ring_is_empty(list)) {
		struct member *m = ring_thing(list->next, struct member, at);

		/* Back to where it belongs, so that it is read once. */
		ring_remove(&m->at);
		ring_add(&m->block->readers, &m->at);
		reader_read(m);
	}
}
