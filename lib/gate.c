/* SPDX-License-Identifier: MIT */
/* gate: what answer a request gets. */
#include "gate.h"

#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "http_answer.h"
#include "http_query.h"

enum {
	CURSOR_MAX = 64,
	BACK_LEAST_MS = 2000, /* when to come back: random from here … */
	BACK_SPAN_MS = 4000,  /* … over so long, so that many do not come at once */
};

static bool answer(struct gate *g, int status, const char *text)
{
	g->does = GATE_ANSWER;
	g->status = status;
	g->text = text;
	return false;
}

/* --- Access. Everything that decides who may is here. */

static bool is_allowed(const struct gate_conf *conf, const struct route *r)
{
	struct chan_parts parts;

	/* Stages and Spout's own channels have routes of their own; this one must not open them. */
	if (chan_parse(r->channel, r->channel_len, &parts) ||
	    chan_is_own(r->channel, r->channel_len))
		return false;
	for (int i = 0; i < conf->nallow; i++)
		if (chan_glob(conf->allow[i], strlen(conf->allow[i]), r->channel, r->channel_len))
			return true;
	return false;
}

/* Whether the address alone keeps a client out. */
static bool admit_address(struct gate *g, const struct gate_conf *conf, bool is_local)
{
	if (conf->access != NULL || conf->insecure || is_local)
		return true;
	return answer(g, 403, "this server has no authentication and serves only its own machine");
}

static bool admit_token(struct gate *g, const struct gate_conf *conf, const struct http *h,
    bool publishes, struct buf *headers)
{
	switch (access_check(
	    conf->access, h, &g->route, publishes, clock_wall_us() / 1000000, &g->why)) {
	case ACCESS_OK:
		return true;
	case ACCESS_401:
		(void)http_add_header(headers, "WWW-Authenticate", "Bearer", 6); /* no cap */
		return answer(g, 401, g->why.text);
	case ACCESS_403:
		break;
	}
	return answer(g, 403, g->why.text);
}

/* Whether this client may use this route so. Routes that tell nothing of anybody's data are open.
 */
static bool admit(struct gate *g, const struct gate_conf *conf, const struct http *h,
    bool publishes, struct buf *headers)
{
	if (conf->access != NULL)
		return admit_token(g, conf, h, publishes, headers);
	if (publishes)
		return answer(g, 403, "publishing needs a server with --key");
	if (g->route.kind == ROUTE_CHANNEL && !is_allowed(conf, &g->route))
		return answer(g, 403, "this channel is not allowed here (--allow)");
	return true;
}

/* --- Where to begin */

/* Last-Event-ID, else the query. -1 when the query is malformed; another server's Last-Event-ID
 * counts as none. */
static int find_start(struct gate *g, const struct http *h)
{
	static const char *const names[] = {"last_event_id", "lastEventId", "since"};
	struct feed_start *start = &g->start;
	struct http_slice value;
	char text[CURSOR_MAX];
	size_t len;

	*start = (struct feed_start){.since = g->route.kind == ROUTE_STAGE ? FEED_RUN : FEED_NOW};
	if (http_field(h, "Last-Event-ID", &value) == 1 &&
	    cli_cursor(&start->after, value.p, value.len)) {
		start->since = FEED_AFTER;
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		int r = http_query_get(h->query, names[i], text, sizeof text, &len, &g->why);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		if (i == 2)
			return feed_parse_since(start, text, &g->why);
		if (!cli_cursor(&start->after, text, len))
			return why_set(&g->why, WHY_DATA, "%s is not an id", names[i]);
		start->since = FEED_AFTER;
		return 0;
	}
	return 0;
}

bool gate_has_ended(enum route_kind kind, const struct feed_start *start, struct id cursor,
    const struct log_run *run)
{
	return kind == ROUTE_STAGE && start->since == FEED_AFTER && run != NULL &&
	    !id_is_zero(run->end) && id_cmp(cursor, run->end) >= 0;
}

/* --- The decision */

