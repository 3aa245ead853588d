/* SPDX-License-Identifier: MIT */
/* span: a pattern over several logs. */
#include "span.h"

#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "log.h"
#include "msg.h"

enum { HELD_MAX = 32 << 20 }; /* live messages that wait for a round's end */

static void on_forget(void *arg, const char *log, struct id floor)
{
	struct span *s = arg;

	s->ops->on_forget(s->arg, log, floor);
}

void span_init(struct span *s, const char *pattern, const struct span_ops *ops, void *arg)
{
	*s = (struct span){.pattern = pattern, .ops = ops, .arg = arg};
	merge_init(&s->merge, HELD_MAX);
	s->merge.on_forget = on_forget;
	s->merge.arg = s;
	buf_init(&s->text, SIZE_MAX / 2); /* one message, which the server bounds */
}

static void drop_asked(struct span *s)
{
	for (size_t i = 0; i < s->nasked; i++)
		free(s->asked[i]);
	free(s->asked);
	s->asked = NULL;
	s->nasked = s->answered = 0;
}

void span_fini(struct span *s)
{
	drop_asked(s);
	free(s->scan);
	free(s->surveyed);
	buf_fini(&s->text);
	merge_fini(&s->merge);
}

static int too_many(const struct span *s, struct why *w)
{
	return why_set(w, WHY_DATA, "pattern %s: more than %d logs have messages to read",
	    s->pattern, MERGE_LOGS_MAX);
}

/* --- Which logs there are */

static void ask_scan(struct span *s, struct redis *r)
{
	s->state = SPAN_SCAN;
	redis_command(r, 8,
	    (const char *const[]){
		"SCAN", s->scan, "MATCH", "*:log*:runs", "COUNT", "1000", "TYPE", "hash"},
	    NULL);
}

void span_begin(struct span *s, struct redis *r)
{
	drop_asked(s);
	free(s->scan);
	s->scan = xstrdup("0");
	ask_scan(s, r);
}

/* The log that a hash of runs is for; NULL when the key is none. Heap; the caller frees. */
static char *log_of_runs(const struct reply *key)
{
	static const char suffix[] = ":runs";
	size_t n = sizeof suffix - 1;

	if (key->type != REPLY_STRING || key->len <= n || memchr(key->str, '\0', key->len) != NULL)
		return NULL;
	const char *from = key->str;
	size_t len = key->len - n;
	if (from[0] == '{' && from[len - 1] == '}') {
		from++;
		len -= 2;
	}
	char *log = xstrndup(from, len);
	char *again = log_sibling(log, suffix);
	bool is_it = strlen(again) == key->len && memcmp(again, key->str, key->len) == 0;
	free(again);
	if (is_it)
		return log;
	free(log);
	return NULL;
}

/* Whether the channel matches and writes to this log. */
static bool is_of(const struct span *s, const char *channel, size_t len, const char *log)
{
	if (!chan_glob(s->pattern, strlen(s->pattern), channel, len))
		return false;
	char *its = chan_log(channel, len);
	bool same = strcmp(its, log) == 0;
	free(its);
	return same;
}

/* A log that belongs to one channel tells by its name whether it is ours; that of a project must be
 * asked for its channels. */
static int consider(struct span *s, struct redis *r, const struct reply *key, struct why *w)
{
	static const char suffix[] = ":log";
	char *log = log_of_runs(key);
	int result = 0;

	if (log == NULL)
		return 0;
	size_t len = strlen(log), n = sizeof suffix - 1;
	if (len <= n || strcmp(log + len - n, suffix) != 0) {
		free(log);
		return 0;
	}
	if (is_of(s, log, len - n, log)) {
		if (merge_add(&s->merge, log, s->merge.floor, false) < 0)
			result = too_many(s, w);
		free(log);
		return result;
	}
	s->asked = xrealloc(s->asked, (s->nasked + 1) * sizeof *s->asked);
	s->asked[s->nasked++] = log;
	redis_command(r, 2, (const char *const[]){"HKEYS", key->str}, NULL);
	return 0;
}

