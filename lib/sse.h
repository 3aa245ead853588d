/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSE_H
#define SPOUT_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "why.h"

/*
 * Server-Sent Events, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them.
 *
 *	id: 1732100000123-0          a block of "field: value" lines; CR, LF and CRLF all end a line
 *	event: token                 the type; "message" without
 *	data: {"type":"token"}       one per line of the data
 *	                             the empty line that makes it an event
 */
enum {
	SSE_ID_MAX = 64, /* a Redis Stream id has at most 41 bytes */
};

/* --- Encoding. All return 0, or -1 when the cap of out would be passed; out is unchanged then. */

/* Whether id[0..len) may be sent as an id: 1 to SSE_ID_MAX of 0-9 A-Z a-z and '-'. */
bool sse_id_is_legal(const char *id, size_t len);

/* Adds one event, with id: if that is legal, and with event: unless that is empty or holds CR, LF
 * or NUL. Data is split into lines at CR, LF and CRLF: the reader gets LF for each of them. */
int sse_event(struct buf *out, const char *id, size_t id_len, const char *event, size_t event_len,
    const char *data, size_t data_len);

/* Adds text as a comment, which readers ignore, and an empty line. */
int sse_comment(struct buf *out, const char *text);

/* Adds the line that tells the reader how long to wait before it reconnects. It has no empty line
 * of its own: an event or a comment comes next. */
int sse_retry(struct buf *out, int64_t ms);

/* --- Decoding. */

struct sse_message {
	unsigned long long number; /* 1 is the first event of the stream */
	const char *data;          /* without the last line end */
	size_t data_len;
	const char *event; /* the type; empty when the event has none, which means "message" */
	size_t event_len;
	const char *id; /* the last id seen in the stream: what Last-Event-ID: would say */
	size_t id_len;
	bool has_id; /* an id: stands in this very event, or since the one before */
};

struct sse_decoder {
	int64_t retry_ms;          /* the last retry: of the stream, -1 when there was none */
	unsigned long long events; /* given to on_event so far */

	/* Private. */
	size_t max_event;
	struct buf line; /* the beginning of a line whose end has not come yet */
	struct buf data; /* each line with LF behind */
	struct buf event;
	struct buf id;
	bool has_id;
	bool started;  /* the first line is over: no byte-order mark from here on */
	bool after_cr; /* a line ended with CR: an LF that comes next belongs to it */
};

/* An event may have max_event_bytes: its data, its type and the line being read, together. The
 * decoder's memory is bounded by a small multiple of that. */
void sse_decoder_init(struct sse_decoder *d, size_t max_event_bytes);
void sse_decoder_fini(struct sse_decoder *d);

/* Decodes the next bytes, however they are cut, and calls on_event for each event that is complete;
 * what it is given is borrowed for that call. A last event without its empty line is never given.
 * -1 when an event is too large (WHY_DATA, naming its number) or when on_event returned -1 (its
 * reason); the decoder can then only be finished. */
typedef int sse_on_event(void *arg, const struct sse_message *m, struct why *w);
int sse_feed(struct sse_decoder *d, const char *bytes, size_t len, sse_on_event *on_event,
    void *arg, struct why *w);

#endif
