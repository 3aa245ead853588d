/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HUB_BLOCK_H
#define SPOUT_HUB_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub.h"
#include "id.h"
#include "ring.h"

/*
 * Blocks: encoded events in one piece, for the hub's own files only. An index grows from the end of
 * the block towards the events: where each of them ends, and its id.
 *
 *	data [ event 0 | event 1 | event 2 | …  free  … | index 2 | index 1 | index 0 ]
 *
 * A block of the window is freed when it leaves the window and nobody stands in it; a page or a
 * note when the last reader leaves it.
 */
enum block_kind {
	BLOCK_WINDOW,
	BLOCK_OUT,  /* fell out of the window because its readers lag */
	BLOCK_LOST, /* left the window because Redis was lost: what follows it comes from the log */
	BLOCK_PAGE, /* of the log */
	BLOCK_NOTE, /* a gap, told to one member or several */
};

struct event {
	struct id id; /* its own, or the last one before it */
	uint32_t end; /* where the event ends in data */
	bool logged;  /* the id is its own */
	uint8_t over; /* 1 + MEMBER_DONE or MEMBER_ERROR when it is an end, else 0 */
};

struct block {
	struct block *next;  /* in the window */
	struct ring age;     /* in hub.blocks */
	struct ring outside; /* in hub_topic.outside, unless in the window */
	struct ring readers;
	struct hub_topic *topic;
	struct id from;   /* a page: asked from; else the last logged id before it */
	struct id last;   /* the last logged id up to its end; a page: of its own events */
	struct id reach;  /* a page: all up to this id is in it */
	struct id first;  /* a page: the log's first entry then */
	uint64_t serial;  /* of the topic's window blocks, without a hole */
	size_t size, len; /* of data: with the index, of the events */
	uint32_t events, ends;
	uint32_t users; /* members that stand in it, and who else holds it */
	uint8_t kind;
	bool fell_back; /* the log was found to end before what is in it */
	bool unlogged;  /* holds messages that are in no log */
	char data[] __attribute__((aligned(8)));
};

/* size: of the events and their index together. Counted in the hub's memory. The caller holds it,
 * unless it is for the window. */
struct block *block_new(struct hub_topic *t, enum block_kind kind, size_t size);

/* One user less: frees the block when there is none, unless it is in the window. */
void block_release(struct block *b);
void block_hold(struct block *b);

const struct event *block_event(const struct block *b, uint32_t i);

/* Adds an event that is encoded already; last: the id before it, for one without. False when it
 * does not fit. */
bool block_add(struct block *b, const char *bytes, size_t len, struct event e);

/* A block whose events are in no log, made when the log's end was not known: they stand behind
 * `id`. */
void block_rebase(struct block *b, struct id id);

/* The bytes that block_add needs for an event of len. */
size_t block_room_for(size_t len);

/* A copy of the block with another size; the block, which nobody stands in, is freed. The caller
 * holds it. */
struct block *block_resize(struct block *b, size_t size);

/* The number of the first event with an id above `id`; how many there are when there is none. */
uint32_t block_find(const struct block *b, struct id id);

/* The number of the event that the byte at offset belongs to. */
uint32_t block_event_at(const struct block *b, size_t offset);

/* Where event i begins. */
size_t block_start(const struct block *b, uint32_t i);

/* Encodes a message into h->note; over: as in struct event. */
void hub_encode(struct hub *h, const struct hub_message *msg);
uint8_t hub_over(const struct hub_message *msg);

#endif
