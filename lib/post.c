/* SPDX-License-Identifier: MIT */
/*
 * post: what a POST asks of Redis.
 *
 *	asked ──acknowledged──→ over (200, 202, 404)
 *	      ──POST_ANSWER_MS──→ late (202, 503) ──acknowledged, or GIVE_UP_MS──→ over
 */
#include "post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "append.h"
#include "clock.h"
#include "control.h"
#include "ndjson.h"

enum {
	GIVE_UP_MS = 60000, /* until what was taken is let go of */
	MESSAGE_MAX = POST_BODY_MAX + 4096,
	MAXLEN = 10000, /* as sp-pub's defaults */
	TTL_MS = 86400 * 1000,
};

struct post {
	struct posts *posts;
	struct post *next, *prev;
	const struct post_ops *ops; /* NULL: nobody waits */
	void *arg;
	char *channel;
	struct append *append;
	struct control *control;
	struct timer timer;
	struct buf body; /* of the answer */
	struct buf open; /* a message on its way in */
	struct msg_from from;
	size_t messages;
	bool over, late;
};

/* --- Life */

static void destroy(struct post *p)
{
	struct posts *posts = p->posts;

	if (p->prev != NULL)
		p->prev->next = p->next;
	else
		posts->list = p->next;
	if (p->next != NULL)
		p->next->prev = p->prev;
	posts->count--;
	append_close(p->append);
	control_close(p->control);
	loop_cancel(posts->loop, &p->timer);
	buf_fini(&p->body);
	buf_fini(&p->open);
	free(p->channel);
	free(p);
}

static void on_reap(void *arg)
{
	struct posts *posts = arg;

	for (struct post *p = posts->list, *next; p != NULL; p = next) {
		next = p->next;
		if (p->over)
			destroy(p);
	}
}

void posts_init(struct posts *posts, struct loop *loop, const struct link_conf *link,
    post_refused_fn *on_refused, void *arg)
{
	*posts = (struct posts){.loop = loop, .link = link, .on_refused = on_refused, .arg = arg};
	posts->reap = (struct timer){.on_due = on_reap, .arg = posts};
}

void posts_fini(struct posts *posts)
{
	while (posts->list != NULL)
		destroy(posts->list);
	if (posts->loop != NULL)
		loop_cancel(posts->loop, &posts->reap);
}

static void answer(struct post *p, int status, const char *type, const char *text, size_t len)
{
	const struct post_ops *ops = p->ops;

	p->ops = NULL;
	if (ops != NULL)
		ops->on_done(p->arg, status, type, text, len);
}

static void answer_text(struct post *p, int status, const char *text)
{
	answer(p, status, NULL, text, strlen(text));
}

/* Not freed here: whoever calls back is a part of it. */
static void finish(struct post *p)
{
	p->over = true;
	loop_timer(p->posts->loop, &p->posts->reap, 0);
}

void post_abandon(struct post *p)
{
	p->ops = NULL;
}

static void on_late(void *arg)
{
	struct post *p = arg;

	if (p->append == NULL || p->late) {
		answer_text(p, 503, "Redis is not available");
		finish(p);
		return;
	}
	p->late = true;
	loop_timer(p->posts->loop, &p->timer, clock_ms() + GIVE_UP_MS);
	answer_text(p, 202, "taken, but Redis has not acknowledged it yet");
}

static struct post *start(
    struct posts *posts, const char *channel, const struct post_ops *ops, void *arg, struct why *w)
{
	if (posts->count >= POSTS_MAX) {
		(void)why_set(w, WHY_UNAVAILABLE, "too many requests at once"); /* fills w */
		return NULL;
	}
	struct post *p = xcalloc(1, sizeof *p);
	*p = (struct post){.posts = posts,
	    .ops = ops,
	    .arg = arg,
	    .channel = xstrdup(channel),
	    .next = posts->list};
	if (p->next != NULL)
		p->next->prev = p;
	posts->list = p;
	posts->count++;
	p->timer = (struct timer){.on_due = on_late, .arg = p};
	loop_timer(posts->loop, &p->timer, clock_ms() + POST_ANSWER_MS);
	buf_init(&p->body, SIZE_MAX / 2);
	buf_init(&p->open, MESSAGE_MAX);
	return p;
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	(void)arg;
	(void)w; /* whoever follows Redis for the readers says so */
	(void)wait_ms;
}

static void on_dead(void *arg, const struct why *w)
{
	struct post *p = arg;

	if (w->status != WHY_UNAVAILABLE)
		p->posts->on_refused(p->posts->arg, w);
	/* What Redis says may name keys and URLs. */
	answer_text(
	    p, 503, w->status == WHY_UNAVAILABLE ? "Redis is not available" : "Redis refused it");
	finish(p);
}

