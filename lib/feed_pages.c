/* SPDX-License-Identifier: MIT */
/* feed_pages: the connection that reads what the logs have, one source at a time. */
#include "feed_own.h"

#include "msg.h"

/* Goes on with the next source that is not live; when all are, the log's connection is closed. */
static void ask_page(struct feed *f)
{
	while (f->current < f->nsources && source_is_live(&f->sources[f->current]))
		f->current++;
	if (f->current == f->nsources) {
		feed_close_log(f);
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

/* --- Of a pattern over several logs */

static bool on_span_message(void *arg, const char *log, const struct hold_message *m)
{
	struct feed_slot *slot = arg;
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
	struct feed_slot *slot = arg;
	struct feed *f = slot->feed;

	f->ops->on_gap(f->arg, slot->source, after, before);
	return !f->stopped;
}

static void on_span_forget(void *arg, const char *log, struct id floor)
{
	struct feed_slot *slot = arg;
	struct feed *f = slot->feed;

	if (f->ops->on_forget != NULL && !f->stopped)
		f->ops->on_forget(f->arg, slot->source, log, floor);
}

const struct span_ops feed_span_ops = {
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
			feed_refuse(&f->log, "log", span->object, span->refusal);
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

/* --- The connection */

void feed_on_log_up(void *arg)
{
	struct feed *f = arg;

	f->current = 0;
	ask_page(f);
}

void feed_on_log_reply(void *arg, struct reply *reply)
{
	struct feed *f = arg;
	struct source *s = &f->sources[f->current];
	struct why w;

	if (s->span != NULL)
		on_span_reply(f, s, reply);
	else if (reply->type == REPLY_ERROR)
		feed_refuse(&f->log, "log", s->log, reply);
	else if (reply->type == REPLY_ARRAY)
		on_page(f, s, reply);
	else {
		(void)why_set(&w, WHY_DATA, "log %s: no answer to XRANGE", s->log); /* fills w */
		link_die(&f->log, &w);
	}
}
