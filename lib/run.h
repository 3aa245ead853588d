/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RUN_H
#define SPOUT_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "dialect.h"
#include "msg.h"

/*
 * What one generation has said so far, and the messages it is made of: tokens, then done or error.
 * Messages are left open (msg.h). No clock in here: the caller says what time it is.
 */
enum run_full_text { RUN_FULL_NONE, RUN_FULL_DONE, RUN_FULL_EACH };

enum { RUN_FULL_MAX = 16 << 20 }; /* bytes of full_text, escaped; then full_text_truncated */

struct run {
	struct msg_from from;
	enum run_full_text full_text;
	struct buf said;  /* the text so far, as content of a JSON string */
	bool truncated;   /* not all of it fitted: nothing more is added */
	bool headless;    /* its beginning is not to be had */
	bool partial;     /* what an earlier process said is still to be recalled */
	uint64_t bytes;   /* of text */
	int64_t start_ms; /* on clock_ms() */
	int64_t first_ms; /* of the first token; 0 before it */
};

void run_init(struct run *r, const struct msg_from *from, enum run_full_text full, int64_t now_ms);
void run_fini(struct run *r);

/* Counts a token that is published as it came. raw is the content of its JSON string, here and
 * below: escaped, without quotes. */
void run_note(struct run *r, struct json_slice raw, int64_t now_ms);

/* What was said before all that was noted so far. Not `whole`: raw is its beginning, or nothing. */
void run_recall(struct run *r, struct json_slice raw, bool whole);

/* Adds to m an open token message. All of these return -1 when m is full. */
int run_token(struct run *r, struct buf *m, struct json_slice raw, int64_t wall_us, int64_t now_ms);

/* The same of another type, which is no part of the text: reasoning, refusal. */
int run_other(
    struct run *r, struct buf *m, const char *type, struct json_slice raw, int64_t wall_us);

/* Adds to m an open tool_call message. */
int run_tool_call(struct run *r, struct buf *m, const struct dialect_call *call, int64_t wall_us);

/* Adds to m an open done message with full_text and metadata: what the run knows itself, what a
 * provider told at its end (NULL: there was none), and the finish reason: `reason` unless that is
 * NULL, else the provider's. */
int run_done(struct run *r, struct buf *m, const struct dialect_result *result, const char *reason,
    int64_t wall_us, int64_t now_ms);

/* Adds to m an open error message: a provider's own, or that its stream was cut. */
int run_provider_error(
    struct run *r, struct buf *m, const struct dialect_result *result, int64_t wall_us);

/* Adds to m an open error message; members are JSON members behind `error` ("\"signal\":9"), or
 * NULL. */
int run_error(
    struct run *r, struct buf *m, const char *error, const char *members, int64_t wall_us);

#endif
