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
	BEGIN_MOST = 256,   /* members in one go: each may be sent a page at once */
	PAGES_MOST = 16,    /* under way; up to 1 ms each in Redis */
};

enum log_kind { LOG_SURVEY, LOG_PAGE };

/* A question about a topic, which stays until it is answered. */
struct question {
	struct ring at;      /* in subs.asked */
	struct ring members; /* of a survey: whom it is for */
	struct topic *topic; /* NULL: its answers mean nothing */
	enum log_kind kind;
	unsigned epoch;              /* of the subscription that a survey is for */
	int answers;                 /* that came so far */
	size_t entries, entry_bytes; /* of a page; of a survey: of the larger one that it saw */
	bool has_run;
	struct log_run run;
	struct id first, last;
	uint64_t time_ms;
};

static void get_in_line(struct subs *s, struct buf *line, struct topic *t)
{
	(void)buf_add(line, &t, sizeof t); /* no cap */
	t->busy++;
	subs_kick(s);
}

static struct topic *next_in_line(struct buf *line)
{
	struct topic *t;

	memcpy(&t, buf_head(line), sizeof t);
	buf_consume(line, sizeof t);
	if (line->len == 0)
		buf_fini(line);
	t->busy--;
	return t;
}

void ask_survey(struct subs *s, struct topic *t)
{
	if (t->state != TOPIC_ON || t->survey != NULL || t->wants_survey)
		return;
	t->wants_survey = true;
	get_in_line(s, &s->to_survey, t);
}

void ask_page(struct subs *s, struct topic *t)
{
	if (t->wants_page)
		return;
	t->wants_page = true;
	get_in_line(s, &s->to_page, t);
}

