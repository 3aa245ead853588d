/* SPDX-License-Identifier: MIT */
/*
 * queue_listen: the second connection, which blocks on two lists: what is for this consumer, and
 * while it wants jobs the tokens that say that some may be there.
 *
 *	       BLPOP TAG:to:CONSUMER [TAG:wake] 10
 *	idle ──→ token → on_wake → take ──nothing──→ again
 *	     ──→ nil after 10 s → on_wake: nothing that was lost stays lost
 *	     ──→ the time that take told comes → on_wake, on our own clock
 *
 * Why so. XREADGROUP BLOCK would deliver a job without its lease: a crash in between leaves it to
 * nobody. XREAD BLOCK and pub/sub wake all idle workers for each job, and pub/sub forgets. A token
 * wakes one, in a tenth of a millisecond.
 *
 * No wake-up is lost. While a job waits and workers are idle, there is a token in the list, or one
 * of them has just been given a token and is about to take: add puts one whenever it adds; the take
 * that finds more than it takes puts one; only a take that left nothing behind clears the list, in
 * the same step. A worker that dies with a token in its hand loses it: then the next add wakes
 * another, or the ten seconds of one of the others end. The same holds for jobs that become due: a
 * worker waits no longer than until the next, and who takes while one is due soon hands a token on.
 *
 * Redis looks at timeouts of BLPOP ten times a second; that is why a time that is known to come is
 * waited for here. A server that does not answer after these ten seconds is deaf: the connection
 * counts as lost.
 */
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "queue_call.h"
#include "resp.h"

struct queue_listener {
	struct queue *q;
	struct link link;
	struct timer due;
	char *to, *wake; /* keys */
	char client[24]; /* this connection's CLIENT ID, for CLIENT UNBLOCK; "" when not known */
	int64_t due_ms;  /* on clock_ms(); 0: none */
	bool wants;      /* jobs */
	bool blocked;    /* a BLPOP is on its way or waits */
	bool for_jobs;   /* that one has the wake list in it */
};

static void block(struct queue_listener *l)
{
	char seconds[12];
	const char *argv[5] = {"BLPOP", l->to};
	int n = 2;

	if (!l->link.up || l->blocked)
		return;
	(void)snprintf(seconds, sizeof seconds, "%d", QUEUE_IDLE_MS / 1000); /* fits */
	if (l->wants)
		argv[n++] = l->wake;
	argv[n++] = seconds;
	l->blocked = true;
	l->for_jobs = l->wants;
	redis_command(l->link.redis, n, argv, NULL);
}

static void unblock(struct queue *q);

static void awake(struct queue_listener *l)
{
	if (l->wants)
		l->q->ops->on_wake(l->q->arg);
}

static void on_up(void *arg)
{
	struct queue_listener *l = arg;

	l->blocked = false;
	l->client[0] = '\0';
	redis_command(l->link.redis, 2, (const char *const[]){"CLIENT", "ID"}, NULL);
	block(l);
	awake(l); /* a token may have been lost with the old connection */
}

/* cancel REF TOKEN | hear */
static void on_message(struct queue_listener *l, const char *s, size_t len)
{
	static const char verb[] = "cancel ";
	const char *end = s + len, *ref = s + sizeof verb - 1, *space;
	uint64_t token;

	if (len == 4 && memcmp(s, "hear", 4) == 0) {
		l->q->unheard = 0;
		awake(l); /* the wait begins anew, so this is the look that its end would be */
		return;
	}
	if (len <= sizeof verb || memcmp(s, verb, sizeof verb - 1) != 0)
		return;
	space = memchr(ref, ' ', (size_t)(end - ref));
	if (space == NULL ||
	    !number_parse(space + 1, (size_t)(end - space - 1), UINT64_MAX, &token))
		return;
	l->q->ops->on_cancel(l->q->arg, (struct json_slice){ref, (size_t)(space - ref)}, token);
}

static void on_popped(struct queue_listener *l, const struct reply *reply)
{
	const struct reply *key = &reply->elem[0], *value = &reply->elem[1];

	if (key->len == strlen(l->to) && memcmp(key->str, l->to, key->len) == 0) {
		on_message(l, value->str, value->len);
	} else if (l->wants) {
		awake(l);
	} else {
		/* It came when we had enough to do: somebody else may have time. */
		queue_command(l->q, 3, (const char *const[]){"RPUSH", l->wake, "1"});
		queue_flush(l->q);
	}
}

