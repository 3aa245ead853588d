/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_EXEC_H
#define SPOUT_EXEC_H

#include <stddef.h>

#include "why.h"

/* Runs `sh -c command` with text, a line, on its standard input and our other descriptors, and
 * waits for its end. env holds "NAME=value" strings that are added to its environment, NULL behind
 * them. Returns its status as a shell has it (128 + N after signal N); -1 with WHY_IO when it
 * cannot be run. A command need not read its input. */
int exec_with_input(
    const char *command, const char *text, size_t len, const char *const *env, struct why *w);

#endif
