/* SPDX-License-Identifier: MIT */
/* sseload_tally: what a load's processes count and tell. */
#include "sseload_tally.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

const char *const sseload_error_names[SSELOAD_ERRORS] = {"refused", "no_port", "unreachable",
    "timeout", "reset", "cut", "not_http", "status", "not_stream", "long_line", "long_id",
    "publish"};

void tally_add(struct tally *a, const struct tally *b)
{
	a->open += b->open;
	a->attempts += b->attempts;
	a->streams += b->streams;
	a->reconnects += b->reconnects;
	a->ended += b->ended;
	a->over += b->over;
	a->chunked += b->chunked;
	a->reused += b->reused;
	a->bytes += b->bytes;
	a->events += b->events;
	a->stamped += b->stamped;
	a->foreign += b->foreign;
	a->slow_events += b->slow_events;
	a->slow_dropped += b->slow_dropped;
	a->posted += b->posted;
	a->caught_up += b->caught_up;
	if (b->last_stream_ns > a->last_stream_ns)
		a->last_stream_ns = b->last_stream_ns;
	if (b->last_event_ns > a->last_event_ns)
		a->last_event_ns = b->last_event_ns;
	for (int i = 0; i < 600; i++)
		a->statuses[i] += b->statuses[i];
	for (int i = 0; i < SSELOAD_ERRORS; i++)
		a->errors[i] += b->errors[i];
	audit_add(&a->audit, &b->audit);
	pace_add(&a->slots, &b->slots);
}

uint64_t tally_errors(const struct tally *t)
{
	uint64_t n = 0;

	for (int i = 0; i < SSELOAD_ERRORS; i++)
		n += t->errors[i];
	return n;
}

int shared_open(struct shared *s, uint64_t lanes, struct why *w)
{
	size_t bytes = (lanes + SHARED_LAGS) * sizeof(uint64_t);
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return why_errno(w, WHY_BUG, "shared memory");
	*s = (struct shared){.lanes = lanes, .sent = p, .lags_ns = (int64_t *)p + lanes};
	return 0;
}

/* --- Frames */

struct frame {
	uint32_t kind, len;
};

static void send_all(int fd, const void *p, size_t len)
{
	const char *at = p;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
}

void tell(int fd, enum tell kind, const void *head, size_t head_len, const struct buf *tail)
{
	size_t more = tail != NULL ? tail->len : 0;
	struct frame f = {(uint32_t)kind, (uint32_t)(head_len + more)};

	send_all(fd, &f, sizeof f);
	send_all(fd, head, head_len);
	if (more > 0)
		send_all(fd, buf_head(tail), more);
}

int tell_next(const struct buf *b, const char **body, size_t *len, size_t *frame)
{
	struct frame f;

	if (b->len < sizeof f)
		return -1;
	memcpy(&f, buf_head(b), sizeof f);
	if (b->len - sizeof f < f.len)
		return -1;
	*body = buf_head(b) + sizeof f;
	*len = f.len;
	*frame = sizeof f + f.len;
	return (int)f.kind;
}

int order_send(int fd, enum order_kind kind, uint64_t n, int64_t at_ns)
{
	struct order o = {kind, n, at_ns};

	return send(fd, &o, sizeof o, MSG_NOSIGNAL) == (ssize_t)sizeof o ? 0 : -1;
}

bool order_read(int fd, struct order *o)
{
	char *at = (char *)o;
	size_t got = 0;

	while (got < sizeof *o) {
		ssize_t n = recv(fd, at + got, sizeof *o - got, 0);

		if (n == 0 || (n < 0 && errno != EINTR))
			return false;
		got += n > 0 ? (size_t)n : 0;
	}
	return true;
}
