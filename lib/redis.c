/* SPDX-License-Identifier: MIT */
/*
 * redis: a connection: bytes, greeting, timeouts; resp is the codec.
 *
 *	CONNECTING ──connected──→ GREETING ──AUTH, SELECT answered──→ UP
 *
 * Commands may be queued from the start; they go out behind AUTH and SELECT without waiting for the
 * answers, so that a one-shot costs one round trip. Every -1 is final: the owner closes.
 */
#include "redis.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "loop.h"
#include "net.h"

enum {
	READ_SIZE = 64 * 1024,
	OUT_MAX = 64 << 20, /* queued commands; ours are a few KB */
};

struct redis {
	struct net *net;
	const struct url *url;
	struct redis_times times;
	struct resp *resp;
	struct buf out;
	char *in;       /* READ_SIZE bytes, allocated with the first read */
	size_t pending; /* replies due, the greeting's and the PING's included */
	int greeting;   /* of those: AUTH and SELECT, which come first */
	bool connected, subscribing, pinged;
	int64_t since_ms; /* when the last byte came, or the waiting began */
};

/* --- Commands */

void redis_command(struct redis *r, int argc, const char *const *argv, const size_t *lens)
{
	if (resp_command(&r->out, argc, argv, lens) < 0)
		abort(); /* a caller that never reads replies */
	redis_expect(r, 1);
}

void redis_expect(struct redis *r, size_t replies)
{
	if (r->pending == 0)
		r->since_ms = clock_ms();
	r->pending += replies;
}

static void greet(struct redis *r)
{
	const char *auth[3] = {"AUTH"};
	char db[12];
	const char *select[2] = {"SELECT", db};
	int n = 1;

	if (r->url->password != NULL) {
		if (r->url->user != NULL)
			auth[n++] = r->url->user;
		auth[n++] = r->url->password;
		redis_command(r, n, auth, NULL);
		r->greeting++;
	}
	if (r->url->db != 0) {
		(void)snprintf(db, sizeof db, "%d", r->url->db); /* an int fits */
		redis_command(r, 2, select, NULL);
		r->greeting++;
	}
}

/* --- Life */

int redis_open(
    struct redis **out, const struct url *url, const struct redis_times *times, struct why *w)
{
	struct redis *r = xcalloc(1, sizeof *r);
	const struct url_host *host = url->kind == URL_UNIX ? NULL : &url->hosts[0];

	*r = (struct redis){.url = url, .times = *times, .since_ms = clock_ms()};
	if (net_open(&r->net, host != NULL ? host->name : NULL, host != NULL ? host->port : 0,
		url->path, w) < 0) {
		free(r);
		return -1;
	}
	r->resp = resp_open();
	buf_init(&r->out, OUT_MAX);
	greet(r);
	/* A Unix socket is connected at once: then the first command needs no wake-up. */
	int c = net_connected(r->net, w);
	r->connected = c == 0;
	if (c == NET_ERROR) {
		redis_close(r);
		return -1;
	}
	*out = r;
	return 0;
}

void redis_close(struct redis *r)
{
	if (r == NULL)
		return;
	net_close(r->net);
	resp_close(r->resp);
	buf_fini(&r->out);
	free(r->in);
	free(r);
}

int redis_fd(const struct redis *r)
{
	return net_fd(r->net);
}

unsigned redis_want(const struct redis *r)
{
	if (!r->connected)
		return LOOP_WRITE;
	return LOOP_READ | (r->out.len > 0 ? LOOP_WRITE : 0u);
}

bool redis_is_connected(const struct redis *r)
{
	return r->connected;
}

void redis_subscribing(struct redis *r)
{
	r->subscribing = true;
}

/* --- Bytes out and in */

int redis_flush(struct redis *r, struct why *w)
{
	if (!r->connected) {
		int c = net_connected(r->net, w);

		if (c != 0)
			return c == NET_AGAIN ? 0 : -1;
		r->connected = true;
		r->since_ms = clock_ms();
	}
	while (r->out.len > 0) {
		ssize_t n = net_write(r->net, buf_head(&r->out), r->out.len, w);

		if (n == NET_ERROR)
			return -1;
		if (n == NET_AGAIN)
			break;
		buf_consume(&r->out, (size_t)n);
	}
	return 0;
}

int redis_read(struct redis *r, struct why *w)
{
	if (!r->connected || resp_has_bytes(r->resp))
		return 0; /* the last read is not used up */
	if (r->in == NULL)
		r->in = xmalloc(READ_SIZE);
	ssize_t n = net_read(r->net, r->in, READ_SIZE, w);
	if (n == NET_AGAIN)
		return 0;
	if (n == 0)
		return why_set(w, WHY_UNAVAILABLE, "the server closed the connection");
	if (n < 0)
		return -1;
	resp_feed(r->resp, r->in, (size_t)n);
	r->since_ms = clock_ms();
	return n == READ_SIZE;
}

