/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RECEIPT_H
#define SPOUT_RECEIPT_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "json.h"
#include "queue.h"
#include "why.h"

/*
 * What proves that a job is ours: a line as `sp-xq take` prints it, a JSON object with
 *
 *	"receipt":"REF/TOKEN"        as "m1732100000123-0/1732100000123456"
 *
 * and, when it is given back, perhaps "queue" and "result". All other members are passed over, so
 * that a pipeline may add its own.
 */
struct receipt {
	char ref[QUEUE_REF_MAX + 1];
	uint64_t token;
	struct json_slice queue;  /* raw content of the string; absent when there is none */
	struct json_slice result; /* any JSON value */
};

/* Reads a line; slices of it. WHY_DATA, without the line's number. */
int receipt_read(struct receipt *r, const char *line, size_t len, struct why *w);

/* Reads REF/TOKEN alone. */
bool receipt_parse(struct receipt *r, const char *s, size_t len);

/* Adds the line that tells of a job. queue is a legal name. */
void receipt_write(struct buf *out, const char *queue, const struct queue_job *job);

#endif
