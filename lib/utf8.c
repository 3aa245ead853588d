/* SPDX-License-Identifier: MIT */
/* utf8: strict validation, RFC 3629 section 4. */
#include "utf8.h"

#include <stdint.h>
#include <string.h>
#include <sys/types.h>

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

static int add_replacement(struct buf *out)
{
	return buf_add(out, "\xef\xbf\xbd", 3);
}

/* Completes the waiting character with bytes of s; returns how many were used, -1 when out is full.
 */
static ssize_t mend_cut(struct utf8_mend *m, struct buf *out, const char *s, size_t len)
{
	size_t used = 0;

	while (m->ncut > 0) {
		int n = utf8_char(m->cut, m->ncut);

		if (n < 0) {
			if (used == len)
				break;
			m->cut[m->ncut++] = s[used++];
			continue;
		}
		if (n > 0) {
			if (buf_add(out, m->cut, (size_t)n) < 0)
				return -1;
			m->ncut = 0;
			continue;
		}
		/* The byte added last spoilt it: what waited is one U+FFFD, the last byte is
		 * looked at again as a beginning. A single byte can only spoil itself. */
		if (add_replacement(out) < 0)
			return -1;
		used -= m->ncut > 1 ? 1 : 0;
		m->ncut = 0;
	}
	return (ssize_t)used;
}

int utf8_mend(struct utf8_mend *m, struct buf *out, const char *s, size_t len)
{
	ssize_t used = mend_cut(m, out, s, len);

	if (used < 0)
		return -1;
	for (size_t at = (size_t)used; at < len;) {
		size_t good = utf8_valid(s + at, len - at);

		if (buf_add(out, s + at, good) < 0)
			return -1;
		at += good;
		if (at == len)
			break;
		if (utf8_char(s + at, len - at) < 0) {
			m->ncut = len - at;
			memcpy(m->cut, s + at, m->ncut);
			break;
		}
		/* A beginning that is spoilt later is one U+FFFD as a whole, as browsers do it
		 * ("maximal subpart", Unicode 15 section 3.9). */
		size_t bad = 1;
		while (utf8_char(s + at, bad) < 0)
			bad++;
		if (add_replacement(out) < 0)
			return -1;
		at += bad > 1 ? bad - 1 : 1;
	}
	return 0;
}

int utf8_mend_end(struct utf8_mend *m, struct buf *out)
{
	bool waits = m->ncut > 0;

	m->ncut = 0;
	return waits ? add_replacement(out) : 0;
}
