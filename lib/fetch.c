/* SPDX-License-Identifier: MIT */
/* fetch: a small HTTP client: write the request, read the head, then the body. */
#include "fetch.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum {
	READ_SIZE = 16 * 1024,
	INTERIM_MAX = 8, /* informational answers in front of the one that counts */
};

/* What failed, with the URL in front. */
static int fail(const struct fetch *f, const struct why *cause, struct why *w)
{
	return why_set(w, cause->status, "%s: %.200s", f->url->shown, cause->text);
}

/* Reads more into f->in: 1, 0 the end, FETCH_LATE, -1. */
static int read_more(struct fetch *f, int64_t until_ms, struct why *w)
{
	char *room = buf_room(&f->in, READ_SIZE);

	if (room == NULL)
		return why_set(w, WHY_DATA, "the answer's head is too large");
	ssize_t n = dial_read(f->dial, room, READ_SIZE, until_ms, w);
	if (n <= 0)
		return (int)n;
	f->in.len += (size_t)n;
	return 1;
}

/* --- The head */

static int read_head(struct fetch *f, int64_t until_ms, struct why *w)
{
	size_t n;

	while ((n = fetch_head_bytes(buf_head(&f->in), f->in.len)) == 0) {
		int r = read_more(f, until_ms, w);

		if (r == FETCH_LATE)
			return why_set(w, WHY_TIMEOUT, "the answer's head did not come in time");
		if (r < 0)
			return -1;
		if (r == 0 && f->in.len == 0)
			return why_set(
			    w, WHY_DATA, "the server closed the connection without an answer");
		if (r == 0) /* tells what came instead */
			return fetch_head_parse(&f->head, buf_head(&f->in), f->in.len, w) < 0
			    ? -1
			    : why_set(w, WHY_DATA, "the connection was closed within the head");
	}
	f->head_ms = clock_ms();
	/* A copy: what is in front of the body is consumed. */
	free(f->head_text);
	f->head_text = xstrndup(buf_head(&f->in), n);
	buf_consume(&f->in, n);
	return fetch_head_parse(&f->head, f->head_text, n, w);
}

static int read_heads(struct fetch *f, int64_t until_ms, struct why *w)
{
	for (int i = 0; i <= INTERIM_MAX; i++) {
		if (read_head(f, until_ms, w) < 0)
			return -1;
		if (f->head.status >= 200 || f->head.status == 101)
			return 0;
	}
	return why_set(w, WHY_DATA, "informational answers, and no other");
}

static void compose(struct buf *out, const struct fetch_request *r)
{
	const struct fetch_url *u = r->url;

	(void)buf_addf(out,
	    "%s %s%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: Spout\r\n%s",
	    r->method, u->target[0] == '/' ? "" : "/", u->target, u->authority,
	    r->headers); /* no cap */
	if (r->body != NULL)
		(void)buf_addf(out, "Content-Length: %zu\r\n\r\n%s", strlen(r->body), r->body);
	else
		(void)buf_adds(out, "\r\n"); /* as above */
}

int fetch_open(struct fetch *f, const struct fetch_request *r, int64_t until_ms, struct why *w)
{
	const struct dial_to to = {r->url->host, r->url->port, r->url->tls, r->cafile};
	struct buf out;
	struct why cause;

	*f = (struct fetch){.url = r->url};
	buf_init(&f->in, FETCH_HEAD_MAX + READ_SIZE);
	buf_init(&out, SIZE_MAX / 2);
	compose(&out, r);
	bool good = dial_open(&f->dial, &to, until_ms, &f->step, &cause) == 0 &&
	    dial_write(f->dial, buf_head(&out), out.len, until_ms, &cause) == 0 &&
	    read_heads(f, until_ms, &cause) == 0;
	buf_fini(&out);
	fetch_body_init(&f->body, &f->head);
	if (good)
		return 0;
	fetch_close(f);
	return fail(f, &cause, w);
}

void fetch_close(struct fetch *f)
{
	dial_close(f->dial);
	buf_fini(&f->in);
	free(f->head_text);
	f->dial = NULL;
	f->head_text = NULL;
	f->head.fields = (struct http_slice){NULL, 0};
}

/* --- The body */

ssize_t fetch_read(struct fetch *f, char *to, size_t size, int64_t until_ms, struct why *w)
{
	struct why cause;
	ssize_t n;

	while ((n = fetch_body_take(&f->body, &f->in, to, size, &cause)) == 0) {
		if (f->body.is_over)
			return 0;
		int r = read_more(f, until_ms, &cause);
		if (r == FETCH_LATE)
			return r;
		if (r < 0)
			return fail(f, &cause, w);
		if (r == 0)
			f->is_cut = fetch_body_cut(&f->body);
	}
	return n > 0 ? n : fail(f, &cause, w);
}