static void on_started(void *arg, const char *path)
{
	(void)arg;
	(void)path; /* as on_down */
}

/* --- Publishing */

static void on_acked(void *arg, const struct append_acked *acked)
{
	struct post *p = arg;
	char id[ID_TEXT_MAX + 1];

	for (size_t i = 0; i < acked->n && acked->ids != NULL; i++) {
		(void)id_format(acked->ids[i], id); /* the length does not matter */
		(void)buf_addf(&p->body, "{\"run\":\"%s\",\"seq\":%llu,\"id\":\"%s\"}\n",
		    append_run(p->append), (unsigned long long)(acked->seq + i), id); /* no cap */
	}
	if (append_pending(p->append) > 0 || p->over)
		return;
	answer(p, 200, "application/x-ndjson", buf_head(&p->body), p->body.len);
	finish(p);
}

static void on_full(void *arg, const struct why *w)
{
	(void)arg;
	(void)w; /* there is no spool */
}

static void on_room(void *arg)
{
	(void)arg;
}

static int on_line(void *arg, const char *line, size_t len)
{
	struct post *p = arg;
	struct msg_facts facts;
	struct why w = {0};

	buf_clear(&p->open);
	int r = msg_open_line(&p->open, line, len, &p->from, clock_wall_us(), &facts, &w);
	if (r < 0) {
		buf_clear(&p->body);
		(void)buf_adds(
		    &p->body, r == -2 ? "the message is too large" : w.text); /* no cap */
		return -1;
	}
	append_put(p->append, &p->open, msg_type_is_end(facts.type));
	p->messages++;
	return 0;
}

/* Puts each line; nothing of it is sent before the loop runs. */
static int put_lines(struct post *p, const char *body, size_t len, struct why *w)
{
	struct ndjson lines;
	struct why bad = {0};

	ndjson_init(&lines, NDJSON_MAX_LINE, false);
	int r = ndjson_feed(&lines, body, len, on_line, p, &bad);
	if (r == 0)
		r = ndjson_end(&lines, on_line, p, &bad);
	if (r < 0 && p->body.len > 0)
		(void)why_set(w, WHY_DATA, "line %llu: %.*s", (unsigned long long)lines.line,
		    (int)p->body.len, buf_head(&p->body)); /* fills w */
	else if (r < 0)
		*w = bad;
	else if (p->messages == 0)
		r = why_set(w, WHY_DATA, "the body has no message");
	ndjson_fini(&lines);
	return r < 0 ? -1 : 0;
}

int post_publish(struct posts *posts, struct post **out, const char *channel,
    const struct msg_from *from, const char *body, size_t len, size_t *n,
    const struct post_ops *ops, void *arg, struct why *w)
{
	static const struct append_ops append_ops = {.on_acked = on_acked,
	    .on_down = on_down,
	    .on_dead = on_dead,
	    .on_started = on_started,
	    .on_full = on_full,
	    .on_room = on_room};
	struct post *p = start(posts, channel, ops, arg, w);

	if (p == NULL)
		return -1;
	const struct append_conf conf = {.link = *posts->link,
	    .channel = p->channel,
	    .one_shot = true,
	    .want_ids = true,
	    .maxlen = MAXLEN,
	    .ttl_ms = TTL_MS,
	    .buffer_bytes = POST_BODY_MAX * 2};
	p->from = *from;
	if (append_open(&p->append, posts->loop, &conf, &append_ops, p, w) < 0 ||
	    put_lines(p, body, len, w) < 0) {
		destroy(p);
		return -1;
	}
	p->from = (struct msg_from){NULL, NULL}; /* was the caller's */
	append_flush(p->append);
	*n = p->messages;
	*out = p;
	return 0;
}

/* --- Stopping */

static void on_heard(void *arg, int64_t heard)
{
	struct post *p = arg;

	if (heard > 0)
		answer_text(p, 202, "asked to stop");
	else
		answer_text(p, 404, "nobody publishes there now");
	finish(p);
}

int post_stop(struct posts *posts, struct post **out, const char *channel,
    const struct post_ops *ops, void *arg, struct why *w)
{
	static const struct control_ops control_ops = {
	    .on_stop = on_heard, .on_down = on_down, .on_dead = on_dead, .on_started = on_started};
	struct post *p = start(posts, channel, ops, arg, w);

	if (p == NULL)
		return -1;
	control_stop(&p->control, posts->loop, posts->link, p->channel, &control_ops, p);
	*out = p;
	return 0;
}
