/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_GUARD_H
#define SPOUT_GUARD_H

#include <stddef.h>
#include <sys/types.h>

#include "why.h"

/*
 * A small process that outlives us for a moment: when we die, however that happens (kill -9), it
 * kills the process groups that we have named to it, then leaves. Naming one is a store into shared
 * memory, no system call.
 */
struct guard;

/* Forks; call it early, while the process is small. When the groups are killed, the guard calls
 * on_death (may be NULL) with a copy of all that we had at the fork, standard descriptors that lead
 * nowhere, and all signals blocked; it leaves when that returns. WHY_BUG. */
typedef void guard_death_fn(void *arg);
int guard_open(struct guard **g, size_t slots, guard_death_fn *on_death, void *arg, struct why *w);

/* Lets go of all groups and ends the guard, which calls on_death nevertheless. */
void guard_close(struct guard *g);

/* The group of a slot, 0 for none. */
void guard_set(struct guard *g, size_t slot, pid_t group);

#endif