static void ask_snapshot(struct span *s, struct redis *r);

static void go_on_scanning(struct span *s, struct redis *r)
{
	if (s->answered < s->nasked) {
		s->state = SPAN_CHANNELS;
		return;
	}
	drop_asked(s);
	if (strcmp(s->scan, "0") == 0)
		ask_snapshot(s, r);
	else
		ask_scan(s, r);
}

static int on_scan(struct span *s, struct redis *r, const struct reply *reply, struct why *w)
{
	if (reply->type != REPLY_ARRAY || reply->n != 2 || reply->elem[0].type != REPLY_STRING ||
	    reply->elem[1].type != REPLY_ARRAY)
		return why_set(w, WHY_DATA, "pattern %s: no answer to SCAN", s->pattern);
	free(s->scan);
	s->scan = xstrndup(reply->elem[0].str, reply->elem[0].len);
	for (size_t i = 0; i < reply->elem[1].n; i++)
		if (consider(s, r, &reply->elem[1].elem[i], w) < 0)
			return -1;
	go_on_scanning(s, r);
	return 0;
}

static int on_channels(struct span *s, struct redis *r, const struct reply *reply, struct why *w)
{
	const char *log = s->asked[s->answered++];
	bool ours = false;

	for (size_t i = 0; reply->type == REPLY_ARRAY && i < reply->n && !ours; i++)
		ours = reply->elem[i].type == REPLY_STRING &&
		    is_of(s, reply->elem[i].str, reply->elem[i].len, log);
	if (ours && merge_add(&s->merge, log, s->merge.floor, false) < 0)
		return too_many(s, w);
	go_on_scanning(s, r);
	return 0;
}

/* --- Their pages */

static void ask_snapshot(struct span *s, struct redis *r)
{
	struct merge *m = &s->merge;

	s->state = SPAN_SNAPSHOT;
	merge_begin(m);
	s->nsurveyed = m->n;
	s->surveyed = xrealloc(s->surveyed, (m->n + 1) * sizeof(struct strand *));
	redis_command(r, 1, (const char *const[]){"MULTI"}, NULL);
	log_ask_time(r);
	for (size_t i = 0; i < m->n; i++) {
		struct strand *strand = s->surveyed[i] = m->strands[i];

		log_ask_last(r, strand->log);
		log_ask_page(r, strand->log, strand->read, strand->has_one, strand->asked);
	}
	redis_command(r, 1, (const char *const[]){"EXEC"}, NULL);
}

static void take_page(struct span *s, struct strand *strand, const struct reply *page)
{
	struct log_entry e;
	size_t bytes = 0;

	for (size_t i = 0; i < page->n; i++) {
		bool ours = log_entry(page, i, &e) && /* others may write to it too */
		    chan_glob(s->pattern, strlen(s->pattern), e.channel, e.channel_len);
		struct hold_message m = {e.channel, NULL, e.channel_len, 0, e.id};

		bytes += e.message_len;
		if (ours) {
			buf_clear(&s->text);
			(void)msg_with_id(&s->text, e.message, e.message_len, e.id); /* no cap */
			m.text = buf_head(&s->text);
			m.len = s->text.len;
		}
		merge_entry(strand, e.id, ours ? &m : NULL);
	}
	merge_page(&s->merge, strand, page->n, bytes);
}

static struct id first_id(const struct reply *page)
{
	struct log_entry e = {0};

	if (page->n > 0)
		(void)log_entry(page, 0, &e); /* its id is all that matters here */
	return e.id;
}

static enum span_answer refused(struct span *s, const char *object, const struct reply *reply)
{
	s->object = object;
	s->refusal = reply;
	return SPAN_FAILED;
}

static enum span_answer no_answer(const struct span *s, const char *command, struct why *w)
{
	(void)why_set(
	    w, WHY_DATA, "pattern %s: no answer to %s", s->pattern, command); /* fills w */
	return SPAN_FAILED;
}

/* One gap tells of all logs that are gone: they may have expired by the hundred. A callback that
 * stops us takes the reply with it. */
