/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_XQ_BATCH_H
#define SPOUT_XQ_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "queue.h"

/*
 * The jobs of one call of queue_add, as a record of a spool: a line with the run and the batch's
 * number, then for each job a line and what it names, back to back:
 *
 *	RUN BATCH\n
 *	PRIORITY DELAY AT RETRIES UNIQUE_MS ID_LEN UNIQUE_LEN PAYLOAD_LEN\n ID UNIQUE PAYLOAD
 *
 * Numbers are decimal; lengths are in bytes, 0 for an id or key that is not given. A crash cuts
 * records, it does not change them (the spool has checksums), but the file may be anybody's.
 *
 * To change the form: 1. here and xq_batch.c; 2. the name of the spool in xq_spool.c, so that an
 * older file is refused; 3. tests/fuzz/xq_batch.c.
 */
struct xq_batch {
	char run[MSG_RUN_LEN + 1];
	uint64_t number;
	struct queue_new jobs[QUEUE_BATCH_MAX];
	size_t n;
	struct buf text; /* ids and keys of the jobs that were read, NUL-terminated */
};

void xq_batch_write(
    struct buf *out, const char *run, uint64_t number, const struct queue_new *jobs, size_t n);

/* Reads a record; payloads are borrowed from it. b->text must be initialised. False when it is
 * none. */
bool xq_batch_read(struct xq_batch *b, const char *s, size_t len);

#endif
