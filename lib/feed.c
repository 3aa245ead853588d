/* SPDX-License-Identifier: MIT */
/*
 * feed: subscribe, replay, follow; again after each lost connection.
 *
 *	source:  SURVEY ──subscribed──→ PAGING ──a short page──→ LIVE
 *	            ↑                                              │
 *	            └────────────── connection lost ───────────────┘
 *
 * Two connections: `sub` surveys the logs and then subscribes, after which RESP2 allows nothing
 *else on it; `log` reads pages, one source at a time, and is closed when all are live.
 */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "chan.h"
#include "cli.h"
#include "msg.h"

enum {
	PAGE_FIRST = 100,
	PAGE_MOST = 1000,
	PAGE_BYTES = 512 * 1024, /* what a page should weigh: bounds the memory of a replay */
	HELD_MAX = 8 << 20,      /* live messages that wait for the answer to one page */
};

enum state { SURVEY, PAGING, LIVE };

struct source {
	const char *name;
	bool is_pattern;
	char *log, *runs; /* NULL for a pattern over several logs: always LIVE, nothing to replay */
	enum state state;
	bool started;       /* the cursor is known and on_start was called */
	struct id cursor;   /* the last one delivered or passed over */
	struct log_run run; /* from the survey */
	bool has_run;
	struct id first, last; /* of the log, from the survey */
	uint64_t time_ms;      /* the server's, from the survey */
	unsigned count;        /* entries to ask for */
	struct buf held;       /* struct held and its bytes, one behind the other */
	bool overflowed;       /* held was full: the next page must be asked for instead */
};

/* A live message that waits. */
struct held {
	struct id id;
	size_t channel_len, len;
};

struct feed {
	struct feed_conf conf;
	const struct feed_ops *ops;
	void *arg;
	struct loop *loop;
	struct link sub, log;
	struct source *sources;
	int nsources;
	int surveyed;    /* sources whose log this connection has looked at */
	int answers;     /* to the survey of the source in hand */
	int confirmed;   /* subscriptions of this connection */
	int current;     /* the source that the log connection reads for; nsources: none */
	struct buf text; /* a message with its id put back */
	bool log_open, stopped;
};

static const struct link_ops sub_ops, log_ops;

int feed_parse_since(struct feed_start *start, const char *text, struct why *w)
{
	size_t len = strlen(text);
	bool digits = strspn(text, "0123456789") == len;

	*start = (struct feed_start){.since = FEED_AFTER};
	if (strcmp(text, "run") == 0)
		start->since = FEED_RUN;
	else if (strcmp(text, "now") == 0)
		start->since = FEED_NOW;
	else if (strcmp(text, "0") == 0)
		start->since = FEED_ALL;
	else if (!digits && strchr(text, '-') == NULL && opt_duration(text, &start->ago_ms) == 0)
		start->since = FEED_AGO;
	else if (digits && len < 12 && opt_duration(text, &start->ago_ms) == 0)
		start->since = FEED_AGO;
	else if (!cli_cursor(&start->after, text, len))
		return why_set(
		    w, WHY_USAGE, "since \"%s\": neither run, now, 0, an id, nor a duration", text);
	return 0;
}

/* --- Sources */

/* The log of a pattern that can only match one project's stages; NULL for others. */
static char *log_of_pattern(const char *pattern)
{
	size_t n = strlen(pattern);
	struct chan_parts parts;

	if (n < 2 || pattern[n - 1] != '*' || strcspn(pattern, "*?[]\\") != n - 1)
		return NULL;
	char *example = xstrdup(pattern);
	example[n - 1] = 'x';
	char *log =
	    chan_parse(example, n, &parts) && parts.stage_len == 1 ? chan_log(example, n) : NULL;
	free(example);
	return log;
}

static int open_source(
    struct source *s, const struct feed_source *from, const struct feed_start *start, struct why *w)
{
	*s = (struct source){
	    .name = from->name, .is_pattern = from->is_pattern, .count = PAGE_FIRST};
	buf_init(&s->held, HELD_MAX);
	s->log = from->is_pattern ? log_of_pattern(from->name)
				  : chan_log(from->name, strlen(from->name));
	if (s->log != NULL)
		s->runs = log_sibling(s->log, ":runs");
	else if (start->since != FEED_NOW)
		return why_set(w, WHY_USAGE,
		    "pattern %s: messages of several logs can only be followed from now on",
		    from->name);
	s->state = s->log != NULL ? SURVEY : LIVE;
	return 0;
}

