/* SPDX-License-Identifier: MIT */
/*
 * local: the private Redis of one user.
 *
 *	connect? ──yes──→ use it
 *	   no → take DATA/start.lock → connect? ──yes──→ use it
 *	                                  no → DATA/server.lock free? ──no──→ use DATA/socket
 *	                                                      yes → start, holding it; wait until
 *ready
 *
 * Nothing is believed that a crash can leave behind: not a socket file, not a pid.
 */
#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "redis.h"

enum { READY_MS = 60000, STOP_MS = 15000, PATH_SIZE = 512 };

struct places {
	char runtime[PATH_SIZE], data[PATH_SIZE];
	char socket[PATH_SIZE]; /* where we would have it */
};

/* --- Directories */

static int join(char *path, const char *dir, const char *name, struct why *w)
{
	int n = snprintf(path, PATH_SIZE, "%s/%s", dir, name);

	if (n >= PATH_SIZE)
		return why_set(w, WHY_CANTCREAT, "%s/%s: path too long", dir, name);
	return 0;
}

static int find_places(struct places *p, struct why *w)
{
	const char *run = getenv("XDG_RUNTIME_DIR"), *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char name[32], base[PATH_SIZE];

	if (run != NULL && run[0] == '/') {
		if (join(p->runtime, run, "spout", w) < 0)
			return -1;
	} else {
		(void)snprintf(name, sizeof name, "spout-%u", (unsigned)geteuid()); /* fits */
		if (join(p->runtime, "/tmp", name, w) < 0)
			return -1;
	}
	if (state == NULL || state[0] != '/') {
		struct passwd *pw = home == NULL || home[0] != '/' ? getpwuid(geteuid()) : NULL;

		if (join(base,
			pw != NULL         ? pw->pw_dir
			    : home != NULL ? home
					   : "/",
			".local/state", w) < 0)
			return -1;
		state = base;
	}
	if (join(p->data, state, "spout", w) < 0)
		return -1;
	return join(p->socket, p->runtime, "redis.sock", w);
}

/* 0: ours alone; 1: not there; -1: somebody else's, or open to others. */
static int check_dir(const char *dir, struct why *w)
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

static int make_dir(const char *dir, struct why *w)
{
	char path[PATH_SIZE];

	for (size_t i = 1; dir[i - 1] != '\0'; i++) {
		if (dir[i] != '/' && dir[i] != '\0')
			continue;
		memcpy(path, dir, i);
		path[i] = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return why_errno(w, WHY_CANTCREAT, "%s", path);
	}
	return check_dir(dir, w);
}

static void set_url(struct url *u, const char *path)
{
	size_t n = strlen(path) + sizeof "unix://";

	*u = (struct url){
	    .kind = URL_UNIX, .path = xstrdup(path), .verify = true, .shown = xmalloc(n)};
	(void)snprintf(u->shown, n, "unix://%s", path); /* measured */
}

