/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_INPUT_H
#define SPOUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"
#include "loop.h"
#include "why.h"

/* Where a publisher's bytes come from: standard input, or what a command prints. */
struct input_ops {
	void (*on_bytes)(void *arg, const char *bytes, size_t len);
	/* Standard input ended (w is NULL), or cannot be read (WHY_IO). */
	void (*on_eof)(void *arg, const struct why *w);
	/* The command has ended, and what it wrote was given. */
	void (*on_end)(void *arg, const struct command *command);
};

struct input {
	struct loop *loop;
	const struct input_ops *ops;
	void *arg;
	bool begun, is_command, ended; /* ended: standard input has */
	struct watch stdin_watch;
	char *chunk;
	struct command command;
};

/* Begins to read standard input or, when argv is not NULL, to run it. -1: as command_start. */
int input_begin(struct input *in, struct loop *loop, char *const *argv, const struct input_ops *ops,
    void *arg, struct why *w);
void input_fini(struct input *in);

/* Gives nothing while paused: a full pipe then stops the producer. */
void input_pause(struct input *in, bool paused);

/* Ends it: standard input is read no further; the command gets TERM, and KILL five seconds later.
 */
void input_stop(struct input *in);

/* To be called at SIGCHLD. */
void input_on_child(struct input *in);

/* Whether on_end is still to come. */
bool input_runs(const struct input *in);

#endif
