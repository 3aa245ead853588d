/* SPDX-License-Identifier: MIT */
/*
 * fetch: a small HTTP client (RFC 9112).
 *
 *	connect → write the request → read the head → body: until the close, a length, or chunks
 */
#include "fetch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "net.h"
#include "number.h"

enum { READ_SIZE = 16 * 1024, CHUNK_LINE_MAX = 256 };

/* --- The URL */

static int take_authority(struct fetch_url *u, const char *s, size_t len, struct why *w)
{
	const char *host = s, *port = memchr(s, ':', len);
	size_t host_len = port != NULL ? (size_t)(port - s) : len;
	uint64_t n;

	if (len > 0 && s[0] == '[') {
		const char *close = memchr(s, ']', len);

		if (close == NULL)
			return why_set(w, WHY_USAGE, "URL: [ without ]");
		host = s + 1;
		host_len = (size_t)(close - host);
		port = close + 1 < s + len ? close + 1 : NULL;
	}
	if (host_len == 0 || len >= sizeof u->authority || memchr(s, '@', len) != NULL)
		return why_set(w, WHY_USAGE, "URL: http://HOST[:PORT]/PATH is meant");
	memcpy(u->authority, s, len);
	u->authority[len] = '\0';
	memcpy(u->host, host, host_len);
	u->host[host_len] = '\0';
	u->port = 80;
	if (port == NULL)
		return 0;
	if (*port != ':' || !number_parse(port + 1, (size_t)(s + len - port) - 1, UINT16_MAX, &n) ||
	    n == 0)
		return why_set(w, WHY_USAGE, "URL: the port is no number from 1 to 65535");
	u->port = (uint16_t)n;
	return 0;
}

int fetch_url(struct fetch_url *u, const char *text, struct why *w)
{
	if (strncasecmp(text, "https://", 8) == 0)
		return why_set(w, WHY_USAGE,
		    "https:// is not supported by this version: try the http:// port behind what "
		    "ends TLS");
	if (strncasecmp(text, "http://", 7) != 0)
		return why_set(w, WHY_USAGE, "URL: http://HOST[:PORT]/PATH is meant");
	for (const char *s = text; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr("#<>\"", *s) != NULL)
			return why_set(w, WHY_USAGE, "URL: it has a byte to percent-encode");
	text += 7;
	size_t len = strcspn(text, "/?");
	u->target = text + len;
	return take_authority(u, text, len, w);
}

/* --- Waiting */

