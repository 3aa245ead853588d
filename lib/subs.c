/* SPDX-License-Identifier: MIT */
/* subs: readers join topics; the connections to Redis, and what the hub asks for. */
#include "subs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subs_state.h"

static const struct link_ops sub_ops, log_ops;

/* --- What the hub asks for */

static struct subs *subs_of(struct hub_topic *t)
{
	return ring_thing(t->hub, struct subs, hub);
}

static void on_page(struct hub_topic *t)
{
	ask_page(subs_of(t), topic_of(t));
}

static void on_end(struct hub_topic *t, struct member *m, enum member_end end)
{
	subs_of(t)->ops->on_end(m, end, topic_of(t)->name);
}

static void on_empty(struct hub_topic *t)
{
	channel_idle(subs_of(t), topic_of(t));
}

void subs_refused(struct subs *s, struct link *link, struct topic *t, const struct reply *error)
{
	struct why w;

	if (redis_refusal(t->name, error, &w))
		link_fault(link, &w);
	else if (error->len >= 6 && memcmp(error->str, "NOAUTH", 6) == 0)
		link_die(link, &w);
	else {
		ask_recall(t);
		hub_end(&t->hub, MEMBER_REFUSED);
		s->ops->on_refused(s->arg, &w);
	}
}

/* --- The connections */

static void on_kick(void *arg)
{
	struct subs *s = arg;

	if (channel_pump(s))
		link_pump(&s->sub);
	if (ask_pump(s))
		link_pump(&s->log);
}

void subs_kick(struct subs *s)
{
	if (s->kick.slot == 0 && !s->dead)
		loop_timer(s->loop, &s->kick, 0);
}

bool subs_is_up(const struct subs *s)
{
	return s->sub_up && s->log_up;
}

bool subs_is_dead(const struct subs *s)
{
	return s->dead;
}

static void came_up(struct subs *s)
{
	subs_kick(s);
	if (subs_is_up(s))
		s->ops->on_up(s->arg);
}

static void on_sub_up(void *arg)
{
	struct subs *s = arg;

	redis_subscribing(s->sub.redis);
	s->sub_up = true;
	if (!s->log_open) {
		s->log_open = true;
		link_open(&s->log, s->loop, &s->conf.link, &log_ops, s);
	}
	came_up(s);
}

static void on_sub_reply(void *arg, struct reply *reply)
{
	if (redis_is_push(reply))
		push_reply(arg, reply);
	else
		channel_reply(arg, reply);
}

static void on_sub_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct subs *s = arg;

	if (s->sub_up)
		channel_lost(s);
	s->sub_up = false;
	hub_flush(&s->hub);
	s->ops->on_down(s->arg, w, wait_ms);
}

static void on_log_up(void *arg)
{
	struct subs *s = arg;

	s->log_up = true;
	came_up(s);
}

static void on_log_reply(void *arg, struct reply *reply)
{
	ask_reply(arg, reply);
}

static void on_log_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct subs *s = arg;
	bool alone = s->sub_up;

	s->log_up = false;
	ask_lost(s);
	if (alone) /* else the other tells */
		s->ops->on_down(s->arg, w, wait_ms);
}

static void on_idle(void *arg)
{
	struct subs *s = arg;

	hub_flush(&s->hub);
}

static void on_dead(void *arg, const struct why *w)
{
	struct subs *s = arg;
	struct why copy = *w;

	if (s->dead)
		return;
	s->dead = true;
	s->sub_up = s->log_up = false;
	link_close(&s->sub);
	if (s->log_open)
		link_close(&s->log);
	loop_cancel(s->loop, &s->kick);
	loop_cancel(s->loop, &s->sweep);
	s->topics.fixed = true; /* whoever joins in a callback */
	for (struct topic *t = topics_next(&s->topics, NULL); t != NULL;
	     t = topics_next(&s->topics, t)) {
		ask_recall(t);
		hub_end(&t->hub, MEMBER_REFUSED);
	}
	s->ops->on_dead(s->arg, &copy);
}

static void on_started(void *arg, const char *path)
{
	struct subs *s = arg;

	s->ops->on_started(s->arg, path);
}

static const struct link_ops sub_ops = {
    on_sub_up, on_sub_reply, on_idle, on_sub_down, on_dead, on_started};
static const struct link_ops log_ops = {
    on_log_up, on_log_reply, on_idle, on_log_down, on_dead, on_started};

/* --- Open and close */

