/* SPDX-License-Identifier: MIT */
/*
 * subs_channel: SUBSCRIBE and UNSUBSCRIBE as topics come and go.
 *
 * A project's readers need a pattern, and Redis tries each pattern of each client at every PUBLISH.
 * So beyond a number of projects one wide pattern takes the place of all, NS:project:*:stage:*, and
 * the project is looked up here. While both are subscribed a message comes twice: it counts from
 * the narrow pattern as long as the topic has that, since confirmations come in line with messages.
 */
#include <string.h>

#include "subs_state.h"

enum {
	CALLS_MOST = 1000, /* without an answer: a reconnect is no stall for others */
	LINGER_MS = 1000,  /* a reader that reloads finds its topic */
	WIDE_FROM = 64,    /* projects */
	WIDE_BACK = 16,
};

enum sub_kind { SUB_ON, SUB_OFF, SUB_NARROW_ON, SUB_NARROW_OFF, SUB_WIDE_ON, SUB_WIDE_OFF };

/* A command whose answer has not come. */
struct sub_call {
	struct topic *topic; /* NULL for those that concern none; it stays until then */
	enum sub_kind kind;
};

static size_t calls(const struct subs *s)
{
	return s->sent.len / sizeof(struct sub_call);
}

static void send(struct subs *s, const char *command, const char *name, struct sub_call call)
{
	redis_command(s->sub.redis, 2, (const char *const[]){command, name}, NULL);
	(void)buf_add(&s->sent, &call, sizeof call); /* no cap */
	if (call.topic != NULL)
		call.topic->busy++;
}

void channel_want(struct subs *s, struct topic *t)
{
	if (t->state == TOPIC_NEW && ring_is_empty(&t->subscribing)) {
		ring_add(&s->to_subscribe, &t->subscribing);
		subs_kick(s);
	} else if (t->state == TOPIC_ON) {
		ring_remove(&t->subscribing); /* from those that are idle */
	}
}

void channel_idle(struct subs *s, struct topic *t)
{
	t->idle_since_ms = loop_now(s->loop);
	if (t->state != TOPIC_ON || !ring_is_empty(&t->subscribing))
		return; /* looked at again when the answer comes */
	ring_add(&s->idle, &t->subscribing);
	if (s->sweep.slot == 0)
		loop_timer(s->loop, &s->sweep, t->idle_since_ms + LINGER_MS);
}

static void confirmed(struct subs *s, struct topic *t)
{
	t->state = TOPIC_ON;
	if (t->hub.members == 0)
		channel_idle(s, t);
	else
		ask_survey(s, t);
}

/* --- Patterns */

static bool fits_wide(const struct subs *s, const struct topic *t)
{
	return t->is_pattern && t->len > s->wide_prefix_len &&
	    memcmp(t->name, s->wide_prefix, s->wide_prefix_len) == 0;
}

/* The patterns that the wide one may stand for. They have no list of their own, since they are
 * walked only when the wide one comes or goes, or is refused. */
static struct topic *next_wide(const struct subs *s, const struct topic *after)
{
	struct topic *t = topics_next(&s->topics, after);

	while (t != NULL && !t->fits_wide)
		t = topics_next(&s->topics, t);
	return t;
}

static void widen(struct subs *s)
{
	send(s, "PSUBSCRIBE", s->wide_name, (struct sub_call){NULL, SUB_WIDE_ON});
	s->wide = WIDE_ASKED;
}

static void on_wide(struct subs *s)
{
	s->wide = WIDE_ON;
	for (struct topic *t = next_wide(s, NULL); t != NULL; t = next_wide(s, t)) {
		if (t->narrow)
			send(s, "PUNSUBSCRIBE", t->name, (struct sub_call){t, SUB_NARROW_OFF});
		else if (t->state == TOPIC_NEW)
			confirmed(s, t);
	}
}

static void narrow(struct subs *s)
{
	for (struct topic *t = next_wide(s, NULL); t != NULL; t = next_wide(s, t))
		if (t->state == TOPIC_ON && !t->narrow)
			send(s, "PSUBSCRIBE", t->name, (struct sub_call){t, SUB_NARROW_ON});
	send(s, "PUNSUBSCRIBE", s->wide_name, (struct sub_call){NULL, SUB_WIDE_OFF});
	s->wide = WIDE_LEAVING;
}

/* --- Commands */

static void drop(struct subs *s, struct topic *t)
{
	bool alone = !t->is_pattern || t->narrow;

	if (t->state == TOPIC_ON && alone && s->sub_up)
		send(s, t->is_pattern ? "PUNSUBSCRIBE" : "UNSUBSCRIBE", t->name,
		    (struct sub_call){NULL, SUB_OFF});
	s->npatterns -= t->fits_wide;
	ring_remove(&t->subscribing);
	hub_topic_fini(&t->hub);
	topics_remove(&s->topics, t);
}

