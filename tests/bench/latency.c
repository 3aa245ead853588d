/* SPDX-License-Identifier: MIT */
/* latency: from publish to printed line, one message a millisecond; a line a block, in µs.
 *
 *	latency SOCKET-OR-PORT SCRIPT BLOCKS MESSAGES SP-PUB SP-SUB
 *
 * A block is p50 and p99 of four ways in turn: a bare hiredis PUBLISH to a thread in SUBSCRIBE, the
 * same without a pause between messages, an EVALSHA of the append script to sp-sub's line, and a
 *line into sp-pub's standard input to sp-sub's line. Each message carries the time it was sent at.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

extern char **environ;

enum { INTERVAL_NS = 1000000, DEADLINE_MS = 10000, TURN = 50 };

static const char bare_channel[] = "bench:bare", channel[] = "bench:latency";

/* Where a thread leaves what it measures. */
struct taken {
	redisContext *redis; /* reads pushes from here, or */
	int fd;              /* lines from here */
	int64_t *ns;
	atomic_size_t n;
	size_t size;
};

enum way { BARE, BARE_AT_ONCE, EVALSHA, SP_PUB, WAYS };

struct latency {
	redisContext *redis;
	const char *sha;
	char run[17];
	uint64_t seq;
	int pub_in;
	struct taken bare, sub;
};

/* --- Readers: one thread each, blocking */

static void take(struct taken *t, const char *message)
{
	const char *at = strstr(message, "\"t\":");
	size_t n = atomic_load(&t->n);

	if (at == NULL || n == t->size)
		return; /* a done, or the rest of a block given up */
	t->ns[n] = clock_ns() - strtoll(at + 4, NULL, 10);
	atomic_store(&t->n, n + 1);
}

static void *read_pushes(void *arg)
{
	struct taken *t = arg;
	void *reply;

	while (redisGetReply(t->redis, &reply) == REDIS_OK) {
		redisReply *r = reply;

		if (r->elements == 3 && r->element[2]->type == REDIS_REPLY_STRING)
			take(t, r->element[2]->str);
		freeReplyObject(r);
	}
	return NULL;
}

static void *read_lines(void *arg)
{
	struct taken *t = arg;
	char in[64 * 1024];
	size_t have = 0;
	ssize_t n;

	while ((n = read(t->fd, in + have, sizeof in - have - 1)) > 0) {
		char *line = in, *nl;

		have += (size_t)n;
		in[have] = '\0';
		for (; (nl = strchr(line, '\n')) != NULL; line = nl + 1) {
			*nl = '\0';
			take(t, line);
		}
		have -= (size_t)(line - in);
		memmove(in, line, have);
	}
	return NULL;
}

/* --- Writers */

static int make_message(char *to, size_t size, const char *sp)
{
	return snprintf(to, size,
	    "{\"type\":\"token\",\"content\":\" and a word\",\"project_id\":\"8f14e45f\",\"stage\":"
	    "\"rewrite\",\"timestamp\":1732100000.000001,\"t\":%lld%s}",
	    (long long)clock_ns(), sp);
}

static void send_bare(struct latency *l)
{
	char m[400];

	(void)make_message(
	    m, sizeof m, ",\"sp\":{\"run\":\"benchbenchbench0\",\"seq\":0}"); /* fits */
	freeReplyObject(bench_command(l->redis, "PUBLISH %s %s", bare_channel, m));
}

static void send_evalsha(struct latency *l)
{
	struct buf b;
	char m[400], sp[100];
	void *reply;

	(void)snprintf(sp, sizeof sp, ",\"sp\":{\"run\":\"%s\",\"seq\":%llu}", l->run,
	    (unsigned long long)l->seq); /* fits */
	buf_init(&b, 1 << 20);
	bench_append(&b, l->sha, channel, l->run, l->seq++, 1);
	(void)make_message(m, sizeof m, sp); /* fits */
	bench_arg(&b, m);
	(void)redisAppendFormattedCommand(l->redis, buf_head(&b), b.len); /* shows in the next */
	if (redisGetReply(l->redis, &reply) != REDIS_OK ||
	    ((redisReply *)reply)->type != REDIS_REPLY_INTEGER)
		errx(69, "EVALSHA failed");
	freeReplyObject(reply);
	buf_fini(&b);
}

static void send_line(struct latency *l)
{
	char m[400];
	int n = make_message(m, sizeof m - 1, "");

	m[n++] = '\n';
	if (write(l->pub_in, m, (size_t)n) != n)
		err(74, "to sp-pub");
}

/* --- Blocks */

static void wait_until(const struct taken *t, size_t n)
{
	int64_t deadline = clock_ms() + DEADLINE_MS;

	while (atomic_load(&t->n) < n)
		if (clock_ms() > deadline)
			errx(75, "%zu messages came instead of %zu", atomic_load(&t->n), n);
}

static struct taken *reader_of(struct latency *l, enum way way)
{
	return way == BARE || way == BARE_AT_ONCE ? &l->bare : &l->sub;
}

