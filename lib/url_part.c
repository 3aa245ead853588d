/* SPDX-License-Identifier: MIT */
/* url_part: the pieces that a URL is cut into, and what they decode to. */
#include "url_part.h"
#include "buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "number.h"

int url_bad(struct why *w, const char *what)
{
	return why_set(w, WHY_USAGE, "the Redis URL %s", what);
}

struct url_part url_part_cut(struct url_part *rest, char c)
{
	const char *at = rest->len > 0 ? memchr(rest->s, c, rest->len) : NULL;
	struct url_part front = *rest;

	if (at == NULL) {
		*rest = (struct url_part){NULL, 0};
		return front;
	}
	front.len = (size_t)(at - rest->s);
	*rest = (struct url_part){at + 1, rest->len - front.len - 1};
	return front;
}

bool url_part_is(struct url_part a, const char *s)
{
	return a.len == strlen(s) && strncasecmp(a.s, s, a.len) == 0;
}

int url_part_decode(struct url_part in, char **out, struct why *w)
{
	char *s = xmalloc(in.len + 1), *to = s;

	for (size_t i = 0; i < in.len; i++) {
		int c = (unsigned char)in.s[i];

		if (c == '%') {
			int high = in.len - i > 2 ? number_hex(in.s[i + 1]) : -1;
			int low = high >= 0 ? number_hex(in.s[i + 2]) : -1;

			c = high * 16 + low;
			if (low < 0 || c == 0) {
				free(s);
				return low < 0 ? url_bad(w,
						     "has a '%' without two hexadecimal digits "
						     "behind: write %25 for '%'")
					       : url_bad(w, "holds %00");
			}
			i += 2;
		}
		*to++ = (char)c;
	}
	*to = '\0';
	*out = s;
	return 0;
}

int url_part_number(
    struct url_part in, long least, long most, long *n, struct why *w, const char *no)
{
	char *s;
	uint64_t value;

	if (url_part_decode(in, &s, w) != 0)
		return -1;
	bool good = number_parse(s, strlen(s), (uint64_t)most, &value);
	free(s);
	if (!good || (long)value < least)
		return url_bad(w, no);
	*n = (long)value;
	return 0;
}
