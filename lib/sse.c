/* SPDX-License-Identifier: MIT */
/*
 * sse: Server-Sent Events, written and read. Lines are found with memchr(3), never byte by byte.
 *
 * The decoder:  bytes --line end--> line --field--> data, event, id --empty line--> on_event
 *                 '--no end yet--> d->line
 */
#include "sse.h"

#include <string.h>

/* Line ends in s[at..len). The next CR and the next LF are both remembered: looking for each anew
 * at every line would be quadratic in data that has only one of them. */
struct lines {
	const char *end;
	const char *cr, *lf; /* end when there is none; may be behind the reader */
};

static const char *find(const char *s, const char *end, char c)
{
	const char *at = s < end ? memchr(s, c, (size_t)(end - s)) : NULL;

	return at != NULL ? at : end;
}

static struct lines lines_in(const char *s, size_t len)
{
	return (struct lines){s + len, find(s, s + len, '\r'), find(s, s + len, '\n')};
}

/* Where the line that begins at s ends: a CR or an LF, or l->end. */
static const char *line_end(struct lines *l, const char *s)
{
	if (l->cr < s)
		l->cr = find(s, l->end, '\r');
	if (l->lf < s)
		l->lf = find(s, l->end, '\n');
	return l->cr < l->lf ? l->cr : l->lf;
}

/* --- Encoding. */

bool sse_id_is_legal(const char *id, size_t len)
{
	for (size_t i = 0; i < len && i < SSE_ID_MAX; i++)
		if (!((id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'z') ||
			(id[i] >= 'A' && id[i] <= 'Z') || id[i] == '-'))
			return false;
	return len > 0 && len <= SSE_ID_MAX;
}

static bool event_is_legal(const char *event, size_t len)
{
	return len > 0 && memchr(event, '\r', len) == NULL && memchr(event, '\n', len) == NULL &&
	    memchr(event, '\0', len) == NULL;
}

static char *put(char *to, const char *s, size_t len)
{
	if (len > 0)
		memcpy(to, s, len);
	return to + len;
}

static char *put_field(char *to, const char *name, const char *value, size_t len)
{
	to = put(to, name, strlen(name));
	to = put(to, value, len);
	return put(to, "\n", 1);
}

/* Behind the line end at s. */
static const char *skip_end(const char *s, const char *end)
{
	return s + (s[0] == '\r' && end - s > 1 && s[1] == '\n' ? 2 : 1);
}

static size_t count_lines(struct lines l, const char *s)
{
	size_t n = 1;

	for (const char *at; (at = line_end(&l, s)) < l.end; n++)
		s = skip_end(at, l.end);
	return n;
}

/* A field for each line of text, the last one included, empty or not. */
static char *put_lines(char *to, const char *name, struct lines l, const char *s)
{
	for (;;) {
		const char *at = line_end(&l, s);

		to = put_field(to, name, s, (size_t)(at - s));
		if (at == l.end)
			return to;
		s = skip_end(at, l.end);
	}
}

int sse_event(struct buf *out, const char *id, size_t id_len, const char *event, size_t event_len,
    const char *data, size_t data_len)
{
	const char *text = data_len > 0 ? data : "";
	struct lines l = lines_in(text, data_len);
	bool with_id = sse_id_is_legal(id, id_len), with_event = event_is_legal(event, event_len);
	size_t size = strlen("data: \n") * count_lines(l, text) + data_len + 1;

	if (with_id)
		size += strlen("id: \n") + id_len;
	if (with_event)
		size += strlen("event: \n") + event_len;
	char *room = buf_room(out, size);
	if (room == NULL)
		return -1;
	char *to = room;
	if (with_id)
		to = put_field(to, "id: ", id, id_len);
	if (with_event)
		to = put_field(to, "event: ", event, event_len);
	to = put_lines(to, "data: ", l, text);
	*to++ = '\n';
	out->len += (size_t)(to - room);
	return 0;
}

int sse_comment(struct buf *out, const char *text)
{
	size_t len = strlen(text);
	struct lines l = lines_in(text, len);
	char *room = buf_room(out, strlen(": \n") * count_lines(l, text) + len + 1);

	if (room == NULL)
		return -1;
	char *to = put_lines(room, ": ", l, text);
	*to++ = '\n';
	out->len += (size_t)(to - room);
	return 0;
}

int sse_retry(struct buf *out, int64_t ms)
{
	size_t before = out->len;

	/* By hand: each stream begins with one, and printf would be a fifteenth of what it costs.
	 */
	if (buf_adds(out, "retry: ") == 0 && buf_addu(out, (uint64_t)(ms > 0 ? ms : 0)) == 0 &&
	    buf_addc(out, '\n') == 0)
		return 0;
	out->len = before;
	return -1;
}

/* --- Decoding. */

