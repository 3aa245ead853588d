/* SPDX-License-Identifier: MIT */
/* sp-bench_opts: the options of sp-bench, and which of them mean something to which mode. */
#include "sp-bench.h"

#include <stdio.h>
#include <string.h>

enum { OPTIONS_MAX = 64 }; /* of the table */

/* A group each, since the whole is longer than a function should be. */

#define LOAD_OPTS(b)                                                                               \
	{.kind = OPT_GROUP, .name = "Load"},                                                       \
	    {0, "rate", "R", OPT_NUMBER, &(b)->rate,                                               \
		"messages a second, of all connections; of sse: connects a second; 0: as fast as " \
		"it "                                                                              \
		"goes (1000)",                                                                     \
		NULL, 0, 100000000},                                                               \
	    {0, "duration", "D", OPT_DURATION, &(b)->duration_ms, "how long (10s)", NULL, 1, 0},   \
	    {0, "connections", "N", OPT_NUMBER, &(b)->connections,                                 \
		"publishers; of sub and sse: readers; of pipe: pipelines; of xq: workers (1)",     \
		NULL, 1, 1000000},                                                                 \
	    {0, "size", "SIZE", OPT_SIZE, &(b)->size, "bytes of a message (200)", NULL, 1,         \
		LOAD_SIZE_MAX},                                                                    \
	    {0, "channels", "N", OPT_NUMBER, &(b)->channels,                                       \
		"channels to spread the messages over (one a connection)", NULL, 1,                \
		LOAD_CHANNELS_MAX},                                                                \
	    {0, "pipeline", "N", OPT_NUMBER, &(b)->pipeline,                                       \
		"messages of one connection that may wait for an answer (1; 1000 with --rate 0); " \
		"of "                                                                              \
		"xq: jobs that a worker takes at a time (1; 100)",                                 \
		NULL, 1, 1000000},                                                                 \
	    {0, "durable", NULL, OPT_FLAG, &(b)->durable,                                          \
		"through the log, as sp-pub does; else PUBLISH alone", NULL, 0, 0},                \
	    {'c', "channel", "NAME", OPT_STRING, &(b)->channel,                                    \
		"channels are NAME:0, NAME:1 … (bench); of sse: NAME has {n} in it", NULL, 0, 0},  \
	    {0, "publish-rate", "R", OPT_NUMBER, &(b)->publish_rate,                               \
		"of sub and sse: publish the load itself, R a second; 0: as fast as it goes",      \
		NULL, 0, 100000000},                                                               \
	{                                                                                          \
		'n', "count", "N", OPT_NUMBER, &(b)->count,                                        \
		    "of sub: end after N messages; of sse: publish N", NULL, 1, INT64_MAX          \
	}

