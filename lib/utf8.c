/* SPDX-License-Identifier: MIT */
/* utf8: strict validation, RFC 3629 section 4. */
#include "utf8.h"

#include <stdint.h>
#include <string.h>

int utf8_char(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;

	if (len == 0)
		return -1;
	if (u[0] < 0x80)
		return 1;
	int n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	if (u[0] < 0xc2 || u[0] > 0xf4)
		return 0;
	/* The second byte's range depends on the first: this is what keeps out overlong forms,
	 * surrogates and what lies beyond U+10FFFF. */
	unsigned char low = u[0] == 0xe0 ? 0xa0 : u[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = u[0] == 0xed ? 0x9f : u[0] == 0xf4 ? 0x8f : 0xbf;
	for (int i = 1; i < n; i++) {
		if ((size_t)i >= len)
			return -1;
		if (u[i] < low || u[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

size_t utf8_valid(const char *s, size_t len)
{
	size_t at = 0;

	while (at < len) {
		uint64_t word;

		if (len - at >= sizeof word) {
			memcpy(&word, s + at, sizeof word);
			if ((word & 0x8080808080808080u) == 0) {
				at += sizeof word;
				continue;
			}
		}
		int n = utf8_char(s + at, len - at);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	return at;
}
