/* SPDX-License-Identifier: MIT */
/* handover: a new process takes over the sockets. */
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "number.h"

enum {
	READY_MS = 30000, /* for the new one to serve */
	FIRST_FD = 3,     /* SD_LISTEN_FDS_START */
	SAFE_FD = 512,    /* above all that are handed over */
};

static const char ready_name[] = "SPOUT_READY_FD";

char *handover_binary(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	return n > 0 ? xstrndup(path, (size_t)n) : xstrdup("");
}

/* --- The new process, up to exec */

static void set_number(const char *name, long n)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%ld", n); /* fits */
	(void)setenv(name, text, 1);                 /* out of memory: it starts without */
}

static void pass_sockets(const struct listen *l, int ready_fd)
{
	struct buf names;
	int n = 0;

	/* Out of the way first: their places may be taken, by each other even. */
	int *fds = xcalloc(l->n + 1, sizeof *fds);
	for (size_t i = 0; i < l->n; i++)
		fds[i] = fcntl(l->sockets[i].fd, F_DUPFD_CLOEXEC, SAFE_FD);
	int ready = fcntl(ready_fd, F_DUPFD, SAFE_FD);
	buf_init(&names, 4096);
	for (size_t i = 0; i < l->n; i++) {
		if (fds[i] < 0 || dup2(fds[i], FIRST_FD + n) < 0)
			_exit(126);
		(void)buf_adds(&names, n++ > 0 ? ":" : "");                         /* few */
		(void)buf_adds(&names, l->sockets[i].is_admin ? "admin" : "spout"); /* few */
	}
	(void)buf_addc(&names, '\0'); /* few */
	set_number("LISTEN_FDS", n);
	set_number("LISTEN_PID", (long)getpid());
	set_number(ready_name, ready);
	(void)setenv("LISTEN_FDNAMES", buf_head(&names), 1); /* as in set_number */
	(void)unsetenv("WATCHDOG_PID");                      /* it was ours */
}

static void become(const struct listen *l, const char *binary, char *const *argv, int ready_fd)
{
	sigset_t none;

	pass_sockets(l, ready_fd);
	(void)sigemptyset(&none);                    /* cannot fail */
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail */
	(void)execv(binary, argv);
	_exit(127);
}

/* --- The old process */

static void end(struct handover *h, bool good)
{
	loop_watch(h->loop, &h->watch, 0);
	loop_cancel(h->loop, &h->timer);
	(void)close(h->watch.fd); /* only read */
	if (!good) {
		(void)kill(h->pid, SIGKILL); /* it may be gone by itself */
		(void)waitpid(h->pid, NULL, 0);
		h->pid = 0;
	}
	h->on_end(h->arg, good);
}

static void on_byte(void *arg, unsigned ready)
{
	struct handover *h = arg;
	char byte;

	(void)ready;
	ssize_t n = read(h->watch.fd, &byte, 1);
	if (n >= 0 || (errno != EAGAIN && errno != EINTR))
		end(h, n == 1);
}

static void on_late(void *arg)
{
	end(arg, false);
}

int handover_start(struct handover *h, struct loop *loop, const struct listen *sockets,
    const char *binary, char *const *argv, void (*on_end)(void *arg, bool good), void *arg,
    struct why *w)
{
	int pipe_fds[2];

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return why_errno(w, WHY_BUG, "pipe");
	pid_t pid = fork();
	if (pid == 0)
		become(sockets, binary, argv, pipe_fds[1]);
	(void)close(pipe_fds[1]); /* the new one's */
	if (pid < 0) {
		(void)close(pipe_fds[0]); /* unused */
		return why_errno(w, WHY_BUG, "fork");
	}
	*h = (struct handover){.loop = loop, .on_end = on_end, .arg = arg, .pid = pid};
	h->watch = (struct watch){.fd = pipe_fds[0], .on_ready = on_byte, .arg = h};
	h->timer = (struct timer){.on_due = on_late, .arg = h};
	loop_watch(loop, &h->watch, LOOP_READ);
	loop_timer(loop, &h->timer, clock_ms() + READY_MS);
	return 0;
}

void handover_cancel(struct handover *h)
{
	if (h->pid == 0 || h->watch.want == 0)
		return;
	loop_watch(h->loop, &h->watch, 0);
	loop_cancel(h->loop, &h->timer);
	(void)close(h->watch.fd); /* only read */
	(void)kill(h->pid, SIGTERM);
	h->pid = 0;
}

void handover_ready(void)
{
	const char *text = getenv(ready_name);

	if (text == NULL)
		return;
	uint64_t fd = 0;
	bool good = number_parse(text, strlen(text), INT32_MAX, &fd) && fd >= SAFE_FD;
	(void)unsetenv(ready_name); /* for our children */
	if (good && write((int)fd, "r", 1) >= 0)
		(void)close((int)fd); /* said */
}