static bool belongs(const struct source *s, const char *channel, size_t len)
{
	size_t n = strlen(s->name);

	if (s->is_pattern)
		return chan_glob(s->name, n, channel, len);
	return n == len && memcmp(s->name, channel, n) == 0;
}

int feed_open(struct feed **out, struct loop *loop, const struct feed_conf *conf,
    const struct feed_ops *ops, void *arg, struct why *w)
{
	struct feed *f = xcalloc(1, sizeof *f);

	f->conf = *conf;
	f->ops = ops;
	f->arg = arg;
	f->loop = loop;
	f->sources = xcalloc((size_t)conf->nsources, sizeof *f->sources);
	buf_init(&f->text, (size_t)1 << 30);
	for (int i = 0; i < conf->nsources; i++, f->nsources++)
		if (open_source(&f->sources[i], &conf->sources[i], &conf->start, w) < 0) {
			f->nsources++;
			feed_close(f);
			return -1;
		}
	link_open(&f->sub, loop, &conf->link, &sub_ops, f);
	*out = f;
	return 0;
}

void feed_close(struct feed *f)
{
	if (f == NULL)
		return;
	link_close(&f->sub);
	if (f->log_open)
		link_close(&f->log);
	for (int i = 0; i < f->nsources; i++) {
		free(f->sources[i].log);
		free(f->sources[i].runs);
		buf_fini(&f->sources[i].held);
	}
	free(f->sources);
	buf_fini(&f->text);
	free(f);
}

void feed_stop(struct feed *f)
{
	f->stopped = true;
	link_close(&f->sub);
	if (f->log_open)
		link_close(&f->log);
	f->log_open = false;
}

static void refuse(struct link *link, const char *kind, const char *name, const struct reply *error)
{
	char object[CHAN_NAME_MAX + 16];

	(void)snprintf(object, sizeof object, "%s %s", kind, name); /* a cut name is still a name */
	link_refused(link, object, error);
}

/* --- The join of old and new
 *
 * Each message is in the log before it is published, in one atomic step of the server, and ids
 * grow. The reader subscribes, waits for the confirmation, and only then asks for pages behind its
 * cursor.
 *
 * No gap: let a page be answered at time T with fewer entries than asked for: it reached the end of
 * the log as of T. What was appended before T is in this page or an earlier one. What is appended
 * after T is published after T, and the subscription was confirmed before T, so it arrives here; it
 * arrives after the page was asked for, and from that moment on live messages are held (if they do
 * not fit, another page is asked for instead, and the argument begins anew). No duplicate: only ids
 * above the cursor are delivered, and each delivery moves the cursor. Order: pages in order, then
 * the held ones in the order they came, then live: Redis publishes in the order of the log.
 *
 * To change this: 1. append.lua, which makes the one atomic step; 2. here; 3. the tests replay and
 * reconnect. */

static void deliver(struct feed *f, struct source *s, const struct feed_message *m)
{
	if (m->has_id && s->log != NULL) {
		if (id_cmp(m->id, s->cursor) <= 0)
			return;
		s->cursor = m->id;
	}
	f->ops->on_message(f->arg, m);
}

static void hold(struct source *s, const struct feed_message *m)
{
	struct held h = {m->id, m->channel_len, m->len};

	if (s->overflowed)
		return;
	if (sizeof h + h.channel_len + h.len > s->held.max - s->held.len) {
		s->overflowed = true;
		buf_clear(&s->held);
		return;
	}
	(void)buf_add(&s->held, &h, sizeof h);              /* measured above */
	(void)buf_add(&s->held, m->channel, h.channel_len); /* as above */
	(void)buf_add(&s->held, m->text, h.len);            /* as above */
}

static void deliver_held(struct feed *f, struct source *s)
{
	while (s->held.len > 0 && !f->stopped) {
		struct held h;

		memcpy(&h, buf_head(&s->held), sizeof h);
		const char *channel = buf_head(&s->held) + sizeof h;
		deliver(f, s,
		    &(struct feed_message){.channel = channel,
			.channel_len = h.channel_len,
			.text = channel + h.channel_len,
			.len = h.len,
			.has_id = true,
			.id = h.id});
		buf_consume(&s->held, sizeof h + h.channel_len + h.len);
	}
	buf_fini(&s->held);
}

