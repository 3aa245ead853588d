/* SPDX-License-Identifier: MIT */
/* exam_stream: reading the stream, and noting what comes when. */
#include <stdio.h>

#include "clock.h"
#include "exam.h"
#include "json.h"

enum { EVENT_MAX = 1 << 20 };

static int on_event(void *arg, const struct sse_message *m, struct why *w)
{
	struct exam *e = arg;
	struct json_slice type = json_string(json_find(m->data, m->data_len, "type"));
	bool is_connected = json_means(type, "connected");

	(void)w; /* never fails */
	if (e->first_ms == 0)
		e->first_ms = clock_ms();
	e->has_stream_end |= json_means(type, "stream_end");
	e->connected_has_id |= is_connected && m->has_id;
	if (m->has_id && e->resumed != NULL && strlen(e->resumed) == m->id_len &&
	    memcmp(e->resumed, m->id, m->id_len) == 0)
		e->has_repeat = true;
	if (m->has_id && e->cursor[0] == '\0' && m->id_len < sizeof e->cursor &&
	    sse_id_is_legal(m->id, m->id_len))
		memcpy(e->cursor, m->id, m->id_len);
	if (e->mark[0] != '\0' && memmem(m->data, m->data_len, e->mark, strlen(e->mark)) != NULL)
		e->nprobes++;
	return 0;
}

int exam_open(struct exam *e, const char *name, const char *value)
{
	char headers[600];

	(void)snprintf(headers, sizeof headers, "Accept: text/event-stream\r\n%s: %.500s\r\n", name,
	    value); /* fits: origins are checked, cursors are short */
	if (exam_fetch(e, &e->stream, "GET", headers, NULL) < 0)
		return -1;
	sse_decoder_init(&e->decoder, EVENT_MAX);
	e->first_ms = e->gap_ms = 0;
	e->last_ms = e->stream.head_ms;
	e->nreads = 0;
	e->connected_has_id = e->has_stream_end = e->has_repeat = false;
	return 0;
}

void exam_close(struct exam *e)
{
	fetch_close(&e->stream);
	sse_decoder_fini(&e->decoder);
}

int exam_read(struct exam *e, bool (*enough)(const struct exam *), int64_t until_ms)
{
	char bytes[16 * 1024];

	while (enough == NULL || !enough(e)) {
		ssize_t n = fetch_read(&e->stream, bytes, sizeof bytes, until_ms, &e->why);
		int64_t now = clock_ms();

		if (now - e->last_ms > e->gap_ms)
			e->gap_ms = now - e->last_ms;
		if (n <= 0)
			return (int)n;
		e->nreads++;
		e->last_ms = now;
		if (sse_feed(&e->decoder, bytes, (size_t)n, on_event, e, &e->why) < 0)
			return -1;
		if (now >= until_ms && (enough == NULL || !enough(e)))
			return FETCH_LATE; /* there was always something to read */
	}
	return 1;
}
