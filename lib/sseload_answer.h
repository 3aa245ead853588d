/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_ANSWER_H
#define SPOUT_SSELOAD_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The answer to one HTTP/1.x request (RFC 9112), read as it comes by a client that has a million of
 * them open: it looks at the length, the coding and the type, and keeps nothing else. A body may be
 * chunked, of a given length, or last until the connection ends.
 *
 *	answer_init(&a);
 *	while ((step = answer_next(&a, &p, &len, &body)) != ANSWER_MORE)
 *		ANSWER_HEAD: a.status and the facts are there
 *		ANSWER_BODY: body is the next piece of it, a slice of p's bytes
 *		ANSWER_END:  over; what is left at p is the next answer's
 *		ANSWER_BAD:  no HTTP, or none that can be trusted
 *	the connection ends: answer_eof(&a) tells whether the answer may end so
 */
enum answer_step { ANSWER_MORE, ANSWER_HEAD, ANSWER_BODY, ANSWER_END, ANSWER_BAD };

enum {
	ANSWER_HEAD_MAX = 64 << 10, /* bytes; nginx and Node stop at less */
	ANSWER_LINE_KEPT = 64,      /* of a head line; what is looked for is shorter */
};

struct answer_bytes {
	const char *p; /* borrowed */
	size_t len;
};

struct answer {
	uint64_t left; /* of the body, or of the chunk */
	uint32_t head_bytes;
	uint16_t status; /* 0 before the status line */
	uint8_t at;      /* enum in the .c */
	uint8_t nline;
	bool chunked, has_length, close;
	bool is_stream;  /* Content-Type: text/event-stream */
	bool is_encoded; /* Content-Encoding: something: the body is not what was published */
	bool has_digits; /* of the chunk's size */
	char line[ANSWER_LINE_KEPT];
};

void answer_init(struct answer *a);

/* Goes on with (*p)[0..*len) and moves both past what was used. MORE only when nothing is left;
 * END and BAD are final. A head with an informational status (1xx) is skipped. */
enum answer_step answer_next(
    struct answer *a, const char **p, size_t *len, struct answer_bytes *body);

/* Whether an answer whose connection ends now is whole: not in its head, and no more was promised.
 */
bool answer_eof(const struct answer *a);

/* Whether another request may be sent on the connection behind the end. */
static inline bool answer_keeps_alive(const struct answer *a)
{
	return !a->close;
}

#endif
