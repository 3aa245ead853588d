/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HTTP_ANSWER_H
#define SPOUT_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/*
 * Answers to HTTP/1.x requests (RFC 9112). Functions that add return 0, or -1 when the cap of the
 * buffer would be passed; it is unchanged then.
 */
struct http_answer {
	int status;                /* 200 to 599 */
	const struct buf *headers; /* more header lines, by http_add_header; NULL: none */
	const char *type;          /* of the body; NULL: plain text, made to end in a newline */
	const char *body;          /* NULL: the status in words, as plain text */
	size_t body_len;
	bool head_only;  /* to a HEAD request: Content-Length as if, no body */
	bool keep_alive; /* otherwise the caller closes behind the answer */
};

/* Adds a whole answer: status line, Content-Length, Connection, Cache-Control: no-store,
 * X-Content-Type-Options: nosniff, the extra headers, body. 204 and 304 have no body. There is no
 * Date: (RFC 9110 wants one of servers that have a clock): a caller that has a clock adds it. */
int http_answer(struct buf *out, const struct http_answer *a);

/* Adds the head of an answer that is an event stream, which ends when the connection is closed: no
 * cache, no buffering and no compression on the way. headers may be NULL. */
int http_answer_stream(struct buf *out, const struct buf *headers);

/* Adds "name: value CRLF" to header lines. Also -1 when the value has a control byte other than
 * tab: nothing that came from outside can begin another header. */
int http_add_header(struct buf *headers, const char *name, const char *value, size_t value_len);

#endif
