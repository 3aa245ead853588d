/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_FETCH_H
#define SPOUT_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "http.h"
#include "why.h"

/*
 * One HTTP/1.1 request as a client, and its answer as it arrives: waits, with a deadline for each
 * step, so it is for commands that have nothing else to do. Times are those of clock_ms.
 *
 *	fetch_open → fetch_read … 0, FETCH_LATE, -1 → fetch_close
 */
enum {
	FETCH_HEAD_MAX = 64 * 1024,
	FETCH_LATE = -2, /* the deadline passed; may be called again */
};

/* An http:// URL. WHY_USAGE for any other, with a user name, or with a byte to be encoded. */
struct fetch_url {
	char host[256]; /* as for net_open */
	uint16_t port;
	char authority[264]; /* for Host: */
	const char *target;  /* path and query, borrowed from the URL, without a fragment */
};
int fetch_url(struct fetch_url *u, const char *text, struct why *w);

struct fetch {
	int status, minor;                   /* of the answer: HTTP/1.minor */
	int64_t head_ms;                     /* when its head was complete */
	bool is_chunked, has_length, is_cut; /* is_cut: it ended before its framing said so */

	/* Private. */
	struct net *net;
	struct buf in; /* the head stays in front of what is left of the body */
	struct http_slice head;
	size_t head_bytes;
	uint64_t left; /* of the length, or of this chunk */
	bool in_chunk, is_over;
};

/* Sends a request and waits until until_ms for the head of the answer. headers: lines with CRLF
 * behind, or "". body NULL: none. */
int fetch_open(struct fetch *f, const struct fetch_url *u, const char *method, const char *headers,
    const char *body, int64_t until_ms, struct why *w);
void fetch_close(struct fetch *f);

/* The first header field of this name, compared without case. */
bool fetch_field(const struct fetch *f, const char *name, struct http_slice *value);

/* Whether one of the fields has the text in it, without case; enough for lists of tokens. */
bool fetch_field_has(const struct fetch *f, const char *name, const char *text);

/* The next bytes of the body, without its framing: how many, 0 at the end, FETCH_LATE, -1. */
ssize_t fetch_read(struct fetch *f, char *to, size_t size, int64_t until_ms, struct why *w);

#endif
