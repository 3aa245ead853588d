/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_QUEUE_CALL_H
#define SPOUT_QUEUE_CALL_H

#include "buf.h"
#include "queue.h"
#include "queue_scripts.h"

/*
 * For the files of queue alone. Calls are ready-made commands in one buffer until answered:
 *
 *	[ sent, not answered | not sent ]
 *
 * A new connection sends all again from the front, and in front of that the scripts: Redis may have
 * been started anew. So what was asked in an order is done in that order. Only when the scripts are
 * flushed under way a call is put behind all others, with its script; a new connection puts those
 * back into the order in which they were made.
 *
 * A call may be a transaction, several commands from MULTI to EXEC: the reply to EXEC is its
 * answer, or the first error among the others.
 */
struct queue_pending;

/* Reads the answer, never an error, and tells the owner. */
typedef void queue_answer_fn(
    struct queue *q, const struct queue_pending *call, const struct reply *reply);

struct queue_pending {
	const struct queue_script *script; /* NULL: another command */
	size_t bytes;
	uint64_t number;            /* in the order of making */
	queue_answer_fn *on_answer; /* NULL: nobody wants to know */
	void (*fn)(void);           /* the owner's, cast by on_answer */
	void *arg;
	size_t n;        /* jobs */
	size_t commands; /* of a transaction; 0: one, and none */
	bool probes;     /* it is a transaction of nothing: may we? */
	bool loads;      /* it is of this connection alone: SCRIPT LOAD, probe */
	char letter;     /* of an add */
	int retries;     /* of a take */
};

struct queue_listener;

struct queue {
	struct loop *loop;
	struct queue_conf conf;
	const struct queue_ops *ops;
	void *arg;
	struct link link;
	char *tag;
	char run[MSG_RUN_LEN + 1]; /* names our calls of take and fail, counted by the two below */
	uint64_t takes, fails;
	struct buf bytes, calls; /* calls: struct queue_pending for each command in bytes */
	size_t begun;            /* where the call that is being put together begins */
	size_t sent;             /* of bytes */
	size_t commands;         /* without a reply */
	size_t expected;         /* of them, those that this connection was told to expect */
	size_t answered;         /* commands of the first call, which is a transaction */
	bool probed, transacts;  /* this connection: was asked, and may do transactions */
	char refusal[256];       /* the first error among these; "" */
	uint64_t made;           /* calls */
	bool turned;             /* calls are not in the order of their numbers */
	bool dead;
	uint32_t loaded;  /* scripts that this connection was given, by queue_script_bit */
	unsigned unheard; /* see queue_unheard */
	struct queue_listener *listener; /* NULL before queue_listen */
	struct buf scratch;              /* outcomes and jobs of the answer in hand */
};

/* Opens the connection that calls go by; q->conf.link tells where to. */
void queue_connect(struct queue *q);

/* Begins a call of a script with argc arguments behind TAG; then each is added; then it is ended.
 * The owner's callback is given as void (*)(void). */
const struct queue_script *queue_begin(struct queue *q, const char *script, size_t argc);
void queue_arg(struct queue *q, const char *s, size_t len);
void queue_args(struct queue *q, const char *s);
void queue_argi(struct queue *q, int64_t n);
void queue_argu(struct queue *q, uint64_t n);
void queue_end_call(struct queue *q, const struct queue_pending *call);

/* Queues a command that is no script, and whose answer does not matter. */
void queue_command(struct queue *q, int argc, const char *const *argv);

/* Ends the connections with w: on_dead. */
void queue_die(struct queue *q, const struct why *w);

/* For take: what it found empty, and when the next is due (server's clock, now_ms). */
void queue_listener_due(struct queue *q, int64_t due_ms, int64_t now_ms);
void queue_listener_close(struct queue *q);

/* An array of outcomes as the scripts return them. */
queue_answer_fn queue_on_outcomes;

#endif
