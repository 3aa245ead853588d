/* SPDX-License-Identifier: MIT */
/* sseload_post: the outlet that publishes by HTTP POST, one message a request, over connections
 * that are kept alive. A line is a connection.
 *
 *	DOWN → CONNECTING → IDLE ⇄ SENDING → WAITING ─┬─ kept ──→ IDLE
 *	  ↑                                           └─ closed ─→ DOWN
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "sseload_answer.h"
#include "sseload_publisher.h"

enum { POST_READ = 16 << 10, RETRY_MS = 200 };

enum post_state { POST_DOWN, POST_CONNECTING, POST_IDLE, POST_SENDING, POST_WAITING };

struct post {
	struct outlet *outlet;
	struct watch watch; /* fd -1: not open */
	struct timer retry;
	struct buf out;
	struct answer answer;
	enum post_state state;
	int failures; /* in a row, without an answer */
	bool good;    /* the status was one of success */
};

struct outlet {
	const struct sseload_conf *conf;
	const struct target *target;
	struct outlet_owner owner;
	struct loop *loop;
	struct post *posts;
	char bytes[POST_READ];
};

static const struct sources no_sources;

static void go_on(struct post *p);

static void hang_up(struct post *p)
{
	if (p->watch.fd >= 0) {
		loop_watch(p->outlet->loop, &p->watch, 0);
		(void)close(p->watch.fd); /* it is over */
		p->watch.fd = -1;
	}
	p->state = POST_DOWN;
}

/* A message that got no answer is counted as refused: whether the server has it, nobody knows. */
static void lose(struct post *p)
{
	struct outlet *o = p->outlet;
	bool busy = p->state == POST_SENDING || p->state == POST_WAITING;
	struct why w;

	hang_up(p);
	buf_clear(&p->out);
	if (busy)
		o->owner.on_acked(o->owner.arg, false);
	if (++p->failures > (int)(o->conf->timeout_ms / RETRY_MS) + 1) {
		(void)why_errno(
		    &w, WHY_UNAVAILABLE, "--publish-url %s", o->target->text); /* fills w */
		o->owner.on_dead(o->owner.arg, &w);
		return;
	}
	/* The server is what is measured: it is asked again, but not in a spin. */
	loop_timer(o->loop, &p->retry, clock_ms() + (busy ? 0 : RETRY_MS));
}

static void become_idle(struct post *p)
{
	struct outlet *o = p->outlet;

	p->state = POST_IDLE;
	loop_watch(o->loop, &p->watch, LOOP_READ);
	o->owner.on_room(o->owner.arg);
}

