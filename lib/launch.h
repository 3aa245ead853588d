/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LAUNCH_H
#define SPOUT_LAUNCH_H

#include <spawn.h>
#include <sys/types.h>

/* Starts argv[0], found on PATH, as a shell would start a job: no signal is blocked or ignored, and
 * it leads a process group of its own. fa may be NULL and stays the caller's. Returns 0, or what
 * went wrong as an errno; then *pid is 0. */
int launch(pid_t *pid, const posix_spawn_file_actions_t *fa, char *const *argv, char *const *env);

/* The strings of a, then those of b, then NULL: an environment in which a's come first, which is
 * where getenv(3) looks first, or a command with more arguments. Each list may be NULL. The list is
 * to be freed, the strings stay where they are. */
char **launch_list(const char *const *a, const char *const *b);

#endif
