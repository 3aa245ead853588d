/* SPDX-License-Identifier: MIT */
/* hub_window: a topic's recent events. */
#include "hub_reader.h"

enum {
	BLOCK_LEAST = 512, /* a message or two: what a quiet topic needs */
	BLOCK_MOST = 64 * 1024,
};

static void add_block(struct hub_topic *t, size_t least)
{
	size_t size = t->tail != NULL ? 2 * t->tail->size : t->block_bytes;

	size = size < BLOCK_LEAST ? BLOCK_LEAST : size > BLOCK_MOST ? BLOCK_MOST : size;
	struct block *b = block_new(t, BLOCK_WINDOW, size < least ? least : size);
	b->serial = ++t->serial;
	/* Before hub_begin nothing is known of what came before. */
	b->last = t->tail != NULL ? t->tail->last : t->begun ? t->last : (struct id){0, 0};
	b->from = b->last;
	if (t->tail != NULL)
		t->tail->next = b;
	else
		t->head = b;
	t->tail = b;
	t->bytes += b->size;
}

void window_put(struct hub_topic *t, struct event e)
{
	struct buf *bytes = &t->hub->note;

	if (t->tail == NULL)
		add_block(t, block_room_for(bytes->len));
	if (!e.logged)
		e.id = t->tail->last;
	if (!block_add(t->tail, buf_head(bytes), bytes->len, e)) {
		add_block(t, block_room_for(bytes->len));
		(void)block_add(t->tail, buf_head(bytes), bytes->len, e); /* it was made for it */
	}
	if (t->batch == NULL) {
		t->batch = t->tail;
		t->batch_offset = (uint32_t)(t->tail->len - bytes->len);
	}
}

struct block *window_pop(struct hub_topic *t, enum block_kind kind)
{
	struct block *b = t->head;

	t->head = b->next;
	if (t->head == NULL)
		t->tail = NULL;
	b->next = NULL;
	b->kind = (uint8_t)kind;
	block_hold(b);
	ring_add(&t->outside, &b->outside);
	t->bytes -= b->size;
	if (kind == BLOCK_OUT && id_cmp(b->last, t->base) > 0)
		t->base = b->last;
	if (b->unlogged)
		t->lost_unlogged = b->serial;
	for (struct ring *r = b->readers.next; r != &b->readers; r = r->next) {
		ring_thing(r, struct member, at)->state = READER_PAGING;
		t->catching++;
		t->hub->stats.catching++;
	}
	return b;
}

void window_trim(struct hub_topic *t)
{
	if (t->flushing || t->batch != NULL || !t->begun || t->catching > 0)
		return;
	while (t->head != NULL && t->head->users == 0)
		block_release(window_pop(t, BLOCK_OUT));
}

struct block *window_find(struct hub_topic *t, struct id id, size_t *offset)
{
	for (struct block *b = t->head; b != NULL; b = b->next)
		if (id_cmp(b->last, id) > 0) {
			*offset = block_start(b, block_find(b, id));
			return b;
		}
	return NULL;
}
