/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_TEAM_H
#define SPOUT_SSELOAD_TEAM_H

#include <stdint.h>

#include "sseload.h"
#include "sseload_tally.h"
#include "sseload_target.h"

/* One process of readers: of all connections, first to first + n - 1; the `member`-th of `members`
 * such processes, which keep the connect rate together. */
struct team_conf {
	const struct sseload_conf *load;
	const struct target *target;
	const struct sources *sources;
	uint64_t first, n;
	uint32_t member, members;
	uint32_t run;
	const struct shared *shared;
	int64_t start_ns; /* of connecting */
};

/* Does what is ordered over fd, until the last order or until nobody is there to give one. For a
 * process of its own, which then ends. */
void team_run(const struct team_conf *conf, int fd);

#endif
