/* SPDX-License-Identifier: MIT */
/*
 * feed: subscribe, replay, follow; again after each lost connection.
 *
 *	source:  surveyed ──subscribed──→ paging ──a short page──→ live
 *	            ↑                                               │
 *	            └─────────────── connection lost ───────────────┘
 *
 * Two connections: `sub` asks what the logs hold and then subscribes, after which RESP2 allows
 * nothing else on it; `log` reads pages, one source at a time, and is closed when all are live.
 * That this loses and repeats nothing is argued in join.h.
 */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "chan.h"
#include "msg.h"
#include "source.h"

/* What a span's callbacks get. */
struct slot {
	struct feed *feed;
	int source;
};

struct feed {
	struct feed_conf conf;
	const struct feed_ops *ops;
	void *arg;
	struct loop *loop;
	struct link sub, log;
	struct source *sources;
	struct slot *slots; /* as many */
	int nsources;
	int surveyed;    /* sources whose log this connection has looked at */
	int confirmed;   /* subscriptions of this connection */
	int current;     /* the source that the log connection reads for */
	struct buf text; /* a message with its id put back */
	bool log_open, stopped;
};

static const struct link_ops sub_ops, log_ops;
static const struct span_ops span_ops;

int feed_open(struct feed **out, struct loop *loop, const struct feed_conf *conf,
    const struct feed_ops *ops, void *arg, struct why *w)
{
	struct feed *f = xcalloc(1, sizeof *f);
	int r = 0;

	f->conf = *conf;
	f->ops = ops;
	f->arg = arg;
	f->loop = loop;
	f->sources = xcalloc((size_t)conf->nsources, sizeof *f->sources);
	f->slots = xcalloc((size_t)conf->nsources, sizeof *f->slots);
	buf_init(&f->text, SIZE_MAX / 2); /* one message, which the server bounds */
	while (f->nsources < conf->nsources && r == 0) {
		int i = f->nsources++;

		f->slots[i] = (struct slot){f, i};
		r = source_init(
		    &f->sources[i], &conf->sources[i], &conf->start, &span_ops, &f->slots[i], w);
	}
	if (r < 0) {
		feed_close(f);
		return -1;
	}
	link_open(&f->sub, loop, &conf->link, &sub_ops, f);
	*out = f;
	return 0;
}

static void close_log(struct feed *f)
{
	if (f->log_open)
		link_close(&f->log);
	f->log_open = false;
}

void feed_stop(struct feed *f)
{
	f->stopped = true;
	link_close(&f->sub);
	close_log(f);
}

void feed_close(struct feed *f)
{
	if (f == NULL)
		return;
	feed_stop(f);
	for (int i = 0; i < f->nsources; i++)
		source_fini(&f->sources[i]);
	free(f->sources);
	free(f->slots);
	buf_fini(&f->text);
	free(f);
}

static void refuse(struct link *link, const char *kind, const char *name, const struct reply *error)
{
	char object[CHAN_NAME_MAX + 16];

	(void)snprintf(object, sizeof object, "%s %s", kind, name); /* a cut name is still a name */
	link_refused(link, object, error);
}

/* --- Pages */

/* Goes on with the next source that is not live; when all are, the log's connection is closed. */
static void ask_page(struct feed *f)
{
	while (f->current < f->nsources && source_is_live(&f->sources[f->current]))
		f->current++;
	if (f->current == f->nsources) {
		close_log(f);
		f->ops->on_idle(f->arg);
		return;
	}
	struct source *s = &f->sources[f->current];
	if (s->span != NULL) {
		span_begin(s->span, f->log.redis);
		return;
	}
	join_ask(&s->join);
	log_ask_page(f->log.redis, s->log, s->join.cursor, s->join.anchored, s->join.asked);
}

static void deliver_entry(struct feed *f, const struct log_entry *e)
{
	buf_clear(&f->text);
	(void)msg_with_id(&f->text, e->message, e->message_len, e->id); /* no cap */
	f->ops->on_message(f->arg,
	    &(struct feed_message){.source = f->current,
		.channel = e->channel,
		.channel_len = e->channel_len,
		.text = buf_head(&f->text),
		.len = f->text.len,
		.has_id = true,
		.id = e->id});
}

