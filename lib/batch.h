/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_BATCH_H
#define SPOUT_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "json.h"
#include "loop.h"

/*
 * Tokens that are joined to one: up to `most` of them, and none waits longer than linger_ms for the
 * others (0: until the owner gives them). The first of all goes at once: it is what people wait
 * for.
 */
struct batch {
	struct loop *loop;
	int64_t most, linger_ms;
	/* The joined text, raw as the content of a JSON string is; due: nobody asked for it now. */
	void (*on_text)(void *arg, struct json_slice raw, bool due);
	void *arg;
	bool begun; /* the first is gone */
	int64_t n;
	struct buf text;
	struct timer timer;
};

void batch_init(struct batch *b, struct loop *loop, int64_t most, int64_t linger_ms,
    void (*on_text)(void *arg, struct json_slice raw, bool due), void *arg);
void batch_fini(struct batch *b);

void batch_add(struct batch *b, struct json_slice raw);

/* Gives what waits, if anything does. */
void batch_give(struct batch *b);

#endif
