/* SPDX-License-Identifier: MIT */
/*
 * subs_ask: what logs hold: surveys, which tell where a topic and its members begin, and pages.
 *
 * One survey at a time a topic, for all members that had come before it was asked; a bounded number
 * of questions is under way, so that ten thousand readers that come back at once are no stall.
 */
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "msg.h"
#include "subs_state.h"

enum {
	SURVEYS_MOST = 128, /* under way; some 5 us each in Redis */
	PAGES_MOST = 16,    /* under way; up to 1 ms each in Redis */
};

enum log_kind { LOG_SURVEY, LOG_PAGE };

/* Questions about a topic, which stays until they are answered. */
struct log_call {
	struct topic *topic;
	enum log_kind kind;
	unsigned epoch; /* of the subscription that a survey is for */
	int answers;    /* that came so far */
	size_t entries;
	bool has_run;
	struct log_run run;
	struct id first, last;
	uint64_t time_ms;
};

void ask_survey(struct subs *s, struct topic *t)
{
	if (t->state != TOPIC_ON || t->surveys || !ring_is_empty(&t->surveying))
		return;
	ring_add(&s->to_survey, &t->surveying);
	subs_kick(s);
}

void ask_page(struct subs *s, struct topic *t)
{
	if (!ring_is_empty(&t->paging))
		return;
	ring_add(&s->to_page, &t->paging);
	subs_kick(s);
}

/* The log of the topic; heap. */
static char *log_of(const struct topic *t)
{
	char *example = xstrdup(t->name);

	if (t->is_pattern)
		example[t->len - 1] = 'x'; /* any stage: the project has one log */
	char *log = chan_log(example, t->len);
	free(example);
	return log;
}

static void push(struct subs *s, struct topic *t, struct log_call call)
{
	call.topic = t;
	t->busy++;
	(void)buf_add(&s->asked, &call, sizeof call); /* no cap */
}

/* run is asked of a pattern too, where there is none: so all surveys have the same answers. */
static void send_survey(struct subs *s, struct topic *t)
{
	struct redis *r = s->log.redis;
	char *log = log_of(t), *runs = log_sibling(log, ":runs");

	ring_splice(&t->asked, &t->hub.asking);
	t->surveys = true;
	s->surveys++;
	log_ask_run(r, runs, t->name);
	log_ask_first(r, log);
	log_ask_last(r, log);
	log_ask_time(r);
	push(s, t, (struct log_call){.kind = LOG_SURVEY, .epoch = s->epoch});
	free(log);
	free(runs);
}

/* The first entry comes behind the page: it tells whether the page could have missed something. */
static void send_page(struct subs *s, struct topic *t)
{
	struct hub_ask ask;

	if (!hub_page_ask(&t->hub, &ask))
		return;
	char *log = log_of(t);
	s->pages++;
	log_ask_page(s->log.redis, log, ask.from, false, ask.count);
	log_ask_first(s->log.redis, log);
	push(s, t, (struct log_call){.kind = LOG_PAGE});
	free(log);
}

bool ask_pump(struct subs *s)
{
	size_t before = s->asked.len;

	if (!s->log_up)
		return false;
	while (s->surveys < SURVEYS_MOST && !ring_is_empty(&s->to_survey)) {
		struct topic *t = ring_thing(s->to_survey.next, struct topic, surveying);

		ring_remove(&t->surveying);
		if (t->hub.members > 0)
			send_survey(s, t);
	}
	while (s->pages < PAGES_MOST && !ring_is_empty(&s->to_page)) {
		struct topic *t = ring_thing(s->to_page.next, struct topic, paging);

		ring_remove(&t->paging);
		send_page(s, t);
	}
	return s->asked.len > before;
}

/* --- Where a member begins */

static struct id first_cursor(
    const struct topic *t, const struct member *m, const struct log_call *c)
{
	uint64_t ago = m->cursor.ms;

	switch ((enum feed_since)m->since) {
	case FEED_NOW:
		break;
	case FEED_RUN:
		if (t->is_pattern)
			break;
		return c->has_run ? log_just_before(c->run.start) : (struct id){0, 0};
	case FEED_ALL:
		return (struct id){0, 0};
	case FEED_AFTER:
		return m->cursor;
	case FEED_AGO:
		return log_just_before((struct id){c->time_ms > ago ? c->time_ms - ago : 0, 0});
	}
	return t->hub.last;
}

/* The gap that a member begins with: false when there is none, or nobody could tell. */
static bool begins_with_gap(const struct log_call *c, struct id *cursor, struct id *before)
{
	*before = (struct id){0, 0};
	if (id_is_zero(*cursor))
		return false;
	if (id_cmp(c->last, *cursor) < 0) {
		*cursor = c->last; /* the log is gone, or the server lost its end */
		return true;
	}
	struct id whole_from = log_just_before(c->first);
	if (id_cmp(*cursor, whole_from) >= 0)
		return false;
	*before = c->first;
	*cursor = whole_from; /* what is trimmed from here on is another gap */
	return true;
}

