/* SPDX-License-Identifier: MIT */
/* sseload_worker: the parent's end of a process. */
#include "sseload_worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10 };

/* A terminal's Ctrl-C is for the parent, which gives the order. */
static void ignore_signals(void)
{
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
}

int worker_fork(struct worker *w, void (*body)(void *arg, int fd), void *arg, struct worker *others,
    int nothers, struct why *why)
{
	int ends[2];

	*w = (struct worker){.watch = {.fd = -1}};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return why_errno(why, WHY_BUG, "socketpair");
	(void)fflush(NULL); /* nothing is printed twice */
	w->pid = fork();
	if (w->pid < 0) {
		(void)close(ends[0]); /* unused */
		(void)close(ends[1]); /* unused */
		w->pid = 0;
		return why_errno(why, WHY_BUG, "fork");
	}
	if (w->pid == 0) {
		ignore_signals();
		(void)close(ends[0]); /* the parent's */
		for (int i = 0; i < nothers; i++)
			(void)close(others[i].watch.fd); /* as above */
		body(arg, ends[1]);
		exit(0);
	}
	(void)close(ends[1]); /* the child's */
	w->watch.fd = ends[0];
	buf_init(&w->in, SIZE_MAX / 2);
	return 0;
}

static void fail(struct worker *w, const struct why *why)
{
	loop_watch(w->loop, &w->watch, 0);
	w->final = true;
	w->owner->on_failure(w->arg, w, why);
}

static void take(struct worker *w, enum tell kind, const char *body, size_t len)
{
	struct tell_second second;
	struct tell_channel channel;
	struct why why;
	uint32_t state;

	switch (kind) {
	case TELL_SECOND:
		memcpy(&second, body, sizeof second);
		w->tally = second.tally;
		w->owner->on_second(
		    w->arg, w, second.second, body + sizeof second, len - sizeof second);
		break;
	case TELL_STATE:
		memcpy(&state, body, sizeof state);
		w->states |= 1u << state;
		w->owner->on_state(w->arg, w, (enum tell_state)state);
		break;
	case TELL_CHANNEL:
		memcpy(&channel, body, sizeof channel);
		w->owner->on_channel(w->arg, &channel);
		break;
	case TELL_FINAL:
		memcpy(&w->tally, body, sizeof w->tally);
		w->final = true;
		loop_watch(w->loop, &w->watch, 0);
		w->owner->on_final(w->arg, w, body + sizeof w->tally, len - sizeof w->tally);
		break;
	case TELL_WHY:
		memcpy(&why, body, sizeof why);
		fail(w, &why);
		break;
	}
}

static void on_ready(void *arg, unsigned ready)
{
	struct worker *w = arg;
	const char *body;
	size_t len, frame;
	struct why why;
	int kind;

	(void)ready;
	ssize_t n = recv(w->watch.fd, buf_room(&w->in, READ_BYTES), READ_BYTES, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		(void)why_set(
		    &why, WHY_BUG, "a process of the load ended by itself"); /* fills it */
		fail(w, &why);
		return;
	}
	w->in.len += (size_t)n;
	while (!w->final && (kind = tell_next(&w->in, &body, &len, &frame)) >= 0) {
		take(w, (enum tell)kind, body, len);
		buf_consume(&w->in, frame);
	}
}

void worker_watch(struct worker *w, struct loop *loop, const struct worker_owner *owner, void *arg)
{
	w->loop = loop;
	w->owner = owner;
	w->arg = arg;
	w->watch.on_ready = on_ready;
	w->watch.arg = w;
	loop_watch(loop, &w->watch, LOOP_READ);
}

void worker_close(struct worker *w)
{
	int status;

	if (w->pid == 0)
		return;
	if (w->loop != NULL)
		loop_watch(w->loop, &w->watch, 0);
	(void)close(w->watch.fd); /* that is the message */
	while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR) {
	}
	buf_fini(&w->in);
	w->pid = 0;
}