/* 1: ready, 0: the deadline passed, -1. */
static int wait_for(struct fetch *f, short events, int64_t until_ms, struct why *w)
{
	for (;;) {
		struct pollfd p = {.fd = net_fd(f->net), .events = events};
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

static int connect_to(struct fetch *f, const struct fetch_url *u, int64_t until_ms, struct why *w)
{
	int r;

	if (net_open(&f->net, u->host, u->port, NULL, w) < 0)
		return -1;
	while ((r = wait_for(f, POLLOUT, until_ms, w)) > 0)
		if ((r = net_connected(f->net, w)) != NET_AGAIN)
			return r == 0 ? 0 : -1;
	return r == 0 ? late(w, "connecting") : -1;
}

static int write_all(struct fetch *f, const char *s, size_t len, int64_t until_ms, struct why *w)
{
	while (len > 0) {
		int r = wait_for(f, POLLOUT, until_ms, w);

		if (r <= 0)
			return r == 0 ? late(w, "sending the request") : -1;
		ssize_t n = net_write(f->net, s, len, w);
		if (n == NET_ERROR)
			return -1;
		if (n > 0) {
			s += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Reads more into f->in: 1, 0 the end, FETCH_LATE, -1. */
static int read_more(struct fetch *f, int64_t until_ms, struct why *w)
{
	for (;;) {
		int r = wait_for(f, POLLIN, until_ms, w);
		if (r <= 0)
			return r == 0 ? FETCH_LATE : -1;
		char *room = buf_room(&f->in, READ_SIZE);
		if (room == NULL)
			return why_set(w, WHY_DATA, "the answer's head is too large");
		ssize_t n = net_read(f->net, room, READ_SIZE, w);
		if (n == NET_AGAIN)
			continue;
		if (n > 0)
			f->in.len += (size_t)n;
		return n > 0 ? 1 : (int)n;
	}
}

/* --- The head */

/* The line at *s, without its end, and *s moved behind it; false at the end. */
static bool next_line(struct http_slice *rest, struct http_slice *line)
{
	const char *end = memchr(rest->p, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (struct http_slice){rest->p, (size_t)(end - rest->p)};
	rest->len -= line->len + 1;
	rest->p = end + 1;
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* The next field of this name; true when there is one. */
static bool next_field(struct http_slice *rest, const char *name, struct http_slice *value)
{
	size_t n = strlen(name);

	for (struct http_slice line; next_line(rest, &line);) {
		if (line.len <= n || line.p[n] != ':' || strncasecmp(line.p, name, n) != 0)
			continue;
		*value = (struct http_slice){line.p + n + 1, line.len - n - 1};
		while (value->len > 0 && (*value->p == ' ' || *value->p == '\t'))
			value->p++, value->len--;
		return true;
	}
	return false;
}

bool fetch_field(const struct fetch *f, const char *name, struct http_slice *value)
{
	struct http_slice rest = f->head;

	return next_field(&rest, name, value);
}

bool fetch_field_has(const struct fetch *f, const char *name, const char *text)
{
	struct http_slice rest = f->head, value;
	size_t n = strlen(text);

	while (next_field(&rest, name, &value))
		for (size_t i = 0; i + n <= value.len; i++)
			if (strncasecmp(value.p + i, text, n) == 0)
				return true;
	return false;
}

static int parse_head(struct fetch *f, struct why *w)
{
	const char *s = buf_head(&f->in);
	struct http_slice length;

	if (f->head_bytes < 13 || memcmp(s, "HTTP/1.", 7) != 0 || s[7] < '0' || s[7] > '1' ||
	    s[8] != ' ' || s[9] < '1' || s[9] > '5' || s[10] < '0' || s[10] > '9' || s[11] < '0' ||
	    s[11] > '9')
		return why_set(w, WHY_DATA, "this is no HTTP/1 server");
	f->minor = s[7] - '0';
	f->status = (s[9] - '0') * 100 + (s[10] - '0') * 10 + (s[11] - '0');
	/* A copy: what is in front of the body is consumed. */
	f->head = (struct http_slice){xstrndup(s, f->head_bytes), f->head_bytes};
	f->is_chunked = fetch_field_has(f, "Transfer-Encoding", "chunked");
	f->has_length = !f->is_chunked && fetch_field(f, "Content-Length", &length);
	if (f->has_length && !number_parse(length.p, length.len, INT64_MAX, &f->left))
		return why_set(w, WHY_DATA, "the answer's Content-Length is no number");
	f->is_over = f->status == 204 || f->status == 304 || (f->has_length && f->left == 0);
	buf_consume(&f->in, f->head_bytes);
	return 0;
}

static int read_head(struct fetch *f, int64_t until_ms, struct why *w)
{
	for (;;) {
		const char *s = buf_head(&f->in);
		const char *end = f->in.len > 0 ? memmem(s, f->in.len, "\r\n\r\n", 4) : NULL;

		if (end != NULL) {
			f->head_bytes = (size_t)(end - s) + 4;
			f->head_ms = clock_ms();
			return parse_head(f, w);
		}
		int r = read_more(f, until_ms, w);
		if (r == FETCH_LATE)
			return late(w, "the answer's head");
		if (r <= 0)
			return r < 0 ? -1
				     : why_set(w, WHY_DATA,
					   "the server closed the connection without an answer");
	}
}

int fetch_open(struct fetch *f, const struct fetch_url *u, const char *method, const char *headers,
    const char *body, int64_t until_ms, struct why *w)
{
	struct buf out;

	*f = (struct fetch){.status = 0};
	buf_init(&f->in, FETCH_HEAD_MAX + READ_SIZE);
	buf_init(&out, SIZE_MAX / 2);
	(void)buf_addf(&out,
	    "%s %s%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: Spout\r\n%s", method,
	    u->target[0] == '/' ? "" : "/", u->target, u->authority, headers); /* no cap */
	if (body != NULL)
		(void)buf_addf(&out, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	else
		(void)buf_adds(&out, "\r\n"); /* as above */
	int r = connect_to(f, u, until_ms, w) < 0 ||
		write_all(f, buf_head(&out), out.len, until_ms, w) < 0 ||
		read_head(f, until_ms, w) < 0
	    ? -1
	    : 0;
	buf_fini(&out);
	if (r < 0)
		fetch_close(f);
	return r;
}

void fetch_close(struct fetch *f)
{
	net_close(f->net);
	buf_fini(&f->in);
	free((char *)(uintptr_t)f->head.p);
	f->net = NULL;
	f->head = (struct http_slice){NULL, 0};
}

/* --- The body */

/* Takes the line in front of a chunk: 1; 0 when it is not complete; -1. */
static int take_chunk_line(struct fetch *f, struct why *w)
{
	struct http_slice rest = {buf_head(&f->in), f->in.len}, line;

	if (f->in.len == 0 || !next_line(&rest, &line))
		return f->in.len > CHUNK_LINE_MAX
		    ? why_set(w, WHY_DATA, "the answer's chunks are broken")
		    : 0;
	if (line.len > 0) {
		size_t n = 0;

		for (f->left = 0; n < line.len && number_hex(line.p[n]) >= 0; n++)
			f->left = f->left << 4 | (uint64_t)number_hex(line.p[n]);
		if (n == 0 || n > 15)
			return why_set(w, WHY_DATA, "the answer's chunks are broken");
		f->in_chunk = true;
		f->is_over = f->left == 0; /* trailers are of no interest */
	}
	buf_consume(&f->in, f->in.len - rest.len); /* an empty line ends the chunk before */
	return 1;
}

static ssize_t give(struct fetch *f, char *to, size_t size)
{
	size_t n = f->in.len < size ? f->in.len : size;

	if ((f->is_chunked || f->has_length) && n > f->left)
		n = (size_t)f->left;
	memcpy(to, buf_head(&f->in), n);
	buf_consume(&f->in, n);
	if (f->is_chunked || f->has_length)
		f->left -= n;
	if (f->is_chunked && f->left == 0)
		f->in_chunk = false;
	if (f->has_length && f->left == 0)
		f->is_over = true;
	return (ssize_t)n;
}

ssize_t fetch_read(struct fetch *f, char *to, size_t size, int64_t until_ms, struct why *w)
{
	while (!f->is_over) {
		int r = 1;

		if (f->is_chunked && !f->in_chunk) {
			r = take_chunk_line(f, w);
			if (r < 0)
				return -1;
			if (r > 0)
				continue;
		} else if (f->in.len > 0) {
			return give(f, to, size);
		}
		r = read_more(f, until_ms, w);
		if (r < 0)
			return r;
		if (r == 0) {
			f->is_over = true;
			f->is_cut = f->is_chunked || f->has_length;
		}
	}
	return 0;
}
