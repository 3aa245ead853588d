/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_JSON_H
#define SPOUT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/*
 * JSON as RFC 8259 has it, checked strictly and never rewritten: valid UTF-8, no NUL, at most
 * JSON_DEPTH_MAX levels. Values stay where they are: what is found is a slice of the caller's text.
 */
enum { JSON_DEPTH_MAX = 256 };

struct json_slice {
	const char *s; /* borrowed; NULL when absent */
	size_t len;
};

/* A member of an object: key without its quotes but still escaped, value as written. */
struct json_member {
	struct json_slice key, value;
};

/* Walks the members of one object and checks the whole text on the way. */
struct json_walk {
	const char *at, *end;
	const char *error; /* after -1: what is wrong, a constant sentence part */
	bool inside;       /* the first member was asked for */
};

void json_walk(struct json_walk *w, const char *text, size_t len);

/* 1: *m is the next member; 0: the object and the text ended well; -1: w->error and w->at tell what
 * is wrong and where. */
int json_next(struct json_walk *w, struct json_member *m);

/* Whether text is one valid JSON value with nothing but white space around it. */
bool json_is_valid(const char *text, size_t len);

/* The first member called name of the object text; an absent slice when there is none or the text
 * up to it is no JSON object. Reads no further than the member. */
struct json_slice json_find(const char *text, size_t len, const char *name);

/* Whether the raw key or string content raw[0..len) means plain, unescaped. */
bool json_means_escaped(struct json_slice raw, const char *plain, size_t n);
static inline bool json_means(struct json_slice raw, const char *plain)
{
	size_t n = strlen(plain);

	/* Asked a dozen times for each line that is published: the length decides nearly always. An
	 * escape makes the text longer than what it means. */
	if (raw.len <= n)
		return raw.len == n && raw.s != NULL && memcmp(raw.s, plain, n) == 0;
	return json_means_escaped(raw, plain, n);
}

/* The content of value when that is a string: without its quotes, still escaped; else absent. */
struct json_slice json_string(struct json_slice value);

/* Adds s[0..len), valid UTF-8, as the content of a JSON string (without quotes). */
int json_escape(struct buf *out, const char *s, size_t len);

/* Adds the meaning of raw, the content of a valid JSON string. A surrogate without its other half
 * becomes U+FFFD. */
int json_unescape(struct buf *out, struct json_slice raw);

/* The number that four hex digits at s mean; -1 when they are none. */
int json_hex4(const char *s);

/* How many bytes json_unescape would add. */
size_t json_meaning_len(struct json_slice raw);

#endif