static void dial(void *arg)
{
	struct post *p = arg;
	struct outlet *o = p->outlet;
	int on = 1;

	p->watch.fd = target_connect(o->target, &no_sources, 0, 0);
	if (p->watch.fd < 0) {
		lose(p);
		return;
	}
	/* Tuning: the end of a long request does not wait. A Unix socket has no such thing. */
	(void)setsockopt(p->watch.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	p->state = POST_CONNECTING;
	loop_watch(o->loop, &p->watch, LOOP_WRITE);
}

static void send_out(struct post *p)
{
	ssize_t n = send(p->watch.fd, buf_head(&p->out), p->out.len, MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		lose(p);
		return;
	}
	if (n > 0)
		buf_consume(&p->out, (size_t)n);
	p->state = p->out.len > 0 ? POST_SENDING : POST_WAITING;
	loop_watch(p->outlet->loop, &p->watch, p->out.len > 0 ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

static void finish(struct post *p, bool kept)
{
	struct outlet *o = p->outlet;

	p->failures = 0;
	p->state = POST_IDLE;
	if (!kept)
		hang_up(p);
	o->owner.on_acked(o->owner.arg, p->good);
	if (kept)
		become_idle(p);
	else
		dial(p);
}

static void take_bytes(struct post *p, const char *at, size_t len)
{
	struct answer_bytes body;
	enum answer_step step;

	while ((step = answer_next(&p->answer, &at, &len, &body)) != ANSWER_MORE) {
		if (step == ANSWER_HEAD)
			p->good = p->answer.status / 100 == 2;
		if (step == ANSWER_END) {
			finish(p, answer_keeps_alive(&p->answer) && len == 0);
			return;
		}
		if (step == ANSWER_BAD) {
			lose(p);
			return;
		}
	}
}

static void go_on(struct post *p)
{
	struct outlet *o = p->outlet;
	int error = 0;
	socklen_t error_len = sizeof error;

	if (p->state == POST_CONNECTING) {
		(void)getsockopt(
		    p->watch.fd, SOL_SOCKET, SO_ERROR, &error, &error_len); /* 0 is fine */
		errno = error;
		if (error != 0)
			lose(p);
		else
			become_idle(p);
		return;
	}
	if (p->state == POST_SENDING && p->out.len > 0)
		send_out(p);
	if (p->watch.fd < 0)
		return;
	ssize_t n = recv(p->watch.fd, o->bytes, sizeof o->bytes, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	bool asked = p->state == POST_SENDING || p->state == POST_WAITING;
	if (n > 0 && asked)
		take_bytes(p, o->bytes, (size_t)n);
	else if (n == 0 && asked && answer_eof(&p->answer))
		finish(p, false);
	else if (n == 0 && !asked)
		hang_up(p), dial(p); /* an idle one timed out */
	else
		lose(p);
}

static void on_ready(void *arg, unsigned ready)
{
	(void)ready; /* what it is, the socket tells */
	go_on(arg);
}

/* --- The outlet */

static int open_it(struct outlet **out, struct loop *loop, const struct sseload_conf *conf,
    const struct target *target, const struct outlet_owner *owner, struct why *w)
{
	struct outlet *o = xcalloc(1, sizeof *o);

	(void)w;
	o->conf = conf;
	o->target = target;
	o->owner = *owner;
	o->loop = loop;
	o->posts = xcalloc((size_t)conf->publish_connections, sizeof *o->posts);
	*out = o;
	for (int64_t i = 0; i < conf->publish_connections; i++) {
		struct post *p = &o->posts[i];

		p->outlet = o;
		p->watch = (struct watch){.fd = -1, .on_ready = on_ready, .arg = p};
		p->retry = (struct timer){.on_due = dial, .arg = p};
		buf_init(&p->out, SIZE_MAX / 2);
		loop_timer(loop, &p->retry, 0);
	}
	return 0;
}

static void close_it(struct outlet *o)
{
	for (int64_t i = 0; i < o->conf->publish_connections; i++) {
		hang_up(&o->posts[i]);
		loop_cancel(o->loop, &o->posts[i].retry);
		buf_fini(&o->posts[i].out);
	}
	free(o->posts);
	free(o);
}

static bool has_room(const struct outlet *o, uint32_t line)
{
	return o->posts[line].state == POST_IDLE;
}

static void put(struct outlet *o, uint32_t line, uint32_t lane, struct buf *open, uint64_t seq)
{
	struct post *p = &o->posts[line];
	struct buf *b = &p->out;

	(void)seq;                  /* the server gives ids of its own */
	(void)buf_adds(b, "POST "); /* no cap, here and below */
	target_expand(b, o->target->path, lane);
	(void)buf_adds(b, " HTTP/1.1\r\nHost: ");
	(void)buf_add(b, o->target->host, o->target->host_len);
	(void)buf_addf(
	    b, "\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n", open->len + 1);
	for (int i = 0; i < o->conf->headers.count; i++) {
		target_expand(b, o->conf->headers.items[i], lane);
		(void)buf_adds(b, "\r\n");
	}
	(void)buf_adds(b, "\r\n");
	(void)buf_add(b, buf_head(open), open->len);
	(void)buf_addc(b, '}');
	answer_init(&p->answer);
	p->good = false;
	p->state = POST_SENDING;
	send_out(p);
}

static void flush(struct outlet *o)
{
	(void)o; /* each request goes at once */
}

const struct outlet_ops sseload_post = {open_it, close_it, has_room, put, flush};