static void subscribe(struct subs *s, struct topic *t)
{
	if (t->hub.members == 0 && t->busy == 0) {
		drop(s, t);
		return;
	}
	bool wide = fits_wide(s, t);
	s->npatterns += wide && !t->fits_wide;
	t->fits_wide = wide;
	if (wide && s->wide == WIDE_ON) {
		confirmed(s, t);
	} else if (!wide || s->wide != WIDE_ASKED) {
		t->state = TOPIC_ASKED;
		send(s, t->is_pattern ? "PSUBSCRIBE" : "SUBSCRIBE", t->name,
		    (struct sub_call){t, SUB_ON});
	}
}

bool channel_pump(struct subs *s)
{
	size_t before = calls(s);

	if (!s->sub_up)
		return false;
	while (calls(s) < CALLS_MOST && !ring_is_empty(&s->to_subscribe)) {
		struct topic *t = ring_thing(s->to_subscribe.next, struct topic, subscribing);

		ring_remove(&t->subscribing);
		subscribe(s, t);
	}
	if (s->wide == WIDE_OFF && s->npatterns > WIDE_FROM)
		widen(s);
	return calls(s) > before;
}

void channel_sweep(void *arg)
{
	struct subs *s = arg;
	int64_t now = loop_now(s->loop);
	size_t before = calls(s);

	while (!ring_is_empty(&s->idle) && calls(s) < CALLS_MOST) {
		struct topic *t = ring_thing(s->idle.next, struct topic, subscribing);

		if (t->idle_since_ms + LINGER_MS > now)
			break;
		ring_remove(&t->subscribing);
		if (t->busy > 0)
			channel_idle(s, t);
		else
			drop(s, t);
	}
	if (s->wide == WIDE_ON && s->npatterns < WIDE_BACK && s->sub_up)
		narrow(s);
	if (!ring_is_empty(&s->idle))
		loop_timer(s->loop, &s->sweep, now + LINGER_MS / 4);
	if (calls(s) > before)
		link_pump(&s->sub);
}

static void answered(struct subs *s, struct topic *t, enum sub_kind kind)
{
	switch (kind) {
	case SUB_ON:
		t->narrow = t->is_pattern;
		confirmed(s, t);
		break;
	case SUB_OFF:
		break;
	case SUB_NARROW_ON:
	case SUB_NARROW_OFF:
		t->narrow = kind == SUB_NARROW_ON;
		break;
	case SUB_WIDE_ON:
		on_wide(s);
		break;
	case SUB_WIDE_OFF:
		s->wide = WIDE_OFF;
		break;
	}
}

void channel_reply(struct subs *s, struct reply *reply)
{
	struct sub_call call;

	if (calls(s) == 0)
		return;
	memcpy(&call, buf_head(&s->sent), sizeof call);
	buf_consume(&s->sent, sizeof call);
	if (call.topic != NULL)
		call.topic->busy--;
	if (reply->type != REPLY_ERROR) {
		answered(s, call.topic, call.kind);
	} else if (call.kind == SUB_ON) {
		call.topic->state = TOPIC_NEW;
		subs_refused(s, &s->sub, call.topic, reply);
		channel_want(s, call.topic); /* if nobody does any more, it is dropped */
	} else if (call.kind == SUB_WIDE_ON) {
		/* This user may not: the narrow ones will do. */
		s->wide = WIDE_LEAVING;
		for (struct topic *t = next_wide(s, NULL); t != NULL; t = next_wide(s, t))
			channel_want(s, t);
	}
	if (calls(s) < CALLS_MOST / 2 && !ring_is_empty(&s->to_subscribe))
		subs_kick(s);
}

void channel_lost(struct subs *s)
{
	struct sub_call call;

	hub_flush(&s->hub); /* so that nothing is called back below */
	for (; calls(s) > 0; buf_consume(&s->sent, sizeof call)) {
		memcpy(&call, buf_head(&s->sent), sizeof call);
		if (call.topic != NULL)
			call.topic->busy--;
	}
	s->wide = WIDE_OFF;
	s->epoch++;
	ring_init(&s->to_subscribe);
	for (struct topic *t = topics_next(&s->topics, NULL); t != NULL;
	     t = topics_next(&s->topics, t)) {
		t->state = TOPIC_NEW;
		t->narrow = false;
		hub_lost(&t->hub);
		ring_init(&t->subscribing);
		ring_add(&s->to_subscribe, &t->subscribing);
	}
	ring_init(&s->idle);
}
