/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_MERGE_H
#define SPOUT_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "hold.h"
#include "id.h"

/*
 * Several logs of one server read as one: each message once, each log in its order, and what is
 * replayed in the order of the ids of all. Pure: pages and live messages in, messages out.
 *
 *	round:  a snapshot of all logs ─→ merged up to a bound, more pages for those that have more
 *	           ↑                          │
 *	           └── some log had more ─────┴── none had ──→ what was held meanwhile ──→ live
 *
 * The argument of join.h holds for each log by itself. Across logs: a snapshot is one atomic step
 * of the server, a page of each log. When no page was full, all that is older is in these pages,
 * all that is younger is held, and so the pages merged by id, then what was held in the order it
 * came, is the order of publishing. When some were full, what is older than the snapshot is merged
 * first, page by page; then another snapshot is taken.
 *
 * A log that is met only by its first live message is in no snapshot: its messages may come behind
 * younger ones of the others. Each log has its own cursor, so no clock is trusted with what was
 * read. `floor` stands for the logs that nobody has met yet: they begin behind it.
 *
 * To change this: 1. here; 2. span, which asks for the pages; 3. tests/unit/merge.c, which tries
 * random interleavings, and tests/span.bats.
 */
enum { MERGE_LOGS_MAX = 10000 };

struct strand {
	char *log;
	struct id cursor;       /* the last one delivered or passed over */
	struct id read;         /* the last one that a page brought in this round */
	bool anchored, has_one; /* the cursor was seen in this log; `read` was */
	bool more;              /* the last page was full */
	bool gone;              /* the snapshot found no such log */
	unsigned count, asked;  /* entries to ask for next; that the page in hand could have had */
	struct buf page;
};

struct merge {
	struct strand **strands; /* by name */
	size_t n, size;
	struct strand **heap; /* those that have more to give in this round, the next one first */
	size_t nheap;
	struct strand *last; /* of the live message before */
	char *last_channel;
	size_t last_channel_len;
	struct id floor, bound;
	bool live;       /* caught up: what is published can be delivered at once */
	bool final;      /* no page of the snapshot was full */
	bool overflowed; /* held was full since the round began */
	struct buf held; /* live messages that wait for the round's end */
	/* A log is given up, since it is gone or since there are too many. May be NULL. */
	void (*on_forget)(void *arg, const char *log, struct id floor);
	void *arg;
};

void merge_init(struct merge *m, size_t held_max_bytes);
void merge_fini(struct merge *m);

/* The connection was lost: a round first, again. */
void merge_lost(struct merge *m);

/* There is nothing to read: live at once, unless a message came already. */
void merge_now(struct merge *m);

/* A log that may have something to read, behind cursor (anchored: it was seen in there); nothing
 * changes when it is known. -1: there are too many. */
int merge_add(struct merge *m, const char *log, struct id cursor, bool anchored);

/* A live message: 1 to be delivered now, 0 not (it is old, or kept), -1 there are too many logs.
 * When all is read the log that was silent for the longest time is forgotten instead. *log is the
 * message's, borrowed until the next call. */
int merge_live(struct merge *m, const struct hold_message *message, const char **log);

/* A round begins: each strand is to be asked for its last entry and for strand->asked entries from
 * strand->read on, the first of which is that one when strand->has_one. */
void merge_begin(struct merge *m);

/* A log as the snapshot has it: its last id and its page's first, zero when there are none. True
 * when entries behind the cursor may be gone; the cursor is mended. The page follows. */
bool merge_survey(struct strand *s, struct id last, struct id first);

/* A page: whether it has a gap in front of it (not for those of the snapshot, which were
 * surveyed); then each entry, `message` NULL when it is not to be delivered; then its end. */
bool merge_has_gap(struct strand *s, struct id first);
void merge_entry(struct strand *s, struct id id, const struct hold_message *message);
void merge_page(struct merge *m, struct strand *s, size_t n, size_t bytes);

/* All pages of the snapshot are in, taken at time_ms by the server's clock. Forgets logs that are
 * gone. */
void merge_snapshot(struct merge *m, uint64_t time_ms);

/* The next message: 1, and the strand it came from. 0: that strand is to be asked for its next
 * page, up to m->bound; then merge_paged. -1: the round is over, and m->live tells whether all are.
 */
int merge_next(struct merge *m, struct hold_message *message, struct strand **from);
void merge_paged(struct merge *m);

#endif
