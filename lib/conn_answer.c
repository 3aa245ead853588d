/* SPDX-License-Identifier: MIT */
/* conn_answer: what a connection of the server is told. */
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "clock.h"
#include "conn.h"
#include "http_answer.h"

static const unsigned char viewer[] = {
#include "viewer.html.h"
};

/* --- Answers */

/* The access log's line of a short answer, at once. */
static void write_log(const struct conn *c, int status, size_t bytes)
{
	const struct request *r = c->request;
	struct journal *j = &c->server->journal;
	struct buf line;

	if (j->fd < 0 || r->http.at != HTTP_AT_BODY)
		return;
	buf_init(&line, SIZE_MAX / 2);
	journal_begin(&line, &r->http, &c->client, r->at_us);
	journal_end(j, buf_head(&line), line.len, status, bytes, (clock_ns() - r->at_ns) / 1000);
	buf_fini(&line);
}

/* A stream's is begun, and ended when it ends: its beginning and its time, in one piece. */
static void begin_log(struct conn *c)
{
	const struct request *r = c->request;
	struct buf line;

	if (c->server->journal.fd < 0)
		return;
	buf_init(&line, SIZE_MAX / 2);
	(void)buf_add(&line, &r->at_ns, sizeof r->at_ns); /* no cap */
	journal_begin(&line, &r->http, &c->client, r->at_us);
	(void)buf_addc(&line, '\0'); /* no cap */
	free(c->log);
	c->log = xmalloc(line.len);
	memcpy(c->log, buf_head(&line), line.len);
	buf_fini(&line);
}

void conn_answer(struct conn *c, int status, const char *type, const char *body, size_t len)
{
	struct request *r = c->request;
	size_t before = c->out.len;
	bool has_head = r->http.at == HTTP_AT_BODY;

	free(c->log); /* of a stream that did not come about */
	c->log = NULL;
	(void)http_answer(&c->out,
	    &(struct http_answer){.status = status,
		.headers = &r->headers,
		.type = type,
		.body = body,
		.body_len = len,
		.head_only = has_head && http_method_is(&r->http, "HEAD"),
		.keep_alive = c->keeps_alive}); /* no cap */
	write_log(c, status, c->out.len - before);
	conn_answered(c, status);
}

void conn_answer_text(struct conn *c, int status, const char *text)
{
	struct request *r = c->request;
	const char *date = serve_date(c->server);

	if (r->headers.len == 0) /* it was not decided about */
		(void)http_add_header(&r->headers, "Date", date, strlen(date)); /* no cap */
	conn_answer(c, status, NULL, text, text != NULL ? strlen(text) : 0);
}

void conn_come_back(struct conn *c, int status, const char *text)
{
	struct request *r = c->request;
	size_t before = c->out.len;

	free(c->log); /* of a stream that did not come about */
	c->log = NULL;
	c->keeps_alive = false;
	status = gate_come_back(&c->out, &r->http, &r->headers, status, text);
	write_log(c, status, c->out.len - before);
	conn_answered(c, status);
}

/* --- Limits */

/* True when the request was refused by one. */
static bool is_refused(struct conn *c)
{
	uint64_t *n = c->server->metrics->n;

	switch ((enum conn_refusal)c->refusal) {
	case CONN_WELCOME:
		return false;
	case CONN_TOO_MANY:
		n[METRICS_REFUSED_CONNECTIONS]++;
		conn_come_back(c, 503, "too many connections");
		return true;
	case CONN_TOO_MANY_OF_IT:
		n[METRICS_REFUSED_PER_IP]++;
		conn_come_back(c, 429, "too many connections from this address");
		return true;
	}
	return false;
}

/* Behind a proxy the head tells who it is; a connection of the proxy may serve many. A proxy may
 * add a field of its own behind one that the client made up. */
static void find_client(struct conn *c)
{
	const struct serve_conf *conf = c->server->conf;
	struct buf list;

	if (!address_is_in(&c->peer, conf->proxies, conf->nproxies))
		return;
	buf_init(&list, SIZE_MAX / 2);
	http_field_all(&c->request->http, "X-Forwarded-For", &list);
	c->client =
	    address_forwarded(&c->peer, buf_head(&list), list.len, conf->proxies, conf->nproxies);
	buf_fini(&list);
	quota_leave(&c->server->quota, c->quota);
	c->quota = address_is_none(&c->client) ? NULL : quota_enter(&c->server->quota, &c->client);
	if (c->quota != NULL && conf->max_per_ip > 0 && c->quota->count > conf->max_per_ip &&
	    !address_is_in(&c->client, conf->proxies, conf->nproxies))
		c->refusal = CONN_TOO_MANY_OF_IT;
}

