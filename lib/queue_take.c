/* SPDX-License-Identifier: MIT */
/* queue_take: jobs out. lib/lua/xq_take.lua tells the arguments and the answer. */
#include "queue.h"

#include <string.h>

#include "number.h"
#include "queue_call.h"

/* The next number of a text of words. */
static bool next_number(const char **at, const char *end, uint64_t *n)
{
	const char *s = number_scan(*at, end, UINT64_MAX, n);

	if (s == NULL || (s < end && *s != ' '))
		return false;
	*at = s + (s < end);
	return true;
}

static bool next_word(const char **at, const char *end, struct json_slice *word)
{
	const char *stop = memchr(*at, ' ', (size_t)(end - *at));

	if (stop == NULL)
		stop = end;
	*word = (struct json_slice){*at, (size_t)(stop - *at)};
	*at = stop + (stop < end);
	return word->len > 0;
}

static bool find_priority(struct json_slice ref, enum queue_priority *p)
{
	switch (ref.s[0]) {
	case 'h':
		*p = QUEUE_HIGH;
		return true;
	case 'm':
		*p = QUEUE_MEDIUM;
		return true;
	case 'l':
		*p = QUEUE_LOW;
		return true;
	}
	return false;
}

bool queue_read_job(struct queue_job *j, const char *info, size_t len)
{
	const char *at = info, *end = info + len;
	uint64_t attempt = 1, crashes = 0, retries, born;

	if (!next_word(&at, end, &j->ref) || !find_priority(j->ref, &j->priority) ||
	    j->ref.len > QUEUE_REF_MAX)
		return false;
	if (at == end) {
		const char *digits = j->ref.s + 1;

		j->id = j->ref;
		end = memchr(digits, '-', j->ref.len - 1);
		if (end == NULL || !next_number(&digits, end, &born))
			return false;
		retries = (uint64_t)j->retries;
	} else if (!next_number(&at, end, &attempt) || !next_number(&at, end, &crashes) ||
	    !next_number(&at, end, &retries) || !next_number(&at, end, &born) ||
	    !next_word(&at, end, &j->id) || at != end) {
		return false;
	}
	if (attempt > UINT32_MAX || crashes > UINT32_MAX || retries > INT32_MAX || born > INT64_MAX)
		return false;
	j->attempt = (unsigned)attempt;
	j->crashes = (unsigned)crashes;
	j->retries = (int)retries;
	j->born_ms = (int64_t)born;
	return true;
}

/* NOW DUE PAUSED TOKEN */
static bool read_head(struct queue_taken *t, uint64_t *token, const struct reply *head)
{
	const char *at = head->str, *end = at + head->len;
	uint64_t now, due, paused;

	if (head->type != REPLY_STRING || !next_number(&at, end, &now) ||
	    !next_number(&at, end, &due) || !next_number(&at, end, &paused) ||
	    !next_number(&at, end, token))
		return false;
	t->now_ms = (int64_t)now;
	t->due_ms = (int64_t)due;
	t->paused = paused != 0;
	return true;
}

static void on_taken(struct queue *q, const struct queue_pending *call, const struct reply *reply)
{
	struct queue_taken taken = {0};
	uint64_t token;
	struct why w;

	buf_clear(&q->scratch);
	if (reply->type != REPLY_ARRAY || reply->n == 0 ||
	    !read_head(&taken, &token, &reply->elem[0])) {
		(void)why_set(&w, WHY_BUG, "queue %s: take was answered strangely", q->conf.name);
		queue_die(q, &w);
		return;
	}
	struct queue_job *jobs =
	    (struct queue_job *)(void *)buf_room(&q->scratch, reply->n / 2 * sizeof *jobs);
	for (size_t i = 1; i + 1 < reply->n; i += 2) {
		const struct reply *info = &reply->elem[i], *payload = &reply->elem[i + 1];
		struct queue_job *j = &jobs[taken.n];

		*j = (struct queue_job){.token = token, .retries = call->retries};
		if (info->type != REPLY_STRING || payload->type != REPLY_STRING ||
		    !queue_read_job(j, info->str, info->len))
			continue; /* its lease will end */
		j->payload = (struct json_slice){payload->str, payload->len};
		j->lease_ms = taken.now_ms + (int64_t)call->n;
		taken.n++;
	}
	taken.jobs = jobs;
	if (taken.n == 0)
		queue_listener_due(q, taken.due_ms, taken.now_ms);
	((queue_taken_fn *)call->fn)(call->arg, &taken);
}

void queue_take(struct queue *q, const struct queue_take *take, queue_taken_fn *fn, void *arg)
{
	const struct queue_script *s = queue_begin(q, "take", 7);

	queue_args(q, q->conf.consumer);
	queue_args(q, q->run);
	queue_argu(q, q->takes++);
	queue_argu(q, take->n);
	queue_argi(q, take->lease_ms);
	queue_argi(q, take->retries);
	queue_args(q, take->strict ? "1" : "");
	queue_end_call(q,
	    &(struct queue_pending){.script = s,
		.on_answer = on_taken,
		.fn = (void (*)(void))fn,
		.arg = arg,
		.n = (size_t)take->lease_ms,
		.retries = take->retries});
}
