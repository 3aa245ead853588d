/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SPAN_H
#define SPOUT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold.h"
#include "id.h"
#include "merge.h"
#include "redis.h"
#include "why.h"

/*
 * A pattern over several logs: which logs it has, and their reading. It puts its questions into a
 * connection that is its own while it reads, and gets the answers.
 *
 *	scan ⇄ channels of a project's log ──→ snapshot ⇄ page ──→ live
 *	                                          ↑         │
 *	                                          └─────────┘
 *
 * Logs are found by the hash of runs that each has beside it (lib/lua/append.lua): SCAN goes once
 * over the server's keys. A log that comes later is met by its first live message.
 */
struct span_ops {
	/* False: enough. log is the message's. */
	bool (*on_message)(void *arg, const char *log, const struct hold_message *m);
	bool (*on_gap)(void *arg, struct id after, struct id before); /* the same */
	void (*on_forget)(void *arg, const char *log, struct id floor);
};

enum span_state { SPAN_SCAN, SPAN_CHANNELS, SPAN_SNAPSHOT, SPAN_PAGE };

struct span {
	const char *pattern; /* borrowed, as is ops */
	const struct span_ops *ops;
	void *arg;
	struct merge merge;
	enum span_state state;
	char *scan;   /* where the scan goes on; "0" at its end */
	char **asked; /* logs whose channels are asked for, in order */
	size_t nasked, answered;
	struct strand **surveyed; /* the strands of the snapshot that is under way */
	size_t nsurveyed;
	struct strand *wants;        /* whose page is under way */
	struct buf text;             /* a message with its id put back */
	const char *object;          /* what was refused, */
	const struct reply *refusal; /* and how; borrowed from the reply */
};

void span_init(struct span *s, const char *pattern, const struct span_ops *ops, void *arg);
void span_fini(struct span *s);

/* Connected: begins to read. The connection may have been lost in between. */
void span_begin(struct span *s, struct redis *r);

/* An answer: SPAN_FAILED: `object` names what `refusal` is about; or, when that is NULL, w tells
 * (WHY_DATA). */
enum span_answer { SPAN_FAILED = -1, SPAN_READS, SPAN_IS_LIVE, SPAN_STOPPED };
enum span_answer span_answer(
    struct span *s, struct redis *r, const struct reply *reply, struct why *w);

/* A live message with an id: delivered or kept. -1: WHY_DATA. */
int span_live(struct span *s, const struct hold_message *m, struct why *w);

#endif