ssize_t redis_write(struct redis *r, const void *p, size_t n, struct why *w)
{
	if (!r->connected)
		return 0;
	if (redis_flush(r, w) < 0)
		return -1;
	if (r->out.len > 0)
		return 0;
	ssize_t put = net_write(r->net, p, n, w);
	return put == NET_AGAIN ? 0 : put;
}

/* --- Replies */

bool redis_is_push(const struct reply *reply)
{
	if (reply->type != REPLY_ARRAY || reply->n < 3 || reply->elem[0].type != REPLY_STRING)
		return false;
	const struct reply *kind = &reply->elem[0];
	return (kind->len == 7 && memcmp(kind->str, "message", 7) == 0) ||
	    (kind->len == 8 && memcmp(kind->str, "pmessage", 8) == 0);
}

/* Whether the reply is for the owner; the others are ours. -1 when the greeting was refused. */
static int take_reply(struct redis *r, const struct reply *reply, struct why *w)
{
	if (r->subscribing && redis_is_push(reply))
		return 1;
	if (r->pending > 0)
		r->pending--;
	if (r->greeting > 0) {
		r->greeting--;
		if (reply->type != REPLY_ERROR)
			return 0;
		(void)redis_refusal(r->url->shown, reply, w); /* the caller reads w->status */
		return -1;
	}
	/* The PING went out when nothing was due: the first answer is its own. An error is one,
	 * too: MISCONF, BUSY or NOPERM say that the server is there. */
	if (r->pinged) {
		r->pinged = false;
		return 0;
	}
	return 1;
}

int redis_next(struct redis *r, struct reply **reply, struct why *w)
{
	for (;;) {
		int got = resp_next(r->resp, reply, w);

		if (got <= 0)
			return got;
		int mine = take_reply(r, *reply, w);
		if (mine != 0)
			return mine;
	}
}

/* --- Time */

int64_t redis_due(const struct redis *r)
{
	int64_t limit = !r->connected ? r->times.connect_ms
	    : r->pending > 0          ? r->times.command_ms
				      : r->times.health_ms;

	return r->since_ms + limit;
}

int redis_tick(struct redis *r, int64_t now_ms, struct why *w)
{
	static const char *const ping[] = {"PING"};

	if (now_ms < redis_due(r))
		return 0;
	if (!r->connected)
		return why_set(w, WHY_UNAVAILABLE, "no connection within %lld ms",
		    (long long)r->times.connect_ms);
	if (r->pending > 0)
		return why_set(
		    w, WHY_UNAVAILABLE, "no answer for %lld ms", (long long)r->times.command_ms);
	r->pinged = true;
	redis_command(r, 1, ping, NULL);
	return redis_flush(r, w);
}

int redis_wait(struct redis *r, struct reply **reply, struct why *w)
{
	for (;;) {
		if (redis_flush(r, w) < 0 || redis_read(r, w) < 0)
			return -1;
		int got = redis_next(r, reply, w);
		if (got != 0)
			return got < 0 ? -1 : 0;
		if (redis_tick(r, clock_ms(), w) < 0)
			return -1;
		unsigned want = redis_want(r);
		struct pollfd p = {.fd = redis_fd(r),
		    .events = (short)((want & LOOP_READ ? POLLIN : 0) |
			(want & LOOP_WRITE ? POLLOUT : 0))};
		int64_t left = redis_due(r) - clock_ms();
		(void)poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left); /* the loop looks again */
	}
}

/* --- Refusals */

static bool begins(const struct reply *e, const char *word)
{
	size_t n = strlen(word);

	return e->len >= n && memcmp(e->str, word, n) == 0;
}

bool redis_refusal(const char *object, const struct reply *error, struct why *w)
{
	static const char *const later[] = {"LOADING", "READONLY", "MASTERDOWN", "TRYAGAIN", "OOM",
	    "MISCONF", "NOREPLICAS", "CLUSTERDOWN", "BUSY", "ERR max number of clients", NULL};
	char text[200];

	why_quote(text, sizeof text, error->str, error->len);
	/* What Redis says of a command of more than ten words before AUTH. */
	if (begins(error, "ERR Protocol error: unauthenticated"))
		return redis_refusal(object,
		    &(struct reply){
			.type = REPLY_ERROR, .str = "NOAUTH Authentication required.", .len = 31},
		    w);
	/* Where in our script it happened helps nobody. */
	char *script = strstr(text, " script: ");
	if (script != NULL)
		*script = '\0';
	for (int i = 0; later[i] != NULL; i++)
		if (begins(error, later[i])) {
			(void)why_set(w, WHY_UNAVAILABLE, "%s", text); /* fills w */
			return true;
		}
	int status = begins(error, "WRONGTYPE") ? WHY_DATA : WHY_REFUSED;
	const char *hint = begins(error, "NOAUTH")
	    ? " (put the password into the URL: redis://:PASSWORD@host)"
	    : begins(error, "WRONGPASS") ? " (check the user and password in the URL)"
	    : begins(error, "NOPERM")    ? " (the ACL of this user must allow it)"
					 : "";
	(void)why_set(w, status, "%s: %s%s", object, text, hint); /* fills w */
	return false;
}
