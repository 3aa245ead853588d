/* SPDX-License-Identifier: MIT */
/*
 * inetd: read a head, decide, answer or stream, leave.
 *
 *	read_head → decide ──an answer──→ answer → linger
 *	               └───a stream──→ open_stream … on_start (head, or 204) … on_end → linger
 */
#include "inetd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "chan.h"
#include "clock.h"
#include "gate.h"
#include "http.h"
#include "http_answer.h"
#include "peer.h"
#include "proc.h"
#include "ready.h"
#include "stream.h"

enum {
	PROBE_MS = 250, /* after the reader closed its side: is the other one open? */
};

struct exchange {
	const struct inetd_conf *conf;
	struct loop *loop;
	struct signals signals;
	struct buf in, headers, out; /* headers: CORS, for whatever is answered */
	struct http http;
	struct gate gate;
	struct stream_conf stream_conf;
	struct stream *stream;
	char *channel;
	struct watch watch;    /* of the reader's side */
	struct timer patience; /* until Redis must have answered */
	struct timer probe;
	bool has_head; /* the slices of http may be used */
	int status;    /* exit status */
};

/* --- The connection */

static void answer(struct exchange *x, int status, const char *text)
{
	struct why w;
	char line[400];

	if (text != NULL)
		(void)snprintf(line, sizeof line, "%s\n", text); /* a cut reason is one */
	(void)http_answer(&x->out,                               /* no cap */
	    &(struct http_answer){.status = status,
		.headers = &x->headers,
		.body = text != NULL ? line : NULL,
		.body_len = text != NULL ? strlen(line) : 0,
		.head_only = x->has_head && http_method_is(&x->http, "HEAD")});
	if (peer_write(STDOUT_FILENO, buf_head(&x->out), x->out.len, x->conf->write_ms, &w) == 0)
		peer_linger(STDIN_FILENO);
	buf_clear(&x->out);
}

/* 1: a head; 0: answered, or nobody to answer to. */
static int read_head(struct exchange *x)
{
	int64_t until = clock_ms() + x->conf->header_ms;

	http_init(&x->http, (size_t)x->conf->max_header);
	for (;;) {
		struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
		int64_t left = until - clock_ms();
		char *room = buf_room(&x->in, 4096);

		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		if (ready < 0)
			return 0; /* a signal: we are to stop */
		if (ready == 0) {
			if (x->in.len > 0)
				answer(x, 408, "the request head did not come in time");
			return 0;
		}
		ssize_t n = read(STDIN_FILENO, room, 4096);
		if (n < 0 && errno == EINTR)
			return 0; /* a signal: we are to stop */
		if (n <= 0) {
			if (x->in.len > 0)
				answer(x, 400, "the request head was cut");
			return 0;
		}
		x->in.len += (size_t)n;
		switch (http_parse(&x->http, buf_head(&x->in), x->in.len)) {
		case HTTP_MORE:
			break;
		case HTTP_HEAD:
			x->has_head = true;
			return 1;
		case HTTP_REFUSED:
			answer(x, x->http.status, x->http.reason);
			return 0;
		}
	}
}

/* --- Deciding */

enum {
	SERVED = 1u << ROUTE_STAGE | 1u << ROUTE_PROJECT | 1u << ROUTE_CHANNEL |
	    1u << ROUTE_STOP_STAGE | 1u << ROUTE_STOP_CHANNEL | 1u << ROUTE_HEALTHZ |
	    1u << ROUTE_READYZ
};

/* 1: a stream, or a question to Redis; 0: answered. */
static int decide(struct exchange *x)
{
	const struct gate_conf conf = {.namespace = x->conf->namespace,
	    .cors = x->conf->cors,
	    .allow = x->conf->allow,
	    .nallow = x->conf->nallow,
	    .insecure = x->conf->insecure,
	    .access = x->conf->access,
	    .routes = SERVED};
	bool is_local = peer_is_local(STDIN_FILENO);

	if (conf.access == NULL && !conf.insecure && !is_local)
		say(x->conf->say, SAY_ERROR,
		    "refused: without authentication only loopback and Unix sockets are served "
		    "(--insecure serves all)");
	gate_decide(&x->gate, &conf, &x->http, is_local, &x->headers);
	if (x->gate.does == GATE_PUBLISH || x->gate.does == GATE_STOP) {
		answer(x, 403, "this server does not publish");
		return 0;
	}
	if (x->gate.does != GATE_ANSWER)
		return 1;
	if (x->gate.status == 401 || x->gate.status == 403)
		say(x->conf->say, SAY_DETAIL, "answered %d: %s", x->gate.status, x->gate.text);
	answer(x, x->gate.status, x->gate.text);
	return 0;
}

/* --- The stream */

static void on_signal(void *arg, int signo)
{
	struct exchange *x = arg;

	x->status = 128 + signo;
	loop_stop(x->loop);
}

static void answer_unavailable(struct exchange *x)
{
	struct why w;

	(void)gate_come_back(
	    &x->out, &x->http, &x->headers, 503, "Redis is not available"); /* sent */
	if (peer_write(STDOUT_FILENO, buf_head(&x->out), x->out.len, x->conf->write_ms, &w) == 0)
		peer_linger(STDIN_FILENO);
}

static bool on_start(void *arg, struct buf *out, struct id cursor, const struct log_run *run)
{
	struct exchange *x = arg;

	loop_cancel(x->loop, &x->patience);
	if (gate_has_ended(x->gate.route.kind, &x->gate.start, cursor, run)) {
		(void)http_answer(
		    out, &(struct http_answer){.status = 204, .headers = &x->headers}); /* no cap */
		return false;
	}
	(void)http_answer_stream(out, &x->headers); /* no cap */
	return true;
}

