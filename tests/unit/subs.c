/* SPDX-License-Identifier: MIT */
/* subs against a real Redis of its own, while that is killed and its connections are cut: each of
 * many readers, fast and slow, early and late, ends with exactly the log's bytes. */
#include "subs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "ndjson.h"
#include "sse.h"
#include "t.h"

enum { READERS = 60, LINES = 12000, TICK_MS = 5, LINES_A_TICK = 40 };

extern char **environ;

struct reader {
	struct member m;
	struct world *w;
	bool joined, started, over, wrong_end, slow;
	size_t room;
	uint64_t hash, bytes;
};

struct world {
	char dir[64], socket[96], url[112], pub[512], sub[512];
	pid_t redis, publisher;
	int to_pub;
	int lines, downs, ups, over, phase;
	int64_t begin_ms, restart_at_ms;
	bool timed_out, dead;
	struct loop *loop;
	struct subs *subs;
	struct timer tick;
	unsigned seed;
	struct reader readers[READERS];
};

static unsigned roll(struct world *w, unsigned n)
{
	w->seed = w->seed * 1103515245u + 12345u;
	return (w->seed >> 16) % n;
}

static void add_hash(uint64_t *h, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*h = (*h ^ (unsigned char)s[i]) * 0x100000001b3u;
}

/* --- Processes */

static pid_t start(const char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t files;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&files);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&files, in, 0);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&files, out, 1);
	else
		posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&files);
	return pid;
}

static void run(const char *const *argv)
{
	pid_t pid = start(argv, -1, -1);

	if (pid > 0)
		(void)waitpid(pid, NULL, 0); /* its status does not matter */
}

static void start_redis(struct world *w)
{
	const char *const argv[] = {"redis-server", "--port", "0", "--unixsocket", w->socket,
	    "--dir", w->dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "", NULL};

	w->redis = start(argv, -1, -1);
}

static void kill_redis(struct world *w)
{
	(void)kill(w->redis, SIGKILL);       /* it is ours, and not waited for yet */
	(void)waitpid(w->redis, NULL, 0);    /* it was killed */
	w->restart_at_ms = clock_ms() + 300; /* readers and publisher are to notice */
}

static void cut(struct world *w, const char *type)
{
	run((const char *const[]){
	    "redis-cli", "-s", w->socket, "CLIENT", "KILL", "TYPE", type, NULL});
}

/* --- Readers */

static struct reader *reader_of(struct member *m)
{
	return ring_thing(m, struct reader, m);
}

static bool on_start(struct member *m, struct id cursor, const struct log_run *r)
{
	(void)cursor;
	(void)r;
	reader_of(m)->started = true;
	return true;
}

static ssize_t on_send(struct member *m, const struct iovec *parts, int nparts)
{
	struct reader *r = reader_of(m);
	size_t took = 0;

	for (int i = 0; i < nparts; i++) {
		size_t n = parts[i].iov_len;

		if (r->slow && n > r->room)
			n = r->room;
		add_hash(&r->hash, parts[i].iov_base, n);
		r->room -= r->slow ? n : 0;
		took += n;
		if (n < parts[i].iov_len)
			break;
	}
	r->bytes += took;
	return (ssize_t)took;
}

static void on_end(struct member *m, enum member_end end, const char *channel)
{
	struct reader *r = reader_of(m);

	(void)channel;
	r->over = true;
	r->wrong_end = end != MEMBER_DONE;
	if (++r->w->over == READERS)
		loop_stop(r->w->loop);
}

static void on_down(void *arg, const struct why *why, int64_t wait_ms)
{
	struct world *w = arg;

	(void)why;
	(void)wait_ms;
	w->downs++;
}

static void on_up(void *arg)
{
	((struct world *)arg)->ups++;
}

