/* SPDX-License-Identifier: MIT */
/* hub_window: a topic's recent events. */
#include "hub_reader.h"

enum {
	BLOCK_LEAST = 512, /* a message or two: what a quiet topic needs */
	BLOCK_MOST = 64 * 1024,
};

static void add_block(struct hub_topic *t, size_t least)
{
	struct flow *f = flow_of(t);
	size_t size = f->tail != NULL ? 2 * f->tail->size : t->block_bytes;

	size = size < BLOCK_LEAST ? BLOCK_LEAST : size > BLOCK_MOST ? BLOCK_MOST : size;
	struct block *b = block_new(t, BLOCK_WINDOW, size < least ? least : size);
	b->serial = ++f->serial;
	/* Before hub_begin nothing is known of what came before. */
	b->last = f->tail != NULL ? f->tail->last : t->begun ? t->last : (struct id){0, 0};
	b->from = b->last;
	if (f->tail != NULL)
		f->tail->next = b;
	else
		f->head = b;
	f->tail = b;
	f->bytes += b->size;
}

void window_put(struct hub_topic *t, struct event e)
{
	struct buf *bytes = &t->hub->note;
	struct flow *f = flow_of(t);

	if (f->tail == NULL)
		add_block(t, block_room_for(bytes->len));
	if (!e.logged)
		e.id = f->tail->last;
	if (!block_add(f->tail, buf_head(bytes), bytes->len, e)) {
		add_block(t, block_room_for(bytes->len));
		(void)block_add(f->tail, buf_head(bytes), bytes->len, e); /* it was made for it */
	}
	if (f->batch == NULL) {
		f->batch = f->tail;
		f->batch_offset = (uint32_t)(f->tail->len - bytes->len);
	}
}

struct block *window_pop(struct hub_topic *t, enum block_kind kind)
{
	struct flow *f = t->flow;
	struct block *b = f->head;

	f->head = b->next;
	if (f->head == NULL)
		f->tail = NULL;
	b->next = NULL;
	b->kind = (uint8_t)kind;
	block_hold(b);
	ring_add(&f->outside, &b->outside);
	f->bytes -= b->size;
	if (kind == BLOCK_OUT && id_cmp(b->last, t->base) > 0)
		t->base = b->last;
	if (b->unlogged)
		f->lost_unlogged = b->serial;
	for (struct ring *r = b->readers.next; r != &b->readers; r = r->next) {
		ring_thing(r, struct member, at)->state = READER_PAGING;
		f->catching++;
		t->hub->stats.catching++;
	}
	return b;
}

void window_trim(struct hub_topic *t)
{
	struct flow *f = t->flow;

	if (f == NULL || t->flushing || f->batch != NULL || !t->begun || f->catching > 0)
		return;
	while (f->head != NULL && f->head->users == 0)
		block_release(window_pop(t, BLOCK_OUT));
}

struct block *window_find(struct hub_topic *t, struct id id, size_t *offset)
{
	for (struct block *b = t->flow != NULL ? t->flow->head : NULL; b != NULL; b = b->next)
		if (id_cmp(b->last, id) > 0) {
			*offset = block_start(b, block_find(b, id));
			return b;
		}
	return NULL;
}
