/* SPDX-License-Identifier: MIT */
/* conn: the life, the deadlines and the bytes out of one HTTP connection. */
#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#include "peer.h"
#include "sse.h"

enum {
	PARTS = 64,
	LINGER_MS = 1000,  /* for the peer to take the rest before we close */
	REFUSED_MS = 2000, /* for the head of one that will be refused */
};

/* --- Life */

void conn_count_end(struct conn *c, enum metrics_id why)
{
	if (c->state == CONN_STREAM) {
		c->server->metrics->n[METRICS_STREAMS]--;
		c->server->metrics->n[why]++;
	}
}

static void end_log(struct conn *c)
{
	struct buf line;
	int64_t began;

	if (c->log == NULL)
		return;
	memcpy(&began, c->log, sizeof began);
	buf_init(&line, SIZE_MAX / 2);
	journal_end(&c->server->journal, c->log + sizeof began, strlen(c->log + sizeof began), 200,
	    c->sent, (clock_ns() - began) / 1000);
	free(c->log);
	c->log = NULL;
}

void conn_forget_asked(struct request *r)
{
	if (r->post != NULL)
		post_abandon(r->post);
	r->post = NULL;
	state_forget(&r->waiter);
}

void conn_free_request(struct conn *c)
{
	struct request *r = c->request;

	if (r == NULL)
		return;
	conn_forget_asked(r);
	buf_fini(&r->in);
	buf_fini(&r->headers);
	free(r->gate);
	free(r->names);
	slab_put(&c->server->requests, r);
	c->request = NULL;
}

static void close_now(struct conn *c, enum metrics_id why)
{
	struct server *s = c->server;

	if (c->state == CONN_DEAD)
		return;
	if (c->state == CONN_STREAM || c->state == CONN_JOINING)
		subs_leave(s->subs, &c->member);
	if (c->request != NULL) /* it stays for now, but nobody may answer it any more */
		conn_forget_asked(c->request);
	conn_count_end(c, why);
	end_log(c);
	c->state = CONN_DEAD;
	wheel_cancel(&s->wheel, &c->timer);
	loop_watch(s->loop, &c->watch, 0);
	(void)close(c->watch.fd); /* what was to be sent is */
	quota_leave(&s->quota, c->quota);
	serve_bury(s, c);
}

void conn_drop(struct conn *c)
{
	close_now(c, METRICS_ENDED_READER);
}

void conn_fail(struct conn *c)
{
	close_now(c, errno == ETIMEDOUT ? METRICS_ENDED_STUCK : METRICS_ENDED_READER);
}

void conn_free(struct conn *c)
{
	conn_free_request(c);
	buf_fini(&c->out);
	slab_put(&c->server->conns, c);
}

void conn_settle(struct conn *c)
{
	unsigned want = c->blocked ? LOOP_WRITE : 0u;

	switch ((enum conn_state)c->state) {
	case CONN_HEAD:
	case CONN_BODY:
		/* Who does not take answers needs no more of them. */
		want = c->blocked ? LOOP_WRITE : c->put_off ? 0u : LOOP_READ;
		break;
	case CONN_BUSY:
		break;
	case CONN_JOINING:
	case CONN_STREAM:
	case CONN_CLOSING:
		want |= c->half ? 0u : LOOP_READ;
		break;
	case CONN_DEAD:
		return;
	}
	loop_watch(c->server->loop, &c->watch, want);
}

void conn_deadline(struct conn *c, int64_t in_ms)
{
	serve_deadline(c->server, &c->timer, loop_now(c->server->loop) + in_ms);
}

void conn_next_heartbeat(struct conn *c)
{
	int64_t every = c->server->conf->heartbeat_ms;

	conn_deadline(c, c->server->load.level >= STRAIN_LIGHT ? every * 2 : every);
}

/* --- Bytes out */

