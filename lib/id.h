/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_ID_H
#define SPOUT_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Ids of log entries, as Redis Streams write them: MILLISECONDS-SEQUENCE, both decimal below 2^64
 * (https://redis.io/docs/latest/develop/data-types/streams/#entry-ids).
 */
enum { ID_TEXT_MAX = 41 }; /* 20 digits, a dash, 20 digits; no NUL */

struct id {
	uint64_t ms, seq;
};

/* Reads exactly s[0..len): digits, a dash, digits, no sign, no space, no leading zeros. */
bool id_parse(struct id *id, const char *s, size_t len);

/* Writes id as text with a NUL behind it; returns the length. */
size_t id_format(struct id id, char text[ID_TEXT_MAX + 1]);

/* Less than, equal to or greater than 0, as memcmp. */
int id_cmp(struct id a, struct id b);

static inline bool id_is_zero(struct id id)
{
	return id.ms == 0 && id.seq == 0;
}

#endif
