/* SPDX-License-Identifier: MIT */
/* conn_read: what a connection's peer sends, and when it can be written to again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buf.h"
#include "conn.h"

enum {
	READ_SIZE = 16384,
	OUT_HIGH = 64 * 1024, /* of answers waiting: no further request is looked at */
	PIPELINED = 16,       /* requests looked at in one go: others want their turn */
	KEEP_MS = 30000,      /* between requests */
};

/* What comes behind a stream's request is dropped. */
static void read_junk(struct conn *c, unsigned ready)
{
	char junk[READ_SIZE];
	ssize_t n = recv(c->watch.fd, junk, sizeof junk, MSG_DONTWAIT);

	if (n > 0)
		c->keeps_alive = false; /* that may have been the next request */
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	if (n < 0)
		conn_fail(c);
	else if (c->state == CONN_CLOSING)
		conn_drop(c);
	else
		conn_on_half(c, ready);
}

static void start_request(struct conn *c)
{
	struct request *r = slab_get(&c->server->requests);

	c->request = r;
	http_init(&r->http, (size_t)c->server->conf->max_header);
	buf_init(&r->in, (size_t)c->server->conf->max_header + POST_BODY_MAX + READ_SIZE);
	buf_init(&r->headers, SIZE_MAX / 2);
}

static void read_request(struct conn *c)
{
	if (c->request == NULL)
		start_request(c);
	struct request *r = c->request;
	char bytes[READ_SIZE]; /* a request keeps no more than it has: ten thousand may wait for
				  Redis */
	ssize_t n = recv(c->watch.fd, bytes, sizeof bytes, MSG_DONTWAIT);

	if (n > 0)
		(void)buf_add(
		    &r->in, bytes, (size_t)n); /* the cap is above what the states let in */
	if (c->state == CONN_BODY)             /* what it points to may have moved */
		(void)http_parse(&r->http, buf_head(&r->in), r->in.len); /* a head, again */
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		c->half = true;
		if (n == 0 && r->in.len > 0 && c->state == CONN_HEAD) {
			c->lingers = false;
			c->keeps_alive = false;
			conn_answer_text(c, 400, "the request head was cut");
			conn_go_on(c);
		} else {
			conn_drop(c);
		}
		return;
	}
	if (r->in.len == (size_t)n && c->state == CONN_HEAD && c->refusal == CONN_WELCOME)
		conn_deadline(c, c->server->conf->header_ms);
	conn_go_on(c);
}

/* Behind an answer: the next request, if it is there already. */
static void next_request(struct conn *c)
{
	struct request *r = c->request;

	if (r->in.len == 0) {
		conn_free_request(c);
		conn_deadline(c, KEEP_MS);
		return;
	}
	http_init(&r->http, (size_t)c->server->conf->max_header);
	buf_clear(&r->headers);
	r->sent_continue = false;
	free(r->gate);
	r->gate = NULL;
	conn_deadline(c, c->server->conf->header_ms);
}

void conn_answered(struct conn *c, int status)
{
	struct request *r = c->request;
	uint64_t *n = c->server->metrics->n;
	size_t took = r->http.at == HTTP_AT_BODY ? r->http.head_bytes + r->http.length : r->in.len;

	n[status >= 500         ? METRICS_ANSWERS_5XX
		: status >= 400 ? METRICS_ANSWERS_4XX
				: METRICS_ANSWERS_2XX]++;
	conn_forget_asked(r);
	if (!c->keeps_alive) {
		c->lingers = c->lingers || took != r->in.len;
		c->state = CONN_CLOSING;
		conn_free_request(c);
		return;
	}
	buf_consume(&r->in, took);
	c->state = CONN_HEAD;
	c->sent = 0;
	next_request(c);
}

/* True when there is a decision to make. */
static bool parse(struct conn *c)
{
	struct request *r = c->request;

	switch (http_parse(&r->http, buf_head(&r->in), r->in.len)) {
	case HTTP_MORE:
		return false;
	case HTTP_HEAD:
		return true;
	case HTTP_REFUSED:
		break;
	}
	if (r->http.status == 431)
		c->server->metrics->n[METRICS_REFUSED_HEADER]++;
	c->keeps_alive = false;
	c->lingers = true;
	conn_answer_text(c, r->http.status, r->http.reason);
	return false;
}

/* Looks at what has come, as far as it goes now, and sends what came of it. Answers to requests
 * that came together go out together. */
void conn_go_on(struct conn *c)
{
	for (int i = 0; c->state == CONN_HEAD && c->request != NULL && c->request->in.len > 0;
	     i++) {
		c->put_off = i == PIPELINED || c->out.len >= OUT_HIGH;
		if (c->put_off || !parse(c))
			break;
		conn_decide(c);
	}
	if (c->state == CONN_BODY &&
	    c->request->in.len >= c->request->http.head_bytes + c->request->http.length)
		conn_post(c);
	if (c->state == CONN_CLOSING) {
		conn_close_behind(c);
	} else if (c->state != CONN_DEAD && conn_flush(c)) {
		conn_settle(c);
		if (c->put_off && !c->blocked)
			conn_deadline(c, 0);
	}
}

void conn_wait(struct conn *c)
{
	const struct redis_times *times = &c->server->conf->link.times;
	int64_t ms = times->connect_ms;

	if (c->state == CONN_BUSY)
		ms += times->command_ms;
	/* post has a deadline of its own, and knows whether what it took may yet be published. */
	if (c->state == CONN_BUSY && c->request->post != NULL && ms < 2 * POST_ANSWER_MS)
		ms = 2 * POST_ANSWER_MS;
	conn_deadline(c, ms);
}

/* The one for writing has replaced it. */
static void restore_deadline(struct conn *c)
{
	if (c->state == CONN_HEAD && c->request == NULL)
		conn_deadline(c, KEEP_MS);
	else if (c->state == CONN_HEAD || c->state == CONN_BODY)
		conn_deadline(c, c->server->conf->header_ms);
	else
		conn_wait(c);
}

void conn_on_ready(void *arg, unsigned ready)
{
	struct conn *c = arg;

	if ((ready & LOOP_WRITE) && c->blocked) {
		if (c->state == CONN_STREAM) {
			/* Ours goes out in front of the member's. */
			if (c->out.len > 0 && !conn_flush(c))
				return;
			if (c->out.len == 0) {
				conn_block(c, false);
				conn_next_heartbeat(c);
				subs_writable(c->server->subs, &c->member);
			}
		} else if (c->state == CONN_CLOSING) {
			conn_close_behind(c);
		} else if (conn_flush(c) && !c->blocked) {
			restore_deadline(c);
			conn_go_on(c);
		}
		if (c->state == CONN_DEAD)
			return;
		conn_settle(c);
	}
	if (!(ready & LOOP_READ) || c->state == CONN_DEAD)
		return;
	if (c->state == CONN_HEAD || c->state == CONN_BODY) {
		if (!c->blocked)
			read_request(c);
		else if (ready & LOOP_HANGUP)
			conn_drop(c);
	} else if (c->state != CONN_BUSY) {
		read_junk(c, ready);
	} else if (ready & LOOP_HANGUP) {
		conn_drop(c);
	}
}
