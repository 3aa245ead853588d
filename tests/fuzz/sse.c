/* SPDX-License-Identifier: MIT */
/* Any bytes as a stream: the events do not depend on how it is cut. Any bytes as an event: what is
 * encoded decodes to one event, the same but for its line ends. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool good)
{
	if (!good)
		abort();
}

static int record(void *arg, const struct sse_message *m, struct why *w)
{
	struct buf *b = arg;

	(void)w;
	must(memchr(m->event, '\n', m->event_len) == NULL);
	must(memchr(m->event, '\r', m->event_len) == NULL);
	must(memchr(m->id, '\n', m->id_len) == NULL && memchr(m->id, '\r', m->id_len) == NULL);
	must(memchr(m->id, '\0', m->id_len) == NULL);
	must(memchr(m->data, '\r', m->data_len) == NULL);
	must(buf_addf(b, "%llu %zu %zu %zu %d ", m->number, m->data_len, m->event_len, m->id_len,
		 m->has_id) == 0);
	must(buf_add(b, m->data, m->data_len) == 0 && buf_add(b, m->event, m->event_len) == 0);
	must(buf_add(b, m->id, m->id_len) == 0);
	return 0;
}

static int decode(struct buf *events, const char *s, size_t len, size_t step, size_t cap)
{
	struct sse_decoder d;
	struct why w = {0};
	int result = 0;

	buf_init(events, (size_t)1 << 26);
	sse_decoder_init(&d, cap);
	for (size_t at = 0, n; at < len && result == 0; at += n) {
		n = len - at < step ? len - at : step;
		char *copy = malloc(n); /* a read beyond n is seen */

		memcpy(copy, s + at, n);
		result = sse_feed(&d, copy, n, record, events, &w);
		free(copy);
		must(d.line.len + d.data.len + d.event.len <= cap && d.id.len <= cap);
	}
	must(buf_addf(events, "retry %lld, %s", (long long)d.retry_ms, w.text) == 0);
	sse_decoder_fini(&d);
	return result;
}

static void cut_anywhere(const char *s, size_t len, size_t cap)
{
	struct buf whole, cut;
	int result = decode(&whole, s, len, len, cap);

	for (size_t step = 1; step <= 5; step++) {
		must(decode(&cut, s, len, step, cap) == result);
		must(
		    cut.len == whole.len && memcmp(buf_head(&cut), buf_head(&whole), cut.len) == 0);
		buf_fini(&cut);
	}
	buf_fini(&whole);
}

struct sent {
	const char *id, *event, *data;
	size_t id_len, event_len, data_len;
	int times;
};

static int compare(void *arg, const struct sse_message *m, struct why *w)
{
	struct sent *s = arg;
	bool with_event = memchr(s->event, '\r', s->event_len) == NULL &&
	    memchr(s->event, '\n', s->event_len) == NULL &&
	    memchr(s->event, '\0', s->event_len) == NULL;
	size_t n = 0;

	(void)w;
	s->times++;
	must(m->has_id == sse_id_is_legal(s->id, s->id_len));
	must(!m->has_id || (m->id_len == s->id_len && memcmp(m->id, s->id, s->id_len) == 0));
	must(m->event_len == (with_event ? s->event_len : 0));
	must(memcmp(m->event, s->event, m->event_len) == 0);
	for (size_t i = 0; i < s->data_len; i++, n++) {
		bool cr = s->data[i] == '\r';

		must(n < m->data_len && m->data[n] == (cr ? '\n' : s->data[i]));
		if (cr && i + 1 < s->data_len && s->data[i + 1] == '\n')
			i++;
	}
	must(n == m->data_len);
	return 0;
}

/* A comment before and behind, whatever is in it, changes nothing. */
static void there_and_back(const char *s, size_t len)
{
	size_t id = len > 0 ? (unsigned char)s[0] % 70 : 0;
	size_t type = len > 1 ? (unsigned char)s[1] % 20 : 0;
	struct sse_decoder d;
	struct buf out;
	struct why w;

	if (len < 2 + id + type)
		return;
	struct sent sent = {.id = s + 2,
	    .id_len = id,
	    .event = s + 2 + id,
	    .event_len = type,
	    .data = s + 2 + id + type,
	    .data_len = len - 2 - id - type};
	char *text = xstrndup(sent.data, sent.data_len);
	buf_init(&out, (size_t)1 << 26);
	must(sse_comment(&out, text) == 0 && sse_retry(&out, 5) == 0);
	must(sse_event(&out, sent.id, id, sent.event, type, sent.data, sent.data_len) == 0);
	must(sse_comment(&out, text) == 0);
	sse_decoder_init(&d, (size_t)1 << 26);
	must(sse_feed(&d, buf_head(&out), out.len, compare, &sent, &w) == 0);
	must(sent.times == 1 && d.retry_ms == 5);
	sse_decoder_fini(&d);
	buf_fini(&out);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *s = (const char *)data;

	there_and_back(s, len);
	if (len > 0)
		cut_anywhere(s + 1, len - 1, data[0]);
	return 0;
}
