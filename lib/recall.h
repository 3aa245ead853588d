/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RECALL_H
#define SPOUT_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "link.h"
#include "loop.h"

/*
 * What a run said before its publisher was killed: the text of its tokens, read back from the log.
 * It has a connection of its own, and waits for Redis as long as that takes.
 */
struct recall_conf {
	struct link_conf link;
	const char *channel, *run; /* borrowed until recall_close */
	uint64_t before;           /* the messages with a smaller seq */
	size_t max_bytes;
};

struct recall;

/* Over: text, borrowed, is the tokens' content, escaped; `whole` when all messages were there and
 * fitted. Not whole: those that fitted, or nothing. */
typedef void recall_end(void *arg, const struct buf *text, bool whole);

struct recall *recall_open(
    struct loop *loop, const struct recall_conf *conf, recall_end *on_end, void *arg);

/* Not from on_end. */
void recall_close(struct recall *r);

#endif
