/* SPDX-License-Identifier: MIT */
/* exam_events: whether events come when they are sent, and whether the stream stays open. */
#include "clock.h"
#include "exam.h"

enum {
	PROMPT_MS = 1000, /* an event on its way for longer is noticed by a person */
	LOOK_MS = 1000,   /* how long to look on for messages that are there already */
	BEAT_MS = 16000,  /* in so long a server of ours sends a comment, unless told otherwise */
};

static bool has_first(const struct exam *e)
{
	return e->first_ms != 0;
}

static void check_idle(struct exam *e)
{
	int64_t from = clock_ms();
	int nreads = e->nreads;
	int r = exam_read(e, NULL, from + e->idle_ms);

	if (r == 0 && e->has_stream_end) {
		exam_find(e, EXAM_SKIP, "idle", NULL,
		    "the run ended; take a project, or a stage that runs");
		return;
	}
	if (r != FETCH_LATE) {
		exam_find(e, EXAM_BAD, "idle", exam_idle_fix,
		    "cut after %.1f s, %.1f s of them in silence",
		    (double)(clock_ms() - from) / 1000, (double)(clock_ms() - e->last_ms) / 1000);
		return;
	}
	exam_find(e, EXAM_OK, "idle", NULL,
	    "open for %.1f s; the longest silence was %.1f s (heartbeats count)",
	    (double)e->idle_ms / 1000, (double)e->gap_ms / 1000);
	if (e->nreads == nreads && e->idle_ms >= BEAT_MS)
		exam_find(e, EXAM_WARN, "heartbeat",
		    "sp-sse --heartbeat 15s; or does something on the way swallow comments?",
		    "none in %.1f s: whoever cuts silent connections will cut this one",
		    (double)e->idle_ms / 1000);
}

/* 0, or 1 when there is no event to go on with. */
static int check_first(struct exam *e)
{
	int r = exam_read(e, has_first, clock_ms() + e->timeout_ms);
	int64_t wait_ms = e->first_ms - e->stream.head_ms;

	if (r == FETCH_LATE)
		exam_find(e, EXAM_BAD, "buffering", exam_buffering_fix,
		    "the head came, but in %.1f s no event: something keeps them back",
		    (double)e->timeout_ms / 1000);
	else if (r < 0)
		exam_find(e, EXAM_BAD, "buffering", NULL,
		    "the stream broke before its first event: %s", e->why.text);
	else if (r == 0)
		exam_find(
		    e, EXAM_BAD, "buffering", NULL, "the stream ended before its first event");
	else
		exam_find(e, wait_ms > PROMPT_MS ? EXAM_BAD : EXAM_OK, "buffering",
		    exam_buffering_fix, "the first event came %lld ms after the head",
		    (long long)wait_ms);
	return r == 1 ? 0 : 1;
}

static int look_on(struct exam *e)
{
	int r = exam_read(e, NULL, clock_ms() + LOOK_MS);

	if (r == -1) {
		exam_find(e, EXAM_BAD, "end", NULL, "the stream broke: %s", e->why.text);
	} else if (r == 0 && !e->has_stream_end) {
		exam_find(e, EXAM_BAD, "end", exam_idle_fix, "the stream was cut %s",
		    e->stream.is_cut ? "in the middle of a chunk" : "within a second");
	} else if (r == 0 && (e->probe || e->idle_ms > 0)) {
		exam_find(e, EXAM_SKIP, "end", NULL,
		    "the run has ended: for --idle and --probe take one that runs");
	} else if (r == FETCH_LATE) {
		if (e->probe && exam_probes(e) < 0)
			return -1;
		if (e->idle_ms > 0)
			check_idle(e);
	}
	return 0;
}

int exam_events(struct exam *e)
{
	if (exam_open(e, "Accept-Encoding", "identity") < 0)
		return -1;
	int r = check_first(e) == 0 ? look_on(e) : 0;
	exam_close(e);
	return r;
}