void ask_recall(struct topic *t)
{
	if (t->survey != NULL)
		ring_splice(&t->hub.asking, &t->survey->members);
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

static struct question *ask(struct subs *s, struct topic *t, enum log_kind kind)
{
	struct question *q = xcalloc(1, sizeof *q);

	q->topic = t;
	q->kind = kind;
	q->epoch = s->epoch;
	ring_init(&q->members);
	ring_add(&s->asked, &q->at);
	t->busy++;
	return q;
}

static void free_question(struct question *q)
{
	ring_remove(&q->at);
	free(q);
}

/* run is asked of a pattern too, where there is none: so all surveys have the same answers. */
static void send_survey(struct subs *s, struct topic *t)
{
	struct redis *r = s->log.redis;
	char *log = log_of(t), *runs = log_sibling(log, ":runs");

	t->survey = ask(s, t, LOG_SURVEY);
	ring_splice(&t->survey->members, &t->hub.asking);
	s->surveys++;
	log_ask_run(r, runs, t->name);
	log_ask_first(r, log);
	log_ask_last(r, log);
	log_ask_time(r);
	free(log);
	free(runs);
}

/* The first entry comes behind the page: it tells whether the page could have missed something. */
static void send_page(struct subs *s, struct topic *t)
{
	struct hub_ask what;

	if (!hub_page_ask(&t->hub, &what))
		return;
	char *log = log_of(t);
	s->pages++;
	(void)ask(s, t, LOG_PAGE); /* it is found by its answer */
	log_ask_page(s->log.redis, log, what.from, false, what.count);
	log_ask_first(s->log.redis, log);
	free(log);
}

bool ask_pump(struct subs *s)
{
	const struct ring *last = s->asked.prev;

	if (!s->log_up)
		return false;
	while (s->surveys < SURVEYS_MOST && s->to_survey.len > 0) {
		struct topic *t = next_in_line(&s->to_survey);

		t->wants_survey = false;
		if (t->state == TOPIC_ON && t->hub.members > 0)
			send_survey(s, t);
	}
	while (s->pages < PAGES_MOST && s->to_page.len > 0) {
		struct topic *t = next_in_line(&s->to_page);

		t->wants_page = false;
		send_page(s, t);
	}
	return s->asked.prev != last;
}

/* --- Where a member begins */

static struct id first_cursor(
    const struct topic *t, const struct member *m, const struct question *q)
{
	uint64_t ago = m->cursor.ms;

	switch ((enum feed_since)m->since) {
	case FEED_NOW:
		break;
	case FEED_RUN:
		if (t->is_pattern)
			break;
		return q->has_run ? log_just_before(q->run.start) : (struct id){0, 0};
	case FEED_ALL:
		return (struct id){0, 0};
	case FEED_AFTER:
		return m->cursor;
	case FEED_AGO:
		return log_just_before((struct id){q->time_ms > ago ? q->time_ms - ago : 0, 0});
	}
	return t->hub.last;
}

/* The gap that a member begins with: false when there is none, or nobody could tell. */
static bool begins_with_gap(const struct question *q, struct id *cursor, struct id *before)
{
	*before = (struct id){0, 0};
	if (id_is_zero(*cursor))
		return false;
	if (id_cmp(q->last, *cursor) < 0) {
		*cursor = q->last; /* the log is gone, or the server lost its end */
		return true;
	}
	struct id whole_from = log_just_before(q->first);
	if (id_cmp(*cursor, whole_from) >= 0)
		return false;
	*before = q->first;
	*cursor = whole_from; /* what is trimmed from here on is another gap */
	return true;
}

static void begin_member(
    struct subs *s, struct topic *t, struct member *m, const struct question *q)
{
	struct hub_call call = {m, s->hub.calls};
	struct id cursor = first_cursor(t, m, q), after = cursor, before;
	bool resumes = m->since == FEED_AFTER || (m->since == FEED_RUN && q->has_run);

	ring_remove(&m->at);
	s->hub.calls = &call;
	bool go = s->ops->on_start(m, cursor, q->has_run ? &q->run : NULL);
	s->hub.calls = call.outer;
	if (call.m == NULL)
		return;
	if (!go)
		hub_leave(m);
	else if (resumes && begins_with_gap(q, &cursor, &before))
		hub_join_gap(m, after, before, cursor);
	else
		hub_join(m, cursor, resumes || m->since == FEED_NOW);
}

static void begin(struct subs *s, struct topic *t, struct question *q)
{
	if (!t->hub.begun && q->epoch != s->epoch) {
		/* The subscription that it was for is gone. */
		ring_splice(&t->hub.asking, &q->members);
		ask_survey(s, t);
		return;
	}
	hub_page_weigh(&t->hub, q->entry_bytes);
	if (!t->hub.begun)
		hub_begin(&t->hub, q->last);
	for (int n = 0; n < BEGIN_MOST && !ring_is_empty(&q->members); n++)
		begin_member(s, t, ring_thing(q->members.next, struct member, at), q);
	/* The rest of a crowd, in front of those who came later. */
	ring_splice(&q->members, &t->hub.asking);
	ring_splice(&t->hub.asking, &q->members);
	if (!ring_is_empty(&t->hub.asking))
		ask_survey(s, t);
}

/* --- Answers */

static struct id only_id(struct question *q, const struct reply *reply)
{
	struct log_entry e;

	if (reply->n > 0 && log_entry(reply, 0, &e) && e.message_len > q->entry_bytes)
		q->entry_bytes = e.message_len;
	return log_only_id(reply);
}

/* True when it was the last one. */
static bool survey_answer(struct question *q, const struct reply *reply)
{
	switch (q->answers++) {
	case 0:
		q->has_run = log_run(reply, &q->run);
		return false;
	case 1:
		q->first = only_id(q, reply);
		return false;
	case 2:
		q->last = only_id(q, reply);
		return false;
	default:
		q->time_ms = log_time(reply);
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

static bool page_answer(struct subs *s, struct question *q, const struct reply *reply)
{
	struct log_entry e;

	if (q->answers++ > 0) {
		q->first = log_only_id(reply);
		return true;
	}
	q->entries = reply->n;
	for (size_t i = 0; i < reply->n; i++) {
		bool ours = log_entry(reply, i, &e); /* others may write to it too */

		ours = ours && topic_has(q->topic, e.channel, e.channel_len);
		page_entry(s, q->topic, &e, ours);
	}
	return false;
}

/* It is out of the way before anybody is called back. */
static void settle(struct subs *s, struct question *q)
{
	q->topic->busy--;
	if (q->kind == LOG_SURVEY) {
		s->surveys--;
		q->topic->survey = NULL;
	} else {
		s->pages--;
	}
}

static void finish(struct subs *s, struct question *q)
{
	struct topic *t = q->topic;

	ring_remove(&q->at);
	settle(s, q);
	if (q->kind == LOG_SURVEY)
		begin(s, t, q);
	else
		hub_page_end(&t->hub, q->entries, q->first);
	free_question(q);
}

/* It has no answer, or a bad one: what it asked for waits again. */
static void forget(struct subs *s, struct question *q)
{
	struct topic *t = q->topic;

	ring_splice(&t->hub.asking, &q->members);
	settle(s, q);
	q->topic = NULL;
	if (q->kind == LOG_SURVEY) {
		ask_survey(s, t);
	} else {
		hub_page_fail(&t->hub);
		ask_page(s, t);
	}
}

static void skip_answer(struct question *q)
{
	if (++q->answers == (q->kind == LOG_SURVEY ? 4 : 2))
		free_question(q);
}

static void take_answer(struct subs *s, struct question *q, const struct reply *reply)
{
	if (q->kind == LOG_SURVEY ? survey_answer(q, reply) : page_answer(s, q, reply))
		finish(s, q);
}

void ask_reply(struct subs *s, struct reply *reply)
{
	if (ring_is_empty(&s->asked))
		return;
	struct question *q = ring_thing(s->asked.next, struct question, at);
	struct topic *t = q->topic;
	bool refused = t != NULL && reply->type == REPLY_ERROR;
	if (refused)
		forget(s, q);
	if (q->topic == NULL)
		skip_answer(q);
	else
		take_answer(s, q, reply);
	if (refused) /* the connection may be closed by that */
		subs_refused(s, &s->log, t, reply);
	if (s->to_survey.len > 0 || s->to_page.len > 0)
		subs_kick(s);
}

void ask_lost(struct subs *s)
{
	while (!ring_is_empty(&s->asked)) {
		struct question *q = ring_thing(s->asked.next, struct question, at);

		if (q->topic != NULL)
			forget(s, q);
		free_question(q);
	}
}

void ask_close(struct subs *s)
{
	while (!ring_is_empty(&s->asked))
		free_question(ring_thing(s->asked.next, struct question, at));
	buf_fini(&s->to_survey);
	buf_fini(&s->to_page);
}
