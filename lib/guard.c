/* SPDX-License-Identifier: MIT */
/* guard: kills what a killed process leaves behind.
 *
 * The guard blocks on a pipe of which only the guarded process holds the other end. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "buf.h"

struct guard {
	_Atomic pid_t *groups; /* shared */
	size_t slots;
	pid_t pid;
	int pipe; /* our end: closed when we are gone */
};

static void let_go_of_the_rest(int keep)
{
	/* Whoever waits for the end of our output must not wait for the guard. */
	long most = sysconf(_SC_OPEN_MAX);

#ifdef __linux__
	if (keep > 0)
		(void)close_range(0, (unsigned)keep - 1, 0); /* none may be open */
	if (close_range((unsigned)keep + 1, ~0u, 0) == 0)
		return;
#endif
	for (int fd = 0; fd < (most > 0 && most < 65536 ? (int)most : 65536); fd++)
		if (fd != keep)
			(void)close(fd); /* most are not open */
}

/* So that no connection becomes descriptor 2. */
static void open_nothing(void)
{
	for (int fd = open("/dev/null", O_RDWR); fd >= 0 && fd < 2; fd = open("/dev/null", O_RDWR))
		continue;
}

static void watch_over(const struct guard *g, int pipe, guard_death_fn *on_death, void *arg)
{
	sigset_t all;
	char c;

	(void)setsid();                           /* cannot fail in a new child */
	(void)sigfillset(&all);                   /* cannot fail */
	(void)sigprocmask(SIG_BLOCK, &all, NULL); /* the same */
	let_go_of_the_rest(pipe);
#ifdef __linux__
	(void)prctl(PR_SET_NAME, "sp-guard"); /* only for ps(1) */
#endif
	while (read(pipe, &c, 1) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < g->slots; i++) {
		pid_t group = atomic_load(&g->groups[i]);

		if (group > 1)
			(void)kill(-group, SIGKILL); /* it may have ended by itself */
	}
	if (on_death != NULL) {
		open_nothing();
		on_death(arg);
	}
	_exit(0);
}

int guard_open(struct guard **out, size_t slots, guard_death_fn *on_death, void *arg, struct why *w)
{
	struct guard *g = xcalloc(1, sizeof *g);
	int ends[2];

	g->slots = slots;
	g->groups = mmap(NULL, slots * sizeof *g->groups, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (g->groups == MAP_FAILED || pipe2(ends, O_CLOEXEC) < 0) {
		(void)why_errno(w, WHY_BUG, "the guard's memory");
		if (g->groups != MAP_FAILED)
			(void)munmap(g->groups, slots * sizeof *g->groups); /* cannot fail */
		free(g);
		return -1;
	}
	g->pid = fork();
	if (g->pid == 0) {
		(void)close(ends[1]); /* else it would wait for itself */
		watch_over(g, ends[0], on_death, arg);
	}
	(void)close(ends[0]); /* the guard's */
	g->pipe = ends[1];
	*out = g;
	if (g->pid > 0)
		return 0;
	(void)why_errno(w, WHY_BUG, "fork");
	guard_close(g);
	return -1;
}

void guard_set(struct guard *g, size_t slot, pid_t group)
{
	if (g != NULL)
		atomic_store(&g->groups[slot], group);
}

void guard_close(struct guard *g)
{
	int status;

	if (g == NULL)
		return;
	for (size_t i = 0; i < g->slots; i++)
		atomic_store(&g->groups[i], 0);
	(void)close(g->pipe); /* tells the guard */
	while (g->pid > 0 && waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)munmap(g->groups, g->slots * sizeof *g->groups); /* cannot fail */
	free(g);
}
