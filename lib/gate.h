/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_GATE_H
#define SPOUT_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "access.h"
#include "buf.h"
#include "cors.h"
#include "feed.h"
#include "http.h"
#include "id.h"
#include "log.h"
#include "route.h"
#include "why.h"

/*
 * What answer a request gets: route, method, origin, access, cursor. Bytes in, a decision out, so
 * that one exchange under inetd and a server with ten thousand decide alike.
 */
struct gate_conf {
	const char *namespace;
	struct cors cors;
	const char *const *allow; /* globs of channels that the channel route serves */
	int nallow;
	bool insecure; /* serve without authentication on any address */
	const struct access
	    *access;     /* NULL: no tokens; else they decide, allow and insecure do not */
	unsigned routes; /* those that are served: 1u << ROUTE_… */
};

enum gate_does {
	GATE_ANSWER,      /* with status and text */
	GATE_STREAM,      /* from start on */
	GATE_STREAM_HEAD, /* the head of a stream, to HEAD */
	GATE_PUBLISH,     /* the body */
	GATE_STOP,        /* ask the publisher to */
	GATE_STATE,
	GATE_READYZ,
	GATE_STATUS,
	GATE_METRICS,
	GATE_VIEWER,
};

/* Borrows from the request only; text may point into why. */
struct gate {
	enum gate_does does;
	int status;
	const char *text; /* one line; NULL: no body */
	struct route route;
	struct feed_start start;
	struct why why;
};

/* Decides about a complete head. Adds to headers what every answer to it needs, streams included.
 * is_local: the connection can only come from this machine. */
void gate_decide(struct gate *g, const struct gate_conf *conf, const struct http *h, bool is_local,
    struct buf *headers);

/* Whether who starts there is told not to come again, with 204: a stage whose run is over, and a
 * reader that saw its end. Only that stops an EventSource. */
bool gate_has_ended(enum route_kind kind, const struct feed_start *start, struct id cursor,
    const struct log_run *run);

/* Adds an answer that asks to come back a random while later: an EventSource gives up for good at
 * any status but 200, so that gets an empty stream with retry:. Others get the status with
 * Retry-After. Returns the status that went out; the caller closes the connection behind it. */
int gate_come_back(
    struct buf *out, const struct http *h, struct buf *headers, int status, const char *text);

#endif