#define SSE_OPTS(b)                                                                                \
	{.kind = OPT_GROUP, .name = "Load on an SSE server (sse)"},                                \
	    {0, "redis", "URL", OPT_STRING, &(b)->redis,                                           \
		"where Redis is, since --url is the server ($REDIS_URL, else the private one)",    \
		NULL, 0, 0},                                                                       \
	    {0, "source", "LIST", OPT_STRING, &(b)->sse.source,                                    \
		"addresses to come from: 127.0.0.2,127.1.0.0/24 (on loopback, what is needed)",    \
		NULL, 0, 0},                                                                       \
	    {0, "processes", "N", OPT_NUMBER, &(b)->sse.processes,                                 \
		"at least that many; each holds up to 19900 connections (what is needed)", NULL,   \
		1, 1000},                                                                          \
	    {'H', "header", "LINE", OPT_LIST, &(b)->sse.headers,                                   \
		"\"Name: value\" in each request, {n} as in --url; may be repeated", NULL, 0, 0},  \
	    {0, "publish", NULL, OPT_CHOICE, &(b)->publish,                                        \
		"publish the load through Redis (with --durable by sp-pub's script), or by POST; " \
		"none: somebody else does (none)",                                                 \
		"none|redis|post", 0, 0},                                                          \
	    {0, "publish-url", "URL", OPT_STRING, &(b)->sse.publish_url,                           \
		"of --publish post: where to, with {n}; a message is the body", NULL, 0, 0},       \
	    {0, "publish-connections", "N", OPT_NUMBER, &(b)->sse.publish_connections,             \
		"of --publish post (1)", NULL, 1, 1000},                                           \
	    {0, "streaming", "N", OPT_NUMBER, &(b)->sse.streaming,                                 \
		"publish on the first N of the channels only (all)", NULL, 1, 1000000},            \
	    {0, "slow", "N", OPT_NUMBER, &(b)->sse.slow, "readers that read slowly (0)", NULL, 0,  \
		1000000},                                                                          \
	    {0, "slow-rate", "SIZE", OPT_SIZE, &(b)->sse.slow_bytes,                               \
		"bytes that each of them reads a second (1)", NULL, 1, 1 << 20},                   \
	    {0, "stalled", "N", OPT_NUMBER, &(b)->sse.stalled, "readers that stop reading (0)",    \
		NULL, 0, 1000000},                                                                 \
	    {0, "storm", NULL, OPT_FLAG, &(b)->sse.storm,                                          \
		"then close all at once, publish, and reconnect with Last-Event-ID", NULL, 0, 0},  \
	    {0, "behind", "N", OPT_NUMBER, &(b)->sse.behind,                                       \
		"of --storm: messages a channel that they have missed (1000)", NULL, 0, 1000000},  \
	    {0, "retry", "D", OPT_DURATION, &(b)->sse.retry_ms,                                    \
		"a reader that is cut off comes back after D (1s)", NULL, 0, 0},                   \
	    {0, "no-retry", NULL, OPT_FLAG, &(b)->no_retry, "a reader that is cut off stays away", \
		NULL, 0, 0},                                                                       \
	    {0, "answer-timeout", "D", OPT_DURATION, &(b)->sse.timeout_ms,                         \
		"an answer that has not begun after D fails (10s)", NULL, 1, 0},                   \
	{                                                                                          \
		0, "drain", "D", OPT_DURATION, &(b)->sse.drain_ms,                                 \
		    "wait D for what was published to arrive (10s)", NULL, 1, 0                    \
	}

#define OUTPUT_OPTS(b)                                                                       \
	{.kind = OPT_GROUP, .name = "Output"},                                               \
	    {0, "json", NULL, OPT_FLAG, &(b)->report.json,                                   \
		"print the JSON also when standard output is a terminal", NULL, 0, 0},       \
	    {0, "hgrm", "FILE", OPT_STRING, &(b)->report.hgrm,                               \
		"write HdrHistogram's percentile text to FILE", NULL, 0, 0},                 \
	{                                                                                    \
		0, "to", NULL, OPT_CHOICE, &(b)->to,                                         \
		    "of plot: the form (text on a terminal, else svg)", "svg|png|text", 0, 0 \
	}

/* What an option means something to; those that are not here, to all. */
static int modes_of(const char *option)
{
	static const struct {
		const char *name;
		int modes;
	} meant[] = {
	    {"rate", PUB | PIPE | SSE | XQ},
	    {"duration", LOADS},
	    {"connections", LOADS},
	    {"size", LOADS},
	    {"channels", PUB | SUB | SSE},
	    {"pipeline", PUB | SUB | XQ},
	    {"durable", PUB | SUB | PIPE | SSE},
	    {"channel", PUB | SUB | PIPE | SSE},
	    {"publish-rate", SUB | SSE},
	    {"count", SUB | SSE},
	    {"json", LOADS},
	    {"hgrm", LOADS},
	    {"redis", SSE},
	    {"source", SSE},
	    {"processes", SSE},
	    {"header", SSE},
	    {"publish", SSE},
	    {"publish-url", SSE},
	    {"publish-connections", SSE},
	    {"streaming", SSE},
	    {"slow", SSE},
	    {"slow-rate", SSE},
	    {"stalled", SSE},
	    {"storm", SSE},
	    {"behind", SSE},
	    {"retry", SSE},
	    {"no-retry", SSE},
	    {"answer-timeout", SSE},
	    {"drain", SSE},
	    {"to", PLOT},
	    {"url", LOADS},
	};

	for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
		if (strcmp(meant[i].name, option) == 0)
			return meant[i].modes;
	return LOADS | PLOT;
}

