/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LOAD_H
#define SPOUT_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit.h"
#include "hist.h"
#include "link.h"
#include "loop.h"
#include "pace.h"

/*
 * Publishers under an open-loop schedule. Each has a connection, its own slots and its own
 * channels: publisher i of n has channels i, i + n, i + 2n…, or i modulo the channels when those
 * are fewer. Stamped messages go out as bare PUBLISH or, when durable, through append as sp-pub's
 * do; then there is a publisher for each channel at least.
 *
 * A publisher that waits for answers (pipeline of them) is late with its next slots, which changes
 * their intended time not at all: so the corrected latency has the server's pauses in it, and the
 * uncorrected one, from the sending, is what a closed loop would tell.
 */
struct load_conf {
	struct link_conf link;
	const char *channel; /* channel i is CHANNEL:i; borrowed */
	size_t channels, connections;
	size_t size;     /* of a message, LOAD_SIZE_MIN to LOAD_SIZE_MAX */
	size_t pipeline; /* messages of one publisher that may wait for their answers */
	uint64_t rate;   /* of all, a second; 0: as fast as it goes */
	bool durable;
	uint32_t run;
};

enum {
	LOAD_SIZE_MIN = AUDIT_STAMP_MIN + 29, /* with {"type":"token","content":""} around it */
	LOAD_SIZE_MAX = 1 << 20,
	LOAD_CHANNELS_MAX = 1000000,
	LOAD_CHANNEL_NAME = 1024,
};

struct load_ops {
	/* All is sent and acknowledged, or given up. */
	void (*on_over)(void *arg);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
};

struct load_facts {
	struct hist second; /* corrected; whoever reads it adds it to `corrected` and clears it */
	struct hist corrected, uncorrected;
	uint64_t sent, acked, errors; /* errors: answers that are lost or bad */
	uint64_t bytes;               /* of messages acknowledged */
	struct pace_slots slots;
	int64_t last_ns; /* when the last answer came */
};

struct load;

/* Connects. Nothing is sent before load_start. */
int load_open(struct load **l, struct loop *loop, const struct load_conf *conf,
    const struct load_ops *ops, void *arg, struct why *w);
void load_close(struct load *l);

/* The slots in [start, end) are served; behind the end what waits may still go, for grace_ms. */
void load_start(struct load *l, int64_t start_ns, int64_t end_ns, int64_t grace_ms);

/* Ends it now: no slot counts that was still to come; what waits for its answer has grace_ms, or
 * with 0 is given up, before this returns. */
void load_stop(struct load *l, int64_t grace_ms);

/* What was done up to now; the slots are final after on_over. */
struct load_facts *load_facts(struct load *l);

/* How many are connected. */
size_t load_connected(const struct load *l);

/* Sets how many messages went to each channel, by run and lane: calls on_lane for each. */
void load_lanes(const struct load *l,
    void (*on_lane)(void *arg, size_t channel, uint32_t run, uint32_t lane, uint64_t sent),
    void *arg);

/* CHANNEL:i */
void load_channel(char name[LOAD_CHANNEL_NAME], const char *channel, size_t i);

#endif
