/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SOURCE_H
#define SPOUT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed.h"
#include "id.h"
#include "join.h"
#include "log.h"
#include "redis.h"
#include "span.h"

/*
 * One thing that a feed follows, a channel or a pattern: which log it has, where its reading
 * begins, and what the log cannot give any more. No sockets: questions go into a connection's
 * queue, answers come as replies.
 */
struct source {
	const char *name; /* borrowed */
	struct feed_start start;
	bool is_pattern;
	bool begun;        /* the starting point is known */
	char *log, *runs;  /* keys; NULL for a pattern over several logs, */
	struct span *span; /* which has this instead of join */
	struct join join;
	/* From the survey. */
	int answers; /* so far */
	bool has_run;
	struct log_run run;
	struct id first, last; /* of the log; zero when it is empty or absent */
	uint64_t time_ms;      /* the server's */
};

/* WHY_USAGE when the start cannot be had for it. ops are for a span; arg is the first thing that
 * they get. */
int source_init(struct source *s, const struct feed_source *from, const struct feed_start *start,
    const struct span_ops *ops, void *arg, struct why *w);
void source_fini(struct source *s);

/* Whether a message of this channel is to be delivered. */
bool source_matches(const struct source *s, const char *channel, size_t len);

/* Asks what the log holds; then each answer, in order: true when it was the last one. */
void source_ask(struct source *s, struct redis *r);
bool source_answer(struct source *s, const struct reply *reply);

/* Whether all is read, and what is published can be delivered at once. */
bool source_is_live(const struct source *s);
void source_lost(struct source *s);

/* After the survey: sets the cursor if this is the beginning (returns true), else leaves it. Of a
 * pattern over several logs it is that of those which are not met yet. */
bool source_begin(struct source *s, struct id *cursor);

/* Whether messages behind the cursor may be gone, and up to which id (zero: the log does not tell).
 * Mends a cursor that the log has fallen behind. When in doubt it says so: an entry that was
 * trimmed right behind the cursor looks the same whether others went with it or not. */
bool source_has_gap(struct source *s, struct id *after, struct id *before);

#endif
