/* SPDX-License-Identifier: MIT */
/* command: a child's output as events. */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"

enum { CHUNK = 64 * 1024, KILL_AFTER_MS = 5000 };

static void close_watch(struct command *c, struct watch *w)
{
	if (w->fd < 0)
		return;
	loop_watch(c->loop, w, 0);
	(void)close(w->fd); /* only read */
	w->fd = -1;
}

static void keep_tail(struct command *c, const char *s, size_t len)
{
	if (len > COMMAND_TAIL) {
		s += len - COMMAND_TAIL;
		len = COMMAND_TAIL;
	}
	size_t keep = c->ntail < COMMAND_TAIL - len ? c->ntail : COMMAND_TAIL - len;
	memmove(c->tail, c->tail + c->ntail - keep, keep);
	memcpy(c->tail + keep, s, len);
	c->ntail = keep + len;
}

/* Who outlives the child may go on writing: that has no end. */
static int held(int fd)
{
	int n = 0;

	return fd >= 0 && ioctl(fd, FIONREAD, &n) == 0 ? n : 0;
}

static bool is_passing(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Up to size bytes; once the child has ended, of the *left that its pipe held then. */
static ssize_t read_some(const struct command *c, int fd, char *to, size_t size, int *left)
{
	if (fd < 0)
		return 0;
	if (!c->ended)
		return read(fd, to, size);
	ssize_t n = read(fd, to, (size_t)*left < size ? (size_t)*left : size);
	*left -= n > 0 ? (int)n : 0;
	return n;
}

/* False when there is nothing to read now. */
static bool read_err(struct command *c)
{
	char text[4096];
	struct why w;
	ssize_t n = read_some(c, c->err.fd, text, sizeof text, &c->err_left);

	if (n > 0) {
		/* Where our stderr is gone there is nobody left to tell. */
		(void)proc_write(STDERR_FILENO, "stderr", text, (size_t)n, &w);
		keep_tail(c, text, (size_t)n);
		return true;
	}
	if (!is_passing(n))
		close_watch(c, &c->err);
	return false;
}

static bool read_out(struct command *c)
{
	ssize_t n = read_some(c, c->out.fd, c->chunk, CHUNK, &c->out_left);

	if (n > 0) {
		c->ops->on_output(c->arg, c->chunk, (size_t)n);
		return true;
	}
	if (!is_passing(n))
		close_watch(c, &c->out);
	return false;
}

/* Once the child has ended: takes what its pipes held then, as far as the owner wants it now. An
 * owner that is called back may pause, or go on, which the loop sees. */
static void drain(struct command *c)
{
	if (c->draining)
		return;
	c->draining = true;
	while (!c->paused && read_out(c))
		;
	c->draining = false;
	if (c->paused || c->over)
		return;
	while (read_err(c))
		;
	close_watch(c, &c->out);
	close_watch(c, &c->err);
	c->over = true;
	c->ops->on_end(c->arg);
}

static void on_out(void *arg, unsigned ready)
{
	struct command *c = arg;

	(void)ready;
	if (c->ended)
		drain(c);
	else
		(void)read_out(c); /* the loop comes back while there is more */
}

static void on_err(void *arg, unsigned ready)
{
	(void)ready;
	(void)read_err(arg); /* as above */
}

static void on_kill(void *arg)
{
	struct command *c = arg;

	child_kill(&c->child, SIGKILL);
}

int command_start(struct command *c, struct loop *loop, char *const *argv,
    const struct command_ops *ops, void *arg, struct why *w)
{
	*c = (struct command){.loop = loop, .ops = ops, .arg = arg};
	c->kill_timer = (struct timer){.on_due = on_kill, .arg = c};
	c->out.fd = c->err.fd = -1;
	if (child_spawn(&c->child, argv, w) < 0)
		return -1;
	c->chunk = xmalloc(CHUNK);
	c->out = (struct watch){.fd = c->child.out, .on_ready = on_out, .arg = c};
	c->err = (struct watch){.fd = c->child.err, .on_ready = on_err, .arg = c};
	loop_watch(loop, &c->out, LOOP_READ);
	loop_watch(loop, &c->err, LOOP_READ);
	return 0;
}

void command_fini(struct command *c)
{
	if (c->loop == NULL)
		return;
	if (!c->ended)
		child_kill(&c->child, SIGKILL); /* it had its TERM, or has lost its reader */
	close_watch(c, &c->out);
	close_watch(c, &c->err);
	loop_cancel(c->loop, &c->kill_timer);
	free(c->chunk);
	c->loop = NULL;
}

void command_pause(struct command *c, bool paused)
{
	c->paused = paused;
	if (c->out.fd >= 0)
		loop_watch(c->loop, &c->out, paused ? 0 : LOOP_READ);
	if (c->ended && !paused && !c->over)
		drain(c);
}

void command_on_child(struct command *c)
{
	if (c->loop == NULL || c->ended || !child_ended(&c->child, &c->wait_status))
		return;
	c->ended = true;
	c->out_left = held(c->out.fd);
	c->err_left = held(c->err.fd);
	loop_cancel(c->loop, &c->kill_timer);
	drain(c);
}

void command_stop(struct command *c)
{
	if (c->loop == NULL || c->ended)
		return;
	child_kill(&c->child, SIGTERM);
	loop_timer(c->loop, &c->kill_timer, clock_ms() + KILL_AFTER_MS);
}

int command_status(const struct command *c)
{
	return WIFSIGNALED(c->wait_status) ? 128 + WTERMSIG(c->wait_status)
					   : WEXITSTATUS(c->wait_status);
}

void command_describe(
    const struct command *c, char *text, size_t size, char *members, size_t members_size)
{
	int s = c->wait_status;
	size_t n = c->ntail;

	while (n > 0 && (c->tail[n - 1] == '\n' || c->tail[n - 1] == '\r'))
		n--;
	/* Cut where there is no room; both are for people and logs. */
	if (WIFSIGNALED(s)) {
		(void)snprintf(text, size, "killed by signal %d (%s)%s%.*s", WTERMSIG(s),
		    strsignal(WTERMSIG(s)), n > 0 ? ": " : "", (int)n, c->tail);
		(void)snprintf(members, members_size, "\"signal\":%d", WTERMSIG(s));
	} else {
		(void)snprintf(text, size, "exit status %d%s%.*s", WEXITSTATUS(s),
		    n > 0 ? ": " : "", (int)n, c->tail);
		(void)snprintf(members, members_size, "\"exit_status\":%d", WEXITSTATUS(s));
	}
}
