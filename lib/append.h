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
	bool exclusive;       /* holds the channel's lease: another run's publisher is refused,
				 WHY_TIMEOUT */
	int64_t maxlen;       /* of the log; 0: no limit */
	int64_t ttl_ms;       /* of the log; 0: none */
	int64_t buffer_bytes; /* kept while Redis is away, before append_has_room says no */
	const char *spool;    /* file that keeps what is not acknowledged; NULL: memory only */
};

/* What is acknowledged. */
struct append_acked {
	uint64_t seq;         /* of the first message */
	size_t n;             /* messages */
	const struct id *ids; /* one each when they were wanted, zero when unknown; else NULL */
	int64_t receivers;    /* of the last PUBLISH; -1 when it is not told */
};

struct append_ops {
	/* A message that the spool held, from within append_open, in order. May be NULL. */
	void (*on_recovered)(void *arg, uint64_t seq, const char *msg, size_t len);
	void (*on_acked)(void *arg, const struct append_acked *acked);
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void (*on_dead)(void *arg, const struct why *w);
	void (*on_started)(void *arg, const char *path);
	/* The spool cannot be written; it is tried again every second, and there is no room
	 * meanwhile. */
	void (*on_full)(void *arg, const struct why *w);
	/* There may be room again. */
	void (*on_room)(void *arg);
};

struct append;

/* Fails only for the spool: see spool_open. What the spool holds is sent first; then this is still
 * the run that the spool is of. */
int append_open(struct append **a, struct loop *loop, const struct append_conf *conf,
    const struct append_ops *ops, void *arg, struct why *w);

/* Empties the spool when all is acknowledged. */
void append_close(struct append *a);

/* The run's name. */
const char *append_run(const struct append *a);

/* Takes an open message (msg.h), closes it with its sp, and queues it; `is_end`: it is a done or
 * error. m is empty afterwards. */
void append_put(struct append *a, struct buf *m, bool is_end);

/* Gives the lease back, behind what is queued. */
void append_release(struct append *a);

/* Sends what is queued, as far as the connection takes it. */
void append_flush(struct append *a);

/* Whether more should be put now; when not, on_acked and on_room tell when to look again. */
bool append_has_room(const struct append *a);

/* Whether a spool holds all that is pending. */
bool append_is_spooled(const struct append *a);

/* How many messages are not acknowledged yet. */
uint64_t append_pending(const struct append *a);

#endif
