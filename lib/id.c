/* SPDX-License-Identifier: MIT */
/* id: ids of log entries. */
#include "id.h"

#include <inttypes.h>
#include <stdio.h>

static const char *parse_number(const char *s, const char *end, uint64_t *n)
{
	const char *start = s;

	for (*n = 0; s < end && *s >= '0' && *s <= '9'; s++) {
		if (__builtin_mul_overflow(*n, 10u, n) ||
		    __builtin_add_overflow(*n, (uint64_t)(*s - '0'), n))
			return NULL;
	}
	if (s == start || (*start == '0' && s - start > 1))
		return NULL;
	return s;
}

bool id_parse(struct id *id, const char *s, size_t len)
{
	const char *end = s + len;
	struct id v;

	s = parse_number(s, end, &v.ms);
	if (s == NULL || s == end || *s != '-')
		return false;
	s = parse_number(s + 1, end, &v.seq);
	if (s != end)
		return false;
	*id = v;
	return true;
}

size_t id_format(struct id id, char text[ID_TEXT_MAX + 1])
{
	int n = snprintf(text, ID_TEXT_MAX + 1, "%" PRIu64 "-%" PRIu64, id.ms, id.seq);

	return (size_t)n;
}

int id_cmp(struct id a, struct id b)
{
	if (a.ms != b.ms)
		return a.ms < b.ms ? -1 : 1;
	return a.seq == b.seq ? 0 : a.seq < b.seq ? -1 : 1;
}
