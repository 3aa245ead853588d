/* SPDX-License-Identifier: MIT */
/* log: the commands that read a log, and their replies. */
#include "log.h"

#include <stdio.h>
#include <string.h>

#include "buf.h"

char *log_sibling(const char *log, const char *suffix)
{
	/* What stands between the first braces decides the slot; the whole key when there are none.
	 */
	const char *open = strchr(log, '{');
	bool tagged = open != NULL && strchr(open, '}') > open + 1;
	size_t n = strlen(log) + strlen(suffix) + sizeof "{}";
	char *s = xmalloc(n);

	(void)snprintf(s, n, tagged ? "%s%s" : "{%s}%s", log, suffix); /* measured */
	return s;
}

void log_ask_run(struct redis *r, const char *runs_key, const char *channel)
{
	redis_command(r, 3, (const char *const[]){"HGET", runs_key, channel}, NULL);
}

void log_ask_first(struct redis *r, const char *log)
{
	redis_command(r, 6, (const char *const[]){"XRANGE", log, "-", "+", "COUNT", "1"}, NULL);
}

void log_ask_last(struct redis *r, const char *log)
{
	redis_command(r, 6, (const char *const[]){"XREVRANGE", log, "+", "-", "COUNT", "1"}, NULL);
}

static void ask_page(struct redis *r, const char *log, struct id from, bool inclusive,
    const char *to, unsigned count)
{
	char text[ID_TEXT_MAX + 2] = "(", number[12];

	if (from.ms == UINT64_MAX && from.seq == UINT64_MAX)
		from.seq--; /* Redis refuses a range that begins behind the largest id */
	(void)id_format(from, text + 1);                    /* the length does not matter */
	(void)snprintf(number, sizeof number, "%u", count); /* fits */
	redis_command(r, 6,
	    (const char *const[]){"XRANGE", log, text + inclusive, to, "COUNT", number}, NULL);
}

void log_ask_page(struct redis *r, const char *log, struct id from, bool inclusive, unsigned count)
{
	ask_page(r, log, from, inclusive, "+", count);
}

void log_ask_page_until(
    struct redis *r, const char *log, struct id from, bool inclusive, struct id to, unsigned count)
{
	char text[ID_TEXT_MAX + 1];

	(void)id_format(to, text); /* the length does not matter */
	ask_page(r, log, from, inclusive, text, count);
}

void log_ask_time(struct redis *r)
{
	redis_command(r, 1, (const char *const[]){"TIME"}, NULL);
}

bool log_run(const struct reply *reply, struct log_run *run)
{
	*run = (struct log_run){0};
	if (reply->type != REPLY_STRING)
		return false;
	const char *space = memchr(reply->str, ' ', reply->len);
	size_t n = space != NULL ? (size_t)(space - reply->str) : reply->len;
	if (!id_parse(&run->start, reply->str, n))
		return false;
	if (space != NULL && !id_parse(&run->end, space + 1, reply->len - n - 1))
		run->end = (struct id){0, 0};
	return true;
}

struct id log_only_id(const struct reply *reply)
{
	struct id id = {0, 0};

	if (reply->type == REPLY_ARRAY && reply->n == 1 && reply->elem[0].n == 2 &&
	    reply->elem[0].elem[0].type == REPLY_STRING &&
	    !id_parse(&id, reply->elem[0].elem[0].str, reply->elem[0].elem[0].len))
		id = (struct id){0, 0};
	return id;
}

uint64_t log_time(const struct reply *reply)
{
	uint64_t seconds, us;

	if (reply->type != REPLY_ARRAY || reply->n != 2 ||
	    !resp_number(&reply->elem[0], &seconds) || !resp_number(&reply->elem[1], &us))
		return 0;
	return seconds * 1000 + us / 1000;
}

bool log_entry(const struct reply *page, size_t i, struct log_entry *e)
{
	const struct reply *entry = &page->elem[i];

	*e = (struct log_entry){0};
	if (entry->type != REPLY_ARRAY || entry->n != 2 || entry->elem[0].type != REPLY_STRING ||
	    !id_parse(&e->id, entry->elem[0].str, entry->elem[0].len))
		return false;
	const struct reply *fields = &entry->elem[1];
	if (fields->type != REPLY_ARRAY || fields->n != 2 || fields->elem[0].type != REPLY_STRING ||
	    fields->elem[1].type != REPLY_STRING)
		return false;
	e->channel = fields->elem[0].str;
	e->channel_len = fields->elem[0].len;
	e->message = fields->elem[1].str;
	e->message_len = fields->elem[1].len;
	return true;
}

struct id log_just_before(struct id id)
{
	if (id_is_zero(id))
		return id;
	if (id.seq > 0)
		return (struct id){id.ms, id.seq - 1};
	return (struct id){id.ms - 1, UINT64_MAX};
}
