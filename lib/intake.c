/* SPDX-License-Identifier: MIT */
/* intake: a stream's bytes into messages. */
#include "intake.h"

#include <stdlib.h>

enum { OPEN_MAX = 1 << 30 }; /* a token with full_text, escaped: far above any */

void intake_init(struct intake *in, enum intake_from from, size_t max_line, struct run *run,
    intake_message_fn *on_message, void *arg)
{
	*in = (struct intake){.from = from, .run = run, .on_message = on_message, .arg = arg};
	ndjson_init(&in->lines, max_line, from == INTAKE_LINES);
	buf_init(&in->text, OPEN_MAX);
	buf_init(&in->open, OPEN_MAX);
}

void intake_fini(struct intake *in)
{
	ndjson_fini(&in->lines);
	buf_fini(&in->text);
	buf_fini(&in->open);
}

/* Gives what stands in `text` as one token. */
static void give_token(struct intake *in)
{
	if (in->text.len == 0)
		return;
	if (run_token(
		in->run, &in->open, buf_head(&in->text), in->text.len, in->wall_us, in->now_ms) < 0)
		abort(); /* beyond OPEN_MAX: reads and lines are bounded */
	buf_clear(&in->text);
	in->on_message(in->arg, &in->open, INTAKE_PLAIN);
}

static int give_line(void *arg, const char *line, size_t len)
{
	struct intake *in = arg;
	struct utf8_mend whole = {0};

	/* A line stands for itself: a character cannot go on in the next one. */
	if (utf8_mend(&whole, &in->text, line, len) < 0 || utf8_mend_end(&whole, &in->text) < 0)
		abort(); /* as above */
	give_token(in);
	return 0;
}

static int give_json(void *arg, const char *line, size_t len)
{
	struct intake *in = arg;
	struct msg_facts facts;
	struct why w;
	int r = msg_open_line(&in->open, line, len, &in->run->from, in->wall_us, &facts, &w);

	if (r == -2)
		abort(); /* as above */
	if (r < 0)
		return why_set(
		    in->why, WHY_DATA, "line %llu: %s", (unsigned long long)in->lines.line, w.text);
	if (facts.content.s != NULL && json_means(facts.type, "token"))
		run_note(in->run, facts.content, in->now_ms);
	in->on_message(in->arg, &in->open,
	    json_means(facts.type, "done")        ? INTAKE_DONE
		: json_means(facts.type, "error") ? INTAKE_ERROR
						  : INTAKE_PLAIN);
	return 0;
}

static ndjson_line_fn *line_fn(const struct intake *in)
{
	return in->from == INTAKE_JSON ? give_json : give_line;
}

int intake_feed(struct intake *in, const char *bytes, size_t len, int64_t wall_us, int64_t now_ms,
    struct why *w)
{
	in->wall_us = wall_us;
	in->now_ms = now_ms;
	in->why = w;
	if (in->from != INTAKE_TEXT)
		return ndjson_feed(&in->lines, bytes, len, line_fn(in), in, w);
	if (utf8_mend(&in->mend, &in->text, bytes, len) < 0)
		abort(); /* as above */
	give_token(in);
	return 0;
}

int intake_end(struct intake *in, int64_t wall_us, int64_t now_ms, struct why *w)
{
	in->wall_us = wall_us;
	in->now_ms = now_ms;
	in->why = w;
	if (in->from != INTAKE_TEXT)
		return ndjson_end(&in->lines, line_fn(in), in, w);
	if (utf8_mend_end(&in->mend, &in->text) < 0)
		abort(); /* as above */
	give_token(in);
	return 0;
}
