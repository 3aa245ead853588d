/* SPDX-License-Identifier: MIT */
/*
 * queue_call: calls on their way to Redis and their answers on the way back; all that is unanswered
 * again on a new connection. queue_call.h tells the order.
 */
#include "queue_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resp.h"

/* --- Calls out. The buffers have no cap, so adding cannot fail. */

static void load(struct queue *q, const struct queue_script *s)
{
	q->loaded |= queue_script_bit(s);
	q->begun = q->bytes.len;
	(void)resp_command(&q->bytes, 3, (const char *const[]){"SCRIPT", "LOAD", s->source}, NULL);
	queue_end_call(q, &(struct queue_pending){.loads = true});
}

const struct queue_script *queue_begin(struct queue *q, const char *script, size_t argc)
{
	const struct queue_script *s = queue_script(script);

	if (s == NULL)
		abort(); /* a caller's slip of the pen */
	if (q->link.up && (q->loaded & queue_script_bit(s)) == 0)
		load(q, s);
	size_t before = q->bytes.len;
	(void)resp_array(&q->bytes, 4 + argc);
	(void)resp_bulk(&q->bytes, "EVALSHA", 7);
	(void)resp_bulk(&q->bytes, s->sha, strlen(s->sha));
	(void)resp_bulk(&q->bytes, "1", 1);
	(void)resp_bulk(&q->bytes, q->tag, strlen(q->tag));
	q->begun = before;
	return s;
}

void queue_arg(struct queue *q, const char *s, size_t len)
{
	(void)resp_bulk(&q->bytes, s, len);
}

void queue_args(struct queue *q, const char *s)
{
	queue_arg(q, s, strlen(s));
}

void queue_argi(struct queue *q, int64_t n)
{
	char digits[24];

	queue_arg(q, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)n));
}

void queue_argu(struct queue *q, uint64_t n)
{
	(void)resp_bulku(&q->bytes, n);
}

void queue_end_call(struct queue *q, const struct queue_pending *call)
{
	struct queue_pending copy = *call;

	copy.bytes = q->bytes.len - q->begun;
	if (copy.number == 0) /* else it is one that is put behind */
		copy.number = ++q->made;
	q->commands += copy.commands > 0 ? copy.commands : 1;
	(void)buf_add(&q->calls, &copy, sizeof copy);
}

void queue_command(struct queue *q, int argc, const char *const *argv)
{
	q->begun = q->bytes.len;
	(void)resp_command(&q->bytes, argc, argv, NULL);
	queue_end_call(q, &(struct queue_pending){0});
}

void queue_flush(struct queue *q)
{
	if (q->link.loop == NULL && q->conf.lazy && !q->dead && queue_pending(q) > 0)
		queue_connect(q);
	if (!q->link.up)
		return;
	redis_expect(q->link.redis, q->commands - q->expected);
	q->expected = q->commands;
	while (q->sent < q->bytes.len) {
		size_t n =
		    link_send(&q->link, buf_head(&q->bytes) + q->sent, q->bytes.len - q->sent);

		if (n == 0)
			break;
		q->sent += n;
	}
}

/* --- Answers */

/* Puts the first call behind the others, with the script that it needs in front of it. */
static void load_and_repeat(struct queue *q, const struct queue_pending *call)
{
	struct buf again;

	buf_init(&again, SIZE_MAX / 2);
	q->turned = true;
	(void)buf_add(&again, buf_head(&q->bytes), call->bytes);
	load(q, call->script);
	q->begun = q->bytes.len;
	(void)buf_add(&q->bytes, buf_head(&again), again.len);
	queue_end_call(q, call);
	buf_fini(&again);
}

struct place {
	struct queue_pending call;
	size_t begins; /* in bytes */
};

static int by_number(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return (x->call.number > y->call.number) - (x->call.number < y->call.number);
}

/* Puts the calls into the order of their making. */
static void put_in_order(struct queue *q)
{
	size_t n = queue_pending(q), at = 0;
	struct place *places = xcalloc(n + 1, sizeof *places);
	struct buf old = q->bytes;

	for (size_t i = 0; i < n; i++) {
		memcpy(&places[i].call, buf_head(&q->calls) + i * sizeof places[i].call,
		    sizeof places[i].call);
		places[i].begins = at;
		at += places[i].call.bytes;
	}
	qsort(places, n, sizeof *places, by_number);
	buf_init(&q->bytes, SIZE_MAX / 2);
	buf_clear(&q->calls);
	for (size_t i = 0; i < n; i++) {
		(void)buf_add(&q->bytes, buf_head(&old) + places[i].begins, places[i].call.bytes);
		(void)buf_add(&q->calls, &places[i].call, sizeof places[i].call);
	}
	buf_fini(&old);
	free(places);
	q->turned = false;
}

static bool is_noscript(const struct reply *reply)
{
	return reply->len >= 8 && memcmp(reply->str, "NOSCRIPT", 8) == 0;
}

/* A reply to one of a transaction's commands. True for the last: then *reply is the call's answer.
 * What made EXEC fail is told by an earlier one, or by EXEC itself, or is in what it gives. */
static bool end_transaction(
    struct queue *q, const struct queue_pending *call, struct reply **reply, struct reply *error)
{
	static const char because[] = "because of: ";
	struct reply *r = *reply;

