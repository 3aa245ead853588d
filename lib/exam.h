/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_EXAM_H
#define SPOUT_EXAM_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "fetch.h"
#include "link.h"
#include "sse.h"
#include "why.h"

/*
 * The examination of one event stream: a few exchanges, each about one or two questions. What is
 * found is printed at once, a line each, since a doctor is watched.
 *
 *	exam_head     GET, compression offered → certificate, status, header fields
 *	exam_events   GET, plain → how events come, probes, idle cuts
 *	exam_resume   GET with Last-Event-ID
 *	exam_cors     OPTIONS and GET with an Origin
 */
enum exam_level { EXAM_OK, EXAM_WARN, EXAM_BAD, EXAM_SKIP };

struct exam {
	/* The owner's; borrowed. */
	struct fetch_url url;
	struct buf headers; /* lines of every request but a preflight */
	const char *cafile, *origin;
	int64_t idle_ms, timeout_ms;
	bool probe;
	const struct link_conf *redis; /* where probes are published; NULL: by POST */
	const char *channel;           /* with redis: on it */

	/* What was found. */
	int nbad;
	struct why why;    /* why the examination could not go on */
	struct why output; /* why findings cannot be printed; status 0: they can */

	/* The stream being read: exam_stream. */
	struct fetch stream;
	struct sse_decoder decoder;
	int64_t first_ms; /* when its first event came; 0: not yet */
	int64_t last_ms;  /* when the last bytes came */
	int64_t gap_ms;   /* the longest silence between two reads */
	int nreads, nprobes;
	bool connected_has_id, has_stream_end, has_repeat;
	char mark[40];               /* in the data of our probes; empty before them */
	char cursor[SSE_ID_MAX + 1]; /* the first id that came; what to resume after */
	const char *resumed;         /* the cursor of this request; NULL: none */
};

/* What to change, where several findings have one cause. */
extern const char exam_buffering_fix[], exam_idle_fix[];

void exam_init(struct exam *e);
void exam_fini(struct exam *e);

/* Each: 0; 1 when the findings tell why to go on makes no sense; -1: e->why. */
int exam_head(struct exam *e);
int exam_events(struct exam *e);
int exam_resume(struct exam *e);
int exam_cors(struct exam *e);

/* --- For the parts of it */

/* Prints a finding about `what`; fix, which may be NULL, when it is bad or a warning. */
void exam_find(struct exam *e, enum exam_level level, const char *what, const char *fix,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* A request with the common header lines and `headers`, which may be "". -1: e->why, with what to
 * do about it. */
int exam_fetch(
    struct exam *e, struct fetch *f, const char *method, const char *headers, const char *body);

/* Opens the stream with one header line more. 0, or -1 with e->why. */
int exam_open(struct exam *e, const char *name, const char *value);
void exam_close(struct exam *e);

/* Reads until enough is there (NULL: never): 1; FETCH_LATE; 0 at the end of the stream; -1. */
int exam_read(struct exam *e, bool (*enough)(const struct exam *), int64_t until_ms);

/* Publishes messages and waits for each, while the stream is open. 0, or -1: Redis (e->why). */
int exam_probes(struct exam *e);

#endif
