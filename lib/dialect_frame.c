/* SPDX-License-Identifier: MIT */
/*
 * dialect_frame: bytes to lines to events. Lines that come whole are not copied, and events of one
 * line neither.
 *
 *	BETWEEN --data: not yet JSON--> IN_DATA --empty line--> BETWEEN
 *	BETWEEN --{ not closed--> IN_JSON --the closing bracket--> BETWEEN
 */
#include "dialect_frame.h"

#include <string.h>

void dialect_frame_init(
    struct dialect_frame *f, size_t max_line, dialect_on_event *on_event, void *arg)
{
	*f = (struct dialect_frame){.on_event = on_event, .arg = arg, .max_line = max_line};
	buf_init(&f->line, max_line);
	buf_init(&f->event, max_line + 1); /* for the LF behind the last line */
}

void dialect_frame_fini(struct dialect_frame *f)
{
	buf_fini(&f->line);
	buf_fini(&f->event);
}

static int refuse(struct why *w, unsigned long long line, const char *reason)
{
	char copy[sizeof w->text];

	(void)why_quote(copy, sizeof copy, reason, strlen(reason)); /* it may be w's own text */
	return why_set(w, WHY_DATA, "line %llu: %s", line, copy);
}

static int refuse_size(const struct dialect_frame *f, struct why *w, unsigned long long line)
{
	return why_set(w, WHY_DATA, "line %llu: longer than %zu bytes", line, f->max_line);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct json_slice trim(const char *s, size_t len)
{
	while (len > 0 && is_space(*s))
		s++, len--;
	while (len > 0 && is_space(s[len - 1]))
		len--;
	return (struct json_slice){s, len};
}

static int give(struct dialect_frame *f, enum dialect_frame_what what, struct json_slice text,
    unsigned long long line, struct why *w)
{
	struct dialect_frame_event e = {
	    .what = what, .text = text, .line = line, .is_bare = f->within == DIALECT_IN_JSON};

	return f->on_event(f->arg, &e, w);
}

static int collect(struct dialect_frame *f, const char *s, size_t len, struct why *w)
{
	if (buf_add(&f->event, s, len) == 0 && buf_addc(&f->event, '\n') == 0)
		return 0;
	return refuse_size(f, w, f->event_line);
}

/* Gives what was collected. */
static int give_collected(struct dialect_frame *f, struct why *w)
{
	struct json_slice text = {buf_head(&f->event), f->event.len - 1};
	enum dialect_frame_what what =
	    f->within == DIALECT_IN_DATA && f->is_error ? DIALECT_FRAME_ERROR : DIALECT_FRAME_JSON;
	int r = give(f, what, text, f->event_line, w);

	buf_clear(&f->event);
	f->within = DIALECT_BETWEEN;
	f->is_error = false;
	return r;
}

/* --- Fields of Server-Sent Events. */

static bool is_done(struct json_slice value)
{
	return (value.len == 6 && memcmp(value.s, "[DONE]", 6) == 0) ||
	    (value.len == 8 && memcmp(value.s, "\"[DONE]\"", 8) == 0);
}

/* Data that is neither JSON nor the end marker is a gateway's: it is remembered in case that
 * nothing else comes. */
static int take_odd(struct dialect_frame *f, struct json_slice value)
{
	if (f->odd_line == 0) {
		f->odd_line = f->lines;
		(void)why_quote(f->odd, sizeof f->odd, value.s, value.len); /* returns f->odd */
	}
	return 0;
}

static int take_value(
    struct dialect_frame *f, struct json_slice value, bool is_error, struct why *w)
{
	bool is_object = value.len > 0 && value.s[0] == '{';
	int r;

	if (value.len == 0)
		return 0;
	if (is_done(value))
		return give(f, DIALECT_FRAME_DONE, value, f->lines, w);
	if (!is_object && !is_error)
		return take_odd(f, value);
	r = give(f, is_error ? DIALECT_FRAME_ERROR : DIALECT_FRAME_JSON, value, f->lines, w);
	if (r == 0)
		f->is_sse = true;
	f->is_error = r == 1 && is_error;
	if (r != 1)
		return r;
	f->within = DIALECT_IN_DATA;
	f->event_line = f->lines;
	return collect(f, value.s, value.len, w);
}

static int take_data(struct dialect_frame *f, const char *s, size_t len, struct why *w)
{
	if (f->within == DIALECT_IN_DATA)
		return collect(f, s, len, w);
	return take_value(f, trim(s, len), f->is_error, w);
}

/* An empty line: what is not valid JSON by now will never be. */
static int end_event(struct dialect_frame *f, struct why *w)
{
	unsigned long long line = f->event_line;
	int r = f->within == DIALECT_IN_DATA ? give_collected(f, w) : 0;

	f->is_error = false;
	return r == 1 ? refuse(w, line, w->text) : r;
}

/* --- Bare JSON. */

/* Steps to behind the bracket that closes the value in hand; false when it is not in this line. */
static bool close_value(struct dialect_frame *f, struct json_slice *rest)
{
	while (rest->len > 0) {
		char c = *rest->s;

		rest->s++, rest->len--;
		if (f->in_string) {
			f->in_string = f->escaped || c != '"';
			f->escaped = !f->escaped && c == '\\';
		} else if (c == '"') {
			f->in_string = true;
		} else if (c == '{' || c == '[') {
			f->depth++;
		} else if ((c == '}' || c == ']') && --f->depth == 0) {
			return true;
		}
	}
	return false;
}

/* Steps over what may stand between values; false at anything else but a value. */
static bool skip_between(struct dialect_frame *f, struct json_slice *rest)
{
	for (; rest->len > 0; rest->s++, rest->len--) {
		char c = *rest->s;

		if (c == '{')
			return true;
		if (c == '[' && !f->in_array)
			f->in_array = true;
		else if (c == ']' && f->in_array)
			f->in_array = false;
		else if (!is_space(c) && (c != ',' || !f->in_array))
			return false;
	}
	return true;
}

/* A line on which a string does not end will not get better, nor one that stands among others that
 * were whole. */
static int check_open(const struct dialect_frame *f, bool is_last, struct why *w)
{
	if (is_last || (!f->in_string && !f->is_lines))
		return 0;
	return refuse(w, f->event_line, "a JSON value that does not end on its line");
}

static int take_json(
    struct dialect_frame *f, const char *s, size_t len, bool is_last, struct why *w)
{
	struct json_slice rest = {s, len};

	while (rest.len > 0) {
		if (f->within == DIALECT_BETWEEN) {
			if (!skip_between(f, &rest))
				return refuse(w, f->lines, "something that is no JSON object");
			if (rest.len == 0)
				return 0;
			f->within = DIALECT_IN_JSON;
			f->event_line = f->lines;
			f->depth = 0;
			f->in_string = f->escaped = false;
		}
		const char *start = rest.s;
		bool is_closed = close_value(f, &rest);
		if (collect(f, start, (size_t)(rest.s - start), w) < 0)
			return -1;
		if (!is_closed)
			return check_open(f, is_last, w);
		unsigned long long line = f->event_line;
		int r = give_collected(f, w);
		if (r != 0)
			return r == 1 ? refuse(w, line, w->text) : r;
	}
	return 0;
}

/* Most objects have a line for themselves and need no looking for their end. */
static int take_object(struct dialect_frame *f, struct json_slice text, bool is_last, struct why *w)
{
	if (text.s[0] != '{' || f->in_array)
		return take_json(f, text.s, text.len, is_last, w);
	f->within = DIALECT_IN_JSON;
	int r = give(f, DIALECT_FRAME_JSON, text, f->lines, w);
	f->within = DIALECT_BETWEEN;
	if (r == 1)
		return take_json(f, text.s, text.len, is_last, w);
	f->is_lines = true;
	return r;
}

/* --- Lines. */

static bool is_name(struct json_slice name, const char *plain)
{
	return name.len == strlen(plain) && memcmp(name.s, plain, name.len) == 0;
}

/* Whether it may be a line that is cut: the beginning of a field. */
static bool is_beginning(const char *s, size_t len)
{
	static const char *const names[] = {"data:", "event:", "error:", "id:", "retry:", NULL};

	for (int i = 0; names[i] != NULL; i++)
		if (len <= strlen(names[i]) && memcmp(s, names[i], len) == 0)
			return true;
	return false;
}

static int take_unknown(
    struct dialect_frame *f, const char *s, size_t len, bool is_last, struct why *w)
{
	char quoted[64];

	if (is_last && is_beginning(s, len)) {
		f->is_torn = true;
		return 0;
	}
	if (f->is_sse && !f->is_lines)
		return 0; /* as the standard says */
	return why_set(w, WHY_DATA, "line %llu: this is no provider's stream: \"%s\"", f->lines,
	    why_quote(quoted, sizeof quoted, s, len));
}

static int take_field(
    struct dialect_frame *f, const char *s, size_t len, bool is_last, struct why *w)
{
	const char *colon = memchr(s, ':', len);
	struct json_slice name = {s, colon == NULL ? len : (size_t)(colon - s)};
	const char *at = colon == NULL ? s + len : colon + 1;
	struct json_slice value = trim(at, (size_t)(s + len - at));

	if (colon != NULL && is_name(name, "event")) {
		f->is_error = is_name(value, "error");
		return 0;
	}
	if (colon != NULL && is_name(name, "error"))
		return take_value(f, value, true, w);
	if (is_name(name, "id") || is_name(name, "retry") || is_name(name, "data"))
		return 0;
	return take_unknown(f, s, len, is_last, w);
}

static int take_line(
    struct dialect_frame *f, const char *s, size_t len, bool is_last, struct why *w)
{
	f->lines++;
	if (len > f->max_line)
		return refuse_size(f, w, f->lines);
	if (!f->started && len >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3, len -= 3;
	f->started = true;
	if (f->within == DIALECT_IN_JSON)
		return take_json(f, s, len, is_last, w);
	if (len >= 5 && memcmp(s, "data:", 5) == 0)
		return take_data(f, s + 5, len - 5, w);
	struct json_slice text = trim(s, len);
	if (text.len == 0)
		return end_event(f, w);
	if (*s == ':')
		return 0;
	if (*text.s != '{' && *text.s != '[' && !f->in_array)
		return take_field(f, s, len, is_last, w);
	int r = end_event(f, w);
	return r != 0 ? r : take_object(f, text, is_last, w);
}

static const char *find(const char *s, const char *end, char c)
{
	const char *at = s < end ? memchr(s, c, (size_t)(end - s)) : NULL;

	return at != NULL ? at : end;
}

/* Keeps the beginning of a line; when it is too long, take_line would say so at its end. */
static int keep(struct dialect_frame *f, const char *s, size_t len, struct why *w)
{
	return buf_add(&f->line, s, len) == 0 ? 0 : refuse_size(f, w, f->lines + 1);
}

static int end_line(struct dialect_frame *f, const char *s, size_t len, struct why *w)
{
	if (f->line.len == 0)
		return take_line(f, s, len, false, w);
	if (keep(f, s, len, w) < 0)
		return -1;
	int r = take_line(f, buf_head(&f->line), f->line.len, false, w);
	buf_clear(&f->line);
	return r;
}

int dialect_frame_feed(struct dialect_frame *f, const char *bytes, size_t len, struct why *w)
{
	const char *s = bytes, *end = bytes + len;

	if (len == 0)
		return 0;
	if (f->after_cr && *s == '\n')
		s++;
	f->after_cr = false;
	/* Both are remembered: to look for each at every line would be quadratic without the other.
	 */
	const char *cr = find(s, end, '\r'), *lf = find(s, end, '\n');
	while (s < end) {
		if (cr < s)
			cr = find(s, end, '\r');
		if (lf < s)
			lf = find(s, end, '\n');
		const char *at = cr < lf ? cr : lf;
		if (at == end)
			return keep(f, s, (size_t)(end - s), w);
		if (end_line(f, s, (size_t)(at - s), w) != 0)
			return -1;
		s = at + 1;
		if (*at == '\r') {
			f->after_cr = s == end;
			s += s < end && *s == '\n' ? 1 : 0;
		}
	}
	return 0;
}

int dialect_frame_end(struct dialect_frame *f, struct why *w)
{
	int r = 0;

	if (f->line.len > 0)
		r = take_line(f, buf_head(&f->line), f->line.len, true, w);
	if (r == 0 && f->within == DIALECT_IN_DATA)
		r = give_collected(f, w);
	if (r == 1 || f->within == DIALECT_IN_JSON)
		f->is_torn = true;
	return r < 0 ? -1 : 0;
}