/* For each mode the options that mean something to it. */
static void complete_verbs(const struct opt_tool *tool, enum opt_shell shell)
{
	struct opt some[OPTIONS_MAX];
	char name[32];

	for (const struct mode *m = bench_modes; m->name != NULL; m++) {
		size_t n = 0;

		for (const struct opt *o = tool->opts; o->name != NULL && n < OPTIONS_MAX - 1; o++)
			if (o->kind != OPT_GROUP && (modes_of(o->name) & m->bit) != 0)
				some[n++] = *o;
		some[n] = (struct opt){.kind = OPT_GROUP};
		(void)snprintf(name, sizeof name, "%s %s", tool->name, m->name); /* fits */
		opt_completion(&(struct opt_tool){.name = name, .opts = some}, shell, stdout);
	}
}

enum opt_result bench_parse(struct bench *b, int argc, char **argv, struct opt_rest *rest)
{
	const struct opt opts[] = {
	    LOAD_OPTS(b),
	    SSE_OPTS(b),
	    OUTPUT_OPTS(b),
	    CLI_OPTS_REDIS(&b->cli, "command-timeout"),
	    CLI_OPTS_LOG(&b->cli),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-bench",
	    .summary = "Load, latency and proof: what this machine and this Redis hold.",
	    .usage = "sp-bench pub | sub | pipe | xq [options]\n"
		     "sp-bench sse --url URL [options]\nsp-bench plot FILE ... > chart.svg",
	    .examples = "sp-bench pub --rate 20000 --connections 8 --duration 30s > pub.json\n"
			"sp-bench sub --publish-rate 20000 --durable\n"
			"sp-bench pipe --rate 1000 --hgrm pipe.hgrm\n"
			"sp-bench sse --url http://127.0.0.1:8080/events/{n} --connections 1000\n"
			"sp-bench plot pub.json > pub.svg",
	    .opts = opts,
	    .operands = "pub sub pipe xq sse plot",
	    .complete_verbs = complete_verbs};

	return opt_parse(&tool, argc, argv, rest, &b->why);
}

int bench_check(struct bench *b, const struct mode *m, const struct opt_rest *rest)
{
	const struct {
		const char *name;
		bool given;
	} given[] = {
	    {"rate", b->rate >= 0},
	    {"duration", b->duration_ms >= 0},
	    {"connections", b->connections >= 0},
	    {"size", b->size >= 0},
	    {"channels", b->channels >= 0},
	    {"pipeline", b->pipeline >= 0},
	    {"durable", b->durable},
	    {"channel", b->channel != NULL},
	    {"publish-rate", b->publish_rate >= 0},
	    {"count", b->count >= 0},
	    {"json", b->report.json},
	    {"hgrm", b->report.hgrm != NULL},
	    {"redis", b->redis != NULL},
	    {"source", b->sse.source != NULL},
	    {"processes", b->sse.processes >= 0},
	    {"header", b->sse.headers.count > 0},
	    {"publish", b->publish >= 0},
	    {"publish-url", b->sse.publish_url != NULL},
	    {"publish-connections", b->sse.publish_connections >= 0},
	    {"streaming", b->sse.streaming >= 0},
	    {"slow", b->sse.slow >= 0},
	    {"slow-rate", b->sse.slow_bytes >= 0},
	    {"stalled", b->sse.stalled >= 0},
	    {"storm", b->sse.storm},
	    {"behind", b->sse.behind >= 0},
	    {"retry", b->sse.retry_ms >= 0},
	    {"no-retry", b->no_retry},
	    {"answer-timeout", b->sse.timeout_ms >= 0},
	    {"drain", b->sse.drain_ms >= 0},
	    {"to", b->to >= 0},
	    {"url", b->cli.url_text != NULL},
	};

	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		if (given[i].given && (modes_of(given[i].name) & m->bit) == 0)
			return why_set(
			    &b->why, WHY_USAGE, "--%s means nothing to %s", given[i].name, m->name);
	b->files = (const char *const *)rest->operands + 1;
	if (m->bit != PLOT && (rest->noperands > 1 || rest->command != NULL))
		return why_set(&b->why, WHY_USAGE, "unexpected argument %s",
		    rest->noperands > 1 ? rest->operands[1] : "--");
	return 0;
}
