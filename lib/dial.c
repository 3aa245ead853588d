/* SPDX-License-Identifier: MIT */
/* dial: poll(2), then net, and TLS between if it is wanted. */
#include "dial.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "net.h"

enum { WIRE_SIZE = 16 * 1024 };

struct dial {
	struct net *net;
	struct tls *tls;
};

/* 1: ready, 0: the deadline passed, -1. */
static int wait_for(struct dial *d, short events, int64_t until_ms, struct why *w)
{
	for (;;) {
		struct pollfd p = {.fd = net_fd(d->net), .events = events};
		int64_t left = until_ms - clock_ms();
		int r = poll(&p, 1, left > 0 ? left < 1 << 30 ? (int)left : 1 << 30 : 0);

		if (r > 0)
			return 1;
		if (r == 0)
			return 0;
		if (errno != EINTR)
			return why_errno(w, WHY_IO, "poll");
	}
}

static int late(struct why *w, const char *what)
{
	return why_set(w, WHY_TIMEOUT, "%s took too long", what);
}

/* --- The wire */

static int write_wire(struct dial *d, const char *s, size_t len, int64_t until_ms, struct why *w)
{
	while (len > 0) {
		int r = wait_for(d, POLLOUT, until_ms, w);

		if (r <= 0)
			return r == 0 ? late(w, "sending") : -1;
		ssize_t n = net_write(d->net, s, len, w);
		if (n == NET_ERROR)
			return -1;
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static ssize_t read_wire(struct dial *d, void *p, size_t size, int64_t until_ms, struct why *w)
{
	for (;;) {
		int r = wait_for(d, POLLIN, until_ms, w);
		if (r <= 0)
			return r == 0 ? DIAL_LATE : -1;
		ssize_t n = net_read(d->net, p, size, w);
		if (n != NET_AGAIN)
			return n;
	}
}

/* Sends what TLS has for the other side. */
static int flush(struct dial *d, int64_t until_ms, struct why *w)
{
	char bytes[WIRE_SIZE];
	size_t n;

	while ((n = tls_take(d->tls, bytes, sizeof bytes)) > 0)
		if (write_wire(d, bytes, n, until_ms, w) < 0)
			return -1;
	return 0;
}

/* Gives TLS what came: 1, 0 at the end, DIAL_LATE, -1. */
static int fill(struct dial *d, int64_t until_ms, struct why *w)
{
	char bytes[WIRE_SIZE];
	ssize_t n = read_wire(d, bytes, sizeof bytes, until_ms, w);

	if (n <= 0)
		return (int)n;
	tls_put(d->tls, bytes, (size_t)n);
	return 1;
}

/* --- Opening */

static int reach(struct dial *d, const struct dial_to *to, int64_t until_ms, struct why *w)
{
	int r;

	if (net_open(&d->net, to->host, to->port, NULL, w) < 0)
		return -1;
	while ((r = wait_for(d, POLLOUT, until_ms, w)) > 0)
		if ((r = net_connected(d->net, w)) != NET_AGAIN)
			return r == 0 ? 0 : -1;
	return r == 0 ? why_set(w, WHY_TIMEOUT, "no answer in time") : -1;
}

static int shake(struct dial *d, const struct dial_to *to, int64_t until_ms, struct why *w)
{
	struct why ignored;
	int r;

	if (tls_open(&d->tls, to->host, to->cafile, w) < 0)
		return -1;
	while ((r = tls_shake(d->tls, w)) == TLS_AGAIN) {
		if (flush(d, until_ms, w) < 0)
			return -1;
		r = fill(d, until_ms, w);
		if (r == DIAL_LATE)
			return late(w, "the TLS handshake");
		if (r <= 0)
			return r < 0 ? -1
				     : why_set(w, WHY_DATA,
					   "the connection was closed during the TLS handshake");
	}
	if (r == 0)
		return flush(d, until_ms, w);
	/* An alert tells the other side why; this side knows already. */
	(void)flush(d, until_ms, &ignored);
	return -1;
}

int dial_open(struct dial **out, const struct dial_to *to, int64_t until_ms, enum dial_step *step,
    struct why *w)
{
	struct dial *d = xcalloc(1, sizeof *d);
	struct why cause;

	*step = DIAL_CONNECT;
	int r = reach(d, to, until_ms, &cause);
	if (r < 0) {
		(void)why_set(w, cause.status, "no connection to %s port %u: %.200s", to->host,
		    to->port, cause.text); /* fills w */
	} else if (to->tls) {
		*step = DIAL_SHAKE;
		r = shake(d, to, until_ms, w);
	}
	if (r < 0) {
		dial_close(d);
		return -1;
	}
	*step = DIAL_OPEN;
	*out = d;
	return 0;
}

void dial_close(struct dial *d)
{
	if (d == NULL)
		return;
	tls_close(d->tls);
	net_close(d->net);
	free(d);
}

const struct tls *dial_tls(const struct dial *d)
{
	return d->tls;
}

/* --- Bytes */

int dial_write(struct dial *d, const void *p, size_t n, int64_t until_ms, struct why *w)
{
	if (d->tls == NULL)
		return write_wire(d, p, n, until_ms, w);
	return tls_write(d->tls, p, n, w) < 0 ? -1 : flush(d, until_ms, w);
}

ssize_t dial_read(struct dial *d, void *p, size_t size, int64_t until_ms, struct why *w)
{
	ssize_t n;

	if (d->tls == NULL)
		return read_wire(d, p, size, until_ms, w);
	while ((n = tls_read(d->tls, p, size, w)) == TLS_AGAIN) {
		/* It may have to answer: a new key, an alert. */
		if (flush(d, until_ms, w) < 0)
			return -1;
		int r = fill(d, until_ms, w);
		if (r <= 0)
			return r;
	}
	return n;
}