int local_url(struct url *u, struct why *w)
{
	struct places p;

	if (find_places(&p, w) < 0 || check_dir(p.runtime, w) < 0)
		return -1;
	set_url(u, p.socket);
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

static int open_lock(const char *dir, const char *name, int *fd, struct why *w)
{
	char path[PATH_SIZE];

	if (join(path, dir, name, w) < 0)
		return -1;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *fd >= 0 ? 0 : why_errno(w, WHY_CANTCREAT, "%s", path);
}

/* Whether a server holds the data: 1 or 0; -1 on failure. */
static int is_held(const char *data, struct why *w)
{
	int fd;

	if (open_lock(data, "server.lock", &fd, w) < 0)
		return -1;
	int held = flock(fd, LOCK_EX | LOCK_NB) < 0;
	(void)close(fd); /* gives the lock back */
	return held;
}

static void nap(void)
{
	(void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL); /* cut short is fine */
}

/* Waits until a server answers at path; fails as soon as none holds the data. */
static int wait_ready(const struct places *p, const char *path, struct why *w)
{
	for (int64_t until = clock_ms() + READY_MS; clock_ms() < until; nap()) {
		if (probe(path) > 0)
			return 0;
		int held = is_held(p->data, w);
		if (held < 0)
			return -1;
		if (held == 0)
			return why_set(w, WHY_UNAVAILABLE,
			    "the private Redis did not start: see %s/redis.log", p->data);
	}
	return why_set(w, WHY_UNAVAILABLE, "the private Redis at %s is not ready: see %s/redis.log",
	    path, p->data);
}

static int write_socket_file(const struct places *p, struct why *w)
{
	char path[PATH_SIZE], temp[PATH_SIZE];

	if (join(path, p->data, "socket", w) < 0 || join(temp, p->data, "socket.new", w) < 0)
		return -1;
	FILE *f = fopen(temp, "we");
	if (f == NULL)
		return why_errno(w, WHY_CANTCREAT, "%s", temp);
	int bad = fprintf(f, "%s\n", p->socket) < 0;
	if (fclose(f) != 0 || bad || rename(temp, path) < 0)
		return why_errno(w, WHY_CANTCREAT, "%s", path);
	return 0;
}

static int read_socket_file(const struct places *p, char socket[PATH_SIZE])
{
	char path[PATH_SIZE];
	struct why w;

	if (join(path, p->data, "socket", &w) < 0)
		return -1;
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return -1;
	char *line = fgets(socket, PATH_SIZE, f);
	(void)fclose(f); /* only read */
	if (line == NULL || socket[0] != '/')
		return -1;
	socket[strcspn(socket, "\n")] = '\0';
	return 0;
}

/* Runs redis-server, which turns into a daemon and keeps server_lock open for life. */
static int spawn_server(const struct places *p, int server_lock, struct why *w)
{
	extern char **environ;
	const char *program = getenv("SPOUT_REDIS_SERVER");
	char log[PATH_SIZE];
	pid_t pid;
	int status;

	if (program == NULL || program[0] == '\0')
		program = "redis-server";
	if (join(log, p->data, "redis.log", w) < 0)
		return -1;
	const char *const argv[] = {program, "--daemonize", "yes", "--port", "0", "--unixsocket",
	    p->socket, "--unixsocketperm", "700", "--dir", p->data, "--appendonly", "yes", "--save",
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

/* The mark that somebody stopped the server on purpose. */
static int stopped_path(const struct places *p, char path[PATH_SIZE], struct why *w)
{
	return join(path, p->data, "stopped", w);
}

/* With start.lock held. */
static int start_locked(const struct places *p, struct url *u, bool *started, struct why *w)
{
	char other[PATH_SIZE];
	int server_lock;

	if (probe(p->socket) > 0) {
		set_url(u, p->socket);
		return 0;
	}
	if (open_lock(p->data, "server.lock", &server_lock, w) < 0)
		return -1;
	if (flock(server_lock, LOCK_EX | LOCK_NB) < 0) {
		(void)close(server_lock); /* not ours */
		if (read_socket_file(p, other) < 0)
			return why_set(w, WHY_UNAVAILABLE,
			    "%s: a private Redis runs, but %s/socket does not say where", p->data,
			    p->data);
		if (wait_ready(p, other, w) < 0)
			return -1;
		set_url(u, other);
		return 0;
	}
	int r = write_socket_file(p, w) < 0 ? -1 : spawn_server(p, server_lock, w);
	(void)close(server_lock); /* the server has its own */
	if (r < 0 || wait_ready(p, p->socket, w) < 0)
		return -1;
	if (stopped_path(p, other, w) == 0)
		(void)unlink(other); /* not there, as a rule */
	*started = true;
	set_url(u, p->socket);
	return 0;
}

int local_start(struct url *u, bool *started, bool again, struct why *w)
{
	struct places p;
	char stopped[PATH_SIZE];
	int lock;

	*started = false;
	if (again && find_places(&p, w) == 0 && stopped_path(&p, stopped, w) == 0 &&
	    access(stopped, F_OK) == 0)
		return why_set(
		    w, WHY_UNAVAILABLE, "it was stopped (`sp-local start` starts it again)");
	if (find_places(&p, w) < 0 || make_dir(p.runtime, w) < 0 || make_dir(p.data, w) < 0 ||
	    open_lock(p.data, "start.lock", &lock, w) < 0)
		return -1;
	int r;
	do
		r = flock(lock, LOCK_EX);
	while (r < 0 && errno == EINTR);
	r = r < 0 ? why_errno(w, WHY_CANTCREAT, "%s/start.lock", p.data)
		  : start_locked(&p, u, started, w);
	(void)close(lock); /* gives it back */
	return r;
}

int local_running(struct url *u, struct why *w)
{
	struct places p;
	char other[PATH_SIZE];

	if (find_places(&p, w) < 0 || check_dir(p.runtime, w) < 0)
		return -1;
	int dir = check_dir(p.data, w);
	if (dir != 0)
		return dir < 0 ? -1 : 0;
	const char *path = probe(p.socket) != 0 ? p.socket : NULL;
	if (path == NULL && is_held(p.data, w) == 1 && read_socket_file(&p, other) == 0 &&
	    probe(other) != 0)
		path = other;
	if (path != NULL)
		set_url(u, path);
	return path != NULL;
}

int local_stop(struct why *w)
{
	static const char *const shutdown[] = {"SHUTDOWN"};
	struct places p;
	struct url u;
	struct redis *r;
	struct reply *reply;

	int running = local_running(&u, w);
	if (running <= 0)
		return running;
	char stopped[PATH_SIZE];
	if (find_places(&p, w) == 0 && stopped_path(&p, stopped, w) == 0) {
		int fd = open(stopped, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		if (fd >= 0)
			(void)close(fd); /* that it is there is all; without it readers start a new
					    server */
	}
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
		if (is_held(p.data, w) == 0)
			return 1;
	return why_set(w, WHY_TIMEOUT,
	    "the private Redis did not leave within %d s: see %s/redis.log", STOP_MS / 1000,
	    p.data);
}
