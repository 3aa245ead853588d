/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_FEED_H
#define SPOUT_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "id.h"
#include "link.h"
#include "log.h"
#include "loop.h"

/*
 * Following channels: what the log has from the starting point, then what is published, without a
 * gap and without a duplicate, through lost connections. The argument stands in feed.c. Messages
 * without an id (plain PUBLISH, ephemeral) are delivered as they come, and not twice. A pattern may
 * span several logs: see merge.h for their order, and span.h for how they are found.
 */
enum feed_since {
	FEED_NOW,   /* nothing old */
	FEED_RUN,   /* the latest run from its start; all of the log when there is none */
	FEED_ALL,   /* all of the log */
	FEED_AFTER, /* what follows `after` */
	FEED_AGO,   /* the last ago_ms milliseconds, by the server's clock */
};

struct feed_start {
	enum feed_since since;
	struct id after;
	int64_t ago_ms;
};

/* Reads run, now, 0 (all), an id, or a duration (5m: the last five minutes; digits alone are
 * seconds, but 12 or more of them are an id). WHY_USAGE when it is none of them. */
int feed_parse_since(struct feed_start *start, const char *text, struct why *w);

/* A log of a pattern that spans several, and how far it was read. */
struct feed_log {
	const char *log;
	struct id after;
};

struct feed_source {
	const char *name; /* a channel, or a pattern as PSUBSCRIBE takes it */
	bool is_pattern;
	bool resumes; /* begins after `after`, whatever the feed's start is */
	struct id after;
	const struct feed_log *logs; /* of a pattern: logs that begin elsewhere; heap or static */
	size_t nlogs;
};

struct feed_conf {
	struct link_conf link;
	const struct feed_source *sources; /* borrowed until feed_close */
	int nsources;
	struct feed_start start;
};

/* What a callback gets; valid during the call. */
struct feed_message {
	int source; /* index in feed_conf.sources */
	const char *channel;
	size_t channel_len;
	const char *text; /* the message with its id inside */
	size_t len;
	bool has_id;
	struct id id;
	const char *log; /* of a message with an id that a pattern over several logs brought; else
			    NULL */
};

/* Any callback may call feed_stop: none follows. */
struct feed_ops {
	/* A source is subscribed and its starting point known: what follows comes after `cursor`.
	 * run is the channel's latest one, NULL when none is known. Comes once a source, before its
	 * messages. May be NULL. */
	void (*on_start)(void *arg, int source, struct id cursor, const struct log_run *run);
	void (*on_message)(void *arg, const struct feed_message *m);
	/* What was between the two ids may be gone: trimmed, expired or lost by the server. before
	 * is zero when the log does not tell. */
	void (*on_gap)(void *arg, int source, struct id after, struct id before);
	/* Of a pattern over several logs: this one is forgotten. All logs that had no message yet,
	 * and this one, are read up to floor. May be NULL. */
	void (*on_forget)(void *arg, int source, const char *log, struct id floor);
	/* All that had come is delivered: a good time to flush. */
	void (*on_idle)(void *arg);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
};

struct feed;

/* WHY_USAGE when the start cannot be had for one of the sources. */
int feed_open(struct feed **f, struct loop *loop, const struct feed_conf *conf,
    const struct feed_ops *ops, void *arg, struct why *w);

/* Not from a callback: there, feed_stop. */
void feed_close(struct feed *f);
void feed_stop(struct feed *f);

#endif
