/* SPDX-License-Identifier: MIT */
/*
 * local: the private Redis of one user.
 *
 *	connect? ──yes──→ use it
 *	   no → take DATA/start.lock → connect? ──yes──→ use it
 *	                                  no → DATA/server.lock free? ──no──→ use DATA/socket
 *	                                                      yes → start, holding it; wait
 *
 * Nothing is believed that a crash can leave behind: not a socket file, not a pid.
 */
#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "local_dir.h"
#include "redis.h"

enum { READY_MS = 60000, STOP_MS = 15000 };

static void set_url(struct url *u, const char *path)
{
	size_t n = strlen(path) + sizeof "unix://";

	*u = (struct url){
	    .kind = URL_UNIX, .path = xstrdup(path), .verify = true, .shown = xmalloc(n)};
	(void)snprintf(u->shown, n, "unix://%s", path); /* measured */
}

int local_url(struct url *u, struct why *w)
{
	struct local_dir d;

	if (local_dir_find(&d, w) < 0 || local_dir_check(d.runtime, w) < 0)
		return -1;
	set_url(u, d.socket);
	return 0;
}

/* --- The server */

/* Whether a server answers at path: 1, 0 nobody listens, -1 it listens but is not ready yet. */
static int probe(const char *path)
{
	static const char *const ping[] = {"PING"};
	struct redis *r;
	struct reply *reply;
	struct url u;
	struct why w;
	int up = 0;

	set_url(&u, path);
	if (redis_open(&r, &u, &REDIS_TIMES_DEFAULT, &w) == 0) {
		redis_command(r, 1, ping, NULL);
		up = redis_wait(r, &reply, &w) == 0 && reply->type != REPLY_ERROR ? 1 : -1;
		redis_close(r);
	}
	url_fini(&u);
	return up;
}

static void nap(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); /* cut short is fine */
}

/* Waits until a server answers at path; fails as soon as none holds the data. */
static int wait_ready(const struct local_dir *d, const char *path, struct why *w)
{
	for (int64_t until = clock_ms() + READY_MS; clock_ms() < until; nap()) {
		if (probe(path) > 0)
			return 0;
		int held = local_dir_is_held(d->data, w);
		if (held < 0)
			return -1;
		if (held == 0)
			return why_set(w, WHY_UNAVAILABLE,
			    "the private Redis did not start: see %s/redis.log", d->data);
	}
	return why_set(w, WHY_UNAVAILABLE, "the private Redis at %s is not ready: see %s/redis.log",
	    path, d->data);
}

