/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_PUBLISHER_H
#define SPOUT_SSELOAD_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "sseload.h"
#include "sseload_tally.h"
#include "sseload_target.h"

/*
 * The process that publishes what the readers audit: a schedule, and an outlet that brings messages
 * out. An outlet has lines; each line keeps its messages in order, and channel n is line
 * n % lines's, so no channel is reordered by us.
 */
struct outlet;

/* What an outlet tells its publisher. */
struct outlet_owner {
	void (*on_room)(void *arg); /* a line may take a message again */
	void (*on_acked)(void *arg, bool good);
	void (*on_dead)(void *arg, const struct why *w);
	void *arg;
};

struct outlet_ops {
	int (*open)(struct outlet **out, struct loop *loop, const struct sseload_conf *conf,
	    const struct target *target, const struct outlet_owner *owner, struct why *w);
	void (*close)(struct outlet *o);
	/* Whether the line takes a message now. */
	bool (*has_room)(const struct outlet *o, uint32_t line);
	/* Takes a message, JSON that is open (msg.h); seq is its number on the lane. */
	void (*put)(struct outlet *o, uint32_t line, uint32_t lane, struct buf *open, uint64_t seq);
	/* Behind the last put of a turn. */
	void (*flush)(struct outlet *o);
};

extern const struct outlet_ops sseload_redis, sseload_post;

struct publisher_conf {
	const struct sseload_conf *load;
	const struct target *target; /* of POST */
	struct shared *shared;
	uint32_t run;
};

/* As team_run. */
void publisher_run(const struct publisher_conf *conf, int fd);

#endif
