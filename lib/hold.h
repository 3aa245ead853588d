/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HOLD_H
#define SPOUT_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "id.h"

/* Messages that wait their turn, in the order they came, in one bounded buffer: whoever holds them
 * has a struct buf for it. */
struct hold_message {
	const char *channel, *text;
	size_t channel_len, len;
	struct id id;
};

/* Copies a message to the end; -1 when it does not fit. */
int hold_add(struct buf *held, const struct hold_message *m);

/* The first one, borrowed until something is added; false when there is none. */
bool hold_first(const struct buf *held, struct hold_message *m);

/* Takes it off; it stays readable until something is added. */
bool hold_next(struct buf *held, struct hold_message *m);

#endif
