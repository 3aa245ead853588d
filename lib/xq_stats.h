/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_XQ_STATS_H
#define SPOUT_XQ_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "resp.h"

/* The state of a queue as lib/lua/xq_stats.lua tells it: the forms stand there. Times in ms. */
enum { XQ_BUCKETS = 192 }; /* four to the octave: the last one begins after 2^47 ms */

struct xq_stats {
	int64_t now;
	bool paused;
	struct {
		int64_t length, pending, oldest; /* oldest: when the first that waits came; or 0 */
	} priority[3];                           /* high, medium, low */
	int64_t delayed, due, leases, released, expired, dead, workers;
	int64_t added_total, done_total, retried_total, expired_total, died_total, cancelled_total;
	/* Of the last five minutes. */
	int64_t added, done, span;
	int64_t waiting[XQ_BUCKETS], running[XQ_BUCKETS];
};

/* False when reply is of another form. */
bool xq_stats_read(struct xq_stats *s, const struct reply *reply);

/* The time below which `percent` of the jobs lie, by the upper end of its bucket; -1 without jobs.
 */
int64_t xq_stats_percentile(const int64_t buckets[XQ_BUCKETS], int percent);

/* Adds them as a table for people, or as one line of JSON. */
void xq_stats_table(struct buf *out, const char *queue, const struct xq_stats *s);
void xq_stats_json(struct buf *out, const char *queue, const struct xq_stats *s);

#endif
