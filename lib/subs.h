/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SUBS_H
#define SPOUT_SUBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed.h"
#include "hub.h"
#include "link.h"
#include "log.h"
#include "loop.h"
#include "why.h"

/*
 * Subscriptions shared by all readers of a process: one connection that is subscribed to every
 * channel somebody reads, one that asks what logs hold, and a hub in between. A channel is
 * subscribed with its first member and dropped a moment after its last.
 */
struct subs_conf {
	struct link_conf link;
	const char *namespace; /* borrowed */
	bool event_names;      /* event: lines too */
	enum hub_slow slow;    /* what happens to a member that falls out of the window */
	size_t max_lag_bytes;  /* of a topic's window */
	size_t memory_bytes;   /* all windows and pages together */
};

/* In any callback a member may leave, itself included, and others may join. */
struct subs_ops {
	/* The starting point is known; called once, before the first on_send. run is the channel's
	 * latest, NULL when none is known (stage or channel only). False: no stream after all; the
	 * member is out then. */
	bool (*on_start)(struct member *m, struct id cursor, const struct log_run *run);
	/* As in hub.h: in order, one call per member and wake-up when all goes well. */
	ssize_t (*on_send)(struct member *m, const struct iovec *parts, int nparts);
	/* channel: what it had joined. */
	void (*on_end)(struct member *m, enum member_end end, const char *channel);
	/* Redis is lost: readers only wait. It is back. Refused for good: no member gets anything
	 * any more; each had its on_end(MEMBER_REFUSED). */
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_up)(void *arg);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
	/* Redis refuses what one channel's readers need: each had its on_end(MEMBER_REFUSED). */
	void (*on_refused)(void *arg, const struct why *w);
};

struct subs;

/* Heap, for subs_close. Redis need not be there yet. */
struct subs *subs_open(
    struct loop *loop, const struct subs_conf *conf, const struct subs_ops *ops, void *arg);

/* Not from a callback. Members that are still there are out, without on_end. */
void subs_close(struct subs *s);

/* Joins a channel or, with is_pattern, a project's pattern NS:project:ID:stage:*. ends: over behind
 * done or error (one stage). Never calls back from within. A pattern has no latest run: since run
 * means now there. */
void subs_join(struct subs *s, struct member *m, const char *name, bool is_pattern, bool ends,
    const struct feed_start *start);

/* From anywhere; a member that is out already may leave again. */
void subs_leave(struct subs *s, struct member *m);

/* The transport takes bytes again. */
void subs_writable(struct subs *s, struct member *m);

bool subs_is_up(const struct subs *s);   /* Redis answers */
bool subs_is_dead(const struct subs *s); /* on_dead was called: whoever joins waits in vain */
void subs_set_slow(struct subs *s, enum hub_slow slow);

struct subs_stats {
	uint64_t topics, members, catching, blocked, window_bytes;
	uint64_t messages_in, bytes_in, deliveries, bytes_out;
	uint64_t pages, gaps, slow_drops, memory_drops;
};
void subs_stats(const struct subs *s, struct subs_stats *out);

#endif
