/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SP_PUB_H
#define SPOUT_SP_PUB_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "control.h"
#include "input.h"
#include "proc.h"
#include "publish.h"

struct pub {
	struct cli cli;
	struct loop *loop;
	struct publish *publish;
	struct publish_conf conf;
	struct control *control;
	struct signals signals;
	struct input input;
	struct timer deadline; /* of the acknowledgements, after a signal */
	char *channel, **argv;
	const char *filter_text;
	int64_t max_line, idle_ms, unheard_since_ms; /* unheard: nobody was subscribed since */
	int from, full_text;
	bool tee, stop, strict, one_shot, has_command;
	bool dead;        /* Redis refused, or was given up */
	bool stopped;     /* by request: an orderly end */
	bool pipe_closed; /* our standard output is gone */
	int signo, status;
	struct why why; /* told at the end when it has a status */
};

/* Reads the command line; p->why tells of misuse. */
enum opt_result pub_parse(struct pub *p, int argc, char **argv, struct opt_rest *rest);

/* What is to be published, where and how; closed as proc_std gives it. -1 with p->why when that
 * makes no sense. */
int pub_settle(struct pub *p, const struct opt_rest *rest, const bool closed[3]);

/* What Redis says: of link_ops, for both connections. arg is a struct pub. */
void pub_on_down(void *arg, const struct why *w, int64_t wait_ms);
void pub_on_dead(void *arg, const struct why *w);
void pub_on_started(void *arg, const char *path);

/* Asks the channel's publisher to stop, and ends the loop when it has heard. */
void pub_ask_to_stop(struct pub *p);

/* Listens for such a request. */
void pub_listen(struct pub *p);

/* Counts the subscribers that the last message had; stops when there are none for p->idle_ms. */
void pub_watch_idle(struct pub *p, int64_t receivers);

/* SIGCHLD is the command's; any other ends the input and waits for what is on its way. */
void pub_on_signal(void *arg, int signo);

#endif
