/* SPDX-License-Identifier: MIT */
/* bench_sse: a load on any SSE server. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "chan.h"

enum { SIZE_LEAST = AUDIT_STAMP_MIN, RATE = 1000 };

static bool is_redis(const struct sseload_conf *c)
{
	return c->publish == SSELOAD_REDIS;
}

/* --- The channel that a route of ours reads: NS:project:ID:stage:NAME, or a name. */

static char *part(const char *from, const char *end)
{
	return xstrndup(from, (size_t)(end - from));
}

static char *stage_channel(const char *id, const char *ns)
{
	const char *id_end = strchr(id, '/');
	struct buf b;

	if (id_end == NULL || strncmp(id_end, "/stages/", 8) != 0)
		return NULL;
	const char *stage = id_end + 8, *stage_end = stage + strcspn(stage, "/?");
	buf_init(&b, SIZE_MAX / 2);
	(void)buf_addf(&b, "%s:project:%.*s:stage:%.*s", ns, (int)(id_end - id), id,
	    (int)(stage_end - stage), stage); /* no cap */
	char *name = part(buf_head(&b), buf_head(&b) + b.len);
	buf_fini(&b);
	return name;
}

/* Heap; NULL when the URL is none of our routes. What is percent-encoded must be given as -c. */
static char *channel_of(const char *url, const char *ns)
{
	static const char projects[] = "/api/v1/sse/projects/",
			  channels[] = "/api/v1/sse/channels/";
	const char *at = strstr(url, projects);

	if (strchr(url, '%') != NULL)
		return NULL;
	if (at != NULL)
		return stage_channel(at + strlen(projects), ns);
	if ((at = strstr(url, channels)) == NULL)
		return NULL;
	at += strlen(channels);
	return part(at, at + strcspn(at, "/?"));
}

/* --- Settings */

static int settle(struct bench *b)
{
	struct sseload_conf *c = &b->sse;

	c->url = b->cli.url_text;
	b->cli.url_text = b->redis;
	if (c->url == NULL)
		return why_set(
		    &b->why, WHY_USAGE, "which server? give --url http://HOST:PORT/PATH");
	bench_default(&b->connections, 1);
	bench_default(&b->channels, 1);
	bench_default(&b->rate, RATE);
	bench_default(&b->duration_ms, 10000);
	bench_default(&b->size, 200);
	bench_default(&b->publish_rate, 10);
	bench_default(&c->processes, 0);
	bench_default(&c->streaming, b->channels);
	bench_default(&c->publish_connections, 1);
	bench_default(&c->slow, 0);
	bench_default(&c->slow_bytes, 1);
	bench_default(&c->stalled, 0);
	bench_default(&c->behind, 1000);
	bench_default(&c->timeout_ms, 10000);
	bench_default(&c->drain_ms, 10000);
	if (c->retry_ms == -2)
		c->retry_ms = 1000;
	if (b->no_retry)
		c->retry_ms = -1;
	c->connections = b->connections;
	c->channels = b->channels;
	c->rate = b->rate;
	c->duration_ms = b->duration_ms;
	c->size = b->size;
	c->publish_rate = b->publish_rate;
	c->publish_count = b->count > 0 ? b->count : 0;
	c->durable = b->durable;
	c->publish = b->publish > 0 ? (enum sseload_publish)b->publish : SSELOAD_NONE;
	if (b->size < SIZE_LEAST)
		return why_set(
		    &b->why, WHY_USAGE, "--size: at least %d, which the stamp needs", SIZE_LEAST);
	if (b->durable && !is_redis(c))
		return why_set(&b->why, WHY_USAGE, "--durable needs --publish redis");
	return 0;
}

/* Redis is asked for only when it is part of the load. */
static int find_redis(struct bench *b, char **channel)
{
	struct sseload_conf *c = &b->sse;

	report_init(&b->report, "sse", &b->cli.say);
	if (!is_redis(c))
		return report_probe(&b->report, NULL, &b->why);
	if (cli_redis(&b->cli, true, &b->link, &b->why) < 0 ||
	    report_probe(&b->report, &b->link, &b->why) < 0)
		return -1;
	c->link = b->link;
	c->channel = b->channel;
	if (c->channel == NULL)
		c->channel = *channel = channel_of(c->url, b->cli.namespace);
	return c->channel != NULL ? chan_name_check(c->channel, strlen(c->channel), &b->why) : 0;
}

int bench_sse(struct bench *b)
{
	char *channel = NULL;
	bool failed = false;
	int r = -1;

	if (settle(b) == 0 && find_redis(b, &channel) == 0)
		r = sseload_run(&b->sse, &b->report, &b->cli.say, &failed, &b->why);
	b->signo = proc_stop_signal();
	if (r == 0)
		r = bench_end(b, failed);
	free(channel);
	opt_list_fini(&b->sse.headers);
	return r;
}
