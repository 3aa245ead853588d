/* SPDX-License-Identifier: MIT */
/*
 * feed: subscribe, replay, follow; again after each lost connection.
 *
 *	source:  surveyed ──subscribed──→ paging ──a short page──→ live
 *	            ↑                                               │
 *	            └─────────────── connection lost ───────────────┘
 *
 * Two connections: `sub` asks what the logs hold and then subscribes, after which RESP2 allows
 * nothing else on it; `log` reads pages (feed_pages.c), one source at a time, and is closed when
 * all are live. That this loses and repeats nothing is argued in join.h.
 */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "feed_own.h"
#include "msg.h"

static const struct link_ops sub_ops, log_ops;

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

		f->slots[i] = (struct feed_slot){f, i};
		r = source_init(&f->sources[i], &conf->sources[i], &conf->start, &feed_span_ops,
		    &f->slots[i], w);
	}
	if (r < 0) {
		feed_close(f);
		return -1;
	}
	link_open(&f->sub, loop, &conf->link, &sub_ops, f);
	*out = f;
	return 0;
}

void feed_close_log(struct feed *f)
{
	if (f->log_open)
		link_close(&f->log);
	f->log_open = false;
}

void feed_stop(struct feed *f)
{
	f->stopped = true;
	link_close(&f->sub);
	feed_close_log(f);
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

void feed_refuse(struct link *link, const char *kind, const char *name, const struct reply *error)
{
	char object[CHAN_NAME_MAX + 16];

	(void)snprintf(object, sizeof object, "%s %s", kind, name); /* a cut name is still a name */
	link_refused(link, object, error);
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
		feed_refuse(&f->sub, surveys ? "log" : "channel",
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

	feed_close_log(f);
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
    .on_up = feed_on_log_up,
    .on_reply = feed_on_log_reply,
    .on_idle = on_idle,
    .on_dead = on_dead,
    .on_started = on_started,
};
