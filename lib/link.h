/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LINK_H
#define SPOUT_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "loop.h"
#include "redis.h"
#include "url.h"

/*
 * A connection to Redis that comes back: opened again with jittered backoff whenever it is lost,
 * until the server refuses for good or the time to give up has come. What was sent and not answered
 * is the owner's business: it hears of each loss and of each new connection.
 */
struct link_conf {
	const struct url *url; /* borrowed; NULL: the private Redis, started when needed */
	struct redis_times times;
	int64_t give_up_ms; /* without a server; below 0: never */
};

struct link_ops {
	/* Connected: send what must come first. */
	void (*on_up)(void *arg);
	void (*on_reply)(void *arg, struct reply *reply);
	/* The replies that had come are all delivered, and the stream may take bytes. May be NULL.
	 */
	void (*on_idle)(void *arg);
	/* Lost or not to be had; the next try is in wait_ms. May be NULL. */
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	/* Over: refused (WHY_REFUSED, WHY_DATA …) or given up (WHY_UNAVAILABLE). The link is
	 * closed. */
	void (*on_dead)(void *arg, const struct why *w);
	/* The private Redis was started at this socket. May be NULL. */
	void (*on_started)(void *arg, const char *path);
};

struct link {
	struct loop *loop;
	struct link_conf conf;
	const struct link_ops *ops;
	void *arg;
	struct redis *redis; /* NULL while down */
	struct url local;    /* of the private Redis */
	bool up;             /* on_up was called for this connection */
	bool was_up;         /* and for an earlier one, or this */
	bool want_write; /* the owner has bytes for redis_write: on_idle is called when it can */
	size_t preamble; /* the owner sets it in on_up: so many replies do not prove that all is
			    well */
	int failures;    /* in a row */
	int64_t down_since_ms;
	struct backoff backoff;
	struct watch watch;
	struct timer timer;
};

/* Begins to connect. Callbacks come from the loop and from link_pump, never from link_open. */
void link_open(struct link *link, struct loop *loop, const struct link_conf *conf,
    const struct link_ops *ops, void *arg);

/* Closes without a callback. May be called from a callback, and twice. */
void link_close(struct link *link);

/* After commands were queued outside of a callback: sends them now. */
void link_pump(struct link *link);

/* Hands bytes of ready-made commands to the stream: how many it took. When not all, on_idle is
 * called once more can be taken; when the connection is lost, on_down was called. */
size_t link_send(struct link *link, const void *p, size_t n);

/* The owner gives up this connection (a lost script, a nonsense answer): as if it had been lost. */
void link_fault(struct link *link, const struct why *w);

/* An error reply that the owner did not expect: on_down when it may pass, else on_dead. `object` is
 * what the command was about (a channel, a key), for the message. */
void link_refused(struct link *link, const char *object, const struct reply *error);

/* The owner has a reason to give up for good: on_dead with w. */
void link_die(struct link *link, const struct why *w);

/* The URL as people may see it. */
const char *link_name(const struct link *link);

#endif
