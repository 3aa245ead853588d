/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_XQ_H
#define SPOUT_XQ_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "cli.h"
#include "input.h"
#include "ndjson.h"
#include "opt.h"
#include "proc.h"
#include "queue.h"
#include "why.h"

/*
 * The subcommands of sp-xq. Each is one function with an option table of its own; what they have in
 * common is here: the queue's connection, standard output, signals, the status.
 */
struct xq_verb {
	const char *name, *summary;
	int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit status */
};

int xq_add(int argc, char **argv);
int xq_take(int argc, char **argv);
int xq_ack(int argc, char **argv);
int xq_nack(int argc, char **argv);
int xq_extend(int argc, char **argv);
int xq_work(int argc, char **argv);
int xq_every(int argc, char **argv);
int xq_lock(int argc, char **argv);
int xq_wait(int argc, char **argv);
int xq_result(int argc, char **argv);
int xq_cancel(int argc, char **argv);
int xq_progress(int argc, char **argv);
int xq_stats(int argc, char **argv);
int xq_pending(int argc, char **argv);
int xq_workers(int argc, char **argv);
int xq_doctor(int argc, char **argv);
int xq_dead(int argc, char **argv);
int xq_pause(int argc, char **argv);
int xq_resume(int argc, char **argv);
int xq_purge(int argc, char **argv);

struct xq {
	struct cli cli;
	const char *queue;
	struct link_conf link; /* after xq_open */
	struct loop *loop;
	struct queue *q;
	struct signals signals;
	struct buf out;   /* lines for standard output; xq_print writes them */
	bool pipe_closed; /* nobody reads it any more */
	bool lazy;        /* set before xq_open: no connection before there is something to say */
	bool dead;        /* Redis refused or was given up: why tells */
	int status;       /* unless why has one */
	struct why why;   /* told at the end when it has a status */
	int64_t known_ms; /* as queue_conf has it */
	struct queue_ops ops;
	/* Called when Redis refused or was given up, in place of the end of the loop. May be NULL.
	 */
	void (*on_dead)(void *arg);
	void *arg;
};

#define XQ_DEFAULTS(verb)                                              \
	{                                                              \
		.cli = CLI_DEFAULTS("sp-xq " verb), .queue = "default" \
	}

/* -q is the queue here; --quiet has its long form only. */
#define XQ_OPT_QUEUE(x)                                                                         \
	{'q', "queue", "QUEUE", OPT_STRING, &(x)->queue, "the queue's name (default)", NULL, 0, \
	    0},                                                                                 \
	{                                                                                       \
		0, "namespace", "NS", OPT_STRING, &(x)->cli.namespace,                          \
		    "first part of the queue's keys ($SP_NAMESPACE, else sp)", NULL, 0, 0       \
	}

#define XQ_OPTS(x)                                                                               \
	CLI_OPTS_REDIS(&(x)->cli, "command-timeout"), {.kind = OPT_GROUP, .name = "Messages"},   \
	    {'v', "verbose", NULL, OPT_COUNT, &(x)->cli.say.verbose, "say more on stderr", NULL, \
		0, 0},                                                                           \
	    {0, "quiet", NULL, OPT_COUNT, &(x)->cli.say.quiet, "say only errors", NULL, 0, 0},   \
	{                                                                                        \
		0, "log", "FORMAT", OPT_CHOICE, &(x)->cli.say.json,                              \
		    "how to write them: json is one object a line", "text|json", 0, 0            \
	}

/* Parses; when there is nothing to run, closes x and leaves the exit status in x->status: false. */
bool xq_parse(
    struct xq *x, const struct opt_tool *tool, int argc, char **argv, struct opt_rest *rest);

/* Opens the loop and the queue. one_shot as cli_redis; consumer NULL: "hand"; arg is on_dead's. */
int xq_open(struct xq *x, bool one_shot, const char *consumer, void *arg);

/* Runs the loop, closes everything, tells why and returns the exit status. */
int xq_run(struct xq *x);

/* The same without running: after a failure. */
int xq_close(struct xq *x);

/* Ends the loop with x->why as the reason; a status alone by x->status and loop_stop. */
void xq_stop(struct xq *x);

/* Writes x->out. When that fails the loop ends, and false is returned. */
bool xq_print(struct xq *x);

/* Reads a point in time: seconds since 1970, or YYYY-MM-DDTHH:MM[:SS] with Z, +HHMM or nothing
 * behind it (local time). -1 when it is none. */
int xq_time(const char *s, int64_t *ms);

/* --- Lines on standard input for calls that are answered in order. */
struct xq_lines {
	struct xq *x;
	struct input input;
	struct ndjson lines;
	ndjson_line_fn *on_line;     /* takes a line; -1 with x->why (without the line's number) */
	void (*on_batch)(void *arg); /* what the lines made is to be sent */
	void (*on_end)(void *arg);   /* no line comes any more: the end, or x->why tells */
	void *arg;
	bool ended;
};

void xq_lines_begin(struct xq_lines *l, size_t max_line);
void xq_lines_fini(struct xq_lines *l);

/* Reads no further until a call is answered, when many are on their way. */
void xq_lines_throttle(struct xq_lines *l, bool full);

#endif
