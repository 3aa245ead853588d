/* SPDX-License-Identifier: MIT */
/*
 * json: a strict scanner. No tree is built and no number converted: Spout passes on the bytes it
 * was given. Strings are read and written by json_text.c.
 */
#include "json.h"

#include <stdint.h>
#include <string.h>

#include "utf8.h"

static int fail(struct json_walk *w, const char *error)
{
	w->error = error;
	return -1;
}

static void skip_space(struct json_walk *w)
{
	while (
	    w->at < w->end && (*w->at == ' ' || *w->at == '\n' || *w->at == '\r' || *w->at == '\t'))
		w->at++;
}

/* Nonzero when any of the 8 bytes is a quote, a backslash, a control or not ASCII. The usual test
 * for a zero byte, (x - 1) & ~x & 0x80, three times; false alarms only send us to the slow way. */
static uint64_t is_special(uint64_t x)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t quote = x ^ ones * '"', slash = x ^ ones * '\\';

	return (x | (x - ones * 0x20) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) &
	    high;
}

/* Steps over one escape sequence; at stands on the backslash. */
static int scan_escape(struct json_walk *w)
{
	if (w->end - w->at < 2)
		return fail(w, "a string has no end");
	char c = w->at[1];
	if (c == 'u') {
		if (w->end - w->at < 6 || json_hex4(w->at + 2) < 0)
			return fail(w, "\\u needs four hex digits");
		w->at += 6;
		return 0;
	}
	if (c == '\0' || strchr("\"\\/bfnrt", c) == NULL)
		return fail(w, "an unknown escape in a string");
	w->at += 2;
	return 0;
}

/* Steps over a string; at stands on the opening quote. *content is what lies between the quotes. */
static int scan_string(struct json_walk *w, struct json_slice *content)
{
	const char *start = ++w->at;
	uint64_t word;

	for (;;) {
		while (w->end - w->at >= (ptrdiff_t)sizeof word) {
			memcpy(&word, w->at, sizeof word);
			if (is_special(word))
				break;
			w->at += sizeof word;
		}
		if (w->at == w->end)
			return fail(w, "a string has no end");
		unsigned char c = (unsigned char)*w->at;
		if (c == '"')
			break;
		if (c < 0x20)
			return fail(w, "a control character in a string");
		if (c == '\\') {
			if (scan_escape(w) < 0)
				return -1;
			continue;
		}
		if (c < 0x80) {
			w->at++;
			continue;
		}
		int n = utf8_char(w->at, (size_t)(w->end - w->at));
		if (n <= 0)
			return fail(w, "invalid UTF-8");
		w->at += n;
	}
	if (content != NULL)
		*content = (struct json_slice){start, (size_t)(w->at - start)};
	w->at++;
	return 0;
}

static bool scan_digits(struct json_walk *w)
{
	const char *start = w->at;

	while (w->at < w->end && *w->at >= '0' && *w->at <= '9')
		w->at++;
	return w->at > start;
}

static bool accept(struct json_walk *w, char c)
{
	if (w->at == w->end || *w->at != c)
		return false;
	w->at++;
	return true;
}

static int scan_number(struct json_walk *w)
{
	(void)accept(w, '-'); /* a sign may be there or not */
	if (!accept(w, '0') && !scan_digits(w))
		return fail(w, "not a JSON value");
	if (accept(w, '.') && !scan_digits(w))
		return fail(w, "a number without digits behind its point");
	if (accept(w, 'e') || accept(w, 'E')) {
		if (!accept(w, '+'))
			(void)accept(w, '-'); /* as above */
		if (!scan_digits(w))
			return fail(w, "a number without digits in its exponent");
	}
	return 0;
}

static int scan_word(struct json_walk *w, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(w->end - w->at) < n || memcmp(w->at, word, n) != 0)
		return fail(w, "not a JSON value");
	w->at += n;
	return 0;
}

static int scan_value(struct json_walk *w, int depth);

/* Steps over `"key" : value` and the white space around it. */
static int scan_member(struct json_walk *w, int depth, struct json_member *m)
{
	skip_space(w);
	if (w->at == w->end || *w->at != '"')
		return fail(w, "a member of an object needs a name in quotes");
	if (scan_string(w, &m->key) < 0)
		return -1;
	skip_space(w);
	if (!accept(w, ':'))
		return fail(w, "a colon is missing");
	skip_space(w);
	m->value.s = w->at;
	if (scan_value(w, depth) < 0)
		return -1;
	m->value.len = (size_t)(w->at - m->value.s);
	skip_space(w);
	return 0;
}

/* Steps over an object or array; at stands on the opening bracket. */
static int scan_nested(struct json_walk *w, int depth, char close)
{
	struct json_member m;

	if (depth > JSON_DEPTH_MAX)
		return fail(w, "nested more than 256 deep");
	w->at++;
	skip_space(w);
	if (accept(w, close))
		return 0;
	for (;;) {
		if (close == '}') {
			if (scan_member(w, depth, &m) < 0)
				return -1;
		} else {
			skip_space(w);
			if (scan_value(w, depth) < 0)
				return -1;
			skip_space(w);
		}
		if (accept(w, close))
			return 0;
		if (!accept(w, ','))
			return fail(w, "a comma or a closing bracket is missing");
	}
}

/* depth: how many brackets are open around this value. */
static int scan_value(struct json_walk *w, int depth)
{
	if (w->at == w->end)
		return fail(w, "a value is missing");
	switch (*w->at) {
	case '{':
		return scan_nested(w, depth + 1, '}');
	case '[':
		return scan_nested(w, depth + 1, ']');
	case '"':
		return scan_string(w, NULL);
	case 't':
		return scan_word(w, "true");
	case 'f':
		return scan_word(w, "false");
	case 'n':
		return scan_word(w, "null");
	default:
		return scan_number(w);
	}
}

void json_walk(struct json_walk *w, const char *text, size_t len)
{
	*w = (struct json_walk){.at = text, .end = text + len};
}

static int finish(struct json_walk *w)
{
	skip_space(w);
	return w->at == w->end ? 0 : fail(w, "something follows the JSON value");
}

int json_next(struct json_walk *w, struct json_member *m)
{
	if (!w->inside) {
		w->inside = true;
		skip_space(w);
		if (!accept(w, '{')) {
			if (w->at == w->end)
				return fail(w, "a value is missing");
			return scan_value(w, 0) < 0 || finish(w) < 0 ? -1
								     : fail(w, "not an object");
		}
		skip_space(w);
		if (accept(w, '}'))
			return finish(w);
	} else {
		if (accept(w, '}'))
			return finish(w);
		if (!accept(w, ','))
			return fail(w, "a comma or a closing bracket is missing");
	}
	return scan_member(w, 1, m) < 0 ? -1 : 1;
}

bool json_is_valid(const char *text, size_t len)
{
	struct json_walk w;

	json_walk(&w, text, len);
	skip_space(&w);
	return scan_value(&w, 0) == 0 && finish(&w) == 0;
}

struct json_slice json_find(const char *text, size_t len, const char *name)
{
	struct json_walk w;
	struct json_member m;

	json_walk(&w, text, len);
	while (json_next(&w, &m) == 1)
		if (json_means(m.key, name))
			return m.value;
	return (struct json_slice){NULL, 0};
}

struct json_slice json_string(struct json_slice value)
{
	if (value.s == NULL || value.len < 2 || value.s[0] != '"')
		return (struct json_slice){NULL, 0};
	return (struct json_slice){value.s + 1, value.len - 2};
}
