/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_SCAN_H
#define SPOUT_SSELOAD_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit.h"

/*
 * What a load's reader needs of a stream of events, and no more: where an event ends, the id to
 * come back with, and the stamp (audit.h) in its data. sse.h decodes all of it, with four buffers a
 * stream; this one has none while no line is cut, since there are a million of it.
 */
enum {
	SCAN_ID_MAX = 47, /* a Redis Stream id has at most 41 bytes, nchan's about 15 */
	SCAN_LINE_MAX = AUDIT_STAMP_MAX + (1 << 20),
};

enum scan_step {
	SCAN_MORE,  /* all is used up */
	SCAN_EVENT, /* an event with data is complete */
	SCAN_LONG,  /* a line is longer than SCAN_LINE_MAX; final */
};

struct scan {
	char *line; /* heap: the beginning of a line whose end has not come; NULL without */
	uint32_t nline, size;
	struct audit_stamp stamp; /* of the event, when found is AUDIT_GOOD */
	uint8_t found;            /* enum audit_found */
	uint8_t id_len, next_len; /* next: the id of the event that is not over yet */
	bool has_data, after_cr, begun;
	bool long_ids; /* an id was too long to keep: coming back is not possible */
	char id[SCAN_ID_MAX], next[SCAN_ID_MAX];
};

void scan_init(struct scan *s);

/* Also when a connection is lost and another will go on: an event that was cut is dropped, as
 * browsers drop it; the last id stays. */
void scan_restart(struct scan *s);

/* Goes on with (*p)[0..*len) and moves both past what was used. With SCAN_EVENT, *found and *stamp
 * are those of the event. The result does not depend on how the stream is cut. */
enum scan_step scan_next(struct scan *s, const char **p, size_t *len, enum audit_found *found,
    struct audit_stamp *stamp);

#endif
