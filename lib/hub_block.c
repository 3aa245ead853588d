/* SPDX-License-Identifier: MIT */
/* hub_block: encoded events in one piece. */
#include "hub_block.h"

#include <stdlib.h>

#include "hub_reader.h"
#include "msg.h"
#include "sse.h"

struct block *block_new(struct hub_topic *t, enum block_kind kind, size_t size)
{
	size = (size + 7) / 8 * 8;
	struct block *b = xmalloc(sizeof *b + size);

	*b = (struct block){
	    .topic = t, .size = size, .kind = (uint8_t)kind, .users = kind != BLOCK_WINDOW};
	ring_init(&b->outside);
	if (kind != BLOCK_WINDOW)
		ring_add(&flow_of(t)->outside, &b->outside);
	ring_init(&b->readers);
	ring_add(&t->hub->blocks, &b->age);
	t->hub->stats.window_bytes += sizeof *b + size;
	return b;
}

static void free_block(struct block *b)
{
	b->topic->hub->stats.window_bytes -= sizeof *b + b->size;
	ring_remove(&b->age);
	ring_remove(&b->outside);
	free(b);
}

void block_release(struct block *b)
{
	if (--b->users == 0 && b->kind != BLOCK_WINDOW)
		free_block(b);
}

void block_hold(struct block *b)
{
	b->users++;
}

static struct event *slot(const struct block *b, uint32_t i)
{
	return (struct event *)(void *)((uintptr_t)b->data + b->size) - 1 - i;
}

const struct event *block_event(const struct block *b, uint32_t i)
{
	return slot(b, i);
}

size_t block_room_for(size_t len)
{
	return len + sizeof(struct event);
}

bool block_add(struct block *b, const char *bytes, size_t len, struct event e)
{
	size_t used = b->len + b->events * sizeof e;

	if (block_room_for(len) > b->size - used || b->len + len > UINT32_MAX)
		return false;
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
	e.end = (uint32_t)b->len;
	*slot(b, b->events++) = e;
	b->ends += e.over != 0;
	b->unlogged |= !e.logged;
	b->last = e.id;
	return true;
}

void block_rebase(struct block *b, struct id id)
{
	for (uint32_t i = 0; i < b->events; i++)
		slot(b, i)->id = id;
	b->from = b->last = id;
}

struct block *block_resize(struct block *b, size_t size)
{
	struct block *to = block_new(b->topic, b->kind, size);

	memcpy(to->data, b->data, b->len);
	to->len = b->len;
	to->events = b->events;
	for (uint32_t i = 0; i < b->events; i++)
		*slot(to, i) = *slot(b, i);
	to->ends = b->ends;
	to->unlogged = b->unlogged;
	to->from = b->from;
	to->last = b->last;
	to->reach = b->reach;
	free_block(b);
	return to;
}

uint32_t block_find(const struct block *b, struct id id)
{
	uint32_t low = 0, high = b->events;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (id_cmp(slot(b, middle)->id, id) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t block_event_at(const struct block *b, size_t offset)
{
	uint32_t low = 0, high = b->events;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (slot(b, middle)->end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t block_start(const struct block *b, uint32_t i)
{
	return i == 0 ? 0 : slot(b, i - 1)->end;
}

void hub_encode(struct hub *h, const struct hub_message *msg)
{
	char id[ID_TEXT_MAX + 1];
	size_t n = msg->has_id ? id_format(msg->id, id) : 0;
	struct buf name;

	buf_clear(&h->note);
	if (!h->conf.event_names || msg->type == NULL) {
		(void)sse_event(&h->note, id, n, NULL, 0, msg->text, msg->len); /* no cap */
		return;
	}
	buf_init(&name, SIZE_MAX / 2);
	(void)json_unescape(&name, (struct json_slice){msg->type, msg->type_len}); /* no cap */
	(void)sse_event(
	    &h->note, id, n, buf_head(&name), name.len, msg->text, msg->len); /* no cap */
	buf_fini(&name);
}

uint8_t hub_over(const struct hub_message *msg)
{
	struct json_slice type = {msg->type, msg->type_len};

	if (msg->type == NULL || !msg_type_is_end(type))
		return 0;
	return 1 + (json_means(type, "error") ? MEMBER_ERROR : MEMBER_DONE);
}
