/* SPDX-License-Identifier: MIT */
/* exec: a shell command a message. */
#include "exec.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "proc.h"

/* The text as a file without a name: nobody has to read it, nobody can block on it. */
static int open_text(const char *text, size_t len, struct why *w)
{
#ifdef __linux__
	int fd = memfd_create("message", MFD_CLOEXEC);
#else
	char path[] = "/tmp/spout.XXXXXX";
	int fd = mkstemp(path);

	if (fd >= 0)
		(void)unlink(path); /* only the descriptor is wanted */
#endif
	if (fd < 0)
		return why_errno(w, WHY_IO, "--exec: a file for the message");
	if (proc_write(fd, "--exec: the message", text, len, w) < 0 ||
	    proc_write(fd, "--exec: the message", "\n", 1, w) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		(void)close(fd); /* given up */
		return -1;
	}
	return fd;
}

int exec_with_input(
    const char *command, const char *text, size_t len, const char *const *env, struct why *w)
{
	extern char **environ;
	const char *const argv[] = {"sh", "-c", command, NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t all;
	pid_t pid;
	int status, fd = open_text(text, len, w);

	if (fd < 0)
		return -1;
	if (posix_spawn_file_actions_init(&fa) != 0 || posix_spawnattr_init(&attr) != 0)
		abort();        /* out of memory */
	(void)sigfillset(&all); /* cannot fail */
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	(void)posix_spawn_file_actions_adddup2(&fa, fd, STDIN_FILENO);
	char **environment = launch_list(env, (const char *const *)environ);
	int r = posix_spawn(&pid, "/bin/sh", &fa, &attr, (char **)(uintptr_t)argv, environment);
	free(environment);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)posix_spawnattr_destroy(&attr);
	(void)close(fd); /* the child's by now */
	if (r != 0) {
		errno = r;
		return why_errno(w, WHY_IO, "--exec: sh");
	}
	/* A signal that asks us to stop has reached the command too when it came from the terminal;
	 * the command may end its work. */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return why_errno(w, WHY_IO, "--exec: %s", command);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