/* --- Streams */

static char *channel_of(const struct conn *c, const struct route *route)
{
	if (route->channel_len > 0)
		return xstrdup(route->channel);
	return chan_stage(c->server->conf->gate.namespace, route->project,
	    route->stage_len > 0 ? route->stage : NULL);
}

/* The names that the stream's first message tells. */
static void keep_names(struct request *to, const struct route *r)
{
	free(to->names);
	to->names = xmalloc(r->project_len + r->stage_len + 2);
	memcpy(to->names, r->project, r->project_len + 1);
	memcpy(to->names + r->project_len + 1, r->stage, r->stage_len + 1);
}

static void join(struct conn *c, const struct gate *g)
{
	struct server *s = c->server;

	if (s->load.level >= STRAIN_HEAVY || s->draining) {
		s->metrics->n[METRICS_REFUSED_HEAVY]++;
		conn_come_back(c, 503, "too busy now");
		return;
	}
	if (subs_is_dead(s->subs)) {
		s->metrics->n[METRICS_NOT_STARTED]++;
		conn_come_back(c, 503, "Redis is not available");
		return;
	}
	begin_log(c);
	keep_names(c->request, &g->route);
	c->request->kind = g->route.kind;
	c->request->start = g->start;
	c->state = CONN_JOINING;
	c->sent = 0;
	serve_deadline(s, &c->timer, loop_now(s->loop) + s->conf->link.times.connect_ms);
	char *channel = channel_of(c, &g->route);
	subs_join(s->subs, &c->member, channel, g->route.kind == ROUTE_PROJECT,
	    g->route.kind == ROUTE_STAGE, &g->start);
	free(channel);
}

static void answer_stream_head(struct conn *c)
{
	size_t before = c->out.len;

	c->keeps_alive = false;
	(void)http_answer_stream(&c->out, &c->request->headers); /* no cap */
	write_log(c, 200, c->out.len - before);
	conn_answered(c, 200);
}

/* --- What Redis is asked */

static void wait_for_answer(struct conn *c)
{
	c->state = CONN_BUSY;
	conn_wait(c);
}

static void on_posted(void *arg, int status, const char *type, const char *body, size_t len)
{
	struct conn *c = arg;

	c->state = CONN_HEAD;
	c->request->post = NULL;
	conn_answer(c, status, type, body, len);
	conn_go_on(c);
}

void conn_post(struct conn *c)
{
	static const struct post_ops ops = {on_posted};
	struct request *r = c->request;
	const struct route *route = &r->gate->route;
	const struct msg_from from = {route->project_len > 0 ? route->project : NULL,
	    route->stage_len > 0 ? route->stage : NULL};
	struct server *s = c->server;
	char *channel = channel_of(c, route);
	struct why w;
	size_t n = 0;

	bool stops = r->gate->does == GATE_STOP;
	int result = stops
	    ? post_stop(&s->posts, &r->post, channel, &ops, c, &w)
	    : post_publish(&s->posts, &r->post, channel, &from,
		  buf_head(&r->in) + r->http.head_bytes, r->http.length, &n, &ops, c, &w);
	free(channel);
	c->state = CONN_HEAD;
	if (result == 0) {
		s->metrics->n[METRICS_PUBLISHED] += n;
		s->metrics->n[METRICS_STOPS] += stops;
		wait_for_answer(c);
	} else if (w.status == WHY_UNAVAILABLE) {
		s->metrics->n[METRICS_REFUSED_POSTS]++;
		conn_come_back(c, 503, w.text);
	} else {
		conn_answer_text(c, 400, w.text);
	}
}

/* The length of a body is known before it comes, and bounded. */
static void take_body(struct conn *c, const struct gate *g)
{
	struct request *r = c->request;
	const struct http *h = &r->http;
	bool bad = !h->has_length && g->does == GATE_PUBLISH;

	if (bad || h->length > POST_BODY_MAX) {
		c->server->metrics->n[METRICS_REFUSED_BODY]++;
		c->keeps_alive = false;
		c->lingers = true;
		conn_answer_text(c, bad ? 411 : 413,
		    bad ? "the body needs a Content-Length" : "the body is larger than 1 MiB");
		return;
	}
	r->gate = xmalloc(sizeof *r->gate);
	*r->gate = *g;
	c->state = CONN_BODY;
	if (r->in.len >= h->head_bytes + h->length)
		return; /* conn_post is next */
	if (http_field_has(h, "Expect", "100-continue") && !r->sent_continue) {
		r->sent_continue = true;
		(void)buf_adds(&c->out, "HTTP/1.1 100 Continue\r\n\r\n"); /* no cap */
	}
}