/* As sendmsg(2); 0 when nothing can be taken now. */
static ssize_t put(struct conn *c, const struct iovec *parts, size_t n)
{
	const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
	struct msghdr msg = {.msg_iov = (struct iovec *)parts, .msg_iovlen = n};
	ssize_t sent;

	do /* one part is the common case, and the kernel has less to copy in then */
		sent = n == 1 ? send(c->watch.fd, parts->iov_base, parts->iov_len, flags)
			      : sendmsg(c->watch.fd, &msg, flags);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN || errno == ENOBUFS ? 0 : -1;
	if (sent > 0) {
		c->moved_ms = loop_now(c->server->loop);
		c->sent += (uint64_t)sent;
		c->server->metrics->n[METRICS_BYTES_OUT] += (uint64_t)sent;
	}
	return sent;
}

static void consume_out(struct conn *c, size_t n)
{
	buf_consume(&c->out, n);
	if (c->out.len == 0)
		buf_fini(&c->out);
}

void conn_block(struct conn *c, bool blocked)
{
	if (blocked && !c->blocked) {
		c->moved_ms = loop_now(c->server->loop);
		c->queued = -1;
		conn_deadline(c, c->server->conf->write_ms / PEER_LOOKS + 1);
	}
	c->blocked = blocked;
}

bool conn_flush(struct conn *c)
{
	if (c->out.len == 0) {
		conn_block(c, false);
		return true;
	}
	struct iovec part = {buf_head(&c->out), c->out.len};
	ssize_t n = put(c, &part, 1);
	if (n < 0) {
		conn_fail(c);
		return false;
	}
	consume_out(c, (size_t)n);
	conn_block(c, c->out.len > 0);
	return true;
}

/* As put, with our own bytes in front; tells how many of the parts'. */
static ssize_t put_behind(struct conn *c, const struct iovec *parts, int nparts)
{
	struct iovec all[PARTS] = {{buf_head(&c->out), c->out.len}};
	size_t n = 1, ours = c->out.len;

	for (int i = 0; i < nparts && n < PARTS; i++)
		all[n++] = parts[i];
	ssize_t sent = put(c, all, n);
	if (sent < 0)
		return -1;
	size_t of_ours = (size_t)sent < ours ? (size_t)sent : ours;
	consume_out(c, of_ours);
	return (ssize_t)((size_t)sent - of_ours);
}

ssize_t conn_on_send(struct member *m, const struct iovec *parts, int nparts)
{
	struct conn *c = conn_of_member(m);
	ssize_t sent =
	    c->out.len > 0 ? put_behind(c, parts, nparts) : put(c, parts, (size_t)nparts);
	size_t want = 0;

	if (sent < 0) {
		conn_fail(c);
		return -1;
	}
	for (int i = 0; i < nparts; i++)
		want += parts[i].iov_len;
	bool blocked = c->out.len > 0 || (size_t)sent < want;
	if (blocked || c->blocked) {
		conn_block(c, blocked);
		conn_settle(c);
	}
	return sent;
}

void conn_close_behind(struct conn *c)
{
	c->state = CONN_CLOSING;
	if (!conn_flush(c))
		return;
	if (c->out.len == 0 && !c->lingers) {
		conn_drop(c);
		return;
	}
	if (c->out.len == 0 && !c->shut) {
		c->shut = true;
		(void)shutdown(c->watch.fd, SHUT_WR); /* a peer that is gone shows when read */
		conn_deadline(c, LINGER_MS);
	}
	if (c->half && c->out.len == 0)
		conn_drop(c);
	else
		conn_settle(c);
}

/* --- Deadlines */

static void on_head_due(struct conn *c)
{
	struct request *r = c->request;

	if (r == NULL || r->in.len == 0) {
		conn_drop(c); /* who says nothing gets nothing */
		return;
	}
	if (c->put_off) {
		c->put_off = false;
		conn_deadline(c, c->server->conf->header_ms);
		conn_go_on(c);
		return;
	}
	c->server->metrics->n[METRICS_REFUSED_TIMEOUT]++;
	c->keeps_alive = false;
	c->lingers = true;
	conn_answer_text(c, 408,
	    c->state == CONN_BODY ? "the request body did not come in time"
				  : "the request head did not come in time");
	conn_go_on(c);
}

