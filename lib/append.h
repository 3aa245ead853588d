/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_APPEND_H
#define SPOUT_APPEND_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "id.h"
#include "link.h"
#include "loop.h"
#include "msg.h"

/*
 * The publishing side of one run: messages go in, batches go out through lib/lua/append.lua (or
 * PUBLISH, when ephemeral), and what is not acknowledged is kept and sent again after a lost
 * connection. The script drops what the log already has, so each message is logged once and in
 * order.
 */
struct append_conf {
	struct link_conf link;
	const char *channel; /* borrowed until append_close */
	bool ephemeral;      /* PUBLISH only: nothing is logged, and a retry may repeat a message */
	bool one_shot;       /* begins a run only when the channel's latest one has ended */
	bool want_ids;
	int64_t maxlen;       /* of the log; 0: no limit */
	int64_t ttl_ms;       /* of the log; 0: none */
	int64_t buffer_bytes; /* kept while Redis is away, before append_has_room says no */
};

struct append_ops {
	/* Messages seq .. seq + n - 1 are acknowledged; ids has n ids when they were wanted and the
	 * message is in a log (a zero id: unknown), else it is NULL. */
	void (*on_acked)(void *arg, uint64_t seq, size_t n, const struct id *ids);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
};

struct append;

void append_open(struct append **a, struct loop *loop, const struct append_conf *conf,
    const struct append_ops *ops, void *arg);
void append_close(struct append *a);

/* The run's name, and the seq that the next message will get. */
const char *append_run(const struct append *a);
uint64_t append_seq(const struct append *a);

/* Takes an open message (msg.h), closes it with its sp, and queues it; `is_end`: it is a done or
 * error. m is empty afterwards. */
void append_put(struct append *a, struct buf *m, bool is_end);

/* Sends what is queued, as far as the connection takes it. */
void append_flush(struct append *a);

/* Whether more should be put now; when not, on_acked tells when to look again. */
bool append_has_room(const struct append *a);

/* How many messages are not acknowledged yet. */
uint64_t append_pending(const struct append *a);

#endif
