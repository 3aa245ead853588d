/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_FETCH_H
#define SPOUT_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "buf.h"
#include "dial.h"
#include "fetch_body.h"
#include "fetch_head.h"
#include "fetch_url.h"
#include "why.h"

/*
 * One HTTP/1.1 request as a client, and its answer as it arrives: waits, with a deadline for each
 * step, so it is for commands that have nothing else to do. Times are those of clock_ms. What fails
 * is named with its URL.
 *
 *	fetch_open → fetch_read … 0, FETCH_LATE, -1 → fetch_close
 */
enum {
	FETCH_HEAD_MAX = 64 * 1024,
	FETCH_LATE = DIAL_LATE, /* the deadline passed; may be called again */
};

struct fetch_request {
	const struct fetch_url *url;
	const char *method;
	const char *headers; /* lines with CRLF behind, or "" */
	const char *body;    /* NULL: none */
	const char *cafile;  /* as for tls_open */
};

struct fetch {
	struct fetch_head head;
	int64_t head_ms;     /* when the head was complete */
	bool is_cut;         /* the body ended before its framing said so */
	enum dial_step step; /* when fetch_open failed: how far it came */

	/* Private. */
	const struct fetch_url *url;
	struct dial *dial;
	struct buf in;
	char *head_text;
	struct fetch_body body;
};

/* Sends a request and waits until until_ms for the head of the answer; informational ones (1xx) are
 * passed over. url is borrowed until fetch_close. After -1 there is nothing to close. */
int fetch_open(
    struct fetch *f, const struct fetch_request *request, int64_t until_ms, struct why *w);
void fetch_close(struct fetch *f);

/* The next bytes of the body, without its framing: how many, 0 at the end, FETCH_LATE, -1. */
ssize_t fetch_read(struct fetch *f, char *to, size_t size, int64_t until_ms, struct why *w);

#endif