static void deliver_held(struct feed *f, struct source *s)
{
	struct hold_message m;

	while (!f->stopped && join_held(&s->join, &m))
		f->ops->on_message(f->arg,
		    &(struct feed_message){.source = (int)(s - f->sources),
			.channel = m.channel,
			.channel_len = m.channel_len,
			.text = m.text,
			.len = m.len,
			.has_id = true,
			.id = m.id});
}

static void on_page(struct feed *f, struct source *s, const struct reply *page)
{
	struct log_entry e = {0};
	struct id after = s->join.cursor;
	size_t bytes = 0;

	if (page->n > 0)
		(void)log_entry(page, 0, &e); /* e.id is all that matters here */
	if (join_has_gap(&s->join, e.id))
		f->ops->on_gap(f->arg, f->current, after, e.id);
	/* A callback that stops the feed takes the page with it. */
	for (size_t i = 0, n = page->n; i < n && !f->stopped; i++) {
		bool ours = log_entry(page, i, &e); /* others may write to it too */

		bytes += e.message_len;
		if (join_entry(&s->join, e.id) && ours &&
		    source_matches(s, e.channel, e.channel_len))
			deliver_entry(f, &e);
	}
	if (!f->stopped && join_page(&s->join, page->n, bytes))
		deliver_held(f, s);
	if (!f->stopped)
		ask_page(f);
}

static bool on_span_message(void *arg, const char *log, const struct hold_message *m)
{
	struct slot *slot = arg;
	struct feed *f = slot->feed;

	f->ops->on_message(f->arg,
	    &(struct feed_message){.source = slot->source,
		.channel = m->channel,
		.channel_len = m->channel_len,
		.text = m->text,
		.len = m->len,
		.has_id = true,
		.id = m->id,
		.log = log});
	return !f->stopped;
}

static bool on_span_gap(void *arg, struct id after, struct id before)
{
	struct slot *slot = arg;
	struct feed *f = slot->feed;

	f->ops->on_gap(f->arg, slot->source, after, before);
	return !f->stopped;
}

static void on_span_forget(void *arg, const char *log, struct id floor)
{
	struct slot *slot = arg;
	struct feed *f = slot->feed;

	if (f->ops->on_forget != NULL && !f->stopped)
		f->ops->on_forget(f->arg, slot->source, log, floor);
}

static const struct span_ops span_ops = {
    .on_message = on_span_message,
    .on_gap = on_span_gap,
    .on_forget = on_span_forget,
};

static void on_span_reply(struct feed *f, struct source *s, const struct reply *reply)
{
	struct span *span = s->span;
	struct why w;

	switch (span_answer(span, f->log.redis, reply, &w)) {
	case SPAN_FAILED:
		if (span->refusal != NULL)
			refuse(&f->log, "log", span->object, span->refusal);
		else
			link_die(&f->log, &w);
		break;
	case SPAN_IS_LIVE:
		ask_page(f);
		break;
	case SPAN_READS:
	case SPAN_STOPPED:
		break;
	}
}

static void on_log_up(void *arg)
{
	struct feed *f = arg;

	f->current = 0;
	ask_page(f);
}

static void on_log_reply(void *arg, struct reply *reply)
{
	struct feed *f = arg;
	struct source *s = &f->sources[f->current];

	if (s->span != NULL)
		on_span_reply(f, s, reply);
	else if (reply->type == REPLY_ERROR)
		refuse(&f->log, "log", s->log, reply);
	else if (reply->type == REPLY_ARRAY)
		on_page(f, s, reply);
}

/* --- Where to begin */

/* Subscribed, and the log was looked at before that: whatever is published from now on comes live.
 */
static void begin_source(struct feed *f, struct source *s)
{
	enum feed_since since = s->start.since;
	int index = (int)(s - f->sources);
	struct id after, before;
	struct id cursor;
	bool first = source_begin(s, &cursor);

	if (first && f->ops->on_start != NULL)
		f->ops->on_start(f->arg, index, cursor, s->has_run ? &s->run : NULL);
	bool resumes = !first || since == FEED_AFTER || (since == FEED_RUN && s->has_run);
	if (!f->stopped && resumes && source_has_gap(s, &after, &before)) {
		s->join.anchored = false; /* told once */
		f->ops->on_gap(f->arg, index, after, before);
	}
}

