/* SPDX-License-Identifier: MIT */
#include "route.h"
#include "t.h"

#include <stdlib.h>

static struct route r;
static struct why w;

/* From memory of exactly that length, so that a read beyond it is seen. */
static enum route_kind parse(const char *path)
{
	size_t len = strlen(path);
	char *copy = malloc(len > 0 ? len : 1);

	memcpy(copy, path, len);
	(void)route_parse(&r, copy, len, &w); /* r.kind is looked at */
	free(copy);
	return r.kind;
}

static int is_stage(const char *project, const char *stage)
{
	return t_eq(r.project, r.project_len, project) && t_eq(r.stage, r.stage_len, stage) &&
	    r.channel_len == 0 && strlen(r.project) == r.project_len &&
	    strlen(r.stage) == r.stage_len;
}

static void known_paths(void)
{
	static const struct {
		const char *path;
		enum route_kind kind;
		const char *project, *stage, *channel;
	} cases[] = {
	    {"/", ROUTE_VIEWER, "", "", ""},
	    {"/healthz", ROUTE_HEALTHZ, "", "", ""},
	    {"/healthz/", ROUTE_HEALTHZ, "", "", ""},
	    {"/readyz", ROUTE_READYZ, "", "", ""},
	    {"/status", ROUTE_STATUS, "", "", ""},
	    {"/metrics", ROUTE_METRICS, "", "", ""},
	    {"/api/v1/sse/projects/7/stages/rewrite/", ROUTE_STAGE, "7", "rewrite", ""},
	    {"/api/v1/sse/projects/7/stages/rewrite", ROUTE_STAGE, "7", "rewrite", ""},
	    {"/api/v1/sse/projects/7/stages/rewrite/stream/", ROUTE_STAGE, "7", "rewrite", ""},
	    {"/api/v1/sse/projects/7/stages/rewrite/stream", ROUTE_STAGE, "7", "rewrite", ""},
	    {"/api/v1/sse/projects/7/stages/rewrite/stop", ROUTE_STOP_STAGE, "7", "rewrite", ""},
	    {"/api/v1/sse/projects/7/stages/stop/stop/", ROUTE_STOP_STAGE, "7", "stop", ""},
	    {"/api/v1/sse/projects/7/stages/stop/", ROUTE_STAGE, "7", "stop", ""},
	    {"/api/v1/sse/projects/stages/stages/stream/", ROUTE_STAGE, "stages", "stream", ""},
	    {"/api/v1/sse/projects/7/", ROUTE_PROJECT, "7", "", ""},
	    {"/api/v1/sse/projects/7", ROUTE_PROJECT, "7", "", ""},
	    {"/api/v1/sse/projects/7/stream/", ROUTE_PROJECT, "7", "", ""},
	    {"/api/v1/sse/projects/stream", ROUTE_PROJECT, "stream", "", ""},
	    {"/api/v1/sse/channels/chat:42/", ROUTE_CHANNEL, "", "", "chat:42"},
	    {"/api/v1/sse/channels/chat:42", ROUTE_CHANNEL, "", "", "chat:42"},
	    {"/api/v1/sse/channels/chat:42/stop", ROUTE_STOP_CHANNEL, "", "", "chat:42"},
	    {"/api/v1/projects/7/state", ROUTE_STATE, "7", "", ""},
	    {"/api/v1/projects/7/state/", ROUTE_STATE, "7", "", ""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(parse(cases[i].path) == cases[i].kind &&
			is_stage(cases[i].project, cases[i].stage) == (cases[i].channel[0] == 0) &&
			t_eq(r.channel, r.channel_len, cases[i].channel),
		    "%s is a route", cases[i].path);
}

static void unknown_paths(void)
{
	static const char *const cases[] = {"", "*", "api", "//", "///", "/x", "/healthz/x",
	    "/healthz//", "//healthz", "/Healthz", "/%68ealthz", "/healthz%2f", "/api",
	    "/api/v1/sse", "/api/v1/sse/projects", "/api/v1/sse/projects/",
	    "/api/v1/sse/projects//", "/api/v1/sse/projects/7//", "/api/v1/sse/projects//7",
	    "/api/v1//sse/projects/7", "/api/v1/sse/projects/./", "/api/v1/sse/projects/../",
	    "/api/v1/sse/projects/7/../8/", "/api/v1/sse/projects/7/./", "/api/v1/./sse/projects/7",
	    "/api/v1/sse/../sse/projects/7", "/api/v1/sse/projects/7/stages",
	    "/api/v1/sse/projects/7/stages/", "/api/v1/sse/projects/7/stages//",
	    "/api/v1/sse/projects/7/stages/./", "/api/v1/sse/projects/7/stages/../stop",
	    "/api/v1/sse/projects/7/stages/a/b", "/api/v1/sse/projects/7/stages/a/stream/stop",
	    "/api/v1/sse/projects/7/stages/a/stop/x", "/api/v1/sse/projects/7/stop",
	    "/api/v1/sse/channels/", "/api/v1/sse/channels/../", "/api/v1/sse/channels/a/b/",
	    "/api/v1/projects/7/", "/api/v1/projects/7/states", "/api/v1/projects/7/state/x",
	    "/api/v2/sse/projects/7", "/api/v1/sse%2Fprojects/7",
	    "/api/v1/sse/projects/7/stages%2Fa"};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ok(parse(cases[i]) == ROUTE_NONE, "<%s> is no route", cases[i]);
}

#define STAGES "/api/v1/sse/projects/7/stages/"

static void names(void)
{
	ok(parse(STAGES "%61%c3%A9/") == ROUTE_STAGE && is_stage("7", "a\xc3\xa9"),
	    "a name is percent-decoded");
	ok(parse("/api/v1/projects/a+b%2B/state") == ROUTE_STATE && is_stage("a+b+", ""),
	    "a plus in a path is a plus");
	ok(parse(STAGES "a%252Fb/") == ROUTE_STAGE && is_stage("7", "a%2Fb"),
	    "a name is decoded once: %%252F is the text %%2F");
	ok(parse("/api/v1/sse/channels/a%2Fb%3A%20c%2a/") == ROUTE_CHANNEL &&
		t_eq(r.channel, r.channel_len, "a/b: c*"),
	    "a channel may have slashes, colons, blanks and stars, encoded");
	ok(parse("/api/v1/sse/channels/%2E%2E/stop") == ROUTE_STOP_CHANNEL &&
		t_eq(r.channel, r.channel_len, ".."),
	    "encoded dots are a channel's name, not a way up");

	static const char *const bad[] = {"a%2Fb", "%2e%2e", "%2E", ".%2e", "a:b", "a%3Ab", "*",
	    "a%2A", "%3f", "%5b", "a%5Cb", "a%20b", "a%0Ab", "a%0d", "a%00", "%", "%4", "a%zz",
	    "%ff", "%c3", "%c0%af", "%ed%a0%80", "%C2%85", "%e2%80%a8", "%7f"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char path[100];

		(void)snprintf(path, sizeof path, STAGES "%s/stop", bad[i]);
		ok(parse(path) == ROUTE_BAD && is_stage("", "") &&
			strstr(w.text, "stage") != NULL && strchr(w.text, '\n') == NULL,
		    "stage %s is refused", bad[i]);
		(void)snprintf(path, sizeof path, "/api/v1/projects/%s/state", bad[i]);
		ok(parse(path) == ROUTE_BAD && is_stage("", "") &&
			strstr(w.text, "project") != NULL,
		    "project %s is refused", bad[i]);
	}
	ok(parse("/api/v1/sse/channels/a%0Ab") == ROUTE_BAD && r.channel_len == 0 &&
		parse("/api/v1/sse/channels/a%00b") == ROUTE_BAD &&
		parse("/api/v1/sse/channels/a%0d") == ROUTE_BAD &&
		parse("/api/v1/sse/channels/%2") == ROUTE_BAD,
	    "a channel with a line end, a NUL or a bad escape is refused");
}

/* prefix, then n times unit, then suffix. */
static enum route_kind parse_long(const char *prefix, const char *unit, int n, const char *suffix)
{
	static char path[10000];
	char *to = path + sprintf(path, "%s", prefix);

	while (n-- > 0)
		to += sprintf(to, "%s", unit);
	(void)sprintf(to, "%s", suffix); /* all callers stay below the size */
	return parse(path);
}

static void lengths(void)
{
	ok(parse_long(STAGES, "a", CHAN_PART_MAX, "/") == ROUTE_STAGE &&
		r.stage_len == CHAN_PART_MAX &&
		parse_long(STAGES, "%61", CHAN_PART_MAX, "") == ROUTE_STAGE &&
		r.stage_len == CHAN_PART_MAX,
	    "a name may have 128 bytes, however they are encoded");
	ok(parse_long(STAGES, "a", CHAN_PART_MAX + 1, "/") == ROUTE_BAD &&
		parse_long(STAGES, "%61", CHAN_PART_MAX + 1, "/") == ROUTE_BAD,
	    "a longer name is refused");
	ok(parse_long("/api/v1/sse/channels/", "%2F", CHAN_NAME_MAX, "/") == ROUTE_CHANNEL &&
		r.channel_len == CHAN_NAME_MAX &&
		parse_long("/api/v1/sse/channels/", "a", CHAN_NAME_MAX + 1, "/") == ROUTE_BAD,
	    "a channel may have 1024 bytes and no more");
	ok(parse_long("", "/a", 4000, "") == ROUTE_NONE &&
		parse_long("", "/", 4000, "") == ROUTE_NONE,
	    "a path of many segments is no route");
}

static void methods(void)
{
	ok(route_allows(ROUTE_STAGE, "GET", 3) && route_allows(ROUTE_STAGE, "POST", 4) &&
		route_allows(ROUTE_CHANNEL, "HEAD", 4) && route_allows(ROUTE_CHANNEL, "OPTIONS", 7),
	    "stages and channels are read and published to");
	ok(!route_allows(ROUTE_PROJECT, "POST", 4) && !route_allows(ROUTE_STATE, "POST", 4) &&
		!route_allows(ROUTE_VIEWER, "POST", 4) && route_allows(ROUTE_PROJECT, "GET", 3),
	    "projects and their state are read only");
	ok(!route_allows(ROUTE_STOP_STAGE, "GET", 3) && route_allows(ROUTE_STOP_STAGE, "POST", 4) &&
		!route_allows(ROUTE_STOP_CHANNEL, "HEAD", 4),
	    "stop is for POST: no link can stop a run");
	ok(!route_allows(ROUTE_STAGE, "GE", 2) && !route_allows(ROUTE_STAGE, "get", 3) &&
		!route_allows(ROUTE_STAGE, "GET,", 4) && !route_allows(ROUTE_STAGE, "", 0) &&
		!route_allows(ROUTE_STAGE, "DELETE", 6) && !route_allows(ROUTE_NONE, "GET", 3),
	    "no other method is allowed");
}

int main(void)
{
	known_paths();
	unknown_paths();
	names();
	lengths();
	methods();
	return t_done();
}