static void begin_member(
    struct subs *s, struct topic *t, struct member *m, const struct log_call *c)
{
	struct hub_call call = {m, s->hub.calls};
	struct id cursor = first_cursor(t, m, c), after = cursor, before;
	bool resumes = m->since == FEED_AFTER || (m->since == FEED_RUN && c->has_run);

	ring_remove(&m->at);
	s->hub.calls = &call;
	bool go = s->ops->on_start(m, cursor, c->has_run ? &c->run : NULL);
	s->hub.calls = call.outer;
	if (call.m == NULL)
		return;
	if (!go)
		hub_leave(m);
	else if (resumes && begins_with_gap(c, &cursor, &before))
		hub_join_gap(m, after, before, cursor);
	else
		hub_join(m, cursor, resumes || m->since == FEED_NOW);
}

static void begin(struct subs *s, struct topic *t, const struct log_call *c)
{
	if (!t->hub.begun && c->epoch != s->epoch) {
		/* The subscription that it was for is gone. */
		ring_splice(&t->hub.asking, &t->asked);
		ask_survey(s, t);
		return;
	}
	if (!t->hub.begun)
		hub_begin(&t->hub, c->last);
	while (!ring_is_empty(&t->asked))
		begin_member(s, t, ring_thing(t->asked.next, struct member, at), c);
	if (!ring_is_empty(&t->hub.asking))
		ask_survey(s, t);
}

/* --- Answers */

/* True when it was the last one. */
static bool survey_answer(struct log_call *c, const struct reply *reply)
{
	switch (c->answers++) {
	case 0:
		c->has_run = log_run(reply, &c->run);
		return false;
	case 1:
		c->first = log_only_id(reply);
		return false;
	case 2:
		c->last = log_only_id(reply);
		return false;
	default:
		c->time_ms = log_time(reply);
		return true;
	}
}

static void page_entry(struct subs *s, struct topic *t, const struct log_entry *e, bool ours)
{
	buf_clear(&s->text);
	if (ours)
		(void)msg_with_id(&s->text, e->message, e->message_len, e->id); /* no cap */
	struct hub_message m = subs_message(s, t, buf_head(&s->text), s->text.len);
	m.has_id = true;
	m.id = e->id;
	hub_page_entry(&t->hub, &m, ours);
}

static bool page_answer(struct subs *s, struct log_call *c, const struct reply *reply)
{
	struct log_entry e;

	if (c->answers++ > 0) {
		c->first = log_only_id(reply);
		return true;
	}
	c->entries = reply->n;
	for (size_t i = 0; i < reply->n; i++) {
		bool ours = log_entry(reply, i, &e); /* others may write to it too */

		ours = ours && topic_has(c->topic, e.channel, e.channel_len);
		page_entry(s, c->topic, &e, ours);
	}
	return false;
}

static void finish(struct subs *s, struct log_call *c)
{
	struct topic *t = c->topic;

	t->busy--;
	if (c->kind == LOG_SURVEY) {
		s->surveys--;
		t->surveys = false;
		begin(s, t, c);
	} else {
		s->pages--;
		hub_page_end(&t->hub, c->entries, c->first);
	}
}

/* A question has no answer, or a bad one: it waits again. */
static void forget(struct subs *s, struct log_call *c)
{
	struct topic *t = c->topic;

	t->busy--;
	if (c->kind == LOG_SURVEY) {
		s->surveys--;
		t->surveys = false;
		ring_splice(&t->hub.asking, &t->asked);
		ask_survey(s, t);
	} else {
		s->pages--;
		hub_page_fail(&t->hub);
		ask_page(s, t);
	}
}

void ask_reply(struct subs *s, struct reply *reply)
{
	struct log_call *c = (struct log_call *)(void *)buf_head(&s->asked), done;

	if (s->asked.len == 0)
		return;
	int left = (c->kind == LOG_SURVEY ? 4 : 2) - c->answers;
	if (reply->type == REPLY_ERROR && c->topic != NULL) {
		struct topic *t = c->topic;

		forget(s, c);
		c->topic = NULL; /* its other answers mean nothing */
		c->answers++;
		if (left == 1)
			buf_consume(&s->asked, sizeof *c);
		subs_refused(s, &s->log, t, reply);
		return;
	}
	if (c->topic == NULL) {
		c->answers++;
		if (left == 1)
			buf_consume(&s->asked, sizeof *c);
		return;
	}
	if (!(c->kind == LOG_SURVEY ? survey_answer(c, reply) : page_answer(s, c, reply)))
		return;
	done = *c;
	buf_consume(&s->asked, sizeof *c);
	finish(s, &done);
	if (!ring_is_empty(&s->to_survey) || !ring_is_empty(&s->to_page))
		subs_kick(s);
}

void ask_lost(struct subs *s)
{
	struct log_call c;

	for (; s->asked.len > 0; buf_consume(&s->asked, sizeof c)) {
		memcpy(&c, buf_head(&s->asked), sizeof c);
		if (c.topic != NULL)
			forget(s, &c);
	}
}