/* Runs redis-server, which turns into a daemon and keeps server_lock open for life. */
static int spawn_server(const struct local_dir *d, int server_lock, struct why *w)
{
	extern char **environ;
	const char *program = getenv("SPOUT_REDIS_SERVER");
	char log[LOCAL_PATH_MAX];
	pid_t pid;
	int status;

	if (program == NULL || program[0] == '\0')
		program = "redis-server";
	if (local_dir_join(log, d->data, "redis.log", w) < 0)
		return -1;
	const char *const argv[] = {program, "--daemonize", "yes", "--port", "0", "--unixsocket",
	    d->socket, "--unixsocketperm", "700", "--dir", d->data, "--appendonly", "yes", "--save",
	    "", "--logfile", log, "--pidfile", "", "--maxmemory-policy", "noeviction", NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	if (posix_spawn_file_actions_init(&fa) != 0 || posix_spawnattr_init(&attr) != 0)
		abort(); /* out of memory */
	(void)posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&fa, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	(void)posix_spawn_file_actions_adddup2(&fa, 1, 2);
	/* The copy has no close-on-exec flag: the lock lives as long as the server. */
	(void)posix_spawn_file_actions_adddup2(&fa, server_lock, 3);
	/* Whatever else our starter left open (a pipe that somebody reads to its end) is not the
	 * server's. */
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
	(void)posix_spawn_file_actions_addclosefrom_np(&fa, 4);
#else
	for (int fd = 4; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			(void)posix_spawn_file_actions_addclose(&fa, fd);
#endif
	(void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
	int r = posix_spawnp(&pid, program, &fa, &attr, (char **)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)posix_spawnattr_destroy(&attr);
	if (r != 0) {
		errno = r;
		return why_errno(w, WHY_UNAVAILABLE,
		    "no Redis: -u and $REDIS_URL are not set, and %s cannot be run for a private "
		    "one "
		    "(install redis-server, or set SPOUT_REDIS_SERVER to its path)",
		    program);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return why_set(w, WHY_UNAVAILABLE, "%s did not start: see %s", program, log);
	return 0;
}

/* With start.lock held. */
static int start_locked(const struct local_dir *d, struct url *u, bool *started, struct why *w)
{
	char other[LOCAL_PATH_MAX];
	int server_lock;

	if (probe(d->socket) > 0) {
		set_url(u, d->socket);
		return 0;
	}
	if (local_dir_lock(d->data, "server.lock", &server_lock, w) < 0)
		return -1;
	if (flock(server_lock, LOCK_EX | LOCK_NB) < 0) {
		(void)close(server_lock); /* not ours */
		if (local_dir_read_socket(d, other) < 0)
			return why_set(w, WHY_UNAVAILABLE,
			    "%s: a private Redis runs, but %s/socket does not say where", d->data,
			    d->data);
		if (wait_ready(d, other, w) < 0)
			return -1;
		set_url(u, other);
		return 0;
	}
	int r = local_dir_write_socket(d, w) < 0 ? -1 : spawn_server(d, server_lock, w);
	(void)close(server_lock); /* the server has its own */
	if (r < 0 || wait_ready(d, d->socket, w) < 0)
		return -1;
	local_dir_mark_stopped(d, false);
	*started = true;
	set_url(u, d->socket);
	return 0;
}

int local_start(struct url *u, bool *started, bool again, struct why *w)
{
	struct local_dir d;
	int lock;

	*started = false;
	if (local_dir_find(&d, w) < 0)
		return -1;
	if (again && local_dir_is_stopped(&d))
		return why_set(
		    w, WHY_UNAVAILABLE, "it was stopped (`sp-local start` starts it again)");
	if (local_dir_make(d.runtime, w) < 0 || local_dir_make(d.data, w) < 0 ||
	    local_dir_lock(d.data, "start.lock", &lock, w) < 0)
		return -1;
	int r;
	do
		r = flock(lock, LOCK_EX);
	while (r < 0 && errno == EINTR);
	r = r < 0 ? why_errno(w, WHY_CANTCREAT, "%s/start.lock", d.data)
		  : start_locked(&d, u, started, w);
	(void)close(lock); /* gives it back */
	return r;
}

int local_running(struct url *u, struct why *w)
{
	struct local_dir d;
	char other[LOCAL_PATH_MAX];

	if (local_dir_find(&d, w) < 0 || local_dir_check(d.runtime, w) < 0)
		return -1;
	int dir = local_dir_check(d.data, w);
	if (dir != 0)
		return dir < 0 ? -1 : 0;
	const char *path = probe(d.socket) != 0 ? d.socket : NULL;
	if (path == NULL && local_dir_is_held(d.data, w) == 1 &&
	    local_dir_read_socket(&d, other) == 0 && probe(other) != 0)
		path = other;
	if (path != NULL)
		set_url(u, path);
	return path != NULL;
}

int local_stop(struct why *w)
{
	static const char *const shutdown[] = {"SHUTDOWN"};
	struct local_dir d;
	struct url u;
	struct redis *r;
	struct reply *reply;

	int running = local_running(&u, w);
	if (running <= 0)
		return running;
	if (local_dir_find(&d, w) == 0)
		local_dir_mark_stopped(&d, true);
	if (redis_open(&r, &u, &REDIS_TIMES_DEFAULT, w) == 0) {
		struct why closing;

		redis_command(r, 1, shutdown, NULL);
		/* It answers only when it refuses; else the connection closes. */
		if (redis_wait(r, &reply, &closing) == 0) {
			(void)redis_refusal(u.shown, reply, w); /* fills w */
			running = -1;
		}
		redis_close(r);
	}
	url_fini(&u);
	if (running < 0)
		return -1;
	for (int64_t until = clock_ms() + STOP_MS; clock_ms() < until; nap())
		if (local_dir_is_held(d.data, w) == 0)
			return 1;
	return why_set(w, WHY_TIMEOUT,
	    "the private Redis did not leave within %d s: see %s/redis.log", STOP_MS / 1000,
	    d.data);
}
