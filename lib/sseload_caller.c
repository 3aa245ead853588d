/* SPDX-License-Identifier: MIT */
/* sseload_caller: one reader of a stream. */
#include "sseload_caller.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum {
	SLOW_RCVBUF = 4096, /* what is to be slow must not have megabytes taken by its kernel */
	READS_IN_TURN = 4,  /* then the others have theirs */
};

static void on_ready(void *arg, unsigned ready);

void caller_init(struct caller *c, struct crew *w, uint32_t index, enum caller_kind kind)
{
	memset(c, 0, sizeof *c);
	c->watch = (struct watch){.fd = -1, .on_ready = on_ready, .arg = c};
	c->crew = w;
	c->index = index;
	c->channel = (uint32_t)(index % (uint64_t)w->conf->channels);
	c->kind = (uint8_t)kind;
	c->state = CALLER_IDLE;
	scan_init(&c->scan);
}

/* --- States */

static void set_state(struct caller *c, enum caller_state state)
{
	struct crew *w = c->crew;

	w->opening -= c->state == CALLER_OPENING || c->state == CALLER_HEAD;
	w->tally.open -= c->state == CALLER_STREAM;
	w->opening += state == CALLER_OPENING || state == CALLER_HEAD;
	w->tally.open += state == CALLER_STREAM;
	c->state = (uint8_t)state;
	if (w->wants_room && state != CALLER_OPENING && state != CALLER_HEAD) {
		w->wants_room = false;
		loop_timer(w->loop, &w->room, 0);
	}
	if (!c->settled && (state == CALLER_STREAM || state == CALLER_OVER)) {
		c->settled = true;
		w->unsettled--;
	}
}

static void hang_up(struct caller *c)
{
	if (c->watch.fd < 0)
		return;
	loop_watch(c->crew->loop, &c->watch, 0);
	(void)close(c->watch.fd); /* what it held is not wanted */
	c->watch.fd = -1;
}

void caller_close(struct caller *c)
{
	hang_up(c);
	scan_restart(&c->scan);
	set_state(c, CALLER_IDLE);
}

/* The stream is over without our doing: back after a while, unless that is not wanted. A slow
 * reader was dropped, as servers do. */
static void lose(struct caller *c, bool keep)
{
	struct crew *w = c->crew;
	int64_t retry_ms = w->conf->retry_ms;

	scan_restart(&c->scan);
	if (!keep)
		hang_up(c);
	if (c->kind != CALLER_FAST && c->state == CALLER_STREAM) {
		w->tally.slow_dropped++;
		retry_ms = -1;
	}
	c->since_ns = clock_ns() + retry_ms * 1000000;
	set_state(c, retry_ms < 0 ? CALLER_OVER : CALLER_WAITING);
	if (c->state == CALLER_OVER)
		hang_up(c);
}

static void fail(struct caller *c, enum sseload_error error)
{
	if (c->kind == CALLER_FAST || c->state != CALLER_STREAM)
		c->crew->tally.errors[error]++;
	lose(c, false);
}

/* No use in asking again. */
static void fail_for_good(struct caller *c, enum sseload_error error)
{
	c->crew->tally.errors[error]++;
	hang_up(c);
	set_state(c, CALLER_OVER);
}

/* --- Asking */

static void make_request(struct caller *c)
{
	const struct crew *w = c->crew;
	struct buf *b = &c->crew->request;

	buf_clear(b);
	(void)buf_adds(b, "GET "); /* this buffer has no cap */
	target_expand(b, w->target->path, c->channel);
	(void)buf_adds(b, " HTTP/1.1\r\nHost: ");
	(void)buf_add(b, w->target->host, w->target->host_len);
	(void)buf_adds(b, "\r\nAccept: text/event-stream\r\n");
	if (c->scan.id_len > 0) {
		(void)buf_adds(b, "Last-Event-ID: ");
		(void)buf_add(b, c->scan.id, c->scan.id_len);
		(void)buf_adds(b, "\r\n");
	}
	for (int i = 0; i < w->conf->headers.count; i++) {
		target_expand(b, w->conf->headers.items[i], c->channel);
		(void)buf_adds(b, "\r\n");
	}
	(void)buf_adds(b, "\r\n");
}

static enum sseload_error kind_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENOENT:
		return SSELOAD_REFUSED;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
		return SSELOAD_NO_PORT;
	case ETIMEDOUT:
		return SSELOAD_TIMEOUT;
	case ECONNRESET:
	case EPIPE:
		return SSELOAD_RESET;
	default:
		return SSELOAD_UNREACHABLE;
	}
}

/* On loopback the connection often stands when connect(2) returns, so this is tried at once: it
 * spares a wake-up. */
static void ask(struct caller *c)
{
	struct crew *w = c->crew;

	make_request(c);
	ssize_t n = send(
	    c->watch.fd, buf_head(&w->request) + c->sent, w->request.len - c->sent, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINTR)) {
		loop_watch(w->loop, &c->watch, LOOP_WRITE);
		return;
	}
	if (n < 0) {
		fail(c, kind_of(errno));
		return;
	}
	c->sent = (uint16_t)(c->sent + n);
	if (c->sent < w->request.len) {
		loop_watch(w->loop, &c->watch, LOOP_WRITE);
		return;
	}
	set_state(c, CALLER_HEAD);
	loop_watch(w->loop, &c->watch, LOOP_READ);
}

