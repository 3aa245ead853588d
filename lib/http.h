/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HTTP_H
#define SPOUT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/*
 * The head of one HTTP/1.x request, parsed strictly (RFC 9112): where servers and proxies are known
 * to disagree about a request, it is refused instead of guessed.
 *
 *	http_init(&h, HTTP_HEAD_MAX);
 *	while ((step = http_parse(&h, buf_head(&in), in.len)) == HTTP_MORE)
 *		… read more into in, or answer 408 …
 *	HTTP_REFUSED: answer h.status with h.reason and close
 *	HTTP_HEAD: the body begins at h.head_bytes
 */
enum {
	HTTP_HEAD_MAX = 8192, /* the default cap, nginx's and Apache's as well */
	HTTP_FIELDS_MAX = 100,
};

enum http_step { HTTP_MORE, HTTP_HEAD, HTTP_REFUSED };

/* Bytes of the caller's, not NUL-terminated. */
struct http_slice {
	const char *p;
	size_t len;
};

struct http {
	/* With HTTP_REFUSED: what to answer, and one sentence that quotes nothing of the request.
	 */
	int status; /* 400, 431 (head too large), 501 (transfer coding) or 505 (version) */
	const char *reason;

	/* With HTTP_HEAD. */
	size_t head_bytes;        /* with the empty line behind */
	struct http_slice method; /* a token, as sent: case matters */
	struct http_slice path;   /* begins with '/', or is "*" (OPTIONS only); not decoded */
	struct http_slice query;  /* behind the '?', which is not in it; not decoded */
	int minor;                /* 0 for HTTP/1.0, 1 for HTTP/1.1 */
	bool keep_alive;          /* the client would like to send another request */
	bool has_length;          /* there is a Content-Length: */
	size_t length;            /* bytes of the body, 0 without one */

	/* Private. */
	enum { HTTP_AT_START, HTTP_AT_REQUEST, HTTP_AT_FIELDS, HTTP_AT_BODY, HTTP_AT_ERROR } at;
	size_t max_bytes;
	size_t line;      /* where the line being read begins */
	size_t scanned;   /* bytes that need not be looked at again */
	size_t request;   /* where the request line begins */
	size_t fields_at; /* where the header fields begin */
	int nfields;
	struct http_slice fields; /* all of them */
};

void http_init(struct http *h, size_t max_head_bytes);

/* Goes on with bytes[0..len): everything received so far, from the first byte of the request on.
 * What follows the head is not looked at. Each byte is scanned once, however they arrive, and the
 * result does not depend on how they were cut. The slices point into the bytes of this call; when
 * these have moved since, calling again after HTTP_HEAD makes the slices anew. */
enum http_step http_parse(struct http *h, const char *bytes, size_t len);

/* The functions below need a complete head (HTTP_HEAD). Names are compared without case. */

/* How many header fields have this name; *value is the first one's, without the white space around
 * it. It may hold tabs and bytes above 0x7f, no other control byte. */
int http_field(const struct http *h, const char *name, struct http_slice *value);

/* Adds the values of all fields of this name as the one list that they are together, with commas
 * between them (RFC 9110, section 5.3). The buffer has no cap. */
void http_field_all(const struct http *h, const char *name, struct buf *out);

/* Whether the comma-separated list in the fields of this name has the token, without case. */
bool http_field_has(const struct http *h, const char *name, const char *token);

bool http_method_is(const struct http *h, const char *method);

#endif
