/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SHOW_H
#define SPOUT_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "filter.h"
#include "why.h"

/* How a message is shown: as it is, a line each; as the text of tokens; or as what a filter makes
 * of it. */
struct show {
	struct filter *filter; /* NULL: none; closed by show_fini */
	bool text;             /* only the text of tokens */
	bool raw;              /* strings that a filter makes are printed without quotes */
	struct buf out;        /* what is to be written; the owner takes it */
};

void show_init(struct show *s);
void show_fini(struct show *s);

/* Adds the message to out: how many lines or texts that were. -1 with WHY_DATA: the filter failed.
 * Line ends inside a message, which a plain PUBLISH may bring, become spaces: a line is a message.
 */
int show_message(struct show *s, const char *text, size_t len, struct why *w);

/* Adds one line, whatever the mode is. */
void show_line(struct show *s, const char *text, size_t len);

#endif
