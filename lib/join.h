/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_JOIN_H
#define SPOUT_JOIN_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "hold.h"
#include "id.h"

/*
 * The join of a log's pages with what is published meanwhile: each message once, in order, none
 * missing.
 *
 * Each message is in the log before it is published, in one atomic step of the server, and ids
 * grow. The reader subscribes, waits for the confirmation, and only then asks for pages behind its
 * cursor.
 *
 * No gap: let a page be answered at time T with fewer entries than asked for: it reached the end of
 * the log as of T. What was appended before T is in this page or an earlier one. What is appended
 * after T is published after T, and the subscription was confirmed before T, so it arrives; and it
 * arrives after the page was asked for. From that moment on live messages are held (when they do
 * not fit, another page is asked for instead, and the argument begins anew). No duplicate: only ids
 * above the cursor are delivered, and each delivery moves the cursor. Order: pages in order, then
 * the held ones in the order they came, then live: Redis publishes in the order of the log.
 *
 * To change this: 1. lib/lua/append.lua, which makes the one atomic step; 2. here; 3.
 * tests/unit/join.c, which tries random interleavings, and tests/replay.bats.
 */
struct join {
	struct id cursor; /* the last one delivered or passed over */
	bool live;        /* caught up: what is published can be delivered at once */
	bool anchored;    /* the cursor was seen in this log: a page begins with it, or something is
			     gone */
	bool overflowed;  /* held was full since the last page was asked for */
	unsigned count;   /* entries to ask for next */
	unsigned asked;   /* entries that the page in hand could have had */
	struct buf held;  /* live messages that wait for the page */
};

void join_init(struct join *j, size_t held_max_bytes);
void join_fini(struct join *j);

/* The connection was lost: pages first, again. */
void join_lost(struct join *j);

/* A page is about to be asked for: j->asked entries from j->cursor on, which is the first of them
 * when j->anchored. */
void join_ask(struct join *j);

/* The first entry of the page (zero: there is none): whether entries behind the cursor were trimmed
 * meanwhile. When in doubt it says so: the cursor's own entry may be all that went. */
bool join_has_gap(struct join *j, struct id first);

/* An entry of a page, or a live message: whether it is to be delivered now. Moves the cursor when
 * it is, and for entries that are passed over because they belong to others. A live message is kept
 * when it must wait. */
bool join_entry(struct join *j, struct id id);
bool join_live(struct join *j, const struct hold_message *m);

/* The page is over: it had n entries of that many bytes. True: all is caught up, deliver what
 * join_held gives. False: ask again. */
bool join_page(struct join *j, size_t n, size_t bytes);

/* The next message that was held and is to be delivered, borrowed from the join until the next
 * call; false when there is none. */
bool join_held(struct join *j, struct hold_message *m);

#endif