static void on_reply(void *arg, struct reply *reply)
{
	struct queue_listener *l = arg;
	struct queue *q = l->q;

	if (reply->type == REPLY_ERROR) {
		link_refused(&l->link, l->wake, reply);
		return;
	}
	if (l->client[0] == '\0' && reply->type == REPLY_INTEGER) {
		(void)snprintf(l->client, sizeof l->client, "%lld", reply->integer); /* fits */
		if (l->wants)
			unblock(q); /* it began to want meanwhile */
		return;
	}
	l->blocked = false;
	if (reply->type == REPLY_ARRAY && reply->n == 2)
		on_popped(l, reply);
	else
		awake(l);
	if (q->listener == l)
		block(l);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct queue_listener *l = arg;

	/* The other connection tells of it, if it is the server. */
	(void)w;
	(void)wait_ms;
	l->blocked = false;
}

static void on_dead(void *arg, const struct why *w)
{
	struct queue_listener *l = arg;

	queue_die(l->q, w);
}

static void on_started(void *arg, const char *path)
{
	struct queue_listener *l = arg;

	l->q->ops->on_started(l->q->arg, path);
}

static const struct link_ops link_ops = {
    .on_up = on_up,
    .on_reply = on_reply,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
};

static void on_due(void *arg)
{
	awake(arg);
}

static char *join(const char *a, const char *b, const char *c)
{
	size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
	char *s = xmalloc(size);

	(void)snprintf(s, size, "%s%s%s", a, b, c); /* measured */
	return s;
}

static struct queue_listener *open_listener(struct queue *q)
{
	struct queue_listener *l = xcalloc(1, sizeof *l);
	struct link_conf conf = q->conf.link;

	l->q = q;
	l->to = join(q->tag, ":to:", q->conf.consumer);
	l->wake = join(q->tag, ":wake", "");
	l->due = (struct timer){.on_due = on_due, .arg = l};
	conf.times.command_ms += QUEUE_IDLE_MS;
	conf.give_up_ms = -1; /* that is for the other connection to decide */
	link_open(&l->link, q->loop, &conf, &link_ops, l);
	return l;
}

void queue_listener_close(struct queue *q)
{
	struct queue_listener *l = q->listener;

	if (l == NULL)
		return;
	q->listener = NULL;
	link_close(&l->link);
	loop_cancel(q->loop, &l->due);
	free(l->to);
	free(l->wake);
	free(l);
}

/* 0: Redis has not seen the BLPOP yet, which is on its way on the other connection; else it would
 * wait without an ear for jobs. Or its end is on its way to us: then one more does no harm. */
static void on_unblocked(
    struct queue *q, const struct queue_pending *call, const struct reply *reply)
{
	(void)call;
	if (reply->type == REPLY_INTEGER && reply->integer == 0 && q->listener != NULL &&
	    q->listener->wants)
		unblock(q);
}

/* The BLPOP that waits has not the list of jobs in it: it is ended, and the next one has. */
static void unblock(struct queue *q)
{
	const struct queue_listener *l = q->listener;

	if (!l->blocked || l->for_jobs || l->client[0] == '\0')
		return;
	q->begun = q->bytes.len;
	(void)resp_command(
	    &q->bytes, 3, (const char *const[]){"CLIENT", "UNBLOCK", l->client}, NULL);
	queue_end_call(q, &(struct queue_pending){.on_answer = on_unblocked});
	queue_flush(q);
}

void queue_listen(struct queue *q, bool want_jobs)
{
	struct queue_listener *l = q->listener;

	if (q->dead)
		return;
	if (l == NULL)
		l = q->listener = open_listener(q);
	l->wants = want_jobs;
	if (!want_jobs) {
		loop_cancel(q->loop, &l->due);
		return; /* a token that comes all the same is handed on */
	}
	unblock(q);
}

void queue_listener_due(struct queue *q, int64_t due_ms, int64_t now_ms)
{
	struct queue_listener *l = q->listener;
	int64_t wait = due_ms - now_ms;

	if (l == NULL || !l->wants || due_ms == 0)
		return;
	if (wait < 1)
		wait = 1;
	/* Further away, the next look tells again. */
	if (wait <= 2 * QUEUE_IDLE_MS)
		loop_timer(q->loop, &l->due, clock_ms() + wait);
}
