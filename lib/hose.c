/* SPDX-License-Identifier: MIT */
/* hose: programs between two pipes of ours. */
#include "hose.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "launch.h"

enum { PATH_MAX_BYTES = 4096, LOOK_MS = 5 };

char *hose_find(const char *name)
{
	char path[PATH_MAX_BYTES + 64];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX_BYTES);
	char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

	if (slash != NULL && strlen(name) < 60) {
		(void)stpcpy(slash + 1, name);
		if (access(path, X_OK) == 0)
			return xstrdup(path);
	}
	return xstrdup(name);
}

/* One pipe: `ours` does not block, `theirs` is put in the place of fd. */
static int add_pipe(posix_spawn_file_actions_t *fa, int fd, int *ours, int *theirs)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	*ours = ends[fd == STDIN_FILENO];
	*theirs = ends[fd != STDIN_FILENO];
	(void)fcntl(*ours, F_SETFL, O_NONBLOCK); /* of our end alone */
	return posix_spawn_file_actions_adddup2(fa, *theirs, fd) == 0 ? 0 : -1;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was written to it */
	*fd = -1;
}

int hose_spawn(pid_t *pid, char *const *argv, int *in, int *out, struct why *w)
{
	extern char **environ;
	posix_spawn_file_actions_t fa;
	int their_in = -1, their_out = -1, r = 0;

	if (posix_spawn_file_actions_init(&fa) != 0)
		abort(); /* out of memory */
	if (in == NULL)
		(void)posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	else if (add_pipe(&fa, STDIN_FILENO, in, &their_in) < 0)
		r = errno;
	if (r == 0 && out != NULL && add_pipe(&fa, STDOUT_FILENO, out, &their_out) < 0)
		r = errno;
	if (r == 0)
		r = launch(pid, &fa, argv, environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	close_one(&their_in);
	close_one(&their_out);
	if (r == 0)
		return 0;
	*pid = 0;
	if (in != NULL)
		close_one(in);
	if (out != NULL)
		close_one(out);
	errno = r;
	return why_errno(w, WHY_UNAVAILABLE, "%s", argv[0]);
}

bool hose_ended(pid_t *pid, int *status)
{
	if (*pid == 0 || waitpid(*pid, status, WNOHANG) != *pid)
		return false;
	*pid = 0;
	return true;
}

void hose_end(pid_t *pid, int wait_ms)
{
	int status;

	if (*pid == 0)
		return;
	(void)kill(-*pid, SIGTERM); /* our own child, in its own group */
	for (; wait_ms > 0 && !hose_ended(pid, &status); wait_ms -= LOOK_MS) {
		if (*pid == 0)
			return;
		(void)poll(NULL, 0, LOOK_MS); /* then look again */
	}
	if (*pid == 0)
		return;
	(void)kill(-*pid, SIGKILL); /* as above */
	while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
}