static void on_dead(void *arg, const struct why *why)
{
	struct world *w = arg;

	printf("# dead: %s\n", why->text);
	w->dead = true;
	loop_stop(w->loop);
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

static void join(struct world *w, int i)
{
	struct reader *r = &w->readers[i];
	const struct feed_start start = {.since = i % 3 == 0 ? FEED_RUN : FEED_ALL};

	r->w = w;
	r->slow = i % 4 == 1;
	r->hash = 0xcbf29ce484222325u;
	r->joined = true;
	subs_join(w->subs, &r->m, "sp:project:7:stage:story", false, true, &start);
}

/* --- What happens */

static void publish(struct world *w)
{
	char line[400];

	for (int i = 0; i < LINES_A_TICK && w->lines < LINES; i++) {
		int n = snprintf(line, sizeof line, "{\"type\":\"token\",\"content\":\"%d%.*s\"}\n",
		    w->lines, (int)roll(w, 200),
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xxxxxx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		    "xx"
		    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

		/* A line fits into PIPE_BUF: all of it, or none now. */
		if (write(w->to_pub, line, (size_t)n) < 0)
			return;
		w->lines++;
	}
	if (w->lines == LINES && w->to_pub >= 0) {
		(void)close(w->to_pub); /* it was only written to */
		w->to_pub = -1;
	}
}

static void disturb(struct world *w)
{
	if (w->restart_at_ms > 0 && clock_ms() >= w->restart_at_ms) {
		start_redis(w);
		w->restart_at_ms = 0;
	}
	if (w->phase == 6 || w->restart_at_ms > 0 || w->lines < (w->phase + 1) * LINES / 7)
		return;
	switch (w->phase++) {
	case 0:
	case 3:
		cut(w, "pubsub");
		break;
	case 1:
	case 4:
		kill_redis(w);
		break;
	case 2:
	case 5:
		cut(w, "normal");
		break;
	}
}

static void on_tick(void *arg)
{
	struct world *w = arg;

	if (w->to_pub >= 0 && w->restart_at_ms == 0)
		publish(w);
	disturb(w);
	int due = 20 + w->lines * (READERS - 20) / LINES;
	for (int i = 0; i < due && i < READERS; i++)
		if (!w->readers[i].joined)
			join(w, i);
	for (int i = 0; i < READERS; i++) {
		struct reader *r = &w->readers[i];

		if (!r->slow || r->over || !r->joined)
			continue;
		r->room = w->lines < LINES ? roll(w, 6000) : 200000;
		subs_writable(w->subs, &r->m);
	}
	w->timed_out = clock_ms() > w->begin_ms + 45000;
	if (w->timed_out)
		loop_stop(w->loop);
	else
		loop_timer(w->loop, &w->tick, clock_ms() + TICK_MS);
}

/* --- The log, as it must have come */

struct expected {
	struct buf out;
	uint64_t hash, bytes;
};

static int expect(void *arg, const char *line, size_t len)
{
	struct expected *e = arg;
	struct msg_sp sp;
	char id[ID_TEXT_MAX + 1];

	if (!msg_sp(line, len, &sp))
		return -1;
	size_t n = id_format(sp.id, id);
	buf_clear(&e->out);
	(void)sse_event(&e->out, id, n, NULL, 0, line, len); /* no cap */
	add_hash(&e->hash, buf_head(&e->out), e->out.len);
	e->bytes += e->out.len;
	return 0;
}

static void read_log(struct world *w, struct expected *e)
{
	const char *const argv[] = {
	    w->sub, "-u", w->url, "-p", "7", "-s", "story", "--since", "0", NULL};
	struct ndjson lines;
	struct why why;
	char chunk[16384];
	int fds[2];
	ssize_t n;

	*e = (struct expected){.hash = 0xcbf29ce484222325u};
	buf_init(&e->out, SIZE_MAX / 2);
	ndjson_init(&lines, 1 << 20, false);
	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	pid_t pid = start(argv, -1, fds[1]);
	(void)close(fds[1]); /* the child has it */
	while ((n = read(fds[0], chunk, sizeof chunk)) > 0)
		(void)ndjson_feed(&lines, chunk, (size_t)n, expect, e, &why); /* compared below */
	(void)close(fds[0]);                                                  /* only read */
	(void)waitpid(pid, NULL, 0);                                          /* as above */
	ndjson_fini(&lines);
	buf_fini(&e->out);
}

static bool prepare(struct world *w)
{
	int fds[2];
	char *slash;
	ssize_t n = readlink("/proc/self/exe", w->pub, sizeof w->pub - 16);

	if (n < 0 || (slash = memrchr(w->pub, '/', (size_t)n)) == NULL ||
	    (slash = memrchr(w->pub, '/', (size_t)(slash - w->pub))) == NULL)
		return false;
	slash[1] = '\0';
	(void)snprintf(w->sub, sizeof w->sub, "%.480s", w->pub); /* measured */
	strcat(w->pub, "sp-pub");
	strcat(w->sub, "sp-sub");
	(void)snprintf(w->dir, sizeof w->dir, "/tmp/spout-subs.XXXXXX"); /* fits */
	if (access(w->pub, X_OK) < 0 || access(w->sub, X_OK) < 0 || mkdtemp(w->dir) == NULL)
		return false;
	(void)snprintf(w->socket, sizeof w->socket, "%s/s", w->dir);   /* fits */
	(void)snprintf(w->url, sizeof w->url, "unix://%s", w->socket); /* fits */
	start_redis(w);
	if (w->redis < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return false;
	const char *const argv[] = {w->pub, "-u", w->url, "-p", "7", "-s", "story", "-f", "json",
	    "--maxlen", "0", "--full-text", "none", NULL};
	w->publisher = start(argv, fds[0], -1);
	(void)close(fds[0]); /* the child has it */
	w->to_pub = fds[1];
	return fcntl(w->to_pub, F_SETFL, O_NONBLOCK) == 0 && w->publisher > 0;
}

static void clean_up(struct world *w)
{
	const char *const argv[] = {"rm", "-rf", w->dir, NULL};

	if (w->to_pub >= 0)
		(void)close(w->to_pub); /* it was only written to */
	if (w->publisher > 0) {
		(void)kill(w->publisher, SIGTERM);    /* it may have ended */
		(void)waitpid(w->publisher, NULL, 0); /* as above */
	}
	if (w->redis > 0) {
		(void)kill(w->redis, SIGKILL);    /* nobody needs it any more */
		(void)waitpid(w->redis, NULL, 0); /* as above */
	}
	if (w->dir[0] != '\0')
		run(argv);
}

static void check(struct world *w)
{
	struct expected e;
	int good = 0;
	struct subs_stats s;

	read_log(w, &e);
	for (int i = 0; i < READERS; i++) {
		const struct reader *r = &w->readers[i];

		if (r->over && !r->wrong_end && r->hash == e.hash && r->bytes == e.bytes)
			good++;
		else
			printf("# reader %d%s: %llu of %llu bytes, %s, state %d\n", i,
			    r->slow ? " (slow)" : "", (unsigned long long)r->bytes,
			    (unsigned long long)e.bytes, r->over ? "over" : "not over", r->m.state);
	}
	subs_stats(w->subs, &s);
	printf(
	    "# %llu messages in, %llu sends, %llu pages, %llu gaps; down %d times, up %d times\n",
	    (unsigned long long)s.messages_in, (unsigned long long)s.deliveries,
	    (unsigned long long)s.pages, (unsigned long long)s.gaps, w->downs, w->ups);
	ok(e.bytes > LINES * 100, "the log holds what was published");
	ok(w->phase == 6, "Redis was killed twice, and connections cut four times");
	ok(good == READERS, "%d readers end with exactly the log's bytes", READERS);
	ok(s.gaps == 0 && s.slow_drops == 0 && s.memory_drops == 0,
	    "nobody was dropped or missed anything");
	ok(s.members == 0 && s.catching == 0 && s.blocked == 0 && s.window_bytes == 0,
	    "and nothing is left in memory");
}

int main(void)
{
	static struct world w = {.to_pub = -1, .seed = 7};
	struct url url = {0};
	struct why why = {0};

	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	if (!prepare(&w)) {
		clean_up(&w);
		printf("ok 1 - readers through a Redis that dies # skip redis-server, sp-pub or "
		       "sp-sub is missing\n1..1\n");
		return 0;
	}
	if (url_parse(&url, w.url, &why) < 0 || loop_open(&w.loop, &why) < 0) {
		clean_up(&w);
		printf("not ok 1 - %s\n1..1\n", why.text);
		return 1;
	}
	const struct subs_conf conf = {
	    .link = {.url = &url, .times = REDIS_TIMES_DEFAULT, .give_up_ms = -1},
	    .namespace = "sp",
	    .max_lag_bytes = 128 * 1024,
	    .memory_bytes = 64 << 20};
	w.subs = subs_open(w.loop, &conf, &ops, &w);
	w.tick = (struct timer){.on_due = on_tick, .arg = &w};
	w.begin_ms = clock_ms();
	loop_timer(w.loop, &w.tick, 0);
	(void)loop_run(w.loop, &why); /* what it did is looked at */
	ok(!w.timed_out && !w.dead, "all readers are done in time");
	check(&w);
	subs_close(w.subs);
	loop_close(w.loop);
	url_fini(&url);
	clean_up(&w);
	return t_done();
}