static void send_some(struct latency *l, enum way way, size_t messages)
{
	static void (*const send[WAYS])(struct latency *) = {
	    send_bare, send_bare, send_evalsha, send_line};
	struct taken *t = reader_of(l, way);
	struct timespec next;

	(void)clock_gettime(CLOCK_MONOTONIC, &next); /* always there */
	atomic_store(&t->n, 0);
	for (size_t i = 0; i < messages; i++) {
		next.tv_nsec += INTERVAL_NS;
		next.tv_sec += next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		if (way != BARE_AT_ONCE)
			(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		send[way](l);
		if (way == BARE_AT_ONCE)
			wait_until(t, i + 1);
	}
	if (way != BARE_AT_ONCE)
		(void)poll(NULL, 0, 5); /* rather than to spin while the last ones come */
	wait_until(t, messages);
}

/* The ways take short turns: the machine's own moods (idle states, neighbours) last longer. */
static void block(struct latency *l, size_t messages, bool print)
{
	int64_t *ns[WAYS];

	for (enum way way = BARE; way < WAYS; way++)
		ns[way] = xcalloc(messages, sizeof *ns[way]);
	for (size_t done = 0; done < messages; done += TURN)
		for (enum way way = BARE; way < WAYS; way++) {
			send_some(l, way, TURN);
			memcpy(ns[way] + done, reader_of(l, way)->ns, TURN * sizeof **ns);
		}
	for (enum way way = BARE; way < WAYS; way++) {
		if (print)
			printf("%.1f %.1f%c",
			    (double)bench_percentile(ns[way], messages, 50) / 1000,
			    (double)bench_percentile(ns[way], messages, 99) / 1000,
			    way + 1 < WAYS ? ' ' : '\n');
		free(ns[way]);
	}
}

/* --- Set-up */

/* Runs argv with one of its standard descriptors as a pipe; returns our end. */
static int start(pid_t *pid, const char *const *argv, int fd)
{
	posix_spawn_file_actions_t actions;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		err(70, "pipe");
	int theirs = fd == STDIN_FILENO ? ends[0] : ends[1];
	(void)posix_spawn_file_actions_init(&actions); /* out of memory shows in the next */
	if (posix_spawn_file_actions_adddup2(&actions, theirs, fd) != 0 ||
	    posix_spawn(pid, argv[0], &actions, NULL, (char **)(uintptr_t)argv, environ) != 0)
		errx(69, "cannot run %s", argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	(void)close(theirs); /* theirs now */
	return fd == STDIN_FILENO ? ends[1] : ends[0];
}

static void wait_for_reader(redisContext *c, const char *name)
{
	int64_t deadline = clock_ms() + DEADLINE_MS;

	for (long long n = 0; n < 1;) {
		redisReply *reply = bench_command(c, "PUBSUB NUMSUB %s", name);

		n = reply->element[1]->integer;
		freeReplyObject(reply);
		if (clock_ms() > deadline)
			errx(75, "%s: nobody subscribed", name);
	}
}

static void taken_init(struct taken *t, size_t size)
{
	t->size = size;
	t->ns = xcalloc(size, sizeof *t->ns);
}

/* A thread is left to the end of the process. */
static void read_with(void *(*fn)(void *), struct taken *t)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, t) != 0)
		errx(70, "no thread");
}

static char *url_of(const char *where)
{
	struct buf b;

	buf_init(&b, 4096);
	(void)buf_addf(&b, "%s%s", strchr(where, '/') ? "unix://" : "redis://127.0.0.1:", where);
	(void)buf_addc(&b, '\0'); /* the kernel bounds a path */
	return buf_head(&b);
}

int main(int argc, char **argv)
{
	struct latency l = {.run = ""};
	pid_t pub, sub;
	FILE *script;
	char lua[16384];

	if (argc != 7 || (script = fopen(argv[2], "r")) == NULL)
		errx(64, "usage: latency SOCKET-OR-PORT SCRIPT BLOCKS MESSAGES SP-PUB SP-SUB");
	lua[fread(lua, 1, sizeof lua - 1, script)] = '\0';
	size_t messages = ((size_t)atoi(argv[4]) + TURN - 1) / TURN * TURN;
	char *url = url_of(argv[1]);
	l.redis = bench_connect(argv[1]);
	l.sha = bench_script(l.redis, lua);
	(void)snprintf(l.run, sizeof l.run, "%016lx", (unsigned long)clock_ns()); /* fits */
	taken_init(&l.bare, TURN);
	taken_init(&l.sub, TURN);
	l.bare.redis = bench_connect(argv[1]);
	freeReplyObject(bench_command(l.bare.redis, "SUBSCRIBE %s", bare_channel));
	l.sub.fd = start(&sub, (const char *const[]){argv[6], "-u", url, "-c", channel, "-F", NULL},
	    STDOUT_FILENO);
	l.pub_in = start(&pub,
	    (const char *const[]){
		argv[5], "-u", url, "-c", channel, "--from", "json", "--no-end", NULL},
	    STDIN_FILENO);
	wait_for_reader(l.redis, channel);
	read_with(read_pushes, &l.bare);
	read_with(read_lines, &l.sub);
	for (int i = atoi(argv[3]); i >= 0; i--)
		block(&l, messages, i < atoi(argv[3])); /* the first one warms up */
	(void)kill(sub, SIGTERM);    /* or it is gone: then nothing came, and we are not here */
	(void)close(l.pub_in);       /* ends sp-pub */
	(void)waitpid(sub, NULL, 0); /* as above */
	(void)waitpid(pub, NULL, 0); /* as above */
	return ferror(stdout) ? 74 : 0;
}
