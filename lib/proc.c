/* SPDX-License-Identifier: MIT */
/* proc: standard descriptors, signals, children. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "launch.h"

void proc_std(bool closed[3])
{
	for (int fd = 0; fd < 3; fd++) {
		closed[fd] = fcntl(fd, F_GETFD) < 0;
		/* The lowest free number is fd itself: those below are open by now. */
		if (closed[fd] && open("/dev/null", O_RDWR) != fd)
			abort();
	}
}

void proc_die_of_pipe(void)
{
	(void)signal(SIGPIPE, SIG_DFL);
	(void)raise(SIGPIPE);
	_exit(128 + SIGPIPE); /* it was blocked */
}

static int signal_pipe[2] = {-1, -1}; /* a handler gets no argument */
static volatile sig_atomic_t stop_signals, last_stop;
static sigset_t stopping; /* those that ask to stop */
static int64_t asked_ms;  /* when the first of them came; the handler's own */
static bool output_is_gone;

int proc_write(int fd, const char *name, const char *s, size_t len, struct why *w)
{
	sig_atomic_t before = stop_signals;

	while (len > 0) {
		ssize_t n = write(fd, s, len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			/* Somebody else made it non-blocking: wait as if it were not. */
			struct pollfd p = {.fd = fd, .events = POLLOUT};

			(void)poll(&p, 1, -1); /* the next write tells */
		} else if (n < 0 && errno != EINTR) {
			output_is_gone |= errno == EPIPE && fd == STDOUT_FILENO;
			return why_errno(w, WHY_IO, "%s", name);
		}
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
		/* A write that was cut short by a signal would block again. */
		if (len > 0 && stop_signals != before) {
			errno = EINTR;
			return why_errno(w, WHY_IO, "%s", name);
		}
	}
	return 0;
}

bool proc_output_is_gone(void)
{
	return output_is_gone;
}

int proc_stop_signal(void)
{
	return last_stop;
}

/* --- Signals: the handler writes the number into a pipe that the loop reads. */

static void on_any_signal(int signo)
{
	int saved = errno;
	unsigned char byte = (unsigned char)signo;

	/* The first one is handled in order; who asks again wants no order. */
	if (sigismember(&stopping, signo) == 1) {
		int64_t now = clock_ms(); /* clock_gettime may be called here, and leaves errno */

		if (stop_signals > 0 && now - asked_ms < PROC_ECHO_MS)
			return;
		if (stop_signals++ > 0)
			_exit(128 + signo);
		asked_ms = now;
		last_stop = signo;
	}
	/* A full pipe means that enough signals wait already. */
	if (write(signal_pipe[1], &byte, 1) < 0) {
	}
	errno = saved;
}

static void on_pipe(void *arg, unsigned ready)
{
	struct signals *s = arg;
	unsigned char got[16];

	(void)ready;
	ssize_t n = read(signal_pipe[0], got, sizeof got);
	for (ssize_t i = 0; i < n; i++)
		s->on_signal(s->arg, got[i]);
}

int signals_open(struct signals *s, struct loop *loop, const int *signos,
    void (*on_signal)(void *arg, int signo), void *arg, struct why *w)
{
	struct sigaction sa = {.sa_handler = on_any_signal};

	if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return why_errno(w, WHY_BUG, "pipe for signals");
	*s = (struct signals){.loop = loop, .on_signal = on_signal, .arg = arg};
	s->watch = (struct watch){.fd = signal_pipe[0], .on_ready = on_pipe, .arg = s};
	loop_watch(loop, &s->watch, LOOP_READ);
	(void)sigemptyset(&stopping); /* cannot fail */
	for (; *signos != 0; signos++) {
		int signo = *signos > 0 ? *signos : -*signos;
		struct sigaction old;

		if (*signos > 0 && signo != SIGCHLD)
			(void)sigaddset(&stopping, signo); /* it is one */
		/* What our parent told us to ignore (nohup, a shell's background) stays ignored. */
		if (sigaction(signo, NULL, &old) == 0 && old.sa_handler == SIG_IGN &&
		    signo != SIGCHLD)
			continue;
		if (sigaction(signo, &sa, NULL) < 0)
			return why_errno(w, WHY_BUG, "signal %d", signo);
	}
	return 0;
}

