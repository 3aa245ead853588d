/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_VERDICT_H
#define SPOUT_SSELOAD_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "report.h"
#include "sseload.h"
#include "sseload_tally.h"

/* What a load came to: the counts of all processes, put together and told. */
enum { VERDICT_SECONDS = 4 }; /* that wait for the slower processes */

struct verdict {
	const struct sseload_conf *conf;
	struct hist hists[TALLY_HISTS];
	struct hist seconds[VERDICT_SECONDS];
	struct hist live; /* of the last second that was told */
	int64_t next;     /* second to be told next */
	int64_t start_ns, go_ns, return_ns;
	uint64_t errors_told;
	int processes;
};

void verdict_init(struct verdict *v, const struct sseload_conf *conf);
void verdict_fini(struct verdict *v);

/* A process told of a second; of all its hists, at the end. */
void verdict_second(struct verdict *v, int64_t second, const char *hist, size_t len);
void verdict_hists(struct verdict *v, const char *hists, size_t len);

/* The live line, and the seconds that are over. */
void verdict_live(struct verdict *v, struct report *r, const struct tally *readers,
    const struct tally *publisher, int64_t left_ms);

/* Whether there is no server: every attempt so far has failed, and none had an answer. Then w says
 * why, and what to do (WHY_UNAVAILABLE). */
bool verdict_no_server(const struct sseload_conf *conf, const struct tally *readers, struct why *w);

/* Whether no reader ever had a stream; then text says what they had instead. */
bool verdict_no_stream(const struct tally *readers, char *text, size_t size);

/* Fills the report. Whether something other than audit and slots went wrong. */
bool verdict_report(struct verdict *v, struct report *r, const struct tally *readers,
    const struct tally *publisher);

#endif
