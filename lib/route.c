/* SPDX-License-Identifier: MIT */
/* route: what the path of a request names. To add a route: the table, the enum, route_methods. */
#include "route.h"

#include <string.h>

#include "http_query.h"

/* {p} is a project, {s} a stage, {c} a channel. */
static const struct {
	const char *pattern;
	enum route_kind kind;
} table[] = {
    {"/api/v1/sse/projects/{p}/stages/{s}", ROUTE_STAGE},
    {"/api/v1/sse/projects/{p}/stages/{s}/stream", ROUTE_STAGE},
    {"/api/v1/sse/projects/{p}/stages/{s}/stop", ROUTE_STOP_STAGE},
    {"/api/v1/sse/projects/{p}", ROUTE_PROJECT},
    {"/api/v1/sse/projects/{p}/stream", ROUTE_PROJECT},
    {"/api/v1/sse/channels/{c}", ROUTE_CHANNEL},
    {"/api/v1/sse/channels/{c}/stop", ROUTE_STOP_CHANNEL},
    {"/api/v1/projects/{p}/state", ROUTE_STATE},
    {"/healthz", ROUTE_HEALTHZ},
    {"/readyz", ROUTE_READYZ},
    {"/status", ROUTE_STATUS},
    {"/metrics", ROUTE_METRICS},
};

/* Encoded names, borrowed from the path. */
struct names {
	struct http_slice project, stage, channel;
};

/* Takes the segment at *s, which begins with '/', off the front. */
static struct http_slice next_segment(const char **s, const char *end)
{
	const char *from = *s + 1;
	const char *slash = memchr(from, '/', (size_t)(end - from));

	*s = slash == NULL ? end : slash;
	return (struct http_slice){from, (size_t)(*s - from)};
}

static bool is_dots(struct http_slice s)
{
	return (s.len == 1 && s.p[0] == '.') || (s.len == 2 && memcmp(s.p, "..", 2) == 0);
}

static bool segment_matches(struct http_slice pattern, struct http_slice s, struct names *n)
{
	if (pattern.p[0] != '{')
		return s.len == pattern.len && memcmp(s.p, pattern.p, s.len) == 0;
	if (s.len == 0 || is_dots(s))
		return false;
	if (pattern.p[1] == 'p')
		n->project = s;
	else if (pattern.p[1] == 's')
		n->stage = s;
	else
		n->channel = s;
	return true;
}

static bool path_matches(const char *pattern, const char *s, size_t len, struct names *n)
{
	const char *pattern_end = pattern + strlen(pattern), *end = s + len;

	*n = (struct names){0};
	/* What stands before the first name is the same for many rows, and mostly settles it. */
	for (; *pattern != '\0' && *pattern != '{'; pattern++, s++)
		if (s == end || *s != *pattern)
			return false;
	if (*pattern == '\0')
		return s == end;
	pattern--, s--; /* a segment begins with its slash */
	while (pattern < pattern_end && s < end)
		if (!segment_matches(next_segment(&pattern, pattern_end), next_segment(&s, end), n))
			return false;
	return pattern == pattern_end && s == end;
}

static int decode(
    const char *what, struct http_slice s, char *dst, size_t size, size_t *dst_len, struct why *w)
{
	struct why why;

	if (http_percent_decode(dst, size, dst_len, s.p, s.len, &why) == -1)
		return why_set(w, WHY_USAGE, "%s in the path: %.80s", what, why.text);
	return 0;
}

static int decode_names(struct route *r, const struct names *n, struct why *w)
{
	if (n->project.p != NULL &&
	    (decode("project", n->project, r->project, sizeof r->project, &r->project_len, w) ==
		    -1 ||
		chan_part_check("project", r->project, r->project_len, w) == -1))
		return -1;
	if (n->stage.p != NULL &&
	    (decode("stage", n->stage, r->stage, sizeof r->stage, &r->stage_len, w) == -1 ||
		chan_part_check("stage", r->stage, r->stage_len, w) == -1))
		return -1;
	if (n->channel.p != NULL &&
	    (decode("channel", n->channel, r->channel, sizeof r->channel, &r->channel_len, w) ==
		    -1 ||
		chan_name_check(r->channel, r->channel_len, w) == -1))
		return -1;
	return 0;
}

static void clear(struct route *r, enum route_kind kind)
{
	r->kind = kind;
	r->project_len = r->stage_len = r->channel_len = 0;
	r->project[0] = r->stage[0] = r->channel[0] = '\0';
}

enum route_kind route_parse(struct route *r, const char *path, size_t len, struct why *w)
{
	struct names names;

	clear(r, ROUTE_NONE);
	if (len == 0 || path[0] != '/')
		return r->kind;
	if (len == 1)
		return r->kind = ROUTE_VIEWER;
	if (path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (!path_matches(table[i].pattern, path, len, &names))
			continue;
		r->kind = table[i].kind;
		if (decode_names(r, &names, w) == -1)
			clear(r, ROUTE_BAD);
		break;
	}
	return r->kind;
}

const char *route_methods(enum route_kind kind)
{
	switch (kind) {
	case ROUTE_NONE:
	case ROUTE_BAD:
		return "";
	case ROUTE_STAGE:
	case ROUTE_CHANNEL:
		return "GET, HEAD, POST, OPTIONS";
	case ROUTE_STOP_STAGE:
	case ROUTE_STOP_CHANNEL:
		return "POST, OPTIONS";
	case ROUTE_PROJECT:
	case ROUTE_STATE:
	case ROUTE_HEALTHZ:
	case ROUTE_READYZ:
	case ROUTE_STATUS:
	case ROUTE_METRICS:
	case ROUTE_VIEWER:
		return "GET, HEAD, OPTIONS";
	}
	return "";
}

bool route_allows(enum route_kind kind, const char *method, size_t len)
{
	const char *s = route_methods(kind);

	while (*s != '\0') {
		size_t n = strcspn(s, ",");

		if (n == len && memcmp(s, method, n) == 0)
			return true;
		s += n + strspn(s + n, ", ");
	}
	return false;
}
