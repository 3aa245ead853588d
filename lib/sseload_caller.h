/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_CALLER_H
#define SPOUT_SSELOAD_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "audit.h"
#include "hist.h"
#include "loop.h"
#include "sseload.h"
#include "sseload_answer.h"
#include "sseload_scan.h"
#include "sseload_tally.h"
#include "sseload_target.h"

/*
 * One reader of a stream: a connection that asks for a channel, audits what comes, and goes back
 * with its last id when it is cut off, as an EventSource does.
 *
 *	IDLE ──caller_open──→ OPENING → HEAD → STREAM ─┬─ cut, ended ─→ WAITING ──caller_open──→ …
 *	                        └──────── refused ───┤
 *	                                             └─ 204, not 200 → OVER
 *
 * About 400 bytes, all of it here: what a process needs once is in its crew.
 */
enum caller_state {
	CALLER_IDLE,
	CALLER_OPENING,
	CALLER_HEAD,
	CALLER_STREAM,
	CALLER_WAITING,
	CALLER_OVER
};
enum caller_kind { CALLER_FAST, CALLER_SLOW, CALLER_STALLED };

struct crew;

struct caller {
	struct watch watch; /* fd -1: not open */
	struct crew *crew;  /* borrowed */
	struct answer answer;
	struct scan scan;
	struct audit_lane lane;
	struct audit_counts *counts; /* heap, of a reader that is not clean; else NULL */
	int64_t since_ns;            /* intended begin of this attempt; of WAITING: when to go */
	int64_t event_ns;            /* of our last event; 0: none on this connection */
	uint32_t run, lane_number;   /* whose stamps are audited, once `bound` */
	uint32_t channel, index;     /* index: among all readers of all processes */
	uint16_t sent;               /* of the request */
	uint8_t state, kind;
	bool bound, seen_byte, seen_event, caught_up,
	    settled; /* settled: had a stream, or gave up */
	bool had_stream;
	bool kept; /* this request is not the connection's first */
};

/* What the readers of one process share. */
struct crew {
	struct loop *loop;
	const struct sseload_conf *conf;
	const struct target *target;
	const struct sources *sources;
	uint32_t run; /* of our publisher */
	const struct shared *shared;
	char *bytes;        /* one buffer for all reads */
	struct buf request; /* one for all requests */
	struct tally tally;
	struct hist hists[TALLY_HISTS];
	struct hist second; /* deliveries since the last TELL_SECOND */
	bool measuring;     /* deliveries count: not while a backlog comes */
	bool complete;      /* shared->sent is final for now */
	int64_t return_ns;  /* of the storm; 0: none */
	uint64_t unsettled; /* readers that have neither a stream nor given up */
	uint64_t behind;    /* fast readers that miss something of it */
	uint64_t opening;   /* in OPENING or HEAD */
	struct timer room;  /* due once there are fewer of them, when that is wanted */
	bool wants_room;
	bool ending; /* what is closed now is closed by us */
};

enum { CREW_BYTES = 256 << 10 };

void caller_init(struct caller *c, struct crew *w, uint32_t index, enum caller_kind kind);

/* Begins an attempt that was meant for intended_ns; on a kept connection, if there is one. */
void caller_open(struct caller *c, int64_t intended_ns);

/* Closes without a word; the reader may be opened again. */
void caller_close(struct caller *c);

/* What time has brought: a head that is late, a retry that is due. */
void caller_check(struct caller *c, int64_t now_ns);

/* A slow reader reads its share of a second; a stalled one looks whether it is still there. */
void caller_tick(struct caller *c);

/* Counts anew who misses something of what was sent. */
void crew_count_behind(struct crew *w, struct caller *readers, uint64_t n);

/* An event came: counts, latencies, audit. */
void caller_take(
    struct caller *c, enum audit_found found, const struct audit_stamp *s, int64_t now_ns);

/* The end of the audit. */
void caller_settle(struct caller *c);

#endif
