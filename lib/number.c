/* SPDX-License-Identifier: MIT */
/* number: decimal numbers and hexadecimal digits, strictly. */
#include "number.h"

const char *number_scan(const char *s, const char *end, uint64_t most, uint64_t *n)
{
	const char *start = s;
	uint64_t v = 0;

	for (; s < end && *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return NULL;
	if (s == start || v > most)
		return NULL;
	*n = v;
	return s;
}

bool number_parse(const char *s, size_t len, uint64_t most, uint64_t *n)
{
	uint64_t v = 0;

	if (len == 0 || number_scan(s, s + len, most, &v) != s + len)
		return false;
	*n = v;
	return true;
}

int number_hex(char c)
{
	int low = c | 0x20;

	return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}
