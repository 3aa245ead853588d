/* SPDX-License-Identifier: MIT */
/*
 * xq_dead: the jobs that died, as a filter: list prints them, retry and drop take the ids that are
 * their operands, that a jq filter selects among all, or that stand in lines on standard input.
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "json.h"
#include "resp.h"
#include "xq.h"

enum { BATCH = 100, PAGE = 100, WINDOW = 4 };

enum verb { LIST, RETRY, DROP };

struct mourner {
	struct xq x;
	struct xq_lines lines;
	enum verb verb;
	const char *filter_text;
	struct filter *filter;
	bool all;
	struct buf line;
	struct buf ids; /* NUL-terminated, n of them */
	size_t n;
	int64_t changed, missing;
	char after[64]; /* the last entry seen */
};

static void ask_page(struct mourner *m);

/* --- Ids out */

static void finish(struct mourner *m)
{
	if (m->n > 0 || queue_pending(m->x.q) > 0 || !m->lines.ended)
		return;
	if (m->verb != LIST)
		say(&m->x.cli.say, SAY_NOTE, "queue %s: %lld job%s %s", m->x.queue,
		    (long long)m->changed, m->changed == 1 ? "" : "s",
		    m->verb == DROP       ? "dropped"
			: m->changed == 1 ? "waits again"
					  : "wait again");
	if (m->missing > 0 && m->x.why.status == 0)
		(void)why_set(&m->x.why, WHY_ENDED, "queue %s: %lld of the ids are not dead",
		    m->x.queue, (long long)m->missing); /* fills it */
	xq_stop(&m->x);
}

static void on_changed(void *arg, const struct reply *reply)
{
	struct mourner *m = arg;

	for (size_t i = 0; reply->type == REPLY_ARRAY && i < reply->n; i++) {
		m->changed += reply->elem[i].integer;
		m->missing += 1 - reply->elem[i].integer;
	}
	xq_lines_throttle(&m->lines, false);
	finish(m);
}

static void flush(struct mourner *m)
{
	const char *argv[BATCH + 1] = {m->verb == RETRY ? "retry" : "drop"};
	const char *at = buf_head(&m->ids);

	if (m->n == 0)
		return;
	for (size_t i = 0; i < m->n; i++) {
		argv[i + 1] = at;
		at += strlen(at) + 1;
	}
	queue_call(m->x.q, "dead", (int)m->n + 1, argv, NULL, on_changed, m);
	queue_flush(m->x.q);
	m->n = 0;
	buf_clear(&m->ids);
}

static void put_id(struct mourner *m, const char *id, size_t len)
{
	(void)buf_add(&m->ids, id, len); /* no cap */
	(void)buf_addc(&m->ids, '\0');   /* no cap */
	if (++m->n == BATCH)
		flush(m);
}

/* --- Ids from lines: what list printed, or a JSON string. */

static int on_line(void *arg, const char *line, size_t len)
{
	struct mourner *m = arg;
	struct json_slice id;

	if (!json_is_valid(line, len))
		return why_set(&m->x.why, WHY_DATA, "not JSON");
	id = json_string(
	    line[0] == '{' ? json_find(line, len, "id") : (struct json_slice){line, len});
	if (id.s == NULL || id.len == 0 || id.len > QUEUE_ID_MAX ||
	    memchr(id.s, '\\', id.len) != NULL)
		return why_set(&m->x.why, WHY_DATA, "no \"id\" of a job");
	put_id(m, id.s, id.len);
	return 0;
}

static void on_batch(void *arg)
{
	struct mourner *m = arg;

	flush(m);
	xq_lines_throttle(&m->lines, queue_pending(m->x.q) >= WINDOW);
}

static void on_end(void *arg)
{
	finish(arg);
}

/* --- The dead in pages */

static void add_field(struct buf *b, const char *name, const struct reply *value)
{
	(void)buf_addf(b, ",\"%s\":", name);
	if (value->type == REPLY_STRING && json_is_valid(value->str, value->len))
		(void)buf_add(b, value->str, value->len);
	else
		(void)buf_adds(b, "null");
}

/* Lines of JSON as an array; the last is the reason. */
static void add_history(struct buf *b, const struct reply *h)
{
	const char *at = h->str, *end = at + h->len;

	(void)buf_adds(b, ",\"history\":[");
	for (bool first = true; at < end; first = false) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((nl != NULL ? nl : end) - at);

		if (!first)
			(void)buf_addc(b, ',');
		if (json_is_valid(at, len))
			(void)buf_add(b, at, len);
		else
			(void)buf_adds(b, "null");
		at += len + 1;
	}
	(void)buf_addc(b, ']');
}

static const char *priority_name(const struct reply *meta)
{
	return meta->len == 0     ? ""
	    : meta->str[0] == 'h' ? "high"
	    : meta->str[0] == 'l' ? "low"
				  : "medium";
}

/* i ID j PAYLOAD m META h HISTORY */
static bool write_dead(struct buf *b, const struct reply *fields)
{
	if (fields->type != REPLY_ARRAY || fields->n < 8)
		return false;
	const struct reply *id = &fields->elem[1], *meta = &fields->elem[5];
	(void)buf_adds(b, "{\"id\":\""); /* no cap, here and above */
	(void)json_escape(b, id->str, id->len);
	(void)buf_addf(b, "\",\"priority\":\"%s\"", priority_name(meta));
	add_history(b, &fields->elem[7]);
	add_field(b, "job", &fields->elem[3]);
	(void)buf_addc(b, '}');
	return true;
}

struct chosen {
	struct mourner *m;
	const struct reply *id;
	bool done;
};