static void name_wide(struct subs *s, const char *namespace)
{
	size_t n = strlen(namespace) + sizeof ":project:*:stage:*";

	s->wide_name = xmalloc(n);
	(void)snprintf(s->wide_name, n, "%s:project:*:stage:*", namespace); /* measured */
	s->wide_prefix = xmalloc(n);
	(void)snprintf(s->wide_prefix, n, "%s:project:", namespace); /* shorter */
	s->wide_prefix_len = strlen(s->wide_prefix);
}

struct subs *subs_open(
    struct loop *loop, const struct subs_conf *conf, const struct subs_ops *ops, void *arg)
{
	struct subs *s = xcalloc(1, sizeof *s);

	*s = (struct subs){.conf = *conf, .ops = ops, .arg = arg, .loop = loop};
	s->hub_ops = (struct hub_ops){ops->on_send, on_end, on_page, on_empty, push_gap};
	hub_init(&s->hub,
	    &(struct hub_conf){.event_names = conf->event_names,
		.slow = conf->slow,
		.max_lag_bytes = conf->max_lag_bytes,
		.memory_bytes = conf->memory_bytes},
	    &s->hub_ops);
	topics_init(&s->topics);
	ring_init(&s->to_subscribe);
	ring_init(&s->idle);
	ring_init(&s->asked);
	buf_init(&s->to_survey, SIZE_MAX / 2);
	buf_init(&s->to_page, SIZE_MAX / 2);
	buf_init(&s->sent, SIZE_MAX / 2);
	buf_init(&s->text, SIZE_MAX / 2);
	name_wide(s, conf->namespace);
	s->kick = (struct timer){.on_due = on_kick, .arg = s};
	s->sweep = (struct timer){.on_due = channel_sweep, .arg = s};
	link_open(&s->sub, loop, &conf->link, &sub_ops, s);
	return s;
}

void subs_close(struct subs *s)
{
	struct topic *t;

	if (s == NULL)
		return;
	link_close(&s->sub);
	if (s->log_open)
		link_close(&s->log);
	loop_cancel(s->loop, &s->kick);
	while ((t = topics_next(&s->topics, NULL)) != NULL) {
		ask_recall(t);
		hub_leave_all(&t->hub);
		ring_remove(&t->subscribing); /* on_empty has put it among the idle ones */
		hub_topic_fini(&t->hub);
		topics_remove(&s->topics, t);
	}
	loop_cancel(s->loop, &s->sweep); /* on_empty may have set it */
	ask_close(s);
	topics_fini(&s->topics);
	hub_fini(&s->hub);
	buf_fini(&s->sent);
	buf_fini(&s->text);
	free(s->wide_name);
	free(s->wide_prefix);
	free(s);
}

/* --- Members */

static struct topic *topic_named(struct subs *s, const char *name, bool is_pattern)
{
	size_t len = strlen(name);
	struct topic *t = topics_find(&s->topics, name, len, is_pattern);

	if (t != NULL)
		return t;
	t = topics_add(&s->topics, name, len, is_pattern);
	hub_topic_init(&t->hub, &s->hub);
	ring_init(&t->subscribing);
	return t;
}

void subs_join(struct subs *s, struct member *m, const char *name, bool is_pattern, bool ends,
    const struct feed_start *start)
{
	struct topic *t = topic_named(s, name, is_pattern);

	hub_enlist(&t->hub, m, ends);
	m->since = (uint8_t)start->since;
	m->cursor =
	    start->since == FEED_AGO ? (struct id){(uint64_t)start->ago_ms, 0} : start->after;
	channel_want(s, t);
	ask_survey(s, t);
}

void subs_leave(struct subs *s, struct member *m)
{
	(void)s;
	hub_leave(m);
}

void subs_writable(struct subs *s, struct member *m)
{
	(void)s;
	hub_writable(m);
}

void subs_set_slow(struct subs *s, enum hub_slow slow)
{
	hub_set_slow(&s->hub, slow);
}

void subs_stats(const struct subs *s, struct subs_stats *out)
{
	const struct hub_stats *h = &s->hub.stats;

	*out = (struct subs_stats){.topics = s->topics.count,
	    .members = h->members,
	    .catching = h->catching,
	    .blocked = h->blocked,
	    .window_bytes = h->window_bytes,
	    .messages_in = h->messages_in,
	    .bytes_in = h->bytes_in,
	    .deliveries = h->deliveries,
	    .bytes_out = h->bytes_out,
	    .pages = h->pages,
	    .gaps = h->gaps,
	    .slow_drops = h->slow_drops,
	    .memory_drops = h->memory_drops};
}
