/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RUNNER_OWN_H
#define SPOUT_RUNNER_OWN_H

#include "runner.h"

/* For runner.c and runner_start.c alone: gives the job to its command's standard input, as far as
 * that takes it. The command need not read it. */
void runner_feed(struct runner *r);

#endif
