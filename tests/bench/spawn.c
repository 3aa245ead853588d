/* SPDX-License-Identifier: MIT */
/* spawn: how long programs take from fork to exit, run in turn; a line a block: the medians in µs.
 *
 *	spawn BLOCKS RUNS -- PROGRAM ARG ... [-- PROGRAM ARG ...]... */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "bench.h"

extern char **environ;

enum { PROGRAMS_MAX = 8 };

static posix_spawn_file_actions_t quiet;

/* argv is cut in place at each --. */
static int split(char **argv, char **programs[PROGRAMS_MAX])
{
	int n = 0;

	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "--") != 0)
			continue;
		*argv = NULL;
		if (n == PROGRAMS_MAX || argv[1] == NULL)
			errx(64, "1 to %d programs, please", PROGRAMS_MAX);
		programs[n++] = argv + 1;
	}
	return n;
}

static int64_t run(char **argv)
{
	int64_t start = clock_ns();
	pid_t pid;
	int status;

	if (posix_spawn(&pid, argv[0], &quiet, NULL, argv, environ) != 0)
		errx(69, "cannot run %s", argv[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s failed (wait status %d)", argv[0], status);
	return clock_ns() - start;
}

static void block(char **programs[], int n, size_t runs)
{
	int64_t *took = xcalloc((size_t)n * runs, sizeof *took);

	for (size_t i = 0; i < runs; i++)
		for (int p = 0; p < n; p++)
			took[(size_t)p * runs + i] = run(programs[p]);
	for (int p = 0; p < n; p++)
		printf("%.1f%c", (double)bench_percentile(took + (size_t)p * runs, runs, 50) / 1000,
		    p + 1 < n ? ' ' : '\n');
	(void)fflush(stdout); /* the last one tells */
	free(took);
}

int main(int argc, char **argv)
{
	char **programs[PROGRAMS_MAX];
	int n = split(argv, programs);

	if (argc < 5 || n == 0 || programs[0] != argv + 4)
		errx(64, "usage: spawn BLOCKS RUNS -- PROGRAM ARG ... [-- PROGRAM ARG ...]...");
	(void)posix_spawn_file_actions_init(&quiet); /* out of memory shows in the next */
	if (posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) != 0)
		errx(70, "out of memory");
	for (int i = atoi(argv[1]); i > 0; i--)
		block(programs, n, (size_t)atoi(argv[2]));
	return ferror(stdout) ? 74 : 0;
}
