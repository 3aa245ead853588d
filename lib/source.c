/* SPDX-License-Identifier: MIT */
/* source: a channel or pattern, and its log. */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "chan.h"

enum { HELD_MAX = 8 << 20 }; /* live messages that wait for the answer to one page */

/* The log of a pattern that can only match one project's stages; NULL for others. */
static char *log_of_pattern(const char *pattern)
{
	size_t n = strlen(pattern);
	struct chan_parts parts;

	if (n < 2 || pattern[n - 1] != '*' || strcspn(pattern, "*?[]\\") != n - 1)
		return NULL;
	char *example = xstrdup(pattern);
	example[n - 1] = 'x';
	bool is_project = chan_parse(example, n, &parts) && parts.stage_len == 1;
	char *log = is_project ? chan_log(example, n) : NULL;
	free(example);
	return log;
}

static int init_span(struct source *s, const struct feed_source *from, const struct span_ops *ops,
    void *arg, struct why *w)
{
	s->span = xmalloc(sizeof *s->span);
	span_init(s->span, s->name, ops, arg);
	for (size_t i = 0; i < from->nlogs; i++)
		if (merge_add(&s->span->merge, from->logs[i].log, from->logs[i].after, true) < 0)
			return why_set(w, WHY_DATA, "pattern %s: cursors of more than %d logs",
			    s->name, MERGE_LOGS_MAX);
	return 0;
}

int source_init(struct source *s, const struct feed_source *from, const struct feed_start *start,
    const struct span_ops *ops, void *arg, struct why *w)
{
	*s = (struct source){.name = from->name, .is_pattern = from->is_pattern, .start = *start};
	if (from->resumes)
		s->start = (struct feed_start){.since = FEED_AFTER, .after = from->after};
	join_init(&s->join, HELD_MAX);
	if (from->is_pattern && s->start.since == FEED_RUN)
		return why_set(w, WHY_USAGE,
		    "%s: the latest run is one of a channel; here only now, 0, an id or a duration "
		    "can be the start",
		    from->name);
	s->log = from->is_pattern ? log_of_pattern(from->name)
				  : chan_log(from->name, strlen(from->name));
	if (s->log == NULL)
		return init_span(s, from, ops, arg, w);
	s->runs = log_sibling(s->log, ":runs");
	return 0;
}

void source_fini(struct source *s)
{
	free(s->log);
	free(s->runs);
	join_fini(&s->join);
	if (s->span != NULL)
		span_fini(s->span);
	free(s->span);
}

bool source_is_live(const struct source *s)
{
	return s->span != NULL ? s->span->merge.live : s->join.live;
}

void source_lost(struct source *s)
{
	if (s->span == NULL)
		join_lost(&s->join);
	else
		merge_lost(&s->span->merge);
}

bool source_matches(const struct source *s, const char *channel, size_t len)
{
	size_t n = strlen(s->name);
	struct chan_parts parts;

	if (s->is_pattern)
		/* A project's pattern matches its stages and nothing that merely looks like one. */
		return chan_glob(s->name, n, channel, len) &&
		    (s->log == NULL || chan_parse(channel, len, &parts));
	return n == len && memcmp(s->name, channel, n) == 0;
}

void source_ask(struct source *s, struct redis *r)
{
	s->answers = s->span != NULL ? 3 : 0; /* only the time */
	if (s->span == NULL) {
		log_ask_run(r, s->runs, s->name);
		log_ask_first(r, s->log);
		log_ask_last(r, s->log);
	}
	log_ask_time(r);
}

bool source_answer(struct source *s, const struct reply *reply)
{
	switch (s->answers++) {
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

static struct id first_cursor(const struct source *s)
{
	const struct feed_start *start = &s->start;
	uint64_t ago = (uint64_t)start->ago_ms;

	switch (start->since) {
	case FEED_NOW:
		/* Of logs that are not met yet only the clock can tell. */
		return s->span != NULL ? log_just_before((struct id){s->time_ms, 0}) : s->last;
	case FEED_RUN:
		return s->has_run ? log_just_before(s->run.start) : (struct id){0, 0};
	case FEED_ALL:
		break;
	case FEED_AFTER:
		return start->after;
	case FEED_AGO:
		return log_just_before((struct id){s->time_ms > ago ? s->time_ms - ago : 0, 0});
	}
	return (struct id){0, 0};
}

bool source_begin(struct source *s, struct id *cursor)
{
	struct id *its = s->span != NULL ? &s->span->merge.floor : &s->join.cursor;
	bool first = !s->begun;

	if (first)
		*its = first_cursor(s);
	if (first && s->span != NULL && s->start.since == FEED_NOW)
		merge_now(&s->span->merge);
	s->begun = true;
	*cursor = *its;
	return first;
}

bool source_has_gap(struct source *s, struct id *after, struct id *before)
{
	struct join *j = &s->join;

	*after = j->cursor;
	*before = (struct id){0, 0};
	if (s->span != NULL || id_is_zero(j->cursor)) /* a span tells by itself */
		return false;
	if (id_cmp(s->last, j->cursor) < 0) {
		/* The log is gone, or the server lost its end: ids may come again from there. */
		j->cursor = s->last;
		return true;
	}
	*before = s->first;
	return id_cmp(j->cursor, log_just_before(s->first)) < 0;
}
