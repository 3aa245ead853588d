/* SPDX-License-Identifier: MIT */
/* buf: a byte queue with a hard cap, and allocation that cannot fail. */
#include "buf.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { BUF_MIN = 256 }; /* first allocation: most buffers hold one message */

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){.max = max_bytes};
}

void buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.max = b->max};
}

char *buf_grow(struct buf *b, size_t n)
{
	if (n > b->max - b->len)
		return NULL;
	if (b->size - b->off - b->len >= n && b->data != NULL)
		return b->data + b->off + b->len;
	/* Moving the live bytes to the front is worth it only when at least half is free: else
	 * a full queue would be moved again for every few bytes. */
	if (b->off >= b->size / 2 && b->size - b->len >= n && b->data != NULL) {
		memmove(b->data, b->data + b->off, b->len);
	} else {
		size_t size = b->size < BUF_MIN ? BUF_MIN : b->size;

		while (size - b->len < n)
			size *= 2;
		if (b->off == 0) {
			b->data = xrealloc(b->data, size);
		} else {
			char *data = xmalloc(size);

			memcpy(data, b->data + b->off, b->len);
			free(b->data);
			b->data = data;
		}
		b->size = size;
	}
	b->off = 0;
	return b->data + b->len;
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	char *to = buf_room(b, (size_t)n + 1);
	if (to == NULL)
		return -1;
	va_start(ap, fmt);
	(void)vsnprintf(to, (size_t)n + 1, fmt, ap); /* measured above */
	va_end(ap);
	b->len += (size_t)n;
	return 0;
}

int buf_addu(struct buf *b, unsigned long long n)
{
	char digits[20]; /* 2^64 has 20 */
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	return buf_add(b, digits + at, sizeof digits - at);
}

void buf_consume(struct buf *b, size_t n)
{
	b->off += n;
	b->len -= n;
	if (b->len == 0)
		b->off = 0;
}

void buf_clear(struct buf *b)
{
	b->off = b->len = 0;
}

void *xmalloc(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	if (p == NULL)
		err(70, "out of memory (%zu bytes)", n);
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (p == NULL)
		err(70, "out of memory (%zu times %zu bytes)", count, size);
	return p;
}

void *xrealloc(void *p, size_t n)
{
	p = realloc(p, n > 0 ? n : 1);
	if (p == NULL)
		err(70, "out of memory (%zu bytes)", n);
	return p;
}

char *xstrndup(const char *s, size_t n)
{
	char *copy = xmalloc(n + 1);

	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

void xtrim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0); /* nothing to give is no failure */
#endif
}
