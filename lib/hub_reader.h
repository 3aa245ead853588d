/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HUB_READER_H
#define SPOUT_HUB_READER_H

#include "hub.h"
#include "hub_block.h"

/*
 * A member's way, for the hub's own files only.
 *
 *	ASKING ──hub_join──→ settle ──cursor in the window──→ READING ──at its end──→ LIVE
 *	                     ↑    └──behind it──→ WAITING          ↑   ╲ fell out      │ on_send
 *	takes a page's end   │                       ↓ page        └────╲──────────────┘ less
 *	                     └──────────────────── PAGING ←──────────────╯
 *
 * AHEAD is LIVE with a cursor that the window has not reached. READING and PAGING stand in a block:
 * PAGING in one that is not of the window.
 */
enum reader_state {
	READER_OUT,
	READER_ASKING,
	READER_LIVE,
	READER_AHEAD,
	READER_WAITING,
	READER_READING,
	READER_PAGING
};

/*
 * A topic's blocks, and the members that are not live; made with the first of them, and freed with
 * the last. hub_flow.c
 */
struct flow {
	struct hub_topic *topic;
	struct ring pending;       /* live members that the batch is still to be sent to */
	struct ring ahead;         /* members whose cursor is beyond the window's end */
	struct ring waiting;       /* members that wait for a page, the longest first */
	struct ring outside;       /* blocks that are not in the window: pages, notes, … */
	struct ring dirty;         /* in hub.dirty while there is something to flush */
	struct block *head, *tail; /* the window */
	struct block *batch;       /* where that begins which is not sent yet */
	struct block *page;        /* that is being made */
	size_t bytes;              /* of the window */
	uint64_t serial;           /* of the last block */
	uint64_t lost_unlogged;    /* of the last that fell out with what is in no log */
	struct hub_ask ask;
	struct id page_last; /* the last entry of the page that came */
	size_t page_bytes;
	uint32_t batch_offset;
	uint32_t catching; /* members in pages, or waiting for them */
	bool page_full;
};

/* Makes it when there is none. */
struct flow *flow_of(struct hub_topic *t);

/* Around whatever calls back, so that nobody's flow is freed below it: the outermost flow_leave
 * frees one that nothing needs. */
void flow_enter(struct hub_topic *t);
void flow_leave(struct hub_topic *t);

/* Moves the member to a list, out of the block it stood in. */
void reader_place(struct member *m, enum reader_state state, struct ring *list);

/* Lets it stand in a block. */
void reader_stand(struct member *m, struct block *b, size_t offset);

/* Decides where it goes on from m->cursor; own: the last id of its own topic that it has. Sends
 * nothing. */
void reader_settle(struct member *m, struct id own);

/* While it stands in a block: sends, until it is blocked, caught up or must wait. It may be gone
 * then. */
void reader_read(struct member *m);

/* The same for all members of a list, each once; it is empty then. */
void reader_read_all(struct ring *list);

/* Calls on_send: how many bytes it took, -1 when the member is out. */
ssize_t reader_send(struct member *m, const struct iovec *parts, int nparts, size_t total);

/* A note that tells of a gap, which the caller releases; and lets a member stand in it. */
struct block *reader_note(struct hub_topic *t, struct id after, struct id before);
void reader_tell(struct member *m, struct block *note);

/* Takes it out; reader_end calls on_end too. */
void reader_out(struct member *m);
void reader_end(struct member *m, enum member_end end);

/* Events in blocks, from a position on: of the window to its end, of another kind that block. */
enum { READER_PARTS = 64 };
struct reader_parts {
	struct iovec parts[READER_PARTS];
	int n;
	size_t total;
	uint8_t over; /* cut behind an end: see struct event */
	bool more;    /* that was not all */
};
void reader_gather(struct reader_parts *p, const struct block *b, size_t offset, bool ends);

/* Where `got` bytes behind (b, *offset) are. */
struct block *reader_step(struct block *b, size_t *offset, size_t got);

/* Where in a page the member goes on; -1 when that page does not help it. hub_page.c */
ssize_t hub_page_place(const struct block *page, const struct member *m);

/* Sends the topic's batch to all that are caught up. hub.c */
void topic_flush(struct hub_topic *t);

/* Whether the log has lost what followed the cursor, and the member does not know. */
bool hub_page_misses(const struct block *page, const struct member *m);

/* The smallest id above id. */
static inline struct id next_id(struct id id)
{
	if (id.seq < UINT64_MAX)
		return (struct id){id.ms, id.seq + 1};
	return (struct id){id.ms + 1, 0};
}

/* The largest id below id, which is not zero. */
static inline struct id previous_id(struct id id)
{
	if (id.seq > 0)
		return (struct id){id.ms, id.seq - 1};
	return (struct id){id.ms - 1, UINT64_MAX};
}

/* --- The window. hub_window.c */

/* Adds the event that is in h->note. */
void window_put(struct hub_topic *t, struct event e);

/* Takes the oldest block out; who stands in it is PAGING then. The caller releases it. */
struct block *window_pop(struct hub_topic *t, enum block_kind kind);

/* Frees what nobody needs. */
void window_trim(struct hub_topic *t);

/* The first event with an id above `id`: its block, or NULL. */
struct block *window_find(struct hub_topic *t, struct id id, size_t *offset);

#endif
