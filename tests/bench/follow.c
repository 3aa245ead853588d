/* SPDX-License-Identifier: MIT */
/* follow: how fast readers write what a flat-out publisher sends, in turn; a line a block.
 *
 *	follow SOCKET-OR-PORT CHANNEL MESSAGES BLOCKS FILE -- READER ARG ... [-- READER ARG ...]
 *
 * A block is, for each reader, messages a second from the first PUBLISH until the last message
 *stands in FILE, and ns of the reader's CPU a message. READER's standard output is FILE. The
 *messages are made before the clock starts and look as sp-pub's do. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

extern char **environ;

enum { READERS_MAX = 4, LOAD_MAX = 1 << 30, DEADLINE_S = 60 };

struct follow {
	bool drain;
	const char *where, *channel, *file;
	size_t messages;
	struct buf load; /* RESP */
};

/* --- The load */

static void make_load(struct follow *f)
{
	static const char text[] = " and a little more of what a model says";
	char m[400];

	buf_init(&f->load, LOAD_MAX);
	for (size_t i = 0; i < f->messages; i++) {
		int n = snprintf(m, sizeof m,
		    "{\"type\":\"token\",\"content\":\"%s%s\",\"project_id\":\"8f14e45f\","
		    "\"stage\":\"rewrite\",\"timestamp\":1732100000.%06zu,"
		    "\"sp\":{\"run\":\"benchbenchbench0\",\"seq\":%zu,\"id\":\"%zu-0\"}}",
		    text, i + 1 == f->messages ? " LAST" : "     ", i % 1000000, i,
		    (size_t)1732100000000 + i); /* fits */
		(void)resp_array(&f->load, 3);  /* the last of these finds a full buffer */
		bench_arg(&f->load, "PUBLISH");
		bench_arg(&f->load, f->channel);
		if (resp_bulk(&f->load, m, (size_t)n) < 0)
			errx(64, "too many messages");
	}
}

/* Waits until exactly n read the channel. */
static void wait_for_readers(redisContext *c, const struct follow *f, long long n)
{
	int64_t deadline = clock_ms() + 5000;

	for (long long now = -1; now != n;) {
		redisReply *reply = bench_command(c, "PUBSUB NUMSUB %s", f->channel);

		now = reply->elements == 2 ? reply->element[1]->integer : -1;
		freeReplyObject(reply);
		if (clock_ms() > deadline)
			errx(75, "%s: %lld readers instead of %lld", f->channel, now, n);
		(void)poll(NULL, 0, 5); /* then look again */
	}
}

/* Queued commands go out; nothing is read. */
static void push(redisContext *c, const char *command)
{
	int done = 0;

	(void)redisAppendCommand(c, command); /* out of memory shows below */
	while (!done)
		if (redisBufferWrite(c, &done) != REDIS_OK)
			errx(69, "%s", c->errstr);
}

static void publish(redisContext *c, const struct follow *f)
{
	const char *p = buf_head(&f->load);

	push(c, "CLIENT REPLY OFF");
	for (size_t left = f->load.len; left > 0;) {
		ssize_t n = write(c->fd, p, left < 1 << 20 ? left : 1 << 20);

		if (n < 0)
			err(69, "write");
		p += n;
		left -= (size_t)n;
	}
	push(c, "CLIENT REPLY ON");
}

/* --- The reader */

static pid_t start(const struct follow *f, char **argv)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	(void)posix_spawn_file_actions_init(&actions); /* out of memory shows in the next */
	if (posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(
		&actions, 1, f->file, O_WRONLY | O_CREAT | O_TRUNC, 0600) != 0 ||
	    posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		errx(69, "cannot run %s", argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* Waits until the last message stands in the file. */
static void wait_for_last(const struct follow *f, int fd)
{
	int64_t deadline = clock_ms() + DEADLINE_S * 1000;
	struct stat st;
	char tail[512];

	for (;;) {
		if (fstat(fd, &st) < 0)
			err(74, "%s", f->file);
		off_t at = st.st_size > (off_t)sizeof tail ? st.st_size - (off_t)sizeof tail : 0;
		ssize_t n = pread(fd, tail, sizeof tail, at);
		if (n > 0 && tail[n - 1] == '\n' && memmem(tail, (size_t)n, " LAST", 5) != NULL)
			return;
		if (clock_ms() > deadline)
			errx(75, "%s: the last message did not come", f->file);
		(void)nanosleep(&(struct timespec){0, 500000}, NULL); /* then look again */
	}
}

/* Every message must be there; readers frame them differently, so only they are counted. */
static void check(const struct follow *f)
{
	FILE *in = fopen(f->file, "r");
	char *line = NULL;
	size_t size = 0, seen = 0;

	if (in == NULL)
		err(74, "%s", f->file);
	while (getline(&line, &size, in) > 0)
		seen += line[0] == '{';
	if (seen != f->messages)
		errx(1, "%zu messages instead of %zu", seen, f->messages);
	free(line);
	(void)fclose(in); /* only read */
}

static void measure(const struct follow *f, char **argv, bool last)
{
	struct rusage used;
	redisContext *c = bench_connect(f->where);

	wait_for_readers(c, f, 0);
	pid_t pid = start(f, argv);
	wait_for_readers(c, f, 1);
	int fd = open(f->file, O_RDONLY);
	if (fd < 0)
		err(74, "%s", f->file);
	void *reply;
	if (f->drain)
		(void)kill(pid, SIGSTOP); /* our own child */
	int64_t begin = clock_ns();
	publish(c, f);
	if (f->drain) {
		if (redisGetReply(c, &reply) != REDIS_OK) /* to CLIENT REPLY ON: all is published */
			errx(69, "%s", c->errstr);
		freeReplyObject(reply);
		begin = clock_ns();
		(void)kill(pid, SIGCONT); /* as above */
	}
	wait_for_last(f, fd);
	double seconds = (double)(clock_ns() - begin) / 1e9, n = (double)f->messages;
	(void)kill(pid, SIGTERM); /* a reader that is gone already shows in check */
	if (wait4(pid, NULL, 0, &used) != pid)
		err(70, "wait");
	check(f);
	double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	    (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	printf("%.0f %.0f%c", n / seconds, cpu / n * 1e9, last ? '\n' : ' ');
	(void)close(fd); /* only read */
	redisFree(c);
}

int main(int argc, char **argv)
{
	char **readers[READERS_MAX];
	int n = 0;

	for (int i = 7; i < argc; i++)
		if (strcmp(argv[i], "--") == 0 && n < READERS_MAX) {
			argv[i] = NULL;
			readers[n++] = argv + i + 1;
		}
	if (argc < 9 || n == 0 || readers[0] != argv + 8)
		errx(64,
		    "usage: follow live|drain SOCKET-OR-PORT CHANNEL MESSAGES BLOCKS FILE -- "
		    "READER ...");
	struct follow f = {.drain = strcmp(argv[1], "drain") == 0,
	    .where = argv[2],
	    .channel = argv[3],
	    .messages = (size_t)atoi(argv[4]),
	    .file = argv[6]};
	make_load(&f);
	for (int i = atoi(argv[5]); i > 0; i--)
		for (int r = 0; r < n; r++)
			measure(&f, readers[r], r == n - 1);
	return ferror(stdout) ? 74 : 0;
}
