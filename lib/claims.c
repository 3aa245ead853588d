/* SPDX-License-Identifier: MIT */
/* claims: the inside of a token, and what it grants. */
#include "claims.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "dialect_json.h"
#include "jwt.h"

enum { NUMBER_MAX = 40 }; /* more digits tell nothing */

static const double SECONDS_END = 9007199254740992.0; /* 2^53: below it a double is exact */

/* --- Reading */

/* A valid JSON value as a time; NaN when it is none. */
static double read_time(struct json_slice value)
{
	char text[NUMBER_MAX + 1];

	/* Of the words of JSON only numbers begin so; strtod reads them as JSON has them. */
	if (value.len == 0 || value.len > NUMBER_MAX || value.s[0] < '0' || value.s[0] > '9')
		return NAN;
	memcpy(text, value.s, value.len);
	text[value.len] = '\0';
	double seconds = strtod(text, NULL);
	return seconds < SECONDS_END ? seconds : NAN;
}

static bool is_array_of_strings(struct json_slice value)
{
	struct dialect_items it;
	struct json_slice item;

	if (value.len == 0 || value.s[0] != '[')
		return false;
	dialect_items(&it, value);
	while (dialect_items_next(&it, &item))
		if (json_string(item).s == NULL)
			return false;
	return true;
}

static int parse_grants(struct claims *c, struct json_slice sp, struct why *w)
{
	if (sp.s == NULL)
		return 0;
	if (!jwt_is_unambiguous(sp.s, sp.len))
		return why_set(w, WHY_REFUSED, "the token's sp is no object with each name once");
	c->sub = json_find(sp.s, sp.len, "sub");
	c->pub = json_find(sp.s, sp.len, "pub");
	if ((c->sub.s != NULL && !is_array_of_strings(c->sub)) ||
	    (c->pub.s != NULL && !is_array_of_strings(c->pub)))
		return why_set(w, WHY_REFUSED, "the token's sub or pub is no array of strings");
	return 0;
}

int claims_parse(struct claims *c, const char *text, size_t len, int64_t now_s, struct why *w)
{
	*c = (struct claims){{NULL, 0}, {NULL, 0}};
	if (!jwt_is_unambiguous(text, len))
		return why_set(w, WHY_REFUSED,
		    "the token's claims are not one JSON object with each name once");
	struct json_slice exp = json_find(text, len, "exp"), nbf = json_find(text, len, "nbf");
	if (exp.s == NULL)
		return why_set(w, WHY_REFUSED, "the token has no exp");
	double from = nbf.s != NULL ? read_time(nbf) : 0, until = read_time(exp);
	if (isnan(from) || isnan(until))
		return why_set(w, WHY_REFUSED, "the token's exp or nbf is no time");
	if ((double)now_s >= until)
		return why_set(w, WHY_REFUSED, "the token has expired");
	if ((double)now_s < from)
		return why_set(w, WHY_REFUSED, "the token is not valid yet");
	return parse_grants(c, json_find(text, len, "sp"), w);
}

/* --- Matching */

/* Only the last star needs to be tried again: see chan_glob, which knows more characters. */
static bool star_matches(const char *pattern, size_t pattern_len, const char *s, size_t len)
{
	size_t p = 0, i = 0, star = SIZE_MAX, from = 0;

	while (i < len) {
		if (p < pattern_len && pattern[p] == '*') {
			star = ++p;
			from = i;
		} else if (p < pattern_len && pattern[p] == s[i]) {
			p++, i++;
		} else if (star != SIZE_MAX) {
			p = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern_len && pattern[p] == '*')
		p++;
	return p == pattern_len;
}

struct wanted {
	const char *project, *stage; /* project NULL: a channel */
	const char *channel;
	size_t channel_len;
};

/* Of what is decoded already, so not json_means. */
static bool is(struct json_slice s, const char *plain)
{
	return s.len == strlen(plain) && memcmp(s.s, plain, s.len) == 0;
}

/* Takes the word in front of the first '/' off; false when there is no '/'. */
static bool next_segment(struct json_slice *rest, struct json_slice *segment)
{
	const char *slash = memchr(rest->s, '/', rest->len);

	if (slash == NULL)
		return false;
	*segment = (struct json_slice){rest->s, (size_t)(slash - rest->s)};
	*rest = (struct json_slice){slash + 1, rest->len - segment->len - 1};
	return true;
}

static bool pattern_grants(const char *s, size_t len, const struct wanted *want)
{
	struct json_slice rest = {s, len}, kind, project;

	if (!next_segment(&rest, &kind))
		return false;
	if (want->project == NULL)
		return is(kind, "channel") &&
		    star_matches(rest.s, rest.len, want->channel, want->channel_len);
	if (!is(kind, "project") || !next_segment(&rest, &project) ||
	    memchr(rest.s, '/', rest.len) != NULL ||
	    !star_matches(project.s, project.len, want->project, strlen(want->project)))
		return false;
	if (want->stage == NULL)
		return is(rest, "*");
	return star_matches(rest.s, rest.len, want->stage, strlen(want->stage));
}

static bool list_grants(struct json_slice list, const struct wanted *want)
{
	struct dialect_items it;
	struct json_slice item;
	struct buf pattern;
	bool granted = false;

	if (list.s == NULL)
		return false;
	buf_init(&pattern, list.len);
	dialect_items(&it, list);
	while (!granted && dialect_items_next(&it, &item)) {
		buf_clear(&pattern);
		granted = json_unescape(&pattern, json_string(item)) == 0 && pattern.len > 0 &&
		    pattern_grants(buf_head(&pattern), pattern.len, want);
	}
	buf_fini(&pattern);
	return granted;
}

bool claims_grant_stage(struct json_slice list, const char *project, const char *stage)
{
	return list_grants(list, &(struct wanted){.project = project, .stage = stage});
}

bool claims_grant_channel(struct json_slice list, const char *channel, size_t len)
{
	struct chan_parts parts;

	if (chan_parse(channel, len, &parts) || chan_is_own(channel, len))
		return false;
	return list_grants(list, &(struct wanted){.channel = channel, .channel_len = len});
}

/* --- Writing; none of the buffers has a cap that could be passed */

static void add_escaped(struct buf *out, const char *s)
{
	(void)json_escape(out, s, strlen(s));
}

void claims_add_stage(struct buf *list, const char *project, const char *stage)
{
	(void)buf_adds(list, list->len > 0 ? ",\"project/" : "\"project/");
	add_escaped(list, project);
	(void)buf_addc(list, '/');
	add_escaped(list, stage != NULL ? stage : "*");
	(void)buf_addc(list, '"');
}

void claims_add_channel(struct buf *list, const char *channel)
{
	(void)buf_adds(list, list->len > 0 ? ",\"channel/" : "\"channel/");
	add_escaped(list, channel);
	(void)buf_addc(list, '"');
}

void claims_encode(struct buf *out, int64_t exp_s, const struct buf *sub, const struct buf *pub)
{
	(void)buf_addf(out, "{\"exp\":%lld,\"sp\":{\"sub\":[", (long long)exp_s);
	(void)buf_add(out, buf_head(sub), sub->len);
	if (pub != NULL) {
		(void)buf_adds(out, "],\"pub\":[");
		(void)buf_add(out, buf_head(pub), pub->len);
	}
	(void)buf_adds(out, "]}}");
}
