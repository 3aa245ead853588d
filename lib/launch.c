/* SPDX-License-Identifier: MIT */
/* launch: how a program of somebody else begins. */
#include "launch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

int launch(pid_t *pid, const posix_spawn_file_actions_t *fa, char *const *argv, char *const *env)
{
	posix_spawnattr_t attr;
	sigset_t none, all;

	if (posix_spawnattr_init(&attr) != 0)
		abort();          /* out of memory */
	(void)sigemptyset(&none); /* cannot fail */
	(void)sigfillset(&all);   /* cannot fail */
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setsigdefault(&attr, &all);
	(void)posix_spawnattr_setpgroup(&attr, 0);
	(void)posix_spawnattr_setflags(
	    &attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int e = posix_spawnp(pid, argv[0], fa, &attr, argv, env);
	(void)posix_spawnattr_destroy(&attr);
	if (e != 0)
		*pid = 0;
	return e;
}

static size_t length(const char *const *list)
{
	size_t n = 0;

	while (list != NULL && list[n] != NULL)
		n++;
	return n;
}

char **launch_list(const char *const *a, const char *const *b)
{
	size_t na = length(a), nb = length(b);
	char **all = xcalloc(na + nb + 1, sizeof *all);

	if (na > 0)
		memcpy(all, a, na * sizeof *all);
	if (nb > 0)
		memcpy(all + na, b, nb * sizeof *all);
	return all;
}
