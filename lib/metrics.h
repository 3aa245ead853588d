/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_METRICS_H
#define SPOUT_METRICS_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/*
 * What a server counts: a slot of numbers for each worker in memory that all of them see, so that
 * whichever is asked tells the whole. Each number has one writer; readers may be a moment behind.
 *
 * To add one: a line in METRICS. The list is in the order of /metrics: those with the same name
 * stand together.
 */
#define METRICS(M)                                                                               \
	M(CONNECTIONS, "connections", "", GAUGE, "Connections now")                              \
	M(STREAMS, "streams", "", GAUGE, "Event streams now")                                    \
	M(ACCEPTED, "accepted_total", "", COUNTER, "Connections accepted")                       \
	M(ACCEPT_ERRORS, "accept_errors_total", "", COUNTER,                                     \
	    "Times that accepting stopped for want of descriptors or memory")                    \
	M(ACCEPT_DELAYS, "accept_delays_total", "", COUNTER,                                     \
	    "Times that accepting waited for --max-accept-rate or the load")                     \
	M(REFUSED_CONNECTIONS, "refused_total", "limit=\"max-connections\"", COUNTER,            \
	    "Requests and connections refused by a limit")                                       \
	M(REFUSED_PER_IP, "refused_total", "limit=\"max-per-ip\"", COUNTER, "")                  \
	M(REFUSED_HEADER, "refused_total", "limit=\"max-header\"", COUNTER, "")                  \
	M(REFUSED_TIMEOUT, "refused_total", "limit=\"header-timeout\"", COUNTER, "")             \
	M(REFUSED_BODY, "refused_total", "limit=\"body\"", COUNTER, "")                          \
	M(REFUSED_POSTS, "refused_total", "limit=\"posts\"", COUNTER, "")                        \
	M(REFUSED_HEAVY, "refused_total", "limit=\"load\"", COUNTER, "")                         \
	M(ANSWERS_2XX, "answers_total", "code=\"2xx\"", COUNTER, "Requests answered, by status") \
	M(ANSWERS_4XX, "answers_total", "code=\"4xx\"", COUNTER, "")                             \
	M(ANSWERS_5XX, "answers_total", "code=\"5xx\"", COUNTER, "")                             \
	M(STREAMS_OPENED, "streams_opened_total", "", COUNTER, "Event streams begun")            \
	M(ENDED_DONE, "streams_ended_total", "by=\"done\"", COUNTER, "Event streams ended")      \
	M(ENDED_READER, "streams_ended_total", "by=\"reader\"", COUNTER, "")                     \
	M(ENDED_SLOW, "streams_ended_total", "by=\"slow\"", COUNTER, "")                         \
	M(ENDED_STUCK, "streams_ended_total", "by=\"write-timeout\"", COUNTER, "")               \
	M(ENDED_REDIS, "streams_ended_total", "by=\"redis\"", COUNTER, "")                       \
	M(ENDED_DRAIN, "streams_ended_total", "by=\"drain\"", COUNTER, "")                       \
	M(NOT_STARTED, "streams_postponed_total", "", COUNTER,                                   \
	    "Readers asked to come back since Redis was away")                                   \
	M(HEARTBEATS, "heartbeats_total", "", COUNTER, "Comments sent in silence")               \
	M(BYTES_OUT, "sent_bytes_total", "", COUNTER, "Bytes handed to the kernel")              \
	M(PUBLISHED, "published_total", "", COUNTER, "Messages published by POST")               \
	M(STOPS, "stops_total", "", COUNTER, "Publishers asked to stop by POST")                 \
	M(STATE_ASKED, "state_requests_total", "", COUNTER, "Requests of the state route")       \
	M(STATE_READ, "state_reads_total", "", COUNTER, "Logs read for the state route")         \
	M(REDIS_UP, "redis_up", "", GAUGE, "Workers that Redis answers")                         \
	M(REDIS_LOSSES, "redis_losses_total", "", COUNTER, "Connections to Redis lost")          \
	M(TOPICS, "channels", "", GAUGE, "Channels followed")                                    \
	M(CATCHING, "readers_catching_up", "", GAUGE, "Readers that the log is read for")        \
	M(BLOCKED, "readers_blocked", "", GAUGE, "Readers whose connection takes nothing now")   \
	M(WINDOW_BYTES, "window_bytes", "", GAUGE, "Memory of messages held for readers")        \
	M(MESSAGES_IN, "messages_received_total", "", COUNTER, "Messages from Redis")            \
	M(BYTES_IN, "received_bytes_total", "", COUNTER, "Their bytes")                          \
	M(DELIVERIES, "deliveries_total", "", COUNTER,                                           \
	    "Writes to readers, each of all messages that waited")                               \
	M(PAGES, "log_pages_total", "", COUNTER, "Pages of logs read")                           \
	M(GAPS, "gaps_total", "", COUNTER, "Readers told that messages are gone")                \
	M(SLOW_DROPS, "readers_dropped_total", "limit=\"max-lag\"", COUNTER,                     \
	    "Readers dropped or moved on since they were slow")                                  \
	M(MEMORY_DROPS, "readers_dropped_total", "limit=\"memory\"", COUNTER, "")                \
	M(LEVEL, "load_level", "", WORST, "0 normal, 1 light, 2 medium, 3 heavy")                \
	M(LATE_MS, "loop_late_seconds", "", WORST_MS, "How far the event loop is behind")        \
	M(RESTARTS, "worker_restarts_total", "", COUNTER, "Workers started again")

enum metrics_id {
#define METRICS_ID(id, name, labels, kind, help) METRICS_##id,
	METRICS(METRICS_ID)
#undef METRICS_ID
	    METRICS_COUNT
};

struct metrics {
	uint64_t n[METRICS_COUNT];
	int64_t alive_ms; /* when this worker's loop turned last; 0: it does not run */
	int64_t pid;
};

struct metrics_board {
	size_t n;
	int64_t started_us; /* wall clock */
	int64_t max_connections, max_memory_bytes;
	struct metrics slots[]; /* n, and one for the master */
};

/* Memory for n workers and their master that stays shared across fork(2); NULL with errno set.
 * Never freed: it lives as long as the process. */
struct metrics_board *metrics_open(size_t n);

/* The process that a slot belongs to is gone: what it had now is nothing, what it did stays. */
void metrics_bury(struct metrics *m);

/* The sum over all slots, or the largest where a sum means nothing. */
uint64_t metrics_total(const struct metrics_board *b, enum metrics_id id);

/* Adds Prometheus' text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). */
void metrics_text(struct buf *out, const struct metrics_board *b);

/* Adds one JSON object. */
void metrics_json(struct buf *out, const struct metrics_board *b);

#endif
