/* SPDX-License-Identifier: MIT */
/* local_dir: the directories of the private Redis, and the files in them that are not Redis's. */
#include "local_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int local_dir_join(char *path, const char *dir, const char *name, struct why *w)
{
	int n = snprintf(path, LOCAL_PATH_MAX, "%s/%s", dir, name);

	if (n >= LOCAL_PATH_MAX)
		return why_set(w, WHY_CANTCREAT, "%s/%s: path too long", dir, name);
	return 0;
}

int local_dir_find(struct local_dir *d, struct why *w)
{
	const char *run = getenv("XDG_RUNTIME_DIR"), *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char name[32], base[LOCAL_PATH_MAX];

	if (run != NULL && run[0] == '/') {
		if (local_dir_join(d->runtime, run, "spout", w) < 0)
			return -1;
	} else {
		(void)snprintf(name, sizeof name, "spout-%u", (unsigned)geteuid()); /* fits */
		if (local_dir_join(d->runtime, "/tmp", name, w) < 0)
			return -1;
	}
	if (state == NULL || state[0] != '/') {
		struct passwd *pw = home == NULL || home[0] != '/' ? getpwuid(geteuid()) : NULL;

		if (local_dir_join(base,
			pw != NULL         ? pw->pw_dir
			    : home != NULL ? home
					   : "/",
			".local/state", w) < 0)
			return -1;
		state = base;
	}
	if (local_dir_join(d->data, state, "spout", w) < 0)
		return -1;
	return local_dir_join(d->socket, d->runtime, "redis.sock", w);
}

int local_dir_check(const char *dir, struct why *w)
{
	struct stat st;

	if (lstat(dir, &st) < 0)
		return errno == ENOENT ? 1 : why_errno(w, WHY_CANTCREAT, "%s", dir);
	if (!S_ISDIR(st.st_mode))
		return why_set(w, WHY_REFUSED, "%s: not a directory; remove it", dir);
	if (st.st_uid != geteuid())
		return why_set(w, WHY_REFUSED,
		    "%s: belongs to user %u, not to you; set XDG_RUNTIME_DIR to a directory of "
		    "yours",
		    dir, (unsigned)st.st_uid);
	if ((st.st_mode & 077) != 0)
		return why_set(w, WHY_REFUSED, "%s: open to other users; chmod 700 it", dir);
	return 0;
}

int local_dir_make(const char *dir, struct why *w)
{
	char path[LOCAL_PATH_MAX];

	for (size_t i = 1; dir[i - 1] != '\0'; i++) {
		if (dir[i] != '/' && dir[i] != '\0')
			continue;
		memcpy(path, dir, i);
		path[i] = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return why_errno(w, WHY_CANTCREAT, "%s", path);
	}
	return local_dir_check(dir, w);
}

int local_dir_lock(const char *dir, const char *name, int *fd, struct why *w)
{
	char path[LOCAL_PATH_MAX];

	if (local_dir_join(path, dir, name, w) < 0)
		return -1;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *fd >= 0 ? 0 : why_errno(w, WHY_CANTCREAT, "%s", path);
}

int local_dir_is_held(const char *data, struct why *w)
{
	int fd;

	if (local_dir_lock(data, "server.lock", &fd, w) < 0)
		return -1;
	int held = flock(fd, LOCK_EX | LOCK_NB) < 0;
	(void)close(fd); /* gives the lock back */
	return held;
}

int local_dir_write_socket(const struct local_dir *d, struct why *w)
{
	char path[LOCAL_PATH_MAX], temp[LOCAL_PATH_MAX];

	if (local_dir_join(path, d->data, "socket", w) < 0 ||
	    local_dir_join(temp, d->data, "socket.new", w) < 0)
		return -1;
	FILE *f = fopen(temp, "we");
	if (f == NULL)
		return why_errno(w, WHY_CANTCREAT, "%s", temp);
	int bad = fprintf(f, "%s\n", d->socket) < 0;
	if (fclose(f) != 0 || bad || rename(temp, path) < 0)
		return why_errno(w, WHY_CANTCREAT, "%s", path);
	return 0;
}

int local_dir_read_socket(const struct local_dir *d, char socket[LOCAL_PATH_MAX])
{
	char path[LOCAL_PATH_MAX];
	struct why w;

	if (local_dir_join(path, d->data, "socket", &w) < 0)
		return -1;
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return -1;
	char *line = fgets(socket, LOCAL_PATH_MAX, f);
	(void)fclose(f); /* only read */
	if (line == NULL || socket[0] != '/')
		return -1;
	socket[strcspn(socket, "\n")] = '\0';
	return 0;
}

bool local_dir_is_stopped(const struct local_dir *d)
{
	char path[LOCAL_PATH_MAX];
	struct why w;

	return local_dir_join(path, d->data, "stopped", &w) == 0 && access(path, F_OK) == 0;
}

/* No failure: without the mark readers start a new server, with an old one they do not. */
void local_dir_mark_stopped(const struct local_dir *d, bool stopped)
{
	char path[LOCAL_PATH_MAX];
	struct why w;

	if (local_dir_join(path, d->data, "stopped", &w) < 0)
		return;
	if (!stopped) {
		(void)unlink(path); /* not there, as a rule */
		return;
	}
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)close(fd); /* that it is there is all */
}
