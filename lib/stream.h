/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_STREAM_H
#define SPOUT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "feed.h"
#include "id.h"
#include "loop.h"
#include "msg.h"
#include "why.h"

/*
 * One reader's event stream: a feed in, Server-Sent Events out to one descriptor.
 *
 *	(head) connected, messages …, heartbeats in silence, stream_end
 *
 * Writing waits for the reader, in bounded memory; meanwhile Redis is not read, and what it drops
 * then comes from the log.
 */
struct stream_conf {
	struct link_conf link;
	struct feed_source source;
	struct feed_start start;
	struct msg_from from; /* for connected, stream_end and gap */
	bool ends;            /* one stage: over after done or error */
	bool event_names;     /* event: TYPE too */
	int64_t heartbeat_ms; /* of silence before a comment */
	int64_t retry_ms;     /* what the reader is told to wait before it reconnects */
	int64_t write_ms;     /* without a byte taken: the reader is gone */
	int fd;               /* of the reader */
};

enum stream_end {
	STREAM_OPEN,
	STREAM_DONE,   /* a done ended it */
	STREAM_ERROR,  /* an error did */
	STREAM_CLOSED, /* the reader left, or takes nothing any more */
	STREAM_DEAD,   /* Redis refused, or was given up: see why */
};

struct stream;

struct stream_ops {
	/* Redis answers, and the starting point is known. Adds to out what comes before the first
	 * event; false: no stream after all, only what is in out. May be NULL. run as in feed.h. */
	bool (*on_start)(void *arg, struct buf *out, struct id cursor, const struct log_run *run);
	void (*on_end)(void *arg, enum stream_end end, const struct why *w);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_started)(void *arg, const char *path);
};

/* conf and what it names are borrowed until stream_close. */
int stream_open(struct stream **s, struct loop *loop, const struct stream_conf *conf,
    const struct stream_ops *ops, void *arg, struct why *w);
void stream_close(struct stream *s);

/* Whether on_start was called. */
bool stream_is_started(const struct stream *s);

/* Sends a comment now: finds out whether the reader is still there. */
void stream_probe(struct stream *s);

#endif