static void ask_page(struct feed *f)
{
	struct source *s = &f->sources[f->current];

	s->state = PAGING;
	s->overflowed = false;
	buf_clear(&s->held);
	log_ask_page(f->log.redis, s->log, s->cursor, s->count);
}

/* Goes on with the next source that is not live; when all are, the log's connection is closed. */
static void next_source(struct feed *f)
{
	while (f->current < f->nsources && f->sources[f->current].state == LIVE)
		f->current++;
	if (f->current < f->nsources) {
		ask_page(f);
		return;
	}
	link_close(&f->log);
	f->log_open = false;
}

static void on_page(struct feed *f, struct source *s, const struct reply *page)
{
	size_t bytes = 0;

	for (size_t i = 0; i < page->n && !f->stopped; i++) {
		struct log_entry e;

		if (!log_entry(page, i, &e))
			continue; /* not written by Spout */
		bytes += e.message_len;
		if (!belongs(s, e.channel, e.channel_len)) {
			s->cursor = e.id;
			continue;
		}
		buf_clear(&f->text);
		(void)msg_with_id(&f->text, e.message, e.message_len, e.id); /* 1 GiB fits any */
		deliver(f, s,
		    &(struct feed_message){.channel = e.channel,
			.channel_len = e.channel_len,
			.text = buf_head(&f->text),
			.len = f->text.len,
			.has_id = true,
			.id = e.id});
	}
	if (f->stopped)
		return;
	if (page->n == s->count || s->overflowed) {
		size_t fits = page->n > 0 ? PAGE_BYTES / (bytes / page->n + 1) : s->count;

		s->count = fits < 10 ? 10 : fits > PAGE_MOST ? PAGE_MOST : (unsigned)fits;
		ask_page(f);
		return;
	}
	s->state = LIVE;
	deliver_held(f, s);
	if (!f->stopped)
		next_source(f);
}

/* --- Where to begin */

static struct id first_cursor(const struct feed *f, const struct source *s)
{
	const struct feed_start *start = &f->conf.start;

	switch (start->since) {
	case FEED_NOW:
		return s->last;
	case FEED_RUN:
		return s->has_run ? log_just_before(s->run.start) : (struct id){0, 0};
	case FEED_ALL:
		return (struct id){0, 0};
	case FEED_AFTER:
		return start->after;
	case FEED_AGO:
		return log_just_before((struct id){
		    s->time_ms > (uint64_t)start->ago_ms ? s->time_ms - (uint64_t)start->ago_ms : 0,
		    0});
	}
	return (struct id){0, 0};
}

/* Tells of what the log cannot give any more. When in doubt it says so: an entry that was trimmed
 * right behind the cursor looks the same whether others were trimmed with it or not. */
static void check_gap(struct feed *f, struct source *s)
{
	struct id after = s->cursor, before = {0, 0};

	if (id_is_zero(s->cursor))
		return;
	if (id_cmp(s->last, s->cursor) < 0) {
		/* The log is gone, or the server lost its end: ids may come again from there. A
		 * cursor just in front of a run that was trimmed away is no more than that. */
		s->cursor = s->last;
	} else if (id_cmp(s->cursor, log_just_before(s->first)) < 0) {
		before = s->first;
	} else {
		return;
	}
	f->ops->on_gap(f->arg, (int)(s - f->sources), after, before);
}

/* Subscribed, and the log was looked at before that: whatever is published from now on comes live.
 */
static void begin_source(struct feed *f, struct source *s)
{
	enum feed_since since = f->conf.start.since;
	bool resumes = s->started || since == FEED_AFTER || (since == FEED_RUN && s->has_run);
	bool first = !s->started;

	if (first && s->log != NULL)
		s->cursor = first_cursor(f, s);
	s->started = true;
	if (first && f->ops->on_start != NULL)
		f->ops->on_start(
		    f->arg, (int)(s - f->sources), s->cursor, s->has_run ? &s->run : NULL);
	if (f->stopped)
		return;
	if (s->log != NULL && resumes)
		check_gap(f, s);
	else if (s->log == NULL && !first) /* nothing to resume from: say so */
		f->ops->on_gap(f->arg, (int)(s - f->sources), s->cursor, (struct id){0, 0});
}

static void begin(struct feed *f)
{
	bool pages = false;

	for (int i = 0; i < f->nsources && !f->stopped; i++) {
		begin_source(f, &f->sources[i]);
		pages |= f->sources[i].state != LIVE;
	}
	if (f->stopped || !pages)
		return;
	f->log_open = true;
	link_open(&f->log, f->loop, &f->conf.link, &log_ops, f);
}

