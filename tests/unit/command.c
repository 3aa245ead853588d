/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>

#include "clock.h"
#include "t.h"

struct owner {
	struct loop *loop;
	struct signals signals;
	struct command command;
	size_t bytes;
	int inside, deepest, ends, ends_inside;
};

/* As a publisher does: takes the bytes, and says that it has room for more. */
static void on_output(void *arg, const char *bytes, size_t len)
{
	struct owner *o = arg;

	(void)bytes;
	if (++o->inside > o->deepest)
		o->deepest = o->inside;
	o->bytes += len;
	command_pause(&o->command, false);
	o->inside--;
}

static void on_end(void *arg)
{
	struct owner *o = arg;

	o->ends++;
	o->ends_inside += o->inside;
	loop_stop(o->loop);
}

static const struct command_ops ops = {on_output, on_end};

static void on_signal(void *arg, int signo)
{
	struct owner *o = arg;

	(void)signo;
	command_on_child(&o->command);
}

static void on_pause_over(void *arg)
{
	struct owner *o = arg;

	command_pause(&o->command, false);
}

/* Runs a shell command whose output is read only from its end on. */
static void run(struct owner *o, const char *text)
{
	static const int signos[] = {SIGCHLD, 0};
	char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)text, NULL};
	struct timer late = {.on_due = on_pause_over, .arg = o};
	struct why w;

	*o = (struct owner){0};
	if (loop_open(&o->loop, &w) < 0 ||
	    signals_open(&o->signals, o->loop, signos, on_signal, o, &w) < 0 ||
	    command_start(&o->command, o->loop, argv, &ops, o, &w) < 0)
		abort();
	command_pause(&o->command, true);
	loop_timer(o->loop, &late, clock_ms() + 300);
	if (loop_run(o->loop, &w) < 0)
		abort();
	command_fini(&o->command);
	signals_close(&o->signals);
	loop_close(o->loop);
}

int main(void)
{
	struct owner o;

	run(&o, "echo said");
	ok(o.bytes == 5 && o.ends == 1,
	    "what a pipe holds at the end is read, and then it is over");
	ok(o.deepest == 1 && o.ends_inside == 0, "nothing is called back from within a callback");
	/* Two that write in turns keep the pipe from being empty. */
	run(&o, "yes 2>/dev/null & yes 2>/dev/null & sleep 0.1");
	ok(o.bytes > 0 && o.bytes <= 1 << 16 && o.ends == 1,
	    "who stays behind and writes for ever is not waited for (%zu bytes)", o.bytes);
	return t_done();
}
