/* SPDX-License-Identifier: MIT */
/* supervisor: worker processes. */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"

enum {
	CHECK_MS = 250,
	AGAIN_LEAST_MS = 100,  /* before a dead one is started again … */
	AGAIN_MOST_MS = 10000, /* … and at most, when it dies again and again */
	STEADY_MS = 10000,     /* who lived for so long begins with the least wait */
};

static int fork_child(struct supervised *c, struct why *w)
{
	const struct supervisor *s = c->supervisor;
	sigset_t all, before;

	(void)sigfillset(&all); /* cannot fail */
	/* No signal may find the child with its parent's handlers. */
	(void)sigprocmask(SIG_SETMASK, &all, &before); /* cannot fail */
	pid_t pid = fork();
	if (pid == 0)
		exit(s->conf.body(s->conf.arg, c->index));
	int saved = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL); /* cannot fail */
	errno = saved;
	if (pid < 0)
		return why_errno(w, WHY_BUG, "fork");
	c->pid = pid;
	c->started_ms = clock_ms();
	s->board->slots[c->index].alive_ms = c->started_ms; /* it may hang from the start */
	return 0;
}

/* --- The dead */

static void start_again(struct supervised *c)
{
	if (clock_ms() - c->started_ms >= STEADY_MS)
		backoff_reset(&c->backoff);
	loop_timer(c->supervisor->loop, &c->again, clock_ms() + backoff_next(&c->backoff));
}

static void on_again(void *arg)
{
	struct supervised *c = arg;
	struct supervisor *s = c->supervisor;
	struct why w;

	if (s->stopping)
		return;
	s->board->slots[s->conf.n].n[METRICS_RESTARTS]++;
	if (fork_child(c, &w) < 0) {
		(void)say_why(s->say, &w); /* and again */
		start_again(c);
	}
}

static bool is_any_running(const struct supervisor *s)
{
	for (size_t i = 0; i < s->conf.n; i++)
		if (s->children[i].pid != 0)
			return true;
	return false;
}

static void ended(struct supervised *c, int status)
{
	struct supervisor *s = c->supervisor;
	int pid = (int)c->pid;

	c->pid = 0;
	metrics_bury(&s->board->slots[c->index]);
	if (s->stopping) {
		if (!is_any_running(s))
			s->conf.on_gone(s->conf.arg);
		return;
	}
	if (WIFSIGNALED(status))
		say(s->say, SAY_ERROR, "worker %d was killed by signal %d; starting another", pid,
		    WTERMSIG(status));
	else
		say(s->say, SAY_ERROR, "worker %d ended with status %d; starting another", pid,
		    WEXITSTATUS(status));
	start_again(c);
}

void supervisor_reap(struct supervisor *s)
{
	for (size_t i = 0; i < s->conf.n; i++) {
		struct supervised *c = &s->children[i];
		int status;

		if (c->pid != 0 && waitpid(c->pid, &status, WNOHANG) == c->pid)
			ended(c, status);
	}
}

/* --- The hanging */

static void check_child(const struct supervisor *s, const struct supervised *c, int64_t now)
{
	int64_t alive = s->board->slots[c->index].alive_ms;

	if (c->pid == 0 || alive == 0 || now - alive <= s->conf.hang_ms)
		return;
	say(s->say, SAY_ERROR, "worker %d hangs", (int)c->pid);
	(void)kill(c->pid, SIGKILL); /* it is our child: there */
	s->board->slots[c->index].alive_ms = 0;
}

static void on_check(void *arg)
{
	struct supervisor *s = arg;
	int64_t now = clock_ms();

	/* Who was stopped itself, as a whole group may be, cannot tell. */
	bool late = now - s->checked_ms > 4 * CHECK_MS;
	s->checked_ms = now;
	for (size_t i = 0; i < s->conf.n; i++) {
		if (!late)
			check_child(s, &s->children[i], now);
		else if (s->board->slots[i].alive_ms > 0)
			s->board->slots[i].alive_ms = now;
	}
	loop_timer(s->loop, &s->check, now + CHECK_MS);
}

/* --- All of them */

int supervisor_start(struct supervisor *s, const struct supervisor_conf *conf, struct loop *loop,
    struct metrics_board *board, const struct say *say, struct why *w)
{
	*s = (struct supervisor){.conf = *conf, .loop = loop, .board = board, .say = say};
	s->children = xcalloc(conf->n, sizeof *s->children);
	for (size_t i = 0; i < conf->n; i++) {
		struct supervised *c = &s->children[i];

		*c = (struct supervised){.supervisor = s,
		    .index = i,
		    .backoff = {AGAIN_LEAST_MS, AGAIN_MOST_MS, 0},
		    .again = {.on_due = on_again, .arg = c}};
	}
	for (size_t i = 0; i < conf->n; i++)
		if (fork_child(&s->children[i], w) < 0)
			return -1;
	s->check = (struct timer){.on_due = on_check, .arg = s};
	s->checked_ms = clock_ms();
	loop_timer(loop, &s->check, s->checked_ms + CHECK_MS);
	return 0;
}

void supervisor_tell(const struct supervisor *s, int signo)
{
	for (size_t i = 0; i < s->conf.n; i++)
		if (s->children[i].pid != 0)
			(void)kill(s->children[i].pid, signo); /* it is our child: there */
}

void supervisor_stop(struct supervisor *s)
{
	s->stopping = true;
	supervisor_tell(s, SIGTERM);
	if (!is_any_running(s))
		s->conf.on_gone(s->conf.arg);
}

void supervisor_close(struct supervisor *s)
{
	if (s->children == NULL)
		return;
	if (!s->stopping)
		supervisor_tell(s, SIGKILL); /* it ends by a failure */
	loop_cancel(s->loop, &s->check);
	for (size_t i = 0; i < s->conf.n; i++)
		loop_cancel(s->loop, &s->children[i].again);
	free(s->children);
	s->children = NULL;
}
