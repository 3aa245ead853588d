/* SPDX-License-Identifier: MIT */
/* fetch_body: a body out of its framing. */
#include "fetch_body.h"

#include <string.h>

#include "number.h"

enum {
	SIZE_LINE_MAX = 256, /* with extensions, which mean nothing to us */
	SIZE_DIGITS_MAX = 15,
};

void fetch_body_init(struct fetch_body *b, const struct fetch_head *h)
{
	*b = (struct fetch_body){.framing = h->is_chunked ? FETCH_CHUNKS
		: h->has_length                           ? FETCH_LENGTH
							  : FETCH_CLOSE};
	b->at = h->is_chunked ? FETCH_AT_SIZE : FETCH_AT_DATA;
	b->left = h->length;
	b->is_over = h->status == 204 || h->status == 304 || (h->has_length && h->length == 0);
}

/* The size in front of a chunk; line has the CR at its end. */
static int take_size(struct fetch_body *b, const char *line, size_t len)
{
	size_t n = 0;

	b->left = 0;
	for (; n < len && n <= SIZE_DIGITS_MAX && number_hex(line[n]) >= 0; n++)
		b->left = b->left * 16 + (unsigned)number_hex(line[n]);
	if (n == 0 || n > SIZE_DIGITS_MAX || strchr(" \t;\r", line[n]) == NULL)
		return -1;
	b->at = FETCH_AT_DATA;
	b->is_over = b->left == 0; /* trailers are of no interest */
	return 0;
}

/* Takes the line around a chunk: 1; 0 when it is not all there; -1. */
static int take_line(struct fetch_body *b, struct buf *in, struct why *w)
{
	const char *line = buf_head(in), *end = memchr(line, '\n', in->len);
	size_t len = end != NULL ? (size_t)(end - line) : 0;
	int r = -1;

	if (end == NULL && in->len <= SIZE_LINE_MAX)
		return 0;
	if (len > 0 && len <= SIZE_LINE_MAX && line[len - 1] == '\r') {
		if (b->at == FETCH_AT_SIZE)
			r = take_size(b, line, len);
		else if (len == 1)
			r = 0, b->at = FETCH_AT_SIZE;
	}
	if (r < 0)
		return why_set(w, WHY_DATA, "the answer's chunks are broken");
	buf_consume(in, len + 1);
	return 1;
}

static size_t take_data(struct fetch_body *b, struct buf *in, char *to, size_t size)
{
	size_t n = in->len < size ? in->len : size;

	if (b->framing != FETCH_CLOSE && n > b->left)
		n = (size_t)b->left;
	memcpy(to, buf_head(in), n);
	buf_consume(in, n);
	if (b->framing == FETCH_CLOSE)
		return n;
	b->left -= n;
	if (b->left == 0 && b->framing == FETCH_CHUNKS)
		b->at = FETCH_AT_END;
	else if (b->left == 0)
		b->is_over = true;
	return n;
}

ssize_t fetch_body_take(struct fetch_body *b, struct buf *in, char *to, size_t size, struct why *w)
{
	while (!b->is_over && in->len > 0) {
		if (b->at == FETCH_AT_DATA)
			return (ssize_t)take_data(b, in, to, size);
		int r = take_line(b, in, w);
		if (r <= 0)
			return r;
	}
	return 0;
}

bool fetch_body_cut(struct fetch_body *b)
{
	bool is_cut = !b->is_over && b->framing != FETCH_CLOSE;

	b->is_over = true;
	return is_cut;
}
