/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_XQ_LOOK_H
#define SPOUT_XQ_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "json.h"

/*
 * What lib/lua/xq_look.lua says of one job, read: the forms stand there.
 */
enum xq_state {
	XQ_WAITING,
	XQ_RUNNING,
	XQ_DELAYED,
	XQ_DEAD,
	XQ_DONE,
	XQ_CANCELLED,
	XQ_DROPPED,
	XQ_UNKNOWN, /* never heard of, or ended too long ago */
};

struct xq_look {
	enum xq_state state;
	char priority;              /* waiting, running: h, m or l */
	int64_t attempt, at_ms;     /* running: since when; delayed: due; ended: when */
	int64_t lease_ms, noted_ms; /* running; noted 0: no progress is known */
	bool cancelling;            /* running: cancel was asked */
	struct json_slice consumer; /* running */
	struct json_slice json;     /* progress, result or last attempt: valid JSON, or absent */
};

/* Slices of s. What is of no known form is unknown. */
void xq_look_read(struct xq_look *l, const char *s, size_t len);

/* Whether the job has come to its end. */
bool xq_look_is_over(const struct xq_look *l);

const char *xq_state_name(enum xq_state state);

/* Adds what is known as a line of JSON. */
void xq_look_write(struct buf *out, const char *id, const struct xq_look *l);

#endif