static enum span_answer take_snapshot(struct span *s, const struct reply *reply, struct why *w)
{
	uint64_t time_ms = log_time(&reply->elem[0]);
	struct id oldest = {UINT64_MAX, UINT64_MAX};
	bool more = true, gone = false;

	for (size_t i = 0; i < s->nsurveyed && more; i++) {
		struct strand *strand = s->surveyed[i];
		const struct reply *last = &reply->elem[1 + 2 * i], *page = last + 1;
		struct id after = strand->cursor, first;

		if (last->type == REPLY_ERROR || page->type == REPLY_ERROR)
			return refused(s, strand->log, last->type == REPLY_ERROR ? last : page);
		if (last->type != REPLY_ARRAY || page->type != REPLY_ARRAY)
			return no_answer(s, "EXEC", w);
		first = first_id(page);
		if (merge_survey(strand, log_only_id(last), first)) {
			if (!strand->gone)
				more = s->ops->on_gap(s->arg, after, first);
			else if (gone = true, id_cmp(after, oldest) < 0)
				oldest = after;
		}
		if (more)
			take_page(s, strand, page);
	}
	if (more && gone)
		more = s->ops->on_gap(s->arg, oldest, (struct id){0, 0});
	if (!more)
		return SPAN_STOPPED;
	merge_snapshot(&s->merge, time_ms);
	return SPAN_READS;
}

static void ask_page(struct span *s, struct redis *r, struct strand *strand)
{
	s->state = SPAN_PAGE;
	s->wants = strand;
	log_ask_page_until(
	    r, strand->log, strand->read, strand->has_one, s->merge.bound, strand->asked);
}

static enum span_answer take_wanted(struct span *s, const struct reply *page)
{
	struct id after = s->wants->read, first = first_id(page);

	if (merge_has_gap(s->wants, first) && !s->ops->on_gap(s->arg, after, first))
		return SPAN_STOPPED;
	take_page(s, s->wants, page);
	merge_paged(&s->merge);
	return SPAN_READS;
}

static enum span_answer deliver(struct span *s, struct redis *r)
{
	struct hold_message m;
	struct strand *from;
	int got;

	while ((got = merge_next(&s->merge, &m, &from)) == 1)
		if (!s->ops->on_message(s->arg, from->log, &m))
			return SPAN_STOPPED;
	if (s->merge.live)
		return SPAN_IS_LIVE;
	if (got == 0)
		ask_page(s, r, from);
	else
		ask_snapshot(s, r);
	return SPAN_READS;
}

enum span_answer span_answer(
    struct span *s, struct redis *r, const struct reply *reply, struct why *w)
{
	enum span_answer result = SPAN_READS;

	s->refusal = NULL;
	if (reply->type == REPLY_ERROR)
		return refused(s, s->state == SPAN_PAGE ? s->wants->log : s->pattern, reply);
	switch (s->state) {
	case SPAN_SCAN:
		return on_scan(s, r, reply, w) < 0 ? SPAN_FAILED : SPAN_READS;
	case SPAN_CHANNELS:
		return on_channels(s, r, reply, w) < 0 ? SPAN_FAILED : SPAN_READS;
	case SPAN_SNAPSHOT:
		if (reply->type == REPLY_STATUS)
			return SPAN_READS; /* OK, QUEUED */
		if (reply->type != REPLY_ARRAY || reply->n != 1 + 2 * s->nsurveyed)
			return no_answer(s, "EXEC", w);
		result = take_snapshot(s, reply, w);
		break;
	case SPAN_PAGE:
		if (reply->type != REPLY_ARRAY)
			return no_answer(s, "XRANGE", w);
		result = take_wanted(s, reply);
		break;
	}
	return result == SPAN_READS ? deliver(s, r) : result;
}

int span_live(struct span *s, const struct hold_message *m, struct why *w)
{
	const char *log;
	int got = merge_live(&s->merge, m, &log);

	if (got < 0)
		return too_many(s, w);
	if (got > 0)
		(void)s->ops->on_message(s->arg, log, m); /* the owner knows that it has enough */
	return 0;
}
