/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_MUSTER_H
#define SPOUT_SSELOAD_MUSTER_H

#include "sseload.h"
#include "sseload_tally.h"
#include "sseload_target.h"
#include "sseload_worker.h"

/* The processes of a load: how many, from which addresses, and each with its share. */
struct muster {
	const struct sseload_conf *conf;
	struct target target, publish_target;
	struct sources sources;
	struct shared shared;
	uint32_t run;
	int64_t start_ns;       /* of connecting */
	struct worker *workers; /* the readers', then the publisher */
	int nreaders, nworkers;
};

/* Checks the settings, finds targets and sources, and forks all, which wait for start_ns. Whatever
 * it returns, muster_close comes after it. WHY_USAGE, WHY_BUG. */
int muster_open(
    struct muster *m, const struct sseload_conf *conf, const struct say *say, struct why *w);

/* Says no more to them, so that they end, and waits for that. */
void muster_close(struct muster *m);

#endif
