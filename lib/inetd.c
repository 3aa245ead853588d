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
#include "cli.h"
#include "clock.h"
#include "http.h"
#include "http_answer.h"
#include "http_query.h"
#include "peer.h"
#include "proc.h"
#include "ready.h"
#include "route.h"
#include "stream.h"

enum {
	WRITE_MS = 30000, /* a reader that takes nothing for so long is gone */
	PROBE_MS = 250,   /* after the reader closed its side: is the other one open? */
	CURSOR_MAX = 64,
};

struct exchange {
	const struct inetd_conf *conf;
	struct loop *loop;
	struct signals signals;
	struct buf in, headers, out; /* headers: CORS, for whatever is answered */
	struct http http;
	struct route route;
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
	if (peer_write(STDOUT_FILENO, buf_head(&x->out), x->out.len, WRITE_MS, &w) == 0)
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

/* --- Deciding: 0 means a stream, 1 /readyz, anything else was answered. */

/* Where to begin: Last-Event-ID, else the query. -1 with w when the query is malformed; another
 * server's Last-Event-ID counts as none. */
static int find_start(struct exchange *x, struct feed_start *start, struct why *w)
{
	static const char *const names[] = {"last_event_id", "lastEventId", "since"};
	struct http_slice value;
	char text[CURSOR_MAX];
	size_t len;

	*start = (struct feed_start){.since = x->route.kind == ROUTE_STAGE ? FEED_RUN : FEED_NOW};
	if (http_field(&x->http, "Last-Event-ID", &value) == 1 &&
	    cli_cursor(&start->after, value.p, value.len)) {
		start->since = FEED_AFTER;
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		int r = http_query_get(x->http.query, names[i], text, sizeof text, &len, w);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		if (i == 2)
			return feed_parse_since(start, text, w);
		if (!cli_cursor(&start->after, text, len))
			return why_set(w, WHY_DATA, "%s is not an id", names[i]);
		start->since = FEED_AFTER;
		return 0;
	}
	return 0;
}

static bool is_allowed(const struct exchange *x)
{
	const struct route *r = &x->route;
	struct chan_parts parts;

	/* Stages and Spout's own channels have routes of their own; this one must not open them. */
	if (chan_parse(r->channel, r->channel_len, &parts) ||
	    chan_is_own(r->channel, r->channel_len))
		return false;
	for (int i = 0; i < x->conf->nallow; i++)
		if (chan_glob(
			x->conf->allow[i], strlen(x->conf->allow[i]), r->channel, r->channel_len))
			return true;
	return false;
}

/* The routes of a server that inetd does not have. */
static bool is_served(enum route_kind kind)
{
	return kind == ROUTE_STAGE || kind == ROUTE_PROJECT || kind == ROUTE_CHANNEL ||
	    kind == ROUTE_STOP_STAGE || kind == ROUTE_STOP_CHANNEL || kind == ROUTE_HEALTHZ ||
	    kind == ROUTE_READYZ;
}

/* Answers a method that is not GET or HEAD; false when it is one of those. */
static bool answer_method(struct exchange *x)
{
	const char *methods = route_methods(x->route.kind);
	bool known = route_allows(x->route.kind, x->http.method.p, x->http.method.len);

	if (known && (http_method_is(&x->http, "GET") || http_method_is(&x->http, "HEAD")))
		return false;
	if (known && http_method_is(&x->http, "POST")) {
		answer(x, 403,
		    x->conf->access != NULL ? "this server does not publish"
					    : "publishing needs a server with --key");
		return true;
	}
	(void)http_add_header(&x->headers, "Allow", methods, strlen(methods)); /* no cap */
	if (http_method_is(&x->http, "OPTIONS"))
		answer(x, 204, NULL);
	else
		answer(x, 405, "this route has no such method");
	return true;
}

/* Whether the request may have what it asks for; else answered. */
static bool is_admitted(struct exchange *x, struct why *w)
{
	enum access_answer a = ACCESS_OK;

	if (x->conf->access != NULL)
		a = access_check(
		    x->conf->access, &x->http, &x->route, false, clock_wall_us() / 1000000, w);
	else if (x->route.kind == ROUTE_CHANNEL && !is_allowed(x)) {
		answer(x, 403, "this channel is not allowed here (--allow)");
		return false;
	}
	if (a == ACCESS_OK)
		return true;
	if (a == ACCESS_401)
		(void)http_add_header(&x->headers, "WWW-Authenticate", "Bearer", 6); /* no cap */
	say(x->conf->say, SAY_DETAIL, "answered %d: %s", (int)a, w->text);
	answer(x, (int)a, w->text);
	return false;
}

/* 1 go on; 0 answered. */
static int decide(struct exchange *x, struct why *w)
{
	struct feed_start *start = &x->stream_conf.start;

	(void)cors_add(&x->headers, &x->conf->cors, &x->http); /* no cap */
	if (x->conf->access == NULL && !x->conf->insecure && !peer_is_local(STDIN_FILENO)) {
		say(x->conf->say, SAY_ERROR,
		    "refused: without authentication only loopback and Unix sockets are served "
		    "(--insecure serves all)");
		answer(x, 403, "this server has no authentication and serves only its own machine");
		return 0;
	}
	if (cors_is_preflight(&x->http)) {
		answer(x, 204, NULL);
		return 0;
	}
	route_parse(&x->route, x->http.path.p, x->http.path.len, w);
	if (x->route.kind == ROUTE_BAD) {
		answer(x, 400, w->text);
		return 0;
	}
	if (!is_served(x->route.kind)) {
		answer(x, 404, "no such route here");
		return 0;
	}
	if (answer_method(x))
		return 0;
	if (x->route.kind == ROUTE_HEALTHZ) {
		answer(x, 200, "ok");
		return 0;
	}
	if (!is_admitted(x, w))
		return 0;
	if (x->route.kind != ROUTE_READYZ && find_start(x, start, w) < 0) {
		answer(x, 400, w->text);
		return 0;
	}
	return 1;
}

/* --- The stream */

static void on_signal(void *arg, int signo)
{
	struct exchange *x = arg;

	x->status = 128 + signo;
	loop_stop(x->loop);
}

/* Redis cannot be had. A browser's EventSource gives up for good at any status but 200, so it gets
 * an empty stream that tells it when to come back. */
static void answer_unavailable(struct exchange *x)
{
	char seconds[12];
	struct why w;
	int64_t wait_ms = 2000 + (int64_t)clock_random(4000);

	if (http_field_has(&x->http, "Accept", "text/event-stream")) {
		(void)http_answer_stream(&x->out, &x->headers); /* no cap */
		(void)buf_addf(
		    &x->out, "retry: %lld\n: unavailable\n\n", (long long)wait_ms); /* no cap */
		if (peer_write(STDOUT_FILENO, buf_head(&x->out), x->out.len, WRITE_MS, &w) == 0)
			peer_linger(STDIN_FILENO);
		return;
	}
	(void)snprintf(seconds, sizeof seconds, "%d", (int)(wait_ms / 1000) + 1);    /* fits */
	(void)http_add_header(&x->headers, "Retry-After", seconds, strlen(seconds)); /* no cap */
	answer(x, 503, "Redis is not available");
}

static bool on_start(void *arg, struct buf *out, struct id cursor, const struct log_run *run)
{
	struct exchange *x = arg;
	bool returns = x->stream_conf.start.since == FEED_AFTER;

	loop_cancel(x->loop, &x->patience);
	/* Who comes back after the end is told not to come again: only 204 stops an EventSource. */
	if (x->stream_conf.ends && returns && run != NULL && !id_is_zero(run->end) &&
	    id_cmp(cursor, run->end) >= 0) {
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
	struct stat st;

	x->channel = x->route.kind == ROUTE_CHANNEL
	    ? xstrdup(x->route.channel)
	    : chan_stage(x->conf->namespace, x->route.project,
		  x->route.kind == ROUTE_STAGE ? x->route.stage : NULL);
	c->link = x->conf->link;
	c->source =
	    (struct feed_source){.name = x->channel, .is_pattern = x->route.kind == ROUTE_PROJECT};
	c->from = (struct msg_from){x->route.project_len > 0 ? x->route.project : NULL,
	    x->route.stage_len > 0 ? x->route.stage : NULL};
	c->ends = x->route.kind == ROUTE_STAGE;
	c->event_names = x->conf->event_names;
	c->heartbeat_ms = x->conf->heartbeat_ms;
	c->retry_ms = x->conf->retry_ms;
	c->write_ms = WRITE_MS;
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
	if (read_head(x) == 0 || decide(x, w) == 0) {
		x->status = proc_stop_signal() != 0 ? 128 + proc_stop_signal() : 0;
		return 0;
	}
	if (x->route.kind == ROUTE_READYZ) {
		int ready = ready_check(&x->conf->link, w);

		if (ready < 0)
			say(x->conf->say, SAY_NOTE, "%s", w->text);
		answer(x, ready < 0 ? 503 : 200, ready < 0 ? "Redis does not answer" : "ok");
		return 0;
	}
	if (http_method_is(&x->http, "HEAD")) {
		(void)http_answer_stream(&x->out, &x->headers); /* no cap */
		if (peer_write(STDOUT_FILENO, buf_head(&x->out), x->out.len, WRITE_MS, w) == 0)
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
