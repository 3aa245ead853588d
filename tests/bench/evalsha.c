/* SPDX-License-Identifier: MIT */
/* evalsha: lines into a log by a pipelined EVALSHA of the append script, ready-made; prints
 *seconds.
 *
 *	evalsha SOCKET-OR-PORT SCRIPT CHANNEL PER-CALL < MESSAGES */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "bench.h"

enum { COMMANDS_MAX = 2047 << 20 };

static const char run_name[] = "benchbenchbench0"; /* as long as a real one */

static void slurp(struct buf *b, int fd)
{
	ssize_t n;

	do {
		char *to = buf_room(b, 1 << 20);

		if (to == NULL)
			errx(65, "too much input");
		n = read(fd, to, 1 << 20);
		if (n < 0)
			err(74, "read");
		b->len += (size_t)n;
	} while (n > 0);
}

/* The line as sp-pub would send it: with its sp. */
static void add_message(struct buf *out, struct buf *m, const char *line, size_t len, uint64_t seq)
{
	buf_clear(m);
	(void)buf_add(m, line, len - 1); /* a line is far below the cap; without its brace */
	(void)buf_addf(m, ",\"sp\":{\"run\":\"%s\",\"seq\":%llu}}", run_name,
	    (unsigned long long)seq); /* as above */
	if (resp_bulk(out, buf_head(m), m->len) < 0)
		errx(65, "too much input");
}

/* Returns how many calls the commands in out are. */
static size_t prepare(
    struct buf *out, struct buf *lines, const char *sha, const char *channel, size_t per_call)
{
	uint64_t total = 0, seq = 0;
	size_t calls = 0;
	struct buf m;

	buf_init(&m, 1 << 20);
	for (size_t i = 0; i < lines->len; i++)
		total += buf_head(lines)[i] == '\n';
	for (; seq < total; seq++) {
		size_t left = total - seq;
		size_t len =
		    (size_t)((char *)memchr(buf_head(lines), '\n', lines->len) - buf_head(lines));

		if (seq % per_call == 0) {
			bench_append(
			    out, sha, channel, run_name, seq, left < per_call ? left : per_call);
			calls++;
		}
		add_message(out, &m, buf_head(lines), len, seq);
		buf_consume(lines, len + 1);
	}
	buf_fini(&m);
	return calls;
}

/* Sends as much as goes, at any time, and counts the replies: nothing waits for anything. */
static void stream(int fd, struct buf *out, size_t calls)
{
	char in[64 * 1024];

	while (calls > 0) {
		struct pollfd p = {
		    .fd = fd, .events = (short)(POLLIN | (out->len > 0 ? POLLOUT : 0))};

		if (poll(&p, 1, 10000) <= 0)
			errx(75, "no answer for 10 s");
		if (p.revents & POLLOUT) {
			ssize_t n = write(fd, buf_head(out), out->len);

			if (n < 0 && errno != EAGAIN)
				err(69, "write");
			buf_consume(out, n > 0 ? (size_t)n : 0);
		}
		ssize_t n = p.revents & ~POLLOUT ? read(fd, in, sizeof in) : -2;
		if (n == 0 || (n == -1 && errno != EAGAIN))
			err(69, "read");
		for (ssize_t i = 0; i < n; i++) {
			if (in[i] == '-')
				errx(77, "%.*s", (int)(n - i), in + i);
			calls -= in[i] == '\n';
		}
	}
}

int main(int argc, char **argv)
{
	struct buf lua, lines, out;

	if (argc != 5)
		errx(64, "usage: evalsha SOCKET-OR-PORT SCRIPT CHANNEL PER-CALL < MESSAGES");
	redisContext *c = bench_connect(argv[1]);
	int script = open(argv[2], O_RDONLY);
	if (script < 0)
		err(66, "%s", argv[2]);
	buf_init(&lua, 1 << 24);
	buf_init(&lines, COMMANDS_MAX);
	buf_init(&out, COMMANDS_MAX);
	slurp(&lua, script);
	(void)buf_addc(&lua, '\0'); /* far from full */
	slurp(&lines, STDIN_FILENO);
	char *sha = bench_script(c, buf_head(&lua));
	size_t calls = prepare(&out, &lines, sha, argv[3], (size_t)atoi(argv[4]));
	(void)fcntl(c->fd, F_SETFL, O_NONBLOCK); /* a blocking write is slower, not wrong */
	int64_t start = clock_ns();
	stream(c->fd, &out, calls);
	printf("%.6f\n", (double)(clock_ns() - start) / 1e9);
	return 0; /* the process's end frees all */
}
