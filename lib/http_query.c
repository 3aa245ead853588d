/* SPDX-License-Identifier: MIT */
/* http_query: percent-encoded text, decoded once. */
#include "http_query.h"

#include <string.h>

#include "number.h"

/* The character at s[*at], decoded, and *at moved behind it; -1 for a bad escape or a NUL. */
static int next_char(const char *s, size_t len, size_t *at)
{
	int high, low, c = (unsigned char)s[*at];

	if (c != '%') {
		*at += 1;
		return c != 0 ? c : -1;
	}
	if (len - *at < 3 || (high = number_hex(s[*at + 1])) < 0 ||
	    (low = number_hex(s[*at + 2])) < 0)
		return -1;
	*at += 3;
	c = high * 16 + low;
	return c != 0 ? c : -1;
}

int http_percent_decode(
    char *dst, size_t size, size_t *dst_len, const char *s, size_t len, struct why *w)
{
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		int c = next_char(s, len, &at);

		if (c < 0)
			return why_set(
			    w, WHY_DATA, "bad percent-encoding: %%XX, not %%00, is meant");
		if (n + 1 >= size)
			return why_set(w, WHY_DATA, "longer than %zu bytes", size - 1);
		dst[n++] = (char)c;
	}
	dst[n] = '\0';
	*dst_len = n;
	return 0;
}

static bool name_is(const char *s, size_t len, const char *name)
{
	size_t at = 0;

	while (at < len && *name != '\0')
		if (next_char(s, len, &at) != (unsigned char)*name++)
			return false;
	return at == len && *name == '\0';
}

int http_query_get(struct http_slice query, const char *name, char *dst, size_t size,
    size_t *dst_len, struct why *w)
{
	const char *end = query.p + query.len;
	bool found = false;

	for (const char *s = query.p; s < end;) {
		const char *stop = memchr(s, '&', (size_t)(end - s));
		size_t len = (size_t)((stop == NULL ? end : stop) - s);
		const char *equals = memchr(s, '=', len);
		size_t name_len = equals == NULL ? len : (size_t)(equals - s);
		size_t value_at = equals == NULL ? len : name_len + 1;

		if (name_is(s, name_len, name)) {
			struct why why;

			if (found)
				return why_set(w, WHY_DATA, "?%s= is there twice", name);
			if (http_percent_decode(
				dst, size, dst_len, s + value_at, len - value_at, &why) == -1)
				return why_set(w, WHY_DATA, "?%s=: %.60s", name, why.text);
			found = true;
		}
		s = stop == NULL ? end : stop + 1;
	}
	return found ? 1 : 0;
}
