/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LIVE_H
#define SPOUT_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "say.h"

/*
 * One line on a person's terminal, drawn again and again in the same place. It is made of parts, of
 * which the less important ones are left out when the terminal is too narrow for all, so that it
 * never wraps. Its width is asked for each time, so that nobody need hear of SIGWINCH.
 *
 * The cursor rests at its begin: a terminal that is made narrower keeps it there while it breaks
 * the line into two, and then all of it can be cleared; what is said meanwhile (say) takes its
 * place, and the next drawing is below that.
 */
struct live {
	struct say *say; /* the owner's: told how to clear the line first */
	int64_t drawn_ns;
	bool shown;
};

struct live_part {
	char text[48];
	int rank; /* of those that are too many the lowest goes first */
};

/* Whether a line is wanted (stderr is a terminal that can, and nobody asked for silence), and none
 * was drawn in the last tenth of a second. */
bool live_is_due(const struct live *l);

void live_draw(struct live *l, const struct live_part *parts, size_t n);

/* Takes it away; nothing when there is none. */
void live_clear(struct live *l);

#endif
