/* SPDX-License-Identifier: MIT */
/* Any bytes as a path: names that come out are legal, and encoding them leads back to them. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool good)
{
	if (!good)
		abort();
}

static char *encode(char *to, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to += sprintf(to, "%%%02X", (unsigned char)s[i]);
	return to;
}

static void must_be_same(const struct route *a, const struct route *b)
{
	must(a->kind == b->kind && strcmp(a->project, b->project) == 0);
	must(strcmp(a->stage, b->stage) == 0 && strcmp(a->channel, b->channel) == 0);
}

/* The path of a route, with every byte of every name encoded. */
static void there_and_back(const struct route *r)
{
	char path[4000];
	char *to = path;
	struct route again;
	struct why w;

	if (r->kind == ROUTE_STATE) {
		to = encode(to + sprintf(to, "/api/v1/projects/"), r->project, r->project_len);
		to += sprintf(to, "/state");
	} else if (r->project_len > 0) {
		to = encode(to + sprintf(to, "/api/v1/sse/projects/"), r->project, r->project_len);
		if (r->stage_len > 0)
			to = encode(to + sprintf(to, "/stages/"), r->stage, r->stage_len);
	} else {
		to = encode(to + sprintf(to, "/api/v1/sse/channels/"), r->channel, r->channel_len);
	}
	if (r->kind == ROUTE_STOP_STAGE || r->kind == ROUTE_STOP_CHANNEL)
		to += sprintf(to, "/stop");
	(void)route_parse(&again, path, (size_t)(to - path), &w); /* compared */
	must_be_same(r, &again);
	*to++ = '/';
	(void)route_parse(&again, path, (size_t)(to - path), &w); /* compared */
	must_be_same(r, &again);
}

static void check(const struct route *r)
{
	bool stage = r->kind == ROUTE_STAGE || r->kind == ROUTE_STOP_STAGE;
	bool channel = r->kind == ROUTE_CHANNEL || r->kind == ROUTE_STOP_CHANNEL;
	bool project = stage || r->kind == ROUTE_PROJECT || r->kind == ROUTE_STATE;
	struct why w;

	must(strlen(r->project) == r->project_len && strlen(r->stage) == r->stage_len);
	must(strlen(r->channel) == r->channel_len);
	must(project ? chan_part_is_legal(r->project, r->project_len) : r->project_len == 0);
	must(stage ? chan_part_is_legal(r->stage, r->stage_len) : r->stage_len == 0);
	must(channel ? chan_name_check(r->channel, r->channel_len, &w) == 0 : r->channel_len == 0);
	must(strpbrk(r->channel, "\r\n") == NULL && strpbrk(r->project, "\r\n/:") == NULL);
	must(strpbrk(r->stage, "\r\n/:") == NULL);
	if (project || channel)
		there_and_back(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const prefixes[] = {"", "/api/v1/sse/projects/",
	    "/api/v1/sse/projects/7/stages/", "/api/v1/sse/channels/", "/api/v1/projects/"};
	char path[5000];
	struct route r;
	struct why w = {0};

	if (len == 0 || len > 4500)
		return 0;
	size_t n = (size_t)sprintf(path, "%s", prefixes[data[0] % 5]);
	memcpy(path + n, data + 1, len - 1);
	char *copy = malloc(n + len - 1 > 0 ? n + len - 1 : 1); /* a read beyond it is seen */
	memcpy(copy, path, n + len - 1);
	enum route_kind kind = route_parse(&r, copy, n + len - 1, &w);
	free(copy);
	must(kind == r.kind && (kind != ROUTE_BAD || w.text[0] != '\0'));
	must(strpbrk(w.text, "\r\n") == NULL);
	check(&r);
	must(route_allows(kind, "OPTIONS", 7) == (kind != ROUTE_NONE && kind != ROUTE_BAD));
	return 0;
}
