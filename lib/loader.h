/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LOADER_H
#define SPOUT_LOADER_H

#include <stdbool.h>
#include <sys/types.h>

#include "audit.h"
#include "load.h"
#include "loop.h"
#include "why.h"

/*
 * A load in a process of its own, so that publishing takes no time from whoever measures the
 * reading. The two share nothing but two pipes: one says when to begin, and its end says stop; the
 * other brings what was done.
 */
struct loader_facts {
	int status; /* 0, or as in why */
	char text[480];
	uint64_t sent, acked, errors;
	struct pace_slots slots;
	size_t nlanes;
};

struct loader {
	pid_t pid; /* 0: none */
	int go, told;
	struct loop *loop;
	struct watch watch;
	struct buf got;
	void (*on_told)(void *arg, const struct loader_facts *facts);
	void *arg;
};

/* Forks it; it connects at once. WHY_BUG. */
int loader_fork(struct loader *l, const struct load_conf *conf, struct why *w);

/* Says when to begin and end. on_told comes once: its status says whether the facts count. */
void loader_start(struct loader *l, struct loop *loop, int64_t start_ns, int64_t end_ns,
    void (*on_told)(void *arg, const struct loader_facts *facts), void *arg);

/* Ends it before its time: on_told comes once what is on its way is answered, or a second later. */
void loader_stop(struct loader *l);

/* After on_told: tells the audit what was sent to each channel. */
void loader_audit(const struct loader *l, struct audit *a);

/* Stops it if it still runs, and waits for its end. */
void loader_close(struct loader *l);

#endif