	if (r->type == REPLY_ERROR && q->refusal[0] == '\0' && r->len > 0) {
		const char *cause = memmem(r->str, r->len, because, sizeof because - 1);
		size_t skip = cause != NULL ? (size_t)(cause - r->str) + sizeof because - 1 : 0;

		(void)snprintf(q->refusal, sizeof q->refusal, "%.*s", (int)(r->len - skip),
		    r->str + skip); /* a cut one is a refusal */
	}
	if (++q->answered < call->commands)
		return false;
	for (size_t i = 0; r->type == REPLY_ARRAY && i < r->n; i++)
		if (r->elem[i].type == REPLY_ERROR) {
			*reply = &r->elem[i];
			break;
		}
	if (q->refusal[0] != '\0') {
		*error = (struct reply){
		    .type = REPLY_ERROR, .str = q->refusal, .len = strlen(q->refusal)};
		*reply = error;
	}
	return true;
}

static void begin_transaction(struct queue *q)
{
	q->answered = 0;
	q->refusal[0] = '\0';
}

static void on_reply(void *arg, struct reply *reply)
{
	struct queue *q = arg;
	struct queue_pending call;
	struct reply error;
	char object[QUEUE_NAME_MAX * 4 + 16];

	if (q->calls.len == 0)
		return; /* an answer to nothing: a server that talks too much does no harm */
	q->commands--;
	q->expected--;
	memcpy(&call, buf_head(&q->calls), sizeof call);
	if (call.commands > 0 && !end_transaction(q, &call, &reply, &error))
		return;
	if (reply->type == REPLY_ERROR && !(is_noscript(reply) && call.script != NULL) &&
	    call.on_answer != NULL) {
		(void)snprintf(
		    object, sizeof object, "queue %s", q->conf.name); /* a cut name is a name */
		link_refused(&q->link, object, reply);
		return;
	}
	if (reply->type == REPLY_ERROR && is_noscript(reply) && call.script != NULL)
		load_and_repeat(q, &call);
	buf_consume(&q->calls, sizeof call);
	buf_consume(&q->bytes, call.bytes);
	q->sent -= call.bytes;
	begin_transaction(q);
	if (call.probes)
		q->transacts = reply->type != REPLY_ERROR;
	if (reply->type != REPLY_ERROR && call.on_answer != NULL)
		call.on_answer(q, &call, reply);
}

static void on_idle(void *arg)
{
	queue_flush(arg);
}

/* All that is unanswered, behind the scripts that it needs. */
static void begin_again(struct queue *q)
{
	size_t n = queue_pending(q), at = 0;
	struct buf bytes = q->bytes, calls = q->calls;
	struct queue_pending call;

	buf_init(&q->bytes, SIZE_MAX / 2);
	buf_init(&q->calls, SIZE_MAX / 2);
	q->loaded = 0;
	q->commands = 0;
	q->probed = q->transacts = false;
	begin_transaction(q);
	for (size_t i = 0; i < n; i++) {
		memcpy(&call, buf_head(&calls) + i * sizeof call, sizeof call);
		if (call.script != NULL && (q->loaded & queue_script_bit(call.script)) == 0)
			load(q, call.script);
	}
	q->link.preamble = q->commands;
	bool first = true;
	for (size_t i = 0; i < n; i++, at += call.bytes) {
		memcpy(&call, buf_head(&calls) + i * sizeof call, sizeof call);
		if (call.loads)
			continue;
		/* That a transaction's commands are queued does not prove that all is well. */
		if (first && call.commands > 0)
			q->link.preamble += call.commands - 1;
		first = false;
		q->commands += call.commands > 0 ? call.commands : 1;
		(void)buf_add(&q->bytes, buf_head(&bytes) + at, call.bytes);
		(void)buf_add(&q->calls, &call, sizeof call);
	}
	buf_fini(&bytes);
	buf_fini(&calls);
}

static void on_up(void *arg)
{
	struct queue *q = arg;

	if (q->turned)
		put_in_order(q);
	begin_again(q);
	q->sent = 0;
	q->expected = 0;
	if (q->ops->on_up != NULL)
		q->ops->on_up(q->arg);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct queue *q = arg;

	q->ops->on_down(q->arg, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	queue_die(arg, w);
}

static void on_started(void *arg, const char *path)
{
	struct queue *q = arg;

	q->ops->on_started(q->arg, path);
}

static const struct link_ops link_ops = {
    .on_up = on_up,
    .on_reply = on_reply,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
};

void queue_connect(struct queue *q)
{
	link_open(&q->link, q->loop, &q->conf.link, &link_ops, q);
}

/* --- The general call */

static void on_raw(struct queue *q, const struct queue_pending *call, const struct reply *reply)
{
	(void)q;
	((queue_reply_fn *)call->fn)(call->arg, reply);
}

void queue_call(struct queue *q, const char *script, int argc, const char *const *argv,
    const size_t *lens, queue_reply_fn *fn, void *arg)
{
	const struct queue_script *s = queue_begin(q, script, (size_t)argc);

	for (int i = 0; i < argc; i++)
		queue_arg(q, argv[i], lens != NULL ? lens[i] : strlen(argv[i]));
	queue_end_call(q,
	    &(struct queue_pending){
		.script = s, .on_answer = on_raw, .fn = (void (*)(void))fn, .arg = arg});
}
