/* SPDX-License-Identifier: MIT */
/* transcode: standard input to standard output. */
#include "transcode.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "ndjson.h"
#include "proc.h"
#include "sse.h"
#include "sse_json.h"

enum { READ_SIZE = 64 * 1024 };

struct transcode {
	size_t max;
	bool event_names, meta;
	struct buf out;
	struct why *why;
};

static int flush(struct transcode *t)
{
	int r = proc_write(STDOUT_FILENO, "standard output", buf_head(&t->out), t->out.len, t->why);

	buf_clear(&t->out);
	return r;
}

static int filter_line(void *arg, const char *line, size_t len)
{
	struct transcode *t = arg;
	int r = sse_json_encode(&t->out, line, len, t->event_names, t->why);

	return t->out.len >= READ_SIZE && r == 0 ? flush(t) : r;
}

/* Reads standard input to its end, a chunk at a time: 1 a chunk, 0 the end, -1. */
static int read_chunk(struct transcode *t, char *chunk, size_t *len)
{
	ssize_t n;

	while (
	    (n = read(STDIN_FILENO, chunk, READ_SIZE)) < 0 && (errno == EINTR || errno == EAGAIN)) {
		/* Somebody else made it non-blocking: wait as if it were not. */
		struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

		(void)poll(&p, 1, -1); /* the next read tells */
	}
	*len = n > 0 ? (size_t)n : 0;
	return n < 0 ? why_errno(t->why, WHY_IO, "standard input") : n > 0;
}

/* Writes what was made of the input in front of a failure; a failure to write counts more. */
static int flush_after(struct transcode *t, int r)
{
	struct why first = *t->why;

	if (flush(t) < 0)
		return -1;
	*t->why = first;
	return r;
}

/* Names the line that a reason is about, where it does not itself. */
static void name_line(struct transcode *t, const struct ndjson *lines)
{
	struct why bad = *t->why;

	if (bad.status == WHY_DATA && strncmp(bad.text, "line ", 5) != 0)
		(void)why_set(t->why, WHY_DATA, "line %llu: %s", (unsigned long long)lines->line,
		    bad.text); /* fills *t->why */
}

int transcode_to_sse(size_t max_line, bool event_names, struct why *w)
{
	struct transcode all = {.max = max_line, .event_names = event_names, .why = w}, *t = &all;
	struct ndjson lines;
	char *chunk = xmalloc(READ_SIZE);
	size_t len;
	int r = 0, more = 1;

	ndjson_init(&lines, (size_t)t->max, false);
	buf_init(&t->out, SIZE_MAX / 2);
	while (r == 0 && more > 0) {
		more = read_chunk(t, chunk, &len);
		if (more > 0)
			r = ndjson_feed(&lines, chunk, len, filter_line, t, t->why);
		else
			r = more < 0 ? -1 : ndjson_end(&lines, filter_line, t, t->why);
		if (r < 0)
			name_line(t, &lines);
		r = flush_after(t, r);
	}
	ndjson_fini(&lines);
	free(chunk);
	buf_fini(&t->out);
	return r;
}

static int decode_event(void *arg, const struct sse_message *m, struct why *w)
{
	struct transcode *t = arg;

	(void)w;                                    /* flush fills t->why, which is the same */
	(void)sse_json_decode(&t->out, m, t->meta); /* no cap */
	return t->out.len >= READ_SIZE ? flush(t) : 0;
}

int transcode_to_json(size_t max_event, bool meta, struct why *w)
{
	struct transcode all = {.max = max_event, .meta = meta, .why = w}, *t = &all;
	struct sse_decoder d;
	char *chunk = xmalloc(READ_SIZE);
	size_t len;
	int r;

	sse_decoder_init(&d, (size_t)t->max);
	buf_init(&t->out, SIZE_MAX / 2);
	while ((r = read_chunk(t, chunk, &len)) > 0) {
		r = flush_after(t, sse_feed(&d, chunk, len, decode_event, t, t->why));
		if (r < 0)
			break;
	}
	sse_decoder_fini(&d);
	free(chunk);
	buf_fini(&t->out);
	return r;
}
