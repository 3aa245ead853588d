/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_FETCH_BODY_H
#define SPOUT_FETCH_BODY_H

#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"
#include "fetch_head.h"
#include "why.h"

/*
 * The body of an answer, without its framing (RFC 9112, 6 and 7): it ends with the connection, with
 * its length, or with a chunk of no bytes.
 *
 *	SIZE ──→ DATA ──→ END ──→ SIZE      a chunk's size, its bytes, the line end behind them
 */
struct fetch_body {
	bool is_over;

	/* Private. */
	enum { FETCH_CLOSE, FETCH_LENGTH, FETCH_CHUNKS } framing;
	enum { FETCH_AT_SIZE, FETCH_AT_DATA, FETCH_AT_END } at;
	unsigned long long left; /* of the length, or of this chunk */
};

void fetch_body_init(struct fetch_body *b, const struct fetch_head *h);

/* Moves bytes of the body from in to to[0..size): how many; 0: in has none yet, or is_over. -1 with
 * WHY_DATA when the chunks are broken. */
ssize_t fetch_body_take(struct fetch_body *b, struct buf *in, char *to, size_t size, struct why *w);

/* The connection has ended: the body is over. Whether it should not be yet. */
bool fetch_body_cut(struct fetch_body *b);

#endif