static void on_state(void *arg, const char *body, size_t len)
{
	struct conn *c = arg;
	bool waited = c->state == CONN_BUSY;

	c->state = CONN_HEAD;
	if (body != NULL)
		conn_answer(c, 200, "application/json", body, len);
	else
		conn_come_back(c, 503, "Redis is not available");
	if (waited)
		conn_go_on(c);
}

static void answer_state(struct conn *c, const struct gate *g)
{
	struct server *s = c->server;
	struct request *r = c->request;

	s->metrics->n[METRICS_STATE_ASKED]++;
	r->waiter = (struct state_waiter){.on_state = on_state, .arg = c};
	state_ask(s->state, g->route.project, &r->waiter, &s->metrics->n[METRICS_STATE_READ]);
	if (c->request == r && r->waiter.link != NULL)
		wait_for_answer(c);
}

/* --- What the server tells of itself */

static void answer_own(struct conn *c, enum gate_does what)
{
	struct buf body;
	const char *type = "application/json";

	buf_init(&body, SIZE_MAX / 2);
	if (what == GATE_METRICS) {
		type = "text/plain; version=0.0.4; charset=utf-8";
		metrics_text(&body, c->server->board);
	} else {
		metrics_json(&body, c->server->board);
	}
	conn_answer(c, 200, type, buf_head(&body), body.len);
	buf_fini(&body);
}

static void answer_viewer(struct conn *c)
{
	static const char policy[] =
#include "viewer.csp.h"
	    ;

	(void)http_add_header(
	    &c->request->headers, "Content-Security-Policy", policy, sizeof policy - 1);
	(void)http_add_header(&c->request->headers, "Referrer-Policy", "no-referrer", 11);
	conn_answer(c, 200, "text/html; charset=utf-8", (const char *)viewer, sizeof viewer);
}

/* --- The decision */

/* The routes that a socket of this kind serves. */
static unsigned routes_of(const struct conn *c)
{
	enum {
		OWN = 1u << ROUTE_HEALTHZ | 1u << ROUTE_READYZ | 1u << ROUTE_STATUS |
		    1u << ROUTE_METRICS
	};

	return c->door->socket->is_admin ? OWN : c->server->conf->has_admin ? ~(unsigned)OWN : ~0u;
}

static void perform(struct conn *c, const struct gate *g)
{
	switch (g->does) {
	case GATE_ANSWER:
		conn_answer_text(c, g->status, g->text);
		break;
	case GATE_STREAM:
		join(c, g);
		break;
	case GATE_STREAM_HEAD:
		answer_stream_head(c);
		break;
	case GATE_PUBLISH:
	case GATE_STOP:
		take_body(c, g);
		break;
	case GATE_STATE:
		answer_state(c, g);
		break;
	case GATE_READYZ:
		if (subs_is_up(c->server->subs))
			conn_answer_text(c, 200, "ok");
		else
			conn_answer_text(c, 503, "Redis does not answer");
		break;
	case GATE_STATUS:
	case GATE_METRICS:
		answer_own(c, g->does);
		break;
	case GATE_VIEWER:
		answer_viewer(c);
		break;
	}
}

void conn_decide(struct conn *c)
{
	struct server *s = c->server;
	struct request *r = c->request;
	struct gate_conf conf = s->conf->gate;
	struct gate g;
	const char *date = serve_date(s);

	r->at_us = clock_wall_us();
	r->at_ns = clock_ns();
	c->keeps_alive = r->http.keep_alive && !s->draining;
	/* A body that nobody wants may not all be here: no request can be found behind it. */
	if (r->http.length > 0 && !http_method_is(&r->http, "POST"))
		c->keeps_alive = false;
	c->lingers = r->in.len < r->http.head_bytes + r->http.length;
	(void)http_add_header(&r->headers, "Date", date, strlen(date)); /* no cap */
	find_client(c);
	if (is_refused(c))
		return;
	conf.routes = routes_of(c);
	conf.access = s->access;
	gate_decide(&g, &conf, &r->http, c->door->socket->is_local, &r->headers);
	if (g.does != GATE_PUBLISH && g.does != GATE_STOP &&
	    r->in.len < r->http.head_bytes + r->http.length)
		c->keeps_alive = false;
	else if (g.does == GATE_PUBLISH || g.does == GATE_STOP)
		c->lingers = false;
	perform(c, &g);
}
