/* SPDX-License-Identifier: MIT */
/* loader: a load in a child process. What it tells is struct loader_facts, then a struct lane for
 * each of its lanes, as they are in memory: it is the same program. */
#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc.h"

enum { GRACE_MS = 1000, TOLD_MAX = 256 << 20 };

struct span {
	int64_t start_ns, end_ns;
};

struct lane {
	size_t channel;
	uint64_t sent;
	uint32_t run, lane;
};

/* --- The child */

struct child_load {
	struct loop *loop;
	struct load *load;
	struct watch go;
	struct buf lanes;
	struct why why;
};

static void on_over(void *arg)
{
	struct child_load *c = arg;

	loop_stop(c->loop);
}

/* The reader says what goes wrong with the server; it has the same. */
static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	(void)arg;
	(void)w;
	(void)wait_ms;
}

static void on_dead(void *arg, const struct why *w)
{
	struct child_load *c = arg;

	c->why = *w;
	loop_stop(c->loop);
}

static void on_started(void *arg, const char *path)
{
	(void)arg;
	(void)path;
}

static const struct load_ops ops = {on_over, on_down, on_dead, on_started};

static void on_go(void *arg, unsigned ready)
{
	struct child_load *c = arg;
	struct span s;

	(void)ready;
	if (read(c->go.fd, &s, sizeof s) == (ssize_t)sizeof s) {
		load_start(c->load, s.start_ns, s.end_ns, GRACE_MS);
		return;
	}
	loop_watch(c->loop, &c->go, 0);
	load_stop(c->load, GRACE_MS);
}

static void add_lane(void *arg, size_t channel, uint32_t run, uint32_t lane, uint64_t sent)
{
	struct buf *b = arg;

	(void)buf_add(
	    b, &(struct lane){channel, sent, run, lane}, sizeof(struct lane)); /* no cap */
}

static void tell(struct child_load *c, int fd)
{
	struct loader_facts f;
	struct why w;

	memset(&f, 0, sizeof f);
	f.status = c->why.status;
	(void)snprintf(f.text, sizeof f.text, "%s", c->why.text); /* cut is fine */
	if (c->load != NULL) {
		const struct load_facts *from = load_facts(c->load);

		load_lanes(c->load, add_lane, &c->lanes);
		f.sent = from->sent;
		f.acked = from->acked;
		f.errors = from->errors;
		f.slots = from->slots;
		f.nlanes = c->lanes.len / sizeof(struct lane);
	}
	/* A reader that is gone wants nothing. */
	if (proc_write(fd, "pipe", (const char *)&f, sizeof f, &w) == 0)
		(void)proc_write(fd, "pipe", buf_head(&c->lanes), c->lanes.len, &w);
}

static void be_child(int go, int told, const struct load_conf *conf)
{
	struct child_load c = {.go = {.fd = go, .on_ready = on_go}};

	/* Who interrupts the terminal's group means the reader, which ends us. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	c.go.arg = &c;
	buf_init(&c.lanes, SIZE_MAX / 2);
	if (loop_open(&c.loop, &c.why) == 0 &&
	    load_open(&c.load, c.loop, conf, &ops, &c, &c.why) == 0) {
		loop_watch(c.loop, &c.go, LOOP_READ);
		(void)loop_run(c.loop, &c.why); /* c.why tells */
	}
	tell(&c, told);
	_exit(0);
}

/* --- The parent */

int loader_fork(struct loader *l, const struct load_conf *conf, struct why *w)
{
	int go[2], told[2];

	*l = (struct loader){.go = -1, .told = -1};
	buf_init(&l->got, TOLD_MAX);
	if (pipe2(go, O_CLOEXEC) < 0)
		return why_errno(w, WHY_BUG, "pipe");
	if (pipe2(told, O_CLOEXEC) < 0) {
		(void)close(go[0]); /* unused */
		(void)close(go[1]); /* unused */
		return why_errno(w, WHY_BUG, "pipe");
	}
	l->pid = fork();
	if (l->pid == 0) {
		(void)close(go[1]);   /* the parent's */
		(void)close(told[0]); /* the parent's */
		be_child(go[0], told[1], conf);
	}
	int saved = errno;
	(void)close(go[0]);   /* the child's */
	(void)close(told[1]); /* the child's */
	l->go = go[1];
	l->told = told[0];
	errno = saved;
	if (l->pid < 0)
		return why_errno(w, WHY_BUG, "fork");
	return 0;
}

static void on_readable(void *arg, unsigned ready)
{
	struct loader *l = arg;
	struct loader_facts f = {.status = WHY_BUG, .text = "the publisher ended without a word"};
	char *to = buf_room(&l->got, 65536);
	ssize_t n = to == NULL ? 0 : read(l->told, to, 65536);

	(void)ready;
	if (n > 0) {
		l->got.len += (size_t)n;
		return;
	}
	loop_watch(l->loop, &l->watch, 0);
	if (l->got.len >= sizeof f) {
		memcpy(&f, buf_head(&l->got), sizeof f);
		if (l->got.len - sizeof f != f.nlanes * sizeof(struct lane))
			f.status = WHY_BUG;
	}
	l->on_told(l->arg, &f);
}

void loader_start(struct loader *l, struct loop *loop, int64_t start_ns, int64_t end_ns,
    void (*on_told)(void *arg, const struct loader_facts *facts), void *arg)
{
	const struct span s = {start_ns, end_ns};
	struct why w;

	l->loop = loop;
	l->on_told = on_told;
	l->arg = arg;
	l->watch = (struct watch){.fd = l->told, .on_ready = on_readable, .arg = l};
	loop_watch(loop, &l->watch, LOOP_READ);
	/* A child that is gone already shows at the other pipe. */
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	(void)proc_write(l->go, "pipe", (const char *)&s, sizeof s, &w);
	(void)signal(SIGPIPE, old);
}

void loader_stop(struct loader *l)
{
	if (l->go >= 0)
		(void)close(l->go); /* that is the message */
	l->go = -1;
}

void loader_audit(const struct loader *l, struct audit *a)
{
	struct lane lane;

	for (size_t at = sizeof(struct loader_facts); at + sizeof lane <= l->got.len;
	     at += sizeof lane) {
		memcpy(&lane, buf_head(&l->got) + at, sizeof lane);
		audit_sent(a, lane.channel, lane.run, lane.lane, lane.sent);
	}
}

void loader_close(struct loader *l)
{
	if (l->pid <= 0)
		return;
	if (l->loop != NULL)
		loop_watch(l->loop, &l->watch, 0);
	loader_stop(l);
	(void)close(l->told); /* nobody listens */
	while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
		;
	l->pid = 0;
	buf_fini(&l->got);
}
