/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_TOKEN_H
#define SPOUT_TOKEN_H

#include "say.h"
#include "why.h"

/*
 * `sp-sse token`: prints a signed token that lib/access.h accepts. argv[0] is the verb. Returns the
 * exit status; says on s why it is not 0.
 */
int token_main(struct say *s, int argc, char **argv);

#endif
