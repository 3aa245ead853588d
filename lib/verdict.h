/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_VERDICT_H
#define SPOUT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "held.h"
#include "runner.h"
#include "slot.h"

/* What is to become of a job, and why, for people. slot.h tells the statuses. */
struct verdict {
	enum slot_fate fate;
	int64_t delay_ms; /* below 0: nothing was said */
	int status;
	char what[160];
};

enum slot_fate verdict_fate(int status);

/* Of a command that has ended; stopped: by the worker's own end, which is not the job's fault. */
struct verdict verdict_of(const struct runner_end *end, bool stopped);

/* The status that a kept command's answer tells, {…,"sp":{"status":N,"retry_after":"D"}}: 0 when it
 * is no such object. The time goes to h->retry_ms. */
int verdict_answer(struct held *h, const char *line, size_t len);

/* Keeps what a command printed as the job's result, unless one was noted: JSON on one line as it
 * is, anything else as a string. */
void verdict_keep_result(struct held *h, const char *s, size_t len, bool truncated);

/* Adds s as a JSON string, valid whatever it is. */
void verdict_add_string(struct buf *b, const char *s, size_t len);

#endif
