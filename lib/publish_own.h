/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_PUBLISH_OWN_H
#define SPOUT_PUBLISH_OWN_H

#include "batch.h"
#include "publish.h"
#include "recall.h"

/* For publish.c and publish_end.c alone. */

struct publish {
	struct publish_conf conf;
	const struct publish_ops *ops;
	void *arg;
	struct loop *loop;
	struct append *append;
	struct intake intake;
	struct run run;
	struct buf message, mapped; /* mapped: what the filter made of it */
	struct batch batch;
	struct recall *recall; /* of what an earlier process said */
	uint64_t recovered;    /* messages that the spool held, */
	uint64_t recovered_at; /* the first of which has this seq */
	const char *reason;    /* of the done that waits for the recall */
	bool waits;            /* it does */
	uint64_t ninput;       /* messages of the input so far, for the filter's complaints */
	bool finishing, over;
	bool ended, failed; /* the last message is a done or error; it is an error */
};

/* Appends a message, open; is_end: a done or error. */
void publish_append(struct publish *p, struct buf *open, bool is_end);

/* --- publish_end.c */

/* Asks the log for what the run said before the spool's messages, when there was something, and the
 * done shall tell it. */
void publish_recall(struct publish *p);

/* Finished, and nothing is pending any more: on_over, once. */
void publish_check_over(struct publish *p);

#endif
