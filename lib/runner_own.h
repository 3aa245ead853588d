/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RUNNER_OWN_H
#define SPOUT_RUNNER_OWN_H

#include "runner.h"

/* For runner.c and runner_start.c alone. */

/* Gives the job to its command's standard input, as far as
 * that takes it. The command need not read it. */
void runner_feed(struct runner *r);

/* Whether a kept command that has ended took no look at its job, which is not its first. */
bool runner_is_unread(const struct runner *r);

#endif
