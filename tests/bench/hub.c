/* SPDX-License-Identifier: MIT */
/* hub WHAT [MEMBERS]: what fan-out costs, without Redis.
 *
 *	deliver MEMBERS   deliveries a second, 200-byte messages in batches of 64, the transport
 *takes all sockets MEMBERS   the same, to Unix sockets that another process drains topics N bytes
 *of memory for each of N topics with one idle member members N         and for each of N idle
 *members of one topic */
#include <malloc.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "hub.h"
#include "subs_topic.h"

enum { BATCH = 64, TEXT = 200 };

struct reader {
	struct member m;
	int fd;
};

static struct reader *reader_of(struct member *m)
{
	return ring_thing(m, struct reader, m);
}

static ssize_t take_all(struct member *m, const struct iovec *parts, int nparts)
{
	ssize_t n = 0;

	(void)m;
	for (int i = 0; i < nparts; i++)
		n += (ssize_t)parts[i].iov_len;
	return n;
}

static ssize_t write_all(struct member *m, const struct iovec *parts, int nparts)
{
	ssize_t n = writev(reader_of(m)->fd, parts, nparts);

	return n < 0 ? 0 : n;
}

static void on_end(struct hub_topic *t, struct member *m, enum member_end end)
{
	(void)t;
	(void)m;
	(void)end;
}

static void on_topic(struct hub_topic *t)
{
	(void)t;
}

static void on_gap(struct hub_topic *t, struct buf *text, struct id after, struct id before)
{
	(void)t;
	(void)text;
	(void)after;
	(void)before;
}

static const struct hub_conf conf = {
    .slow = HUB_RESUME, .max_lag_bytes = 1 << 20, .memory_bytes = 256 << 20};

/* Reads from its ends of the sockets until it is killed. */
static void drain(const int *fds, int n)
{
	static char sink[1 << 20];
	struct epoll_event events[256];
	int e = epoll_create1(0);

	for (int i = 0; i < n; i++) {
		struct epoll_event want = {.events = EPOLLIN, .data.fd = fds[i]};

		if (epoll_ctl(e, EPOLL_CTL_ADD, fds[i], &want) < 0)
			err(71, "epoll_ctl");
	}
	for (;;) {
		int got = epoll_wait(e, events, 256, -1);

		for (int i = 0; i < got; i++)
			while (read(events[i].data.fd, sink, sizeof sink) == sizeof sink)
				;
	}
}

static pid_t open_sockets(struct reader *readers, int n)
{
	int *theirs = xcalloc((size_t)n, sizeof *theirs), pair[2];

	for (int i = 0; i < n; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
			err(71, "socketpair");
		readers[i].fd = pair[0];
		theirs[i] = pair[1];
	}
	pid_t pid = fork();
	if (pid < 0)
		err(71, "fork");
	if (pid == 0)
		drain(theirs, n);
	free(theirs);
	return pid;
}

static void send_batch(struct hub *h, struct hub_topic *t, uint64_t *seq)
{
	char text[TEXT + 1];

	for (int i = 0; i < BATCH; i++) {
		int n = snprintf(text, sizeof text, "{\"type\":\"token\",\"content\":\"%0150llu\"}",
		    (unsigned long long)++*seq);
		const struct hub_message m = {.text = text,
		    .type = "token",
		    .type_len = 5,
		    .len = (size_t)n,
		    .has_id = true,
		    .id = {*seq, 0}};

		hub_message(t, &m);
	}
	hub_flush(h);
}

static void deliver(int n, bool sockets)
{
	const struct hub_ops ops = {
	    sockets ? write_all : take_all, on_end, on_topic, on_topic, on_gap};
	struct reader *readers = xcalloc((size_t)n, sizeof *readers);
	struct hub h;
	struct hub_topic t;
	uint64_t seq = 0;
	pid_t pid = sockets ? open_sockets(readers, n) : 0;

	hub_init(&h, &conf, &ops);
	hub_topic_init(&t, &h);
	hub_begin(&t, (struct id){0, 0});
	for (int i = 0; i < n; i++) {
		hub_enlist(&t, &readers[i].m, false);
		hub_join(&readers[i].m, (struct id){0, 0}, true);
	}
	int64_t begin = clock_ns();
	while (clock_ns() - begin < 2000000000) {
		send_batch(&h, &t, &seq);
		while (h.stats.blocked > 0) /* nothing is lost: all wait for the slowest */
			for (int i = 0; i < n; i++)
				hub_writable(&readers[i].m);
	}
	double seconds = (double)(clock_ns() - begin) / 1e9;
	printf(
	    "%d members: %.2f M deliveries/s, %.0f messages/s in, %.2f sends a member and batch\n",
	    n, (double)seq * n / seconds / 1e6, (double)seq / seconds,
	    (double)h.stats.deliveries / ((double)seq / BATCH * n));
	if (pid > 0) {
		(void)kill(pid, SIGKILL);    /* our child */
		(void)waitpid(pid, NULL, 0); /* it was killed */
	}
}

static size_t in_use(void)
{
	return mallinfo2().uordblks + mallinfo2().hblkhd;
}

static void measure(int n, bool topics)
{
	const struct hub_ops ops = {take_all, on_end, on_topic, on_topic, on_gap};
	struct reader *readers = xcalloc((size_t)n, sizeof *readers);
	struct topics table;
	struct hub h;
	struct topic *t = NULL;
	char name[64];
	size_t before = in_use();

	hub_init(&h, &conf, &ops);
	topics_init(&table);
	for (int i = 0; i < n; i++) {
		if (topics || t == NULL) {
			int len = snprintf(name, sizeof name, "sp:project:%d:stage:story", i);

			t = topics_add(&table, name, (size_t)len, false);
			hub_topic_init(&t->hub, &h);
			hub_begin(&t->hub, (struct id){1, 0});
		}
		hub_enlist(&t->hub, &readers[i].m, false);
		hub_join(&readers[i].m, (struct id){1, 0}, true);
	}
	printf("%d %s: %.0f bytes each, and %zu for each struct member\n", n,
	    topics ? "topics" : "members", (double)(in_use() - before) / n, sizeof(struct member));
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 1000;
	struct rlimit files = {20000, 20000};

	(void)setrlimit(RLIMIT_NOFILE, &files); /* socketpair tells */
	if (argc < 2 || n < 1)
		errx(64, "usage: hub deliver|sockets|topics|members [N]");
	if (strcmp(argv[1], "deliver") == 0 || strcmp(argv[1], "sockets") == 0)
		deliver(n, argv[1][0] == 's');
	else
		measure(n, strcmp(argv[1], "topics") == 0);
	return ferror(stdout) ? 74 : 0;
}