/* False when the method is answered. */
static bool check_method(struct gate *g, const struct http *h, struct buf *headers)
{
	const char *methods = route_methods(g->route.kind);

	if (route_allows(g->route.kind, h->method.p, h->method.len) &&
	    !http_method_is(h, "OPTIONS"))
		return true;
	(void)http_add_header(headers, "Allow", methods, strlen(methods)); /* no cap */
	if (http_method_is(h, "OPTIONS"))
		return answer(g, 204, NULL);
	return answer(g, 405, "this route has no such method");
}

static enum gate_does purpose(enum route_kind kind, const struct http *h)
{
	switch (kind) {
	case ROUTE_STAGE:
	case ROUTE_PROJECT:
	case ROUTE_CHANNEL:
		return http_method_is(h, "POST") ? GATE_PUBLISH
		    : http_method_is(h, "HEAD")  ? GATE_STREAM_HEAD
						 : GATE_STREAM;
	case ROUTE_STOP_STAGE:
	case ROUTE_STOP_CHANNEL:
		return GATE_STOP;
	case ROUTE_STATE:
		return GATE_STATE;
	case ROUTE_READYZ:
		return GATE_READYZ;
	case ROUTE_STATUS:
		return GATE_STATUS;
	case ROUTE_METRICS:
		return GATE_METRICS;
	case ROUTE_VIEWER:
		return GATE_VIEWER;
	case ROUTE_NONE:
	case ROUTE_BAD:
	case ROUTE_HEALTHZ:
		break;
	}
	return GATE_ANSWER;
}

void gate_decide(struct gate *g, const struct gate_conf *conf, const struct http *h, bool is_local,
    struct buf *headers)
{
	(void)cors_add(headers, &conf->cors, h); /* no cap */
	if (!admit_address(g, conf, is_local))
		return;
	if (cors_is_preflight(h)) {
		(void)answer(g, 204, NULL); /* false */
		return;
	}
	route_parse(&g->route, h->path.p, h->path.len, &g->why);
	if (g->route.kind == ROUTE_BAD) {
		(void)answer(g, 400, g->why.text); /* false */
		return;
	}
	if (g->route.kind == ROUTE_NONE || !(conf->routes & 1u << g->route.kind)) {
		(void)answer(g, 404, "no such route here"); /* false */
		return;
	}
	if (!check_method(g, h, headers))
		return;
	g->does = purpose(g->route.kind, h);
	if (g->does == GATE_ANSWER)
		(void)answer(g, 200, "ok"); /* false */
	else if (!admit(g, conf, h, http_method_is(h, "POST"), headers))
		return;
	else if ((g->does == GATE_STREAM || g->does == GATE_STREAM_HEAD) && find_start(g, h) < 0)
		(void)answer(g, 400, g->why.text); /* false */
}

/* --- Not now */

int gate_come_back(
    struct buf *out, const struct http *h, struct buf *headers, int status, const char *text)
{
	int64_t wait_ms = BACK_LEAST_MS + (int64_t)clock_random(BACK_SPAN_MS);
	char seconds[12], line[120];

	if (http_field_has(h, "Accept", "text/event-stream")) {
		(void)http_answer_stream(out, headers); /* no cap */
		if (!http_method_is(h, "HEAD"))
			(void)buf_addf(
			    out, "retry: %lld\n: %s\n\n", (long long)wait_ms, text); /* no cap */
		return 200;
	}
	(void)snprintf(seconds, sizeof seconds, "%d", (int)(wait_ms / 1000) + 1); /* fits */
	(void)http_add_header(headers, "Retry-After", seconds, strlen(seconds));  /* no cap */
	(void)snprintf(line, sizeof line, "%s\n", text); /* a cut reason is one */
	(void)http_answer(out,
	    &(struct http_answer){.status = status,
		.headers = headers,
		.body = line,
		.body_len = strlen(line),
		.head_only = http_method_is(h, "HEAD")}); /* no cap */
	return status;
}
