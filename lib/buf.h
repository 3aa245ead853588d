/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_BUF_H
#define SPOUT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * A byte queue with a hard cap: bytes are added behind and consumed in front. The live bytes are
 * buf_head(b)[0 .. b->len). Adding beyond the cap fails and changes nothing. Out of memory ends the
 * process: nothing above could go on.
 */
struct buf {
	char *data;  /* heap, owned; NULL until the first byte */
	size_t off;  /* consumed bytes in front of the live ones */
	size_t len;  /* live bytes */
	size_t size; /* of data */
	size_t max;  /* len never grows beyond this */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_fini(struct buf *b);

/* What buf_room does when the bytes do not fit behind the live ones as they lie. */
char *buf_grow(struct buf *b, size_t n);

/* Makes room for n more bytes and returns where to put them (then add n to b->len, or use buf_add);
 * NULL when the cap would be passed. Inline: it was called 78 times a message, a quarter of all
 * that sp-pub did. */
static inline char *buf_room(struct buf *b, size_t n)
{
	size_t end = b->off + b->len;

	return n < b->size - end && n <= b->max - b->len ? b->data + end : buf_grow(b, n);
}

/* 0, or -1 when the cap would be passed. */
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Drops n live bytes in front; n may be at most b->len. */
void buf_consume(struct buf *b, size_t n);

/* Drops all bytes, keeps the memory. */
void buf_clear(struct buf *b);

static inline char *buf_head(const struct buf *b)
{
	return b->data != NULL ? b->data + b->off : b->data;
}

/* 0, or -1 when the cap would be passed. */
static inline int buf_add(struct buf *b, const void *p, size_t n)
{
	char *to = buf_room(b, n);

	if (to == NULL)
		return -1;
	if (n > 0)
		memcpy(to, p, n);
	b->len += n;
	return 0;
}

static inline int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

static inline int buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

/* Adds n in decimal. */
int buf_addu(struct buf *b, unsigned long long n);

/* malloc and realloc that end the process, with a message, when there is no memory. */
void *xmalloc(size_t n);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);

/* Gives pages that nothing is in any more back to the system, where the C library can. */
void xtrim(void);

#endif
