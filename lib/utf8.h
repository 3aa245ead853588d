/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_UTF8_H
#define SPOUT_UTF8_H

#include <stddef.h>

/* The bytes of the valid character at s[0..len) (1 to 4); 0 when the bytes are not valid UTF-8 (RFC
 * 3629: no overlong form, no surrogate, nothing above U+10FFFF); -1 when they are a valid beginning
 * that is cut. */
int utf8_char(const char *s, size_t len);

/* How many bytes at the front of s[0..len) are valid and complete. */
size_t utf8_valid(const char *s, size_t len);

#endif
