/* SPDX-License-Identifier: MIT */
/* queue_give: what becomes of jobs that are taken. The scripts tell the arguments. */
#include "queue.h"

#include "queue_call.h"

void queue_on_outcomes(struct queue *q, const struct queue_pending *call, const struct reply *reply)
{
	struct why w;

	buf_clear(&q->scratch);
	bool all_ok = reply->type == REPLY_INTEGER && reply->integer == QUEUE_OK;
	if (!all_ok && (reply->type != REPLY_ARRAY || reply->n != call->n)) {
		(void)why_set(&w, WHY_BUG, "queue %s: %s was answered strangely", q->conf.name,
		    call->script->name);
		queue_die(q, &w);
		return;
	}
	if (call->fn == NULL)
		return;
	enum queue_outcome *outcomes =
	    (enum queue_outcome *)(void *)buf_room(&q->scratch, (call->n + 1) * sizeof *outcomes);
	for (size_t i = 0; i < call->n; i++) {
		long long n = all_ok ? QUEUE_OK : reply->elem[i].integer;

		outcomes[i] = n >= QUEUE_OK && n <= QUEUE_DIED ? (enum queue_outcome)n : QUEUE_LOST;
	}
	((queue_outcome_fn *)call->fn)(call->arg, outcomes, call->n);
}

static void end_call(
    struct queue *q, const struct queue_script *s, size_t n, queue_outcome_fn *fn, void *arg)
{
	queue_end_call(q,
	    &(struct queue_pending){.script = s,
		.on_answer = queue_on_outcomes,
		.fn = (void (*)(void))fn,
		.arg = arg,
		.n = n});
}

static void add_receipt(struct queue *q, const struct queue_receipt *r)
{
	queue_args(q, r->ref);
	queue_argu(q, r->token);
}

void queue_renew(struct queue *q, const struct queue_receipt *r, size_t n, int64_t lease_ms,
    queue_outcome_fn *fn, void *arg)
{
	const struct queue_script *s = queue_begin(q, "renew", 1 + 2 * n);

	queue_argi(q, lease_ms);
	for (size_t i = 0; i < n; i++)
		add_receipt(q, &r[i]);
	end_call(q, s, n, fn, arg);
}

/* Most jobs have nothing to say, and half of the arguments to parse. */
static bool is_silent(const struct queue_finish *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].end != QUEUE_DONE || f[i].result != NULL)
			return false;
	return true;
}

/* How many from the first on have its token. */
static size_t count_alike(const struct queue_finish *f, size_t n)
{
	size_t alike = 1;

	while (alike < n && f[alike].receipt.token == f[0].receipt.token)
		alike++;
	return alike;
}

static void add_group(struct queue *q, const struct queue_finish *f, size_t n, bool silent)
{
	queue_argu(q, f[0].receipt.token);
	queue_argu(q, n);
	for (size_t i = 0; i < n; i++)
		queue_args(q, f[i].receipt.ref);
	for (size_t i = 0; i < n && !silent; i++) {
		if (f[i].end == QUEUE_CANCEL)
			queue_arg(q, "c", 1);
		else
			queue_arg(q, f[i].result != NULL ? f[i].result : "",
			    f[i].result != NULL ? f[i].len : 0);
	}
}

void queue_finish(struct queue *q, const struct queue_finish *f, size_t n, int64_t keep_ms,
    queue_outcome_fn *fn, void *arg)
{
	bool silent = is_silent(f, n);
	size_t groups = 0;

	for (size_t i = 0; i < n; i += count_alike(f + i, n - i))
		groups++;
	const struct queue_script *s =
	    queue_begin(q, "finish", 2 + 2 * groups + (silent ? n : 2 * n));
	queue_argi(q, keep_ms);
	queue_argu(q, silent ? 1 : 2);
	for (size_t i = 0, some; i < n; i += some) {
		some = count_alike(f + i, n - i);
		add_group(q, f + i, some, silent);
	}
	end_call(q, s, n, fn, arg);
}

void queue_fail(struct queue *q, const struct queue_fail *f, size_t n,
    const struct queue_backoff *backoff, queue_outcome_fn *fn, void *arg)
{
	static const char *const fates[] = {
	    [QUEUE_RETRY] = "r", [QUEUE_BURY] = "b", [QUEUE_RELEASE] = "l"};
	const struct queue_script *s = queue_begin(q, "fail", 5 + 5 * n);

	queue_args(q, q->run);
	queue_argu(q, q->fails++);
	queue_argi(q, backoff->least_ms);
	queue_argi(q, backoff->most_ms);
	queue_argi(q, backoff->retries);
	for (size_t i = 0; i < n; i++) {
		add_receipt(q, &f[i].receipt);
		queue_args(q, fates[f[i].fate]);
		queue_argi(q, f[i].delay_ms < 0 ? -1 : f[i].delay_ms);
		queue_arg(
		    q, f[i].reason != NULL ? f[i].reason : "", f[i].reason != NULL ? f[i].len : 0);
	}
	end_call(q, s, n, fn, arg);
}

void queue_note(struct queue *q, const struct queue_receipt *r, const char *json, size_t len,
    queue_outcome_fn *fn, void *arg)
{
	const struct queue_script *s = queue_begin(q, "note", 3);

	add_receipt(q, r);
	queue_arg(q, json, len);
	end_call(q, s, 1, fn, arg);
}

static void on_hello(struct queue *q, const struct queue_pending *call, const struct reply *reply)
{
	q->unheard++;
	queue_on_outcomes(q, call, reply);
}

unsigned queue_unheard(const struct queue *q)
{
	return q->unheard;
}

void queue_hello(struct queue *q, const char *json, queue_outcome_fn *fn, void *arg)
{
	const struct queue_script *s = queue_begin(q, "hello", 2);

	queue_args(q, q->conf.consumer);
	queue_args(q, json != NULL ? json : "");
	queue_end_call(q,
	    &(struct queue_pending){
		.script = s, .on_answer = on_hello, .fn = (void (*)(void))fn, .arg = arg, .n = 1});
}