static void on_log_up(void *arg)
{
	struct feed *f = arg;

	f->current = 0;
	next_source(f);
}

static void on_log_reply(void *arg, struct reply *reply)
{
	struct feed *f = arg;
	struct source *s = &f->sources[f->current];

	if (reply->type == REPLY_ERROR)
		refuse(&f->log, "log", s->log, reply);
	else if (reply->type == REPLY_ARRAY)
		on_page(f, s, reply);
}

/* The log's connection comes back by itself; only the other's losses are worth a word. */
static void on_log_down(void *arg, const struct why *w, int64_t wait_ms)
{
	(void)arg;
	(void)w;
	(void)wait_ms;
}

/* --- Live messages */

static void on_push(struct feed *f, const struct reply *reply)
{
	bool is_pattern = reply->n == 4;
	const struct reply *name = &reply->elem[1], *channel = &reply->elem[reply->n - 2],
			   *text = &reply->elem[reply->n - 1];
	struct msg_sp sp;

	if (channel->type != REPLY_STRING || text->type != REPLY_STRING ||
	    name->type != REPLY_STRING)
		return;
	struct feed_message m = {channel->str, channel->len, text->str, text->len, false, {0, 0}};
	if (msg_sp(text->str, text->len, &sp) && sp.has_id) {
		m.has_id = true;
		m.id = sp.id;
	}
	for (int i = 0; i < f->nsources && !f->stopped; i++) {
		struct source *s = &f->sources[i];

		if (s->is_pattern != is_pattern || strcmp(s->name, name->str) != 0)
			continue;
		if (s->log == NULL && m.has_id && id_cmp(m.id, s->cursor) > 0)
			s->cursor = m.id; /* only to tell of a gap */
		if (s->state != LIVE && m.has_id)
			hold(s, &m);
		else
			deliver(f, s, &m);
	}
}

/* The answers to ask_survey, in order; true when it was the last one. */
static bool on_survey(struct source *s, int answer, const struct reply *reply)
{
	switch (answer) {
	case 0:
		s->has_run = log_run(reply, &s->run);
		return false;
	case 1:
		s->first = log_only_id(reply);
		return false;
	case 2:
		s->last = log_only_id(reply);
		return false;
	default:
		s->time_ms = log_time(reply);
		return true;
	}
}

static void ask_survey(struct redis *r, const struct source *s)
{
	log_ask_run(r, s->runs, s->name);
	log_ask_first(r, s->log);
	log_ask_last(r, s->log);
	log_ask_time(r);
}

static void on_sub_up(void *arg)
{
	struct feed *f = arg;
	struct redis *r = f->sub.redis;

	f->surveyed = f->answers = f->confirmed = 0;
	for (int i = 0; i < f->nsources; i++)
		if (f->sources[i].log != NULL)
			ask_survey(r, &f->sources[i]);
	for (int i = 0; i < f->nsources; i++) {
		const struct source *s = &f->sources[i];

		redis_command(r, 2,
		    (const char *const[]){s->is_pattern ? "PSUBSCRIBE" : "SUBSCRIBE", s->name},
		    NULL);
	}
	redis_subscribing(r);
}

static void on_sub_reply(void *arg, struct reply *reply)
{
	struct feed *f = arg;

	while (f->surveyed < f->nsources && f->sources[f->surveyed].log == NULL)
		f->surveyed++;
	bool surveys = f->surveyed < f->nsources;
	struct source *s = &f->sources[surveys ? f->surveyed : f->confirmed % f->nsources];

	if (reply->type == REPLY_ERROR) {
		refuse(&f->sub, surveys ? "log" : "channel", surveys ? s->log : s->name, reply);
	} else if (surveys) {
		if (on_survey(s, f->answers, reply)) {
			f->surveyed++;
			f->answers = 0;
		} else {
			f->answers++;
		}
	} else if (redis_is_push(reply)) {
		on_push(f, reply);
	} else if (++f->confirmed == f->nsources) {
		begin(f);
	}
}

static void on_sub_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct feed *f = arg;

	if (f->log_open)
		link_close(&f->log);
	f->log_open = false;
	for (int i = 0; i < f->nsources; i++)
		if (f->sources[i].log != NULL)
			f->sources[i].state = SURVEY;
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
    .on_down = on_log_down,
    .on_dead = on_dead,
    .on_started = on_started,
};
