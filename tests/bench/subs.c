/* SPDX-License-Identifier: MIT */
/* subs in|topics|projects|burst SOCKET-OR-PORT N: subs against a real Redis.
 *
 *	in N        N messages published flat out to one channel with one reader: messages a second
 *	topics N    N channels with a reader each: until all are subscribed, and one message to each
 *	projects N  N projects' patterns, the same
 *	burst N     N readers come back to one channel, 1,000 messages behind: until all have them
 */
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "subs.h"

enum { BEHIND = 1000 };

struct reader {
	struct member m;
	uint64_t bytes;
};

static struct {
	const char *what, *where;
	int n;
	struct loop *loop;
	struct subs *subs;
	struct reader *readers;
	struct timer tick;
	int started, got; /* readers */
	uint64_t events;
	int64_t begin_ns, ready_ns;
	pid_t publisher;
} b;

static struct id behind; /* where the burst comes back */

static bool on_start(struct member *m, struct id cursor, const struct log_run *run)
{
	(void)m;
	(void)cursor;
	(void)run;
	b.started++;
	return true;
}

static ssize_t on_send(struct member *m, const struct iovec *parts, int nparts)
{
	struct reader *r = ring_thing(m, struct reader, m);
	ssize_t n = 0;

	b.got += r->bytes == 0;
	for (int i = 0; i < nparts; i++)
		n += (ssize_t)parts[i].iov_len;
	r->bytes += (uint64_t)n;
	return n;
}

static void on_end(struct member *m, enum member_end end, const char *channel)
{
	(void)m;
	(void)channel;
	errx(70, "a reader ended: %d", (int)end);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	(void)arg;
	(void)wait_ms;
	errx(69, "%s", w->text);
}

static void on_up(void *arg)
{
	(void)arg;
}

static void on_dead(void *arg, const struct why *w)
{
	on_down(arg, w, 0);
}

static void on_started(void *arg, const char *path)
{
	(void)arg;
	(void)path;
}

static void on_refused(void *arg, const struct why *w)
{
	(void)arg;
	(void)w;
}

static const struct subs_ops ops = {
    on_start, on_send, on_end, on_down, on_up, on_dead, on_started, on_refused};

static void name_of(char name[80], int i)
{
	if (strcmp(b.what, "topics") == 0)
		(void)snprintf(name, 80, "bench:%d", i); /* fits */
	else
		(void)snprintf(name, 80, "sp:project:%d:stage:%s", i,
		    strcmp(b.what, "projects") == 0 ? "*" : "story"); /* fits */
}

/* Publishes `count` messages, to each channel in turn. */
static void publish(int count, int channels, bool logged)
{
	redisContext *c = bench_connect(b.where);
	char name[80], text[300];
	redisReply *reply;

	for (int i = 0, unanswered = 0; i < count; i++) {
		name_of(name, i % channels);
		if (strchr(name, '*') != NULL)
			*strchr(name, '*') = 's';
		(void)snprintf(text, sizeof text,
		    "{\"type\":\"token\",\"content\":\"%0120d\",\"sp\":{\"run\":\"x\",\"seq\":%d%s",
		    i, i, logged ? "}}" : ""); /* fits */
		if (!logged)
			(void)snprintf(text + strlen(text), 60, ",\"id\":\"%d-%d\"}}", 1 + i / 1000,
			    i % 1000); /* fits */
		if (logged)
			redisAppendCommand(c,
			    "XADD sp:project:0:log %d-%d sp:project:0:stage:story %s", 1 + i / 1000,
			    i % 1000 + 1, text);
		else
			redisAppendCommand(c, "PUBLISH %s %s", name, text);
		if (++unanswered < 500 && i + 1 < count)
			continue;
		for (; unanswered > 0; unanswered--) {
			if (redisGetReply(c, (void **)&reply) != REDIS_OK)
				errx(69, "publish: %s", c->errstr);
			freeReplyObject(reply);
		}
	}
	redisFree(c);
}