void sse_decoder_init(struct sse_decoder *d, size_t max_event_bytes)
{
	*d = (struct sse_decoder){.retry_ms = -1, .max_event = max_event_bytes};
	/* What is kept is checked against max_event; here only the LF behind it is extra. */
	buf_init(&d->line, max_event_bytes + 1);
	buf_init(&d->data, max_event_bytes + 1);
	buf_init(&d->event, max_event_bytes + 1);
	buf_init(&d->id, max_event_bytes + 1);
}

void sse_decoder_fini(struct sse_decoder *d)
{
	buf_fini(&d->line);
	buf_fini(&d->data);
	buf_fini(&d->event);
	buf_fini(&d->id);
}

/* A field replaces the one before; its length was checked with its line's. */
static void set(struct buf *b, const char *value, size_t len)
{
	buf_clear(b);
	(void)buf_add(b, value, len); /* cannot fail: a line is shorter than the cap */
}

/* Digits only. Longer than 30 years is capped there, not wrapped. */
static void set_retry(struct sse_decoder *d, const char *value, size_t len)
{
	const int64_t most = INT64_C(1000000000000);
	int64_t ms = 0;

	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return;
		ms = ms < most ? ms * 10 + (value[i] - '0') : most;
	}
	if (len > 0)
		d->retry_ms = ms < most ? ms : most;
}

static void take_field(struct sse_decoder *d, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t name = colon == NULL ? len : (size_t)(colon - line);
	const char *value = colon == NULL ? line + len : colon + 1;
	size_t n = (size_t)(line + len - value);

	if (n > 0 && value[0] == ' ')
		value++, n--;
	if (name == 4 && memcmp(line, "data", 4) == 0) {
		(void)buf_add(&d->data, value, n); /* as in set() */
		(void)buf_addc(&d->data, '\n');
	} else if (name == 5 && memcmp(line, "event", 5) == 0) {
		set(&d->event, value, n);
	} else if (name == 2 && memcmp(line, "id", 2) == 0) {
		if (n > 0 && memchr(value, '\0', n) != NULL)
			return;
		set(&d->id, value, n);
		d->has_id = true;
	} else if (name == 5 && memcmp(line, "retry", 5) == 0) {
		set_retry(d, value, n);
	}
}

static int dispatch(struct sse_decoder *d, sse_on_event *on_event, void *arg, struct why *w)
{
	int result = 0;

	if (d->data.len > 0) {
		struct sse_message m = {
		    .number = ++d->events,
		    .data = buf_head(&d->data),
		    .data_len = d->data.len - 1,
		    .event = d->event.len > 0 ? buf_head(&d->event) : "",
		    .event_len = d->event.len,
		    .id = d->id.len > 0 ? buf_head(&d->id) : "",
		    .id_len = d->id.len,
		    .has_id = d->has_id,
		};

		result = on_event(arg, &m, w);
		d->has_id = false;
	}
	buf_clear(&d->data);
	buf_clear(&d->event);
	return result;
}

static int check_size(const struct sse_decoder *d, size_t line_len, struct why *w)
{
	size_t kept = d->data.len + d->event.len;

	if (kept <= d->max_event && line_len <= d->max_event - kept)
		return 0;
	return why_set(
	    w, WHY_DATA, "event %llu is larger than %zu bytes", d->events + 1, d->max_event);
}

static int take_line(struct sse_decoder *d, const char *line, size_t len, sse_on_event *on_event,
    void *arg, struct why *w)
{
	if (check_size(d, len, w) == -1)
		return -1;
	if (!d->started && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3, len -= 3;
	d->started = true;
	if (len == 0)
		return dispatch(d, on_event, arg, w);
	if (line[0] != ':')
		take_field(d, line, len);
	return 0;
}

/* Keeps s[0..len), which has no line end, for when the line goes on. */
static int keep(struct sse_decoder *d, const char *s, size_t len, struct why *w)
{
	if (check_size(d, d->line.len + len, w) == -1)
		return -1;
	(void)buf_add(&d->line, s, len); /* cannot fail: checked */
	return 0;
}

int sse_feed(struct sse_decoder *d, const char *bytes, size_t len, sse_on_event *on_event,
    void *arg, struct why *w)
{
	if (len == 0)
		return 0;
	const char *s = bytes + (d->after_cr && bytes[0] == '\n' ? 1 : 0);
	struct lines l = lines_in(bytes, len);
	int result = 0;

	d->after_cr = false;
	while (s < l.end && result == 0) {
		const char *at = line_end(&l, s);

		if (at == l.end || d->line.len > 0) {
			if (keep(d, s, (size_t)(at - s), w) == -1)
				return -1;
			if (at == l.end)
				return 0;
			result = take_line(d, buf_head(&d->line), d->line.len, on_event, arg, w);
			buf_clear(&d->line);
		} else {
			result = take_line(d, s, (size_t)(at - s), on_event, arg, w);
		}
		s = skip_end(at, l.end);
		d->after_cr = s == l.end && s[-1] == '\r';
	}
	return result;
}