static void begin(struct feed *f)
{
	bool pages = false;

	for (int i = 0; i < f->nsources && !f->stopped; i++) {
		begin_source(f, &f->sources[i]);
		pages |= !source_is_live(&f->sources[i]);
	}
	if (f->stopped || !pages)
		return;
	f->log_open = true;
	link_open(&f->log, f->loop, &f->conf.link, &log_ops, f);
}

/* --- Live messages */

static void deliver_live(struct feed *f, struct source *s, const struct feed_message *m)
{
	const struct hold_message held = {m->channel, m->text, m->channel_len, m->len, m->id};
	struct why w;

	if (!m->has_id || (s->span == NULL && join_live(&s->join, &held)))
		f->ops->on_message(f->arg, m); /* what has no id is in no log: as it comes */
	else if (s->span != NULL && span_live(s->span, &held, &w) < 0)
		link_die(&f->sub, &w);
}

static void on_push(struct feed *f, const struct reply *reply)
{
	bool is_pattern = reply->n == 4;
	const struct reply *name = &reply->elem[1], *channel = &reply->elem[reply->n - 2],
			   *text = &reply->elem[reply->n - 1];
	struct msg_sp sp;

	if (channel->type != REPLY_STRING || text->type != REPLY_STRING ||
	    name->type != REPLY_STRING)
		return;
	struct feed_message m = {
	    0, channel->str, channel->len, text->str, text->len, false, {0, 0}, NULL};
	if (msg_sp(text->str, text->len, &sp) && sp.has_id) {
		m.has_id = true;
		m.id = sp.id;
	}
	for (int i = 0; i < f->nsources && !f->stopped; i++) {
		struct source *s = &f->sources[i];

		m.source = i;
		if (s->is_pattern == is_pattern && strlen(s->name) == name->len &&
		    memcmp(s->name, name->str, name->len) == 0 &&
		    source_matches(s, m.channel, m.channel_len))
			deliver_live(f, s, &m);
	}
}

static void on_sub_up(void *arg)
{
	struct feed *f = arg;
	struct redis *r = f->sub.redis;

	f->surveyed = f->confirmed = 0;
	for (int i = 0; i < f->nsources; i++)
		source_ask(&f->sources[i], r);
	for (int i = 0; i < f->nsources; i++) {
		const struct source *s = &f->sources[i];
		const char *const command[] = {s->is_pattern ? "PSUBSCRIBE" : "SUBSCRIBE", s->name};

		redis_command(r, 2, command, NULL);
	}
	redis_subscribing(r);
}

static void on_sub_reply(void *arg, struct reply *reply)
{
	struct feed *f = arg;

	bool surveys = f->surveyed < f->nsources;
	struct source *s = &f->sources[surveys ? f->surveyed : f->confirmed % f->nsources];

	if (reply->type == REPLY_ERROR)
		refuse(&f->sub, surveys ? "log" : "channel",
		    surveys && s->log != NULL ? s->log : s->name, reply);
	else if (surveys)
		f->surveyed += source_answer(s, reply);
	else if (redis_is_push(reply))
		on_push(f, reply);
	else if (++f->confirmed == f->nsources)
		begin(f);
}

static void on_sub_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct feed *f = arg;

	close_log(f);
	for (int i = 0; i < f->nsources; i++)
		source_lost(&f->sources[i]);
	f->ops->on_down(f->arg, w, wait_ms);
}

static void on_idle(void *arg)
{
	struct feed *f = arg;

	if (!f->stopped)
		f->ops->on_idle(f->arg);
}

static void on_dead(void *arg, const struct why *w)
{
	struct feed *f = arg;

	feed_stop(f);
	f->ops->on_dead(f->arg, w);
}

static void on_started(void *arg, const char *path)
{
	struct feed *f = arg;

	if (f->ops->on_started != NULL)
		f->ops->on_started(f->arg, path);
}

static const struct link_ops sub_ops = {
    .on_up = on_sub_up,
    .on_reply = on_sub_reply,
    .on_idle = on_idle,
    .on_down = on_sub_down,
    .on_dead = on_dead,
    .on_started = on_started,
};

static const struct link_ops log_ops = {
    .on_up = on_log_up,
    .on_reply = on_log_reply,
    .on_idle = on_idle,
    .on_dead = on_dead,
    .on_started = on_started,
};