static void on_blocked_due(struct conn *c)
{
	int64_t now = loop_now(c->server->loop), most = c->server->conf->write_ms;

	if (c->server->draining) {
		close_now(c, METRICS_ENDED_DRAIN);
		return;
	}
	int queued = peer_queued(c->watch.fd);
	if (queued < c->queued)
		c->moved_ms = now;
	c->queued = queued;
	if (now - c->moved_ms >= most)
		close_now(c, METRICS_ENDED_STUCK);
	else
		conn_deadline(c, most / PEER_LOOKS + 1);
}

void conn_due(struct conn *c)
{
	if (c->blocked && c->state != CONN_DEAD) {
		on_blocked_due(c);
		return;
	}
	switch ((enum conn_state)c->state) {
	case CONN_HEAD:
	case CONN_BODY:
		on_head_due(c);
		break;
	case CONN_BUSY:
	case CONN_JOINING:
		if (c->state == CONN_JOINING) {
			subs_leave(c->server->subs, &c->member);
			c->server->metrics->n[METRICS_NOT_STARTED]++;
		}
		c->state = CONN_HEAD;
		conn_come_back(c, 503, "Redis is not available");
		conn_go_on(c);
		break;
	case CONN_STREAM:
		if (!c->server->draining) {
			conn_on_quiet(c);
			break;
		}
		subs_leave(c->server->subs, &c->member);
		conn_count_end(c, METRICS_ENDED_DRAIN);
		(void)sse_retry(&c->out, 1000 + (int64_t)clock_random(4000)); /* no cap */
		(void)sse_comment(&c->out, "draining");                       /* no cap */
		conn_close_behind(c);
		break;
	case CONN_CLOSING:
		conn_drop(c);
		break;
	case CONN_DEAD:
		break;
	}
}

void conn_drain(struct conn *c, int64_t spread_ms)
{
	switch ((enum conn_state)c->state) {
	case CONN_STREAM:
		conn_deadline(c, (int64_t)clock_random((uint64_t)spread_ms + 1));
		break;
	case CONN_HEAD:
		/* The first request of a new one is on its way. */
		if (c->request == NULL && c->moved_ms > 0)
			conn_deadline(c, (int64_t)clock_random((uint64_t)spread_ms + 1));
		break;
	case CONN_BODY:
	case CONN_BUSY:
	case CONN_JOINING:
	case CONN_CLOSING:
	case CONN_DEAD:
		break; /* their answers end them */
	}
}

void conn_open(struct server *s, const struct door *door, int fd, const struct address *peer)
{
	struct conn *c = slab_get(&s->conns);

	c->server = s;
	c->door = door;
	c->peer = c->client = *peer;
	c->watch = (struct watch){.fd = fd, .on_ready = conn_on_ready, .arg = c};
	buf_init(&c->out, SIZE_MAX / 2);
	s->nconns++;
	s->metrics->n[METRICS_CONNECTIONS]++;
	s->metrics->n[METRICS_ACCEPTED]++;
	if (!address_is_none(peer)) {
		c->quota = quota_enter(&s->quota, peer);
		/* A proxy has as many as it has clients: those are told apart by the head. */
		if (s->conf->max_per_ip > 0 && c->quota->count > s->conf->max_per_ip &&
		    !address_is_in(peer, s->conf->proxies, s->conf->nproxies))
			c->refusal = CONN_TOO_MANY_OF_IT;
	}
	if (s->nconns > s->max_conns && !door->socket->is_admin)
		c->refusal = CONN_TOO_MANY;
	conn_settle(c);
	int64_t head_ms = s->conf->header_ms;
	conn_deadline(c, c->refusal != CONN_WELCOME && head_ms > REFUSED_MS ? REFUSED_MS : head_ms);
}
