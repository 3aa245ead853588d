/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_COMMAND_H
#define SPOUT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "loop.h"
#include "proc.h"
#include "why.h"

/*
 * A command whose standard output is read, whose standard error goes through to ours (its last
 * lines kept for a message), and whose end is its own: when it has ended and what it wrote is read,
 * it is over, even if a grandchild keeps the pipe open.
 */
enum { COMMAND_TAIL = 2000 }; /* bytes of stderr that are kept */

struct command_ops {
	void (*on_output)(void *arg, const char *bytes, size_t len);
	void (*on_end)(void *arg);
};

struct command {
	struct loop *loop;
	const struct command_ops *ops;
	void *arg;
	struct child child;
	struct watch out, err;
	struct timer kill_timer;
	char *chunk;
	char tail[COMMAND_TAIL];
	size_t ntail;
	int wait_status;        /* as waitpid gave it, once ended */
	int out_left, err_left; /* bytes of the pipes to be read, once ended */
	bool ended, draining, paused, over;
};

/* Starts argv. -1: w tells, its status is 127 or 126 as a shell would exit with. */
int command_start(struct command *c, struct loop *loop, char *const *argv,
    const struct command_ops *ops, void *arg, struct why *w);
void command_fini(struct command *c);

/* Reads no output while paused: the command blocks once the pipe is full. */
void command_pause(struct command *c, bool paused);

/* To be called at SIGCHLD. */
void command_on_child(struct command *c);

/* Sends TERM to the whole group, and KILL when it still runs five seconds later. */
void command_stop(struct command *c);

/* The status that a shell would exit with, once ended: 128 + N after signal N. */
int command_status(const struct command *c);

/* Why it failed, with the last lines of its stderr; and the same as JSON members ("exit_status":3).
 */
void command_describe(
    const struct command *c, char *text, size_t size, char *members, size_t members_size);

#endif
