/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_POST_H
#define SPOUT_POST_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "link.h"
#include "loop.h"
#include "msg.h"
#include "why.h"

/*
 * What a POST asks of Redis: publish messages, or ask a channel's publisher to stop. Each is a
 * connection of its own, for as long as it takes; there are few of them at a time.
 */
enum {
	POST_BODY_MAX = (1 << 20) + 64, /* a line of 1 MiB, and its end */
	POSTS_MAX = 256,
	POST_ANSWER_MS = 5000, /* until on_done, whatever Redis does */
};

/* Redis refuses what was asked, for good: the client is told no more than that. */
typedef void post_refused_fn(void *arg, const struct why *w);

struct posts {
	struct loop *loop;
	const struct link_conf *link;
	post_refused_fn *on_refused;
	void *arg;
	struct post *list;
	int count;
	struct timer reap;
};

/* status: what to answer, with the text. 200: published, body has a line of JSON for each message,
 * its sp. 202: taken, but not acknowledged in time (publish), or somebody heard it (stop). */
struct post_ops {
	void (*on_done)(void *arg, int status, const char *type, const char *body, size_t len);
};

void posts_init(struct posts *p, struct loop *loop, const struct link_conf *link,
    post_refused_fn *on_refused, void *arg);

/* What is not acknowledged is lost. */
void posts_fini(struct posts *p);

/* Publishes lines of JSON. -1 with WHY_DATA, naming the line, and nothing is published;
 * WHY_UNAVAILABLE when there are too many already. Everything is copied. on_done comes later, from
 * the loop; how many messages there are is in *n. */
int post_publish(struct posts *p, struct post **post, const char *channel,
    const struct msg_from *from, const char *body, size_t len, size_t *n,
    const struct post_ops *ops, void *arg, struct why *w);

/* Asks the publisher of a channel to stop. */
int post_stop(struct posts *p, struct post **post, const char *channel, const struct post_ops *ops,
    void *arg, struct why *w);

/* Nobody waits for on_done any more; what was taken is published all the same. */
void post_abandon(struct post *post);

#endif
