/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_XQ_SPOOL_H
#define SPOUT_XQ_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue.h"
#include "spool.h"
#include "xq_batch.h"

/*
 * The file that keeps added jobs while Redis is away, and their way from there to the queue:
 *
 *	xq_spool_write ──→ FILE ──xq_spool_send, at a later start──→ queue_add ──all answered──→
 *emptied
 *
 * A record is one call of queue_add with the run and the number that it was made with, by which
 * Redis recognises it: whoever sends it, and however often, it is added once. So a crash at any
 * point costs nothing, as long as the file is emptied only when all in it is answered. While it is
 * open it is locked: one process reads or writes it at a time.
 */
enum { XQ_SPOOL_KNOWN_MS = 7 * 86400 * 1000 }; /* for queue_conf: how long a file may lie there */

struct xq_spool {
	const char *path; /* borrowed */
	struct spool *file;
	struct xq_batch *left; /* the next that an earlier start left there; NULL: none */
};

/* Opens or creates the spool of the queue whose tag is given; waits up to patience_ms for another
 * process to let go of it. As spool_open; WHY_DATA also for a record that is none. */
int xq_spool_open(
    struct xq_spool *s, const char *path, const char *tag, int64_t patience_ms, struct why *w);

/* Also one that was never opened, or is all zeros. */
void xq_spool_close(struct xq_spool *s);

bool xq_spool_is_open(const struct xq_spool *s);

/* Begins to write, as run; what is left there stays in front. */
int xq_spool_begin(struct xq_spool *s, const char *run, struct why *w);

/* Keeps a call; sync: also from the death of the machine. WHY_IO: it is not kept. */
int xq_spool_write(struct xq_spool *s, const char *run, uint64_t number,
    const struct queue_new *jobs, size_t n, bool sync, struct why *w);

/* Makes calls of what is left while the queue has fewer than `window` unanswered, adds their number
 * to *calls, and sends them. Each is answered by fn. WHY_DATA: what comes next is damaged. */
int xq_spool_send(struct xq_spool *s, struct queue *q, size_t window, queue_added_fn *fn, void *arg,
    size_t *calls, struct why *w);

/* Passes over what is left: it stays in the file. */
int xq_spool_skip(struct xq_spool *s, struct why *w);

/* All of it is answered: empties the file, when it is worth it or `now`. One that cannot be emptied
 * is sent again by the next start, and recognised. */
void xq_spool_done(struct xq_spool *s, bool now);

#endif
