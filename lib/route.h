/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_ROUTE_H
#define SPOUT_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "chan.h"
#include "why.h"

/*
 * What the path of a request names.
 *
 *	/api/v1/sse/projects/{project}/stages/{stage}/[stream/]   ROUTE_STAGE
 *	/api/v1/sse/projects/{project}/stages/{stage}/stop/       ROUTE_STOP_STAGE
 *	/api/v1/sse/projects/{project}/[stream/]                  ROUTE_PROJECT
 *	/api/v1/sse/channels/{channel}/                           ROUTE_CHANNEL
 *	/api/v1/sse/channels/{channel}/stop/                      ROUTE_STOP_CHANNEL
 *	/api/v1/projects/{project}/state/                         ROUTE_STATE
 *	/healthz /readyz /status /metrics /                       the rest
 *
 * The last slash may be there or not.
 */
enum route_kind {
	ROUTE_NONE, /* answer 404 */
	ROUTE_BAD,  /* answer 400: one of ours, but a name in it is not legal */
	ROUTE_STAGE,
	ROUTE_PROJECT,
	ROUTE_CHANNEL,
	ROUTE_STATE,
	ROUTE_STOP_STAGE,
	ROUTE_STOP_CHANNEL,
	ROUTE_HEALTHZ,
	ROUTE_READYZ,
	ROUTE_STATUS,
	ROUTE_METRICS,
	ROUTE_VIEWER,
};

/* Decoded names, in the caller's storage (1.3 KiB): legal for lib/chan.h, NUL-terminated, and empty
 * where the route has none. */
struct route {
	enum route_kind kind;
	size_t project_len, stage_len, channel_len;
	char project[CHAN_PART_MAX + 1];
	char stage[CHAN_PART_MAX + 1];
	char channel[CHAN_NAME_MAX + 1];
};

/* Parses a path (no query) and returns r->kind; with ROUTE_BAD the reason is in w. A path is split
 * on '/', then each name is percent-decoded once and checked; so %2F can stand in a channel, but
 * makes a project illegal. Fixed words match as they stand, not encoded. A path with an empty, "."
 * or ".." segment is no route; it is never resolved. */
enum route_kind route_parse(struct route *r, const char *path, size_t len, struct why *w);

/* The methods of a route, as an Allow: header has them; "" for ROUTE_NONE and ROUTE_BAD. */
const char *route_methods(enum route_kind kind);

/* Whether method[0..len) is one of them; answer 405 if not. */
bool route_allows(enum route_kind kind, const char *method, size_t len);

#endif