static void on_end(void *arg, enum stream_end end, const struct why *w)
{
	struct exchange *x = arg;

	loop_stop(x->loop);
	if (proc_stop_signal() != 0) {
		x->status = 128 + proc_stop_signal();
	} else if (end == STREAM_CLOSED) {
		say(x->conf->say, SAY_DETAIL, "%s", w->text);
	} else if (end == STREAM_DEAD) {
		x->status = say_why(x->conf->say, w);
		if (!stream_is_started(x->stream))
			answer_unavailable(x);
	} else {
		peer_linger(STDIN_FILENO);
	}
}

static void on_impatience(void *arg)
{
	struct exchange *x = arg;

	x->status = WHY_UNAVAILABLE;
	loop_stop(x->loop);
	answer_unavailable(x);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct exchange *x = arg;

	x->conf->on_down(x->conf->arg, w, wait_ms);
}

static void on_started(void *arg, const char *path)
{
	struct exchange *x = arg;

	say(x->conf->say, SAY_NOTE, "started a private Redis at %s", path);
}

static void on_probe(void *arg)
{
	struct exchange *x = arg;

	stream_probe(x->stream);
}

/* Bytes behind the request are dropped. When the reader has closed its side it may still listen (a
 * half-closed socket), or be gone: what is sent to one that is gone is answered by a reset, so that
 * two comments, a moment apart, tell the difference. */
static void on_readable(void *arg, unsigned ready)
{
	struct exchange *x = arg;
	char junk[4096];
	ssize_t n = recv(STDIN_FILENO, junk, sizeof junk, MSG_DONTWAIT);

	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	loop_watch(x->loop, &x->watch, 0);
	if (n < 0 || (ready & LOOP_HANGUP)) {
		loop_stop(x->loop); /* reset, or closed both ways */
		return;
	}
	stream_probe(x->stream);
	loop_timer(x->loop, &x->probe, clock_ms() + PROBE_MS);
}

static int serve_stream(struct exchange *x, struct why *w)
{
	static const struct stream_ops ops = {on_start, on_end, on_down, on_started};
	struct stream_conf *c = &x->stream_conf;
	const struct route *route = &x->gate.route;
	struct stat st;

	x->channel = route->kind == ROUTE_CHANNEL
	    ? xstrdup(route->channel)
	    : chan_stage(x->conf->namespace, route->project,
		  route->kind == ROUTE_STAGE ? route->stage : NULL);
	c->link = x->conf->link;
	c->start = x->gate.start;
	c->source =
	    (struct feed_source){.name = x->channel, .is_pattern = route->kind == ROUTE_PROJECT};
	c->from = (struct msg_from){route->project_len > 0 ? route->project : NULL,
	    route->stage_len > 0 ? route->stage : NULL};
	c->ends = route->kind == ROUTE_STAGE;
	c->event_names = x->conf->event_names;
	c->heartbeat_ms = x->conf->heartbeat_ms;
	c->retry_ms = x->conf->retry_ms;
	c->write_ms = x->conf->write_ms;
	c->fd = STDOUT_FILENO;
	if (stream_open(&x->stream, x->loop, c, &ops, x, w) < 0)
		return -1;
	/* Only a socket tells that its reader left; a pipe does when it is written to. */
	if (fstat(STDIN_FILENO, &st) == 0 && S_ISSOCK(st.st_mode))
		loop_watch(x->loop, &x->watch, LOOP_READ);
	loop_timer(x->loop, &x->patience, clock_ms() + c->link.times.connect_ms);
	return loop_run(x->loop, w);
}

static int serve(struct exchange *x, struct why *w)
{
	if (read_head(x) == 0 || decide(x) == 0) {
		x->status = proc_stop_signal() != 0 ? 128 + proc_stop_signal() : 0;
		return 0;
	}
	if (x->gate.does == GATE_READYZ) {
		int ready = ready_check(&x->conf->link, w);

		if (ready < 0)
			say(x->conf->say, SAY_NOTE, "%s", w->text);
		answer(x, ready < 0 ? 503 : 200, ready < 0 ? "Redis does not answer" : "ok");
		return 0;
	}
	if (x->gate.does == GATE_STREAM_HEAD) {
		(void)http_answer_stream(&x->out, &x->headers); /* no cap */
		if (peer_write(
			STDOUT_FILENO, buf_head(&x->out), x->out.len, x->conf->write_ms, w) == 0)
			peer_linger(STDIN_FILENO);
		return 0;
	}
	return serve_stream(x, w);
}

int inetd_serve(const struct inetd_conf *conf)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, 0};
	struct exchange x = {.conf = conf};
	struct why w = {0};

	x.watch = (struct watch){.fd = STDIN_FILENO, .on_ready = on_readable, .arg = &x};
	x.patience = (struct timer){.on_due = on_impatience, .arg = &x};
	x.probe = (struct timer){.on_due = on_probe, .arg = &x};
	buf_init(&x.in, (size_t)conf->max_header + 8192); /* the parser refuses before that */
	buf_init(&x.headers, SIZE_MAX / 2);
	buf_init(&x.out, SIZE_MAX / 2);
	if (loop_open(&x.loop, &w) < 0 ||
	    signals_open(&x.signals, x.loop, signos, on_signal, &x, &w) < 0 || serve(&x, &w) < 0)
		x.status = say_why(conf->say, &w);
	stream_close(x.stream);
	signals_close(&x.signals);
	loop_close(x.loop);
	buf_fini(&x.in);
	buf_fini(&x.headers);
	buf_fini(&x.out);
	free(x.channel);
	return x.status;
}
