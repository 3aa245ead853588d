/* SPDX-License-Identifier: MIT */
/* exam_probe: messages of our own, to see how long they take: by POST to the same URL, or straight
 * into Redis, past everything that is examined. */
#include <stdio.h>

#include "clock.h"
#include "exam.h"
#include "redis.h"

enum {
	PROBES = 3,
	PROMPT_MS = 1000, /* as in exam_events */
};

static bool has_probe(const struct exam *e)
{
	return e->nprobes > 0;
}

/* --- By POST */

/* 0, or 1: a finding tells why there are no probes. */
static int post(struct exam *e, const char *message)
{
	struct fetch f;

	if (exam_fetch(e, &f, "POST", "Content-Type: application/json\r\n", message) < 0) {
		exam_find(e, EXAM_BAD, "probe", "does the proxy let POST through?", "POST: %s",
		    e->why.text);
		return 1;
	}
	int status = f.head.status;
	fetch_close(&f);
	if (status <= 299)
		return 0;
	exam_find(e, EXAM_SKIP, "probe", NULL,
	    "not possible: POST is answered with %d (a token with pub is needed, or -u REDIS)",
	    status);
	return 1;
}

/* --- Into Redis: published, not logged, so that nothing stays */

static int fail(struct exam *e, const struct why *cause)
{
	return why_set(&e->why, cause->status, "%.200s: %.200s", e->redis->url->shown, cause->text);
}

/* 0, 1 as above, or -1: e->why. */
static int publish(struct exam *e, struct redis *r, const char *message)
{
	struct reply *reply;
	struct why cause;

	redis_command(r, 3, (const char *const[]){"PUBLISH", e->channel, message}, NULL);
	if (redis_wait(r, &reply, &cause) < 0)
		return fail(e, &cause);
	if (reply->type != REPLY_INTEGER) {
		(void)redis_refusal(e->channel, reply, &cause); /* fills it */
		return fail(e, &cause);
	}
	if (reply->integer > 0)
		return 0;
	exam_find(e, EXAM_BAD, "probe",
	    "is this the Redis of that server, its --namespace, and (-c) its channel?",
	    "nobody listens to %s in %s", e->channel, e->redis->url->shown);
	return 1;
}

/* --- Either way */

static int send_probe(struct exam *e, struct redis *r)
{
	char message[100];

	(void)snprintf(
	    message, sizeof message, "{\"type\":\"probe\",\"mark\":\"%s\"}", e->mark); /* fits */
	e->nprobes = 0;
	return r != NULL ? publish(e, r, message) : post(e, message);
}

static int probe(struct exam *e, struct redis *r)
{
	int64_t most_ms = 0;

	for (int i = 0; i < PROBES; i++) {
		int64_t from = clock_ms();
		int sent = send_probe(e, r);

		if (sent != 0)
			return sent < 0 ? -1 : 0;
		if (exam_read(e, has_probe, clock_ms() + e->timeout_ms) != 1) {
			exam_find(e, EXAM_BAD, "probe", exam_buffering_fix,
			    "a message that was published did not come within %.1f s",
			    (double)e->timeout_ms / 1000);
			return 0;
		}
		if (clock_ms() - from > most_ms)
			most_ms = clock_ms() - from;
	}
	exam_find(e, most_ms > PROMPT_MS ? EXAM_BAD : EXAM_OK, "probe", exam_buffering_fix,
	    "%d messages were published %s; each came within %lld ms", PROBES,
	    r != NULL ? "in Redis" : "by POST", (long long)most_ms);
	return 0;
}

int exam_probes(struct exam *e)
{
	struct redis *r = NULL;
	struct why cause;

	(void)snprintf(e->mark, sizeof e->mark, "doctor-%016llx",
	    (unsigned long long)clock_random(UINT64_MAX)); /* fits */
	if (e->redis != NULL && redis_open(&r, e->redis->url, &e->redis->times, &cause) < 0)
		return fail(e, &cause);
	int result = probe(e, r);
	redis_close(r);
	return result;
}