void signals_forget(struct signals *s)
{
	(void)close(signal_pipe[0]); /* the parent's */
	(void)close(signal_pipe[1]); /* the parent's */
	signal_pipe[0] = signal_pipe[1] = -1;
	stop_signals = last_stop = 0; /* asked_ms counts with stop_signals only */
	s->loop = NULL;
}

void signals_close(struct signals *s)
{
	if (s->loop == NULL)
		return;
	loop_watch(s->loop, &s->watch, 0);
	(void)close(signal_pipe[0]); /* nothing is lost */
	(void)close(signal_pipe[1]); /* as above */
	s->loop = NULL;
}

/* --- Children */

/* The terminal belongs to one process group. The child reads from it, so it gets the terminal while
 * it runs; Ctrl-C then reaches the child, and its end reaches us. */
static void give_terminal(pid_t pgrp)
{
	if (tcgetpgrp(STDIN_FILENO) != getpgrp())
		return; /* no terminal, or not ours to give */
	void (*old)(int) = signal(SIGTTOU, SIG_IGN);
	(void)tcsetpgrp(STDIN_FILENO, pgrp); /* without it the child stops at its first read */
	(void)signal(SIGTTOU, old);
}

int child_spawn(struct child *c, char *const *argv, struct why *w)
{
	extern char **environ;
	int out[2], err[2];
	posix_spawn_file_actions_t fa;

	if (pipe2(out, O_CLOEXEC) < 0)
		return why_errno(w, WHY_BUG, "pipe");
	if (pipe2(err, O_CLOEXEC) < 0) {
		(void)close(out[0]); /* unused */
		(void)close(out[1]); /* unused */
		return why_errno(w, WHY_BUG, "pipe");
	}
	if (posix_spawn_file_actions_init(&fa) != 0)
		abort(); /* out of memory */
	(void)posix_spawn_file_actions_adddup2(&fa, out[1], STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&fa, err[1], STDERR_FILENO);
	int r = launch(&c->pid, &fa, argv, environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)close(out[1]); /* the child's */
	(void)close(err[1]); /* the child's */
	if (r != 0) {
		(void)close(out[0]); /* unused */
		(void)close(err[0]); /* unused */
		errno = r;
		return why_errno(w, r == ENOENT ? 127 : 126, "%s", argv[0]);
	}
	/* Our own ends: nobody else sees the flag. */
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(err[0], F_SETFL, O_NONBLOCK);
	c->out = out[0];
	c->err = err[0];
	give_terminal(c->pid);
	return 0;
}

int child_spawn_as_is(struct child *c, char *const *argv, struct why *w)
{
	extern char **environ;

	*c = (struct child){.out = -1, .err = -1};
	int r = launch(&c->pid, NULL, argv, environ);
	if (r != 0) {
		errno = r;
		return why_errno(w, r == ENOENT ? 127 : 126, "%s", argv[0]);
	}
	give_terminal(c->pid);
	return 0;
}

void child_kill(const struct child *c, int signo)
{
	if (c->pid > 0)
		(void)kill(-c->pid, signo); /* a group that is gone needs no signal */
}

bool child_ended(struct child *c, int *status)
{
	pid_t r;

	if (c->pid == 0)
		return false;
	do
		r = waitpid(c->pid, status, WNOHANG);
	while (r < 0 && errno == EINTR);
	if (r != c->pid)
		return false;
	if (isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == c->pid) {
		void (*old)(int) = signal(SIGTTOU, SIG_IGN);

		(void)tcsetpgrp(STDIN_FILENO, getpgrp()); /* back to us, as the shell expects */
		(void)signal(SIGTTOU, old);
	}
	c->pid = 0;
	return true;
}