void caller_open(struct caller *c, int64_t intended_ns)
{
	struct crew *w = c->crew;

	w->tally.attempts++;
	w->tally.reconnects += c->settled;
	c->since_ns = intended_ns;
	c->event_ns = 0;
	c->seen_byte = c->seen_event = false;
	c->sent = 0;
	answer_init(&c->answer);
	scan_restart(&c->scan);
	set_state(c, CALLER_OPENING);
	c->kept = c->watch.fd >= 0;
	if (!c->kept)
		c->watch.fd = target_connect(
		    w->target, w->sources, c->index, c->kind != CALLER_FAST ? SLOW_RCVBUF : 0);
	if (c->watch.fd >= 0) {
		ask(c);
	} else if (errno == EAGAIN && w->target->addr.ss_family == AF_UNIX) {
		/* A Unix socket whose queue is full: the next check tries again. */
		c->since_ns = intended_ns;
		w->tally.attempts--;
		set_state(c, CALLER_WAITING);
	} else {
		fail(c, kind_of(errno));
	}
}

/* --- Reading */

static void take_body(struct caller *c, const struct answer_bytes *body, int64_t now_ns)
{
	const char *p = body->p;
	size_t len = body->len;
	enum audit_found found;
	struct audit_stamp stamp;
	enum scan_step step;

	while ((step = scan_next(&c->scan, &p, &len, &found, &stamp)) == SCAN_EVENT)
		caller_take(c, found, &stamp, now_ns);
	if (step == SCAN_LONG)
		fail_for_good(c, SSELOAD_LONG_LINE);
}

static void take_head(struct caller *c)
{
	struct crew *w = c->crew;
	const struct answer *a = &c->answer;

	w->tally.statuses[a->status]++;
	if (a->status == 204) {
		w->tally.over++;
		hang_up(c);
		set_state(c, CALLER_OVER);
	} else if (a->status != 200) {
		fail_for_good(c, SSELOAD_STATUS);
	} else if (!a->is_stream || a->is_encoded) {
		fail_for_good(c, SSELOAD_NOT_STREAM);
	} else {
		c->had_stream = true;
		w->tally.streams++;
		w->tally.chunked += a->chunked;
		w->tally.reused += c->kept;
		w->tally.last_stream_ns = clock_ns();
		set_state(c, CALLER_STREAM);
		if (c->kind != CALLER_FAST)
			loop_watch(w->loop, &c->watch, 0);
	}
}

static void take_bytes(struct caller *c, const char *p, size_t len)
{
	int64_t now_ns = clock_ns();
	struct answer_bytes body;
	enum answer_step step;

	c->crew->tally.bytes += len;
	if (!c->seen_byte)
		hist_record(&c->crew->hists[TALLY_FIRST_BYTE], now_ns - c->since_ns);
	c->seen_byte = true;
	while ((c->state == CALLER_HEAD || c->state == CALLER_STREAM) &&
	    (step = answer_next(&c->answer, &p, &len, &body)) != ANSWER_MORE)
		switch (step) {
		case ANSWER_HEAD:
			take_head(c);
			break;
		case ANSWER_BODY:
			take_body(c, &body, now_ns);
			break;
		case ANSWER_END:
			c->crew->tally.ended++;
			lose(c, answer_keeps_alive(&c->answer) && len == 0);
			break;
		case ANSWER_BAD:
			fail_for_good(c, SSELOAD_NOT_HTTP);
			break;
		case ANSWER_MORE:
			break;
		}
}

/* The connection ended. One that was kept may go at any time, also while we ask on it again. */
static void take_eof(struct caller *c, int error)
{
	struct crew *w = c->crew;

	if (c->state == CALLER_WAITING) {
		hang_up(c);
	} else if (c->kept && !c->seen_byte) {
		hang_up(c);
		caller_open(c, c->since_ns);
	} else if (error != 0) {
		fail(c, kind_of(error));
	} else if (c->state == CALLER_STREAM && answer_eof(&c->answer)) {
		w->tally.ended += c->kind == CALLER_FAST;
		lose(c, false);
	} else {
		fail(c, SSELOAD_CUT);
	}
}

/* Whether more may be there. */
static bool read_once(struct caller *c, size_t size)
{
	struct crew *w = c->crew;
	ssize_t n = recv(c->watch.fd, w->bytes, size, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		take_eof(c, n < 0 ? errno : 0);
		return false;
	}
	if (c->state == CALLER_WAITING)
		return true; /* nobody asked for it */
	take_bytes(c, w->bytes, (size_t)n);
	return (size_t)n == size;
}

static void on_ready(void *arg, unsigned ready)
{
	struct caller *c = arg;

	if (c->state == CALLER_OPENING) {
		ask(c);
		return;
	}
	(void)ready; /* what else it is, recv tells */
	for (int i = 0; i < READS_IN_TURN && c->watch.fd >= 0; i++)
		if (!read_once(c, CREW_BYTES))
			break;
}

/* --- Time */

void caller_check(struct caller *c, int64_t now_ns)
{
	const struct crew *w = c->crew;

	if (c->state == CALLER_WAITING && c->since_ns <= now_ns)
		caller_open(c, c->since_ns);
	else if ((c->state == CALLER_OPENING || c->state == CALLER_HEAD) &&
	    now_ns - c->since_ns > w->conf->timeout_ms * 1000000)
		fail(c, SSELOAD_TIMEOUT);
}

void caller_tick(struct caller *c)
{
	struct pollfd p = {.fd = c->watch.fd, .events = POLLRDHUP};

	if (c->state != CALLER_STREAM || c->kind == CALLER_FAST)
		return;
	if (c->kind == CALLER_STALLED) {
		if (poll(&p, 1, 0) > 0)
			take_eof(c, ECONNRESET);
		return;
	}
	size_t share = (size_t)c->crew->conf->slow_bytes;
	(void)read_once(c, share < CREW_BYTES ? share : CREW_BYTES); /* one a second */
}
