/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_UTF8_H
#define SPOUT_UTF8_H

#include <stddef.h>

#include "buf.h"

/* The bytes of the valid character at s[0..len) (1 to 4); 0 when the bytes are not valid UTF-8 (RFC
 * 3629: no overlong form, no surrogate, nothing above U+10FFFF); -1 when they are a valid beginning
 * that is cut. */
int utf8_char(const char *s, size_t len);

/* How many bytes at the front of s[0..len) are valid and complete. */
size_t utf8_valid(const char *s, size_t len);

/* A stream of bytes that is made valid as it passes: each byte that belongs to no character becomes
 * U+FFFD, a character that is cut at the end waits for its rest. Zero it to begin. */
struct utf8_mend {
	char cut[4];
	size_t ncut;
};

/* Adds to out the valid text that s[0..len) brings. -1 when out is full. */
int utf8_mend(struct utf8_mend *m, struct buf *out, const char *s, size_t len);

/* At the end of the stream: what still waits becomes U+FFFD. */
int utf8_mend_end(struct utf8_mend *m, struct buf *out);

#endif
