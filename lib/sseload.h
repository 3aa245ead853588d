/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_H
#define SPOUT_SSELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "opt.h"
#include "report.h"
#include "say.h"
#include "why.h"

/*
 * A load on a server of Server-Sent Events, anybody's:
 *
 *	            orders ↓ ↑ counts, over a socket each
 *	parent ─┬─ publisher ──→ Redis, or POST ──→ the server
 *	        └─ readers (processes of at most SSELOAD_PER_PROCESS connections) ←── the server
 *
 *	CONNECT ──→ STEADY (publish for the duration) ──→ DRAIN ─┬──────────────────────→ END
 *	                                                         └→ AWAY → BEHIND → RETURN ┘ (storm)
 */
enum { SSELOAD_PER_PROCESS = 19900 }; /* 20,000 descriptors, less those that each process has */

enum sseload_publish { SSELOAD_NONE, SSELOAD_REDIS, SSELOAD_POST };

struct sseload_conf {
	const char *url;         /* template; borrowed, as all strings here */
	const char *source;      /* NULL: the kernel's choice */
	struct opt_list headers; /* "Name: value", of each request */
	int64_t connections, channels;
	int64_t rate;      /* connects a second; 0: as fast as it goes */
	int64_t processes; /* at least; 0: as many as are needed */
	int64_t duration_ms, drain_ms, timeout_ms;
	int64_t retry_ms; /* how long a reader waits before it comes back; below 0: it does not */
	int64_t slow, slow_bytes, stalled; /* how many of the connections; bytes a second */
	bool storm;
	int64_t behind; /* messages published while all are away */

	enum sseload_publish publish;
	bool durable;            /* redis: through the log; else PUBLISH */
	const char *channel;     /* redis: template of the channel's name */
	const char *publish_url; /* post: template */
	int64_t publish_connections;
	int64_t publish_rate;  /* messages a second, all channels together; 0: flat out */
	int64_t publish_count; /* that many instead of the duration; 0: none */
	int64_t streaming;     /* how many of the channels are published on; 0: all */
	int64_t size;          /* of a stamp */
	struct link_conf link;
};

/* -1: not given. */
#define SSELOAD_DEFAULTS                                                                       \
	{                                                                                      \
		.processes = -1, .drain_ms = -1, .timeout_ms = -1, .retry_ms = -2, .slow = -1, \
		.slow_bytes = -1, .stalled = -1, .behind = -1, .publish_connections = -1,      \
		.streaming = -1                                                                \
	}

/* Checks what can be checked without a network. WHY_USAGE. */
int sseload_check(const struct sseload_conf *conf, struct why *w);

/* Runs the load and fills the report; blocks until it is over. `failed` is set when something other
 * than audit and slots went wrong (connections that failed). -1: it could not be run. */
int sseload_run(const struct sseload_conf *conf, struct report *report, const struct say *say,
    bool *failed, struct why *w);

#endif
