/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HELD_H
#define SPOUT_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue.h"

/* A job that a worker holds the lease of, with copies of what the queue told of it. */
struct held {
	struct held *prev, *next; /* in a struct held_list */
	struct held *queued;      /* behind it in the order of waiting; NULL: the last one */
	uint64_t serial;          /* grows; the list has the largest first */
	int queue;                /* index of its queue */
	uint64_t token;
	unsigned attempt, crashes;
	int retries;      /* that follow the first attempt at most */
	int64_t until_ms; /* on clock_ms(): the lease is certainly ours until then */
	bool lost;        /* the lease is */
	bool cancelled;
	const char *ref, *id; /* NUL-terminated, in `text` */
	const char *payload;
	size_t len;
	char *result; /* heap: what is to be recorded; NULL: nothing yet */
	size_t result_len;
	int64_t retry_ms; /* what it asked for, by retry-after; -1: nothing */
	char *note;       /* heap: its progress, JSON, while that is not sent; NULL */
	size_t note_len;
	int64_t noted_ms; /* when some was sent last */
	char text[];
};

/* All jobs that are held, and those that wait for a slot, in order. */
struct held_list {
	struct held *first;
	struct held *waiting, **waiting_end;
	size_t n, nwaiting;
	uint64_t serials;
};

void held_list_init(struct held_list *l);

/* Adds a copy of job, waiting. */
struct held *held_add(
    struct held_list *l, const struct queue_job *job, int queue, int64_t until_ms);

/* The next one that waits and is still ours, which then waits no more; NULL: none. */
struct held *held_next(struct held_list *l);

/* The one that held_next would give. */
const struct held *held_peek(struct held_list *l);

/* Lets go of it; it must not be waiting. */
void held_drop(struct held_list *l, struct held *h);

/* Finds one by what the queue calls it; NULL. */
struct held *held_find(const struct held_list *l, int queue, struct json_slice ref, uint64_t token);

/* What it is to record: replaces what was there. Must be JSON. */
void held_set_result(struct held *h, const char *json, size_t len);

#endif
