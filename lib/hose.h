/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HOSE_H
#define SPOUT_HOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "why.h"

/*
 * Programs that a test runs between its own two hands: it writes what they read, or reads what they
 * write. Its ends never block; theirs are plain pipes.
 */

/* The program called name that stands beside this one, else the name, for PATH. Heap. */
char *hose_find(const char *name);

/* Runs argv in a process group of its own. *in is what it reads, *out what it writes; NULL: as
 * ours for out, nothing (/dev/null) for in. WHY_UNAVAILABLE when it cannot be run. */
int hose_spawn(pid_t *pid, char *const *argv, int *in, int *out, struct why *w);

/* Whether it has ended; *status is as waitpid gave it and *pid 0 then. */
bool hose_ended(pid_t *pid, int *status);

/* Sends it TERM, after wait_ms KILL, and waits for its end. */
void hose_end(pid_t *pid, int wait_ms);

#endif