/* What the filter made: list prints it; the others take the job if that is not false or null. */
static int on_filtered(
    void *arg, const char *json, size_t len, bool same, const char *string, size_t string_len)
{
	struct chosen *c = arg;
	struct mourner *m = c->m;
	bool no = (len == 4 && memcmp(json, "null", 4) == 0) ||
	    (len == 5 && memcmp(json, "false", 5) == 0);

	(void)same;
	(void)string;
	(void)string_len;
	if (m->verb == LIST) {
		(void)buf_add(&m->x.out, json, len); /* no cap */
		(void)buf_addc(&m->x.out, '\n');     /* no cap */
	} else if (!no && !c->done) {
		c->done = true;
		put_id(m, c->id->str, c->id->len);
	}
	return 0;
}

static int take_dead(struct mourner *m, const struct reply *fields)
{
	buf_clear(&m->line);
	if (!write_dead(&m->line, fields))
		return 0; /* somebody else's entry */
	struct chosen c = {m, &fields->elem[1], false};
	if (m->filter != NULL)
		return filter_run(
		    m->filter, buf_head(&m->line), m->line.len, on_filtered, &c, &m->x.why);
	return on_filtered(&c, buf_head(&m->line), m->line.len, true, NULL, 0);
}

static void on_page(void *arg, const struct reply *reply)
{
	struct mourner *m = arg;

	for (size_t i = 0; reply->type == REPLY_ARRAY && i < reply->n; i++) {
		const struct reply *entry = &reply->elem[i];

		if (entry->n < 2 || entry->elem[0].len >= sizeof m->after)
			continue;
		memcpy(m->after, entry->elem[0].str, entry->elem[0].len);
		m->after[entry->elem[0].len] = '\0';
		if (take_dead(m, &entry->elem[1]) < 0) {
			xq_stop(&m->x);
			return;
		}
	}
	if (!xq_print(&m->x))
		return;
	flush(m);
	if (reply->n == PAGE) {
		ask_page(m);
		return;
	}
	m->lines.ended = true;
	finish(m);
}

static void ask_page(struct mourner *m)
{
	queue_call(
	    m->x.q, "dead", 3, (const char *const[]){"list", m->after, "100"}, NULL, on_page, m);
	queue_flush(m->x.q);
}

/* --- The command */

static void begin(struct mourner *m, char **ids)
{
	if (m->verb == LIST || m->all || m->filter != NULL) {
		ask_page(m);
	} else if (ids[0] != NULL) {
		for (; *ids != NULL; ids++)
			put_id(m, *ids, strlen(*ids));
		m->lines.ended = true;
		flush(m);
	} else {
		xq_lines_begin(&m->lines, 2 * QUEUE_PAYLOAD_MAX);
	}
}

static int check(struct mourner *m, const struct opt_rest *rest)
{
	const char *verb = rest->noperands > 0 ? rest->operands[0] : "list";
	struct why *w = &m->x.why;

	if (strcmp(verb, "list") == 0)
		m->verb = LIST;
	else if (strcmp(verb, "retry") == 0)
		m->verb = RETRY;
	else if (strcmp(verb, "drop") == 0)
		m->verb = DROP;
	else
		return why_set(w, WHY_USAGE, "what to do with the dead? list, retry or drop");
	if (m->verb == LIST && (rest->noperands > 1 || m->all))
		return why_set(w, WHY_USAGE, "list prints all; -j selects");
	if (rest->noperands > 1 && (m->all || m->filter_text != NULL))
		return why_set(w, WHY_USAGE, "IDs, -j and --all exclude each other");
	return m->filter_text != NULL ? filter_open(&m->filter, m->filter_text, w) : 0;
}

int xq_dead(int argc, char **argv)
{
	struct mourner m = {.x = XQ_DEFAULTS("dead"), .after = "-"};
	struct opt_rest rest;
	const struct opt opts[] = {
	    XQ_OPT_QUEUE(&m.x),
	    {'j', "jq", "FILTER", OPT_STRING, &m.filter_text,
		"list: print what a jq filter makes of each; retry, drop: those for which it gives "
		"anything but false and null",
		NULL, 0, 0},
	    {0, "all", NULL, OPT_FLAG, &m.all, "retry, drop: all of them", NULL, 0, 0},
	    XQ_OPTS(&m.x),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-xq dead",
	    .summary = "List the jobs that died, let them wait again, or drop them.",
	    .usage = "sp-xq dead [options] [list]\n"
		     "sp-xq dead [options] retry | drop [ID ...]",
	    .examples = "sp-xq dead | jq -c 'select(.history[-1].status == 3)' | sp-xq dead retry\n"
			"sp-xq dead drop -j '.job.page > 100'",
	    .opts = opts,
	    .operands = "list retry drop"};

	if (!xq_parse(&m.x, &tool, argc, argv, &rest))
		return m.x.status;
	buf_init(&m.line, SIZE_MAX / 2);
	buf_init(&m.ids, SIZE_MAX / 2);
	m.lines = (struct xq_lines){
	    .x = &m.x, .on_line = on_line, .on_batch = on_batch, .on_end = on_end, .arg = &m};
	m.x.lazy = true; /* as xq_give */
	if (check(&m, &rest) == 0 && xq_open(&m.x, true, NULL, &m) == 0) {
		begin(&m, rest.operands + (rest.noperands > 0));
		(void)loop_run(m.x.loop, &m.x.why); /* x.why tells */
	}
	xq_lines_fini(&m.lines);
	filter_close(m.filter);
	buf_fini(&m.line);
	buf_fini(&m.ids);
	return xq_close(&m.x);
}
