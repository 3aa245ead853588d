/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_NDJSON_H
#define SPOUT_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "why.h"

/*
 * Cuts a stream of bytes into lines. The last line needs no newline. A UTF-8 byte-order mark at the
 * very start is skipped. Unless `raw`, the newline is not part of the line and blank lines (nothing
 * but spaces, tabs and CR) are skipped; with `raw` a line keeps its newline and none is skipped.
 */
enum { NDJSON_MAX_LINE = 1 << 20 }; /* the default cap */

struct ndjson {
	struct buf part; /* a line whose end did not come yet */
	size_t max_line; /* without its newline */
	uint64_t line;   /* number of the line last given or refused, from 1 */
	bool raw, started;
};

/* Returns 0 to go on; anything else stops the feeding and is returned from it. */
typedef int ndjson_line_fn(void *arg, const char *line, size_t len);

void ndjson_init(struct ndjson *n, size_t max_line, bool raw);
void ndjson_fini(struct ndjson *n);

/* Calls on_line for each line that s[0..len) completes. -1 with WHY_DATA, naming the line, when one
 * is longer than the cap. */
int ndjson_feed(
    struct ndjson *n, const char *s, size_t len, ndjson_line_fn *on_line, void *arg, struct why *w);

/* At the end of the stream: gives the line that has no newline, if any. */
int ndjson_end(struct ndjson *n, ndjson_line_fn *on_line, void *arg, struct why *w);

#endif
