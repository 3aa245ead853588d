/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_FEED_OWN_H
#define SPOUT_FEED_OWN_H

#include "buf.h"
#include "feed.h"
#include "source.h"

/* For feed.c and feed_pages.c alone. */

/* What a span's callbacks get. */
struct feed_slot {
	struct feed *feed;
	int source;
};

struct feed {
	struct feed_conf conf;
	const struct feed_ops *ops;
	void *arg;
	struct loop *loop;
	struct link sub, log;
	struct source *sources;
	struct feed_slot *slots; /* as many */
	int nsources;
	int surveyed;    /* sources whose log this connection has looked at */
	int confirmed;   /* subscriptions of this connection */
	int current;     /* the source that the log connection reads for */
	struct buf text; /* a message with its id put back */
	bool log_open, stopped;
};

/* What Redis refused was about "KIND NAME": see link_refused. */
void feed_refuse(struct link *link, const char *kind, const char *name, const struct reply *error);

/* Closes the log's connection if it is open. */
void feed_close_log(struct feed *f);

/* --- feed_pages.c */

/* Callbacks of the log's connection. */
void feed_on_log_up(void *feed);
void feed_on_log_reply(void *feed, struct reply *reply);

/* Their argument is a feed_slot. */
extern const struct span_ops feed_span_ops;

#endif
