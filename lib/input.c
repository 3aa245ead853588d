/* SPDX-License-Identifier: MIT */
/* input: standard input or a command's output, as events. */
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "buf.h"

enum { CHUNK = 64 * 1024 };

static void on_stdin(void *arg, unsigned ready)
{
	struct input *in = arg;
	struct why w;
	ssize_t n = read(STDIN_FILENO, in->chunk, CHUNK);

	(void)ready;
	if (n > 0) {
		in->ops->on_bytes(in->arg, in->chunk, (size_t)n);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		if (n < 0)
			(void)why_errno(&w, WHY_IO, "standard input"); /* fills w */
		in->ended = true;
		loop_watch(in->loop, &in->stdin_watch, 0);
		in->ops->on_eof(in->arg, n < 0 ? &w : NULL);
	}
}

static void on_output(void *arg, const char *bytes, size_t len)
{
	struct input *in = arg;

	in->ops->on_bytes(in->arg, bytes, len);
}

static void on_command_end(void *arg)
{
	struct input *in = arg;

	in->ops->on_end(in->arg, &in->command);
}

static const struct command_ops command_ops = {on_output, on_command_end};

int input_begin(struct input *in, struct loop *loop, char *const *argv, const struct input_ops *ops,
    void *arg, struct why *w)
{
	*in = (struct input){.loop = loop, .ops = ops, .arg = arg, .begun = true};
	if (argv != NULL) {
		int r = command_start(&in->command, loop, argv, &command_ops, in, w);

		in->is_command = r == 0;
		return r;
	}
	in->chunk = xmalloc(CHUNK);
	in->stdin_watch = (struct watch){.fd = STDIN_FILENO, .on_ready = on_stdin, .arg = in};
	loop_watch(loop, &in->stdin_watch, LOOP_READ);
	return 0;
}

void input_fini(struct input *in)
{
	command_fini(&in->command);
	if (in->chunk != NULL)
		loop_watch(in->loop, &in->stdin_watch, 0);
	free(in->chunk);
	*in = (struct input){0};
}

void input_pause(struct input *in, bool paused)
{
	if (in->is_command)
		command_pause(&in->command, paused);
	else if (in->chunk != NULL && !in->ended)
		loop_watch(in->loop, &in->stdin_watch, paused ? 0 : LOOP_READ);
}

void input_stop(struct input *in)
{
	if (in->is_command)
		command_stop(&in->command);
	else
		input_pause(in, true);
}

void input_on_child(struct input *in)
{
	if (in->is_command)
		command_on_child(&in->command);
}

bool input_runs(const struct input *in)
{
	return in->is_command && !in->command.over;
}