static void report(void)
{
	struct subs_stats s;
	double seconds = (double)(clock_ns() - b.ready_ns) / 1e9;

	subs_stats(b.subs, &s);
	printf(
	    "%s %d: ready after %.2f s, then %.2f s; %llu messages in (%.0f/s), %llu sends, %llu "
	    "pages, %.1f MB out\n",
	    b.what, b.n, (double)(b.ready_ns - b.begin_ns) / 1e9, seconds,
	    (unsigned long long)s.messages_in, (double)s.messages_in / seconds,
	    (unsigned long long)s.deliveries, (unsigned long long)s.pages,
	    (double)s.bytes_out / 1e6);
	loop_stop(b.loop);
}

static void start_publisher(int count, int channels)
{
	b.publisher = fork();
	if (b.publisher < 0)
		err(71, "fork");
	if (b.publisher == 0) {
		publish(count, channels, false);
		_exit(0);
	}
}

static bool is_done(void)
{
	struct subs_stats s;

	subs_stats(b.subs, &s);
	if (strcmp(b.what, "burst") == 0) {
		for (int i = 0; i < b.n; i++)
			if (b.readers[i].bytes < b.readers[0].bytes || b.readers[i].bytes == 0)
				return false;
		return s.catching == 0;
	}
	return s.messages_in >= (uint64_t)b.n && b.got >= (strcmp(b.what, "in") == 0 ? 1 : b.n);
}

static void on_tick(void *arg)
{
	int readers = strcmp(b.what, "in") == 0 ? 1 : b.n;

	(void)arg;
	if (b.ready_ns == 0 && b.started == readers) {
		b.ready_ns = clock_ns();
		if (strcmp(b.what, "burst") != 0)
			start_publisher(b.n, readers);
	}
	if (b.ready_ns > 0 && is_done())
		report();
	else if (clock_ns() - b.begin_ns > 50000000000)
		errx(
		    75, "not done: %d of %d started, %d have something", b.started, readers, b.got);
	else
		loop_timer(b.loop, &b.tick, clock_ms() + 2);
}

static void join_all(void)
{
	const bool burst = strcmp(b.what, "burst") == 0, in = strcmp(b.what, "in") == 0;
	const struct feed_start start = {.since = burst ? FEED_AFTER : FEED_NOW, .after = behind};
	char name[80];

	for (int i = 0; i < (in ? 1 : b.n); i++) {
		name_of(name, burst ? 0 : i);
		subs_join(b.subs, &b.readers[i].m, name, strchr(name, '*') != NULL, false, &start);
	}
}

int main(int argc, char **argv)
{
	char text[200];
	struct url url = {0};
	struct why w;

	if (argc != 4 || atoi(argv[3]) < 1)
		errx(64, "usage: subs in|topics|projects|burst SOCKET-OR-PORT N");
	b.what = argv[1];
	b.where = argv[2];
	b.n = atoi(argv[3]);
	b.readers = xcalloc((size_t)b.n, sizeof *b.readers);
	(void)snprintf(text, sizeof text,
	    strchr(b.where, '/') ? "unix://%s" : "redis://127.0.0.1:%s",
	    b.where); /* a cut one does not connect */
	if (url_parse(&url, text, &w) < 0 || loop_open(&b.loop, &w) < 0)
		errx(64, "%s", w.text);
	if (strcmp(b.what, "burst") == 0) {
		publish(2 * BEHIND, 1, true);
		behind = (struct id){1, 1000};
	}
	const struct subs_conf conf = {
	    .link = {.url = &url, .times = REDIS_TIMES_DEFAULT, .give_up_ms = 0},
	    .namespace = "sp",
	    .max_lag_bytes = 1 << 20,
	    .memory_bytes = 256 << 20};
	b.begin_ns = clock_ns();
	b.subs = subs_open(b.loop, &conf, &ops, NULL);
	join_all();
	b.tick = (struct timer){.on_due = on_tick};
	loop_timer(b.loop, &b.tick, 0);
	(void)loop_run(b.loop, &w); /* report stops it */
	if (b.publisher > 0)
		(void)waitpid(b.publisher, NULL, 0); /* it has done its work */
	subs_close(b.subs);
	return ferror(stdout) ? 74 : 0;
}
