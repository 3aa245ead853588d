/* SPDX-License-Identifier: MIT */
/* intake: a stream's bytes into messages. */
#include "intake.h"

#include <stdlib.h>

enum { OPEN_MAX = 1 << 30 }; /* a token with full_text, escaped: far above any */

static void on_text(void *arg, struct json_slice raw)
{
	struct intake *in = arg;

	in->ops->on_text(in->arg, raw);
}

static void on_reasoning(void *arg, struct json_slice raw)
{
	struct intake *in = arg;

	in->ops->on_other(in->arg, "reasoning", raw);
}

static void on_refusal(void *arg, struct json_slice raw)
{
	struct intake *in = arg;

	in->ops->on_other(in->arg, "refusal", raw);
}

static void on_tool_call(void *arg, const struct dialect_call *call)
{
	struct intake *in = arg;

	in->ops->on_tool_call(in->arg, call);
}

static const struct dialect_ops dialect_ops = {on_text, on_reasoning, on_refusal, on_tool_call};

void intake_init(struct intake *in, enum intake_from from, enum dialect_kind kind, size_t max_line,
    const struct msg_from *who, const struct intake_ops *ops, void *arg)
{
	*in = (struct intake){.from = from, .who = *who, .ops = ops, .arg = arg};
	ndjson_init(&in->lines, max_line, from == INTAKE_LINES);
	buf_init(&in->text, OPEN_MAX);
	buf_init(&in->open, OPEN_MAX);
	if (from == INTAKE_PROVIDER)
		in->dialect = dialect_open(kind, &dialect_ops, in, max_line);
}

void intake_fini(struct intake *in)
{
	ndjson_fini(&in->lines);
	if (in->dialect != NULL)
		dialect_close(in->dialect);
	buf_fini(&in->text);
	buf_fini(&in->open);
}

/* Gives what stands in `text` as one token. */
static void give_text(struct intake *in)
{
	if (in->text.len == 0)
		return;
	buf_clear(&in->open);
	if (json_escape(&in->open, buf_head(&in->text), in->text.len) < 0)
		abort(); /* beyond OPEN_MAX: reads and lines are bounded */
	buf_clear(&in->text);
	in->ops->on_text(in->arg, (struct json_slice){buf_head(&in->open), in->open.len});
}

static int give_line(void *arg, const char *line, size_t len)
{
	struct intake *in = arg;
	struct utf8_mend whole = {0};

	/* A line stands for itself: a character cannot go on in the next one. */
	if (utf8_mend(&whole, &in->text, line, len) < 0 || utf8_mend_end(&whole, &in->text) < 0)
		abort(); /* as above */
	give_text(in);
	return 0;
}

static int give_json(void *arg, const char *line, size_t len)
{
	struct intake *in = arg;
	struct msg_facts facts;
	struct why w;

	buf_clear(&in->open);
	int r = msg_open_line(&in->open, line, len, &in->who, in->wall_us, &facts, &w);
	if (r == -2)
		abort(); /* as above */
	if (r < 0)
		return why_set(
		    in->why, WHY_DATA, "line %llu: %s", (unsigned long long)in->lines.line, w.text);
	bool is_token = json_means(facts.type, "token");
	in->ops->on_message(in->arg, &in->open,
	    json_means(facts.type, "done")        ? INTAKE_DONE
		: json_means(facts.type, "error") ? INTAKE_ERROR
						  : INTAKE_PLAIN,
	    is_token ? facts.content : (struct json_slice){NULL, 0});
	return 0;
}

static ndjson_line_fn *line_fn(const struct intake *in)
{
	return in->from == INTAKE_JSON ? give_json : give_line;
}

int intake_feed(struct intake *in, const char *bytes, size_t len, int64_t wall_us, struct why *w)
{
	in->wall_us = wall_us;
	in->why = w;
	if (in->from == INTAKE_PROVIDER)
		return dialect_feed(in->dialect, bytes, len, w);
	if (in->from != INTAKE_TEXT)
		return ndjson_feed(&in->lines, bytes, len, line_fn(in), in, w);
	if (utf8_mend(&in->mend, &in->text, bytes, len) < 0)
		abort(); /* as above */
	give_text(in);
	return 0;
}

int intake_end(struct intake *in, int64_t wall_us, struct why *w)
{
	in->wall_us = wall_us;
	in->why = w;
	if (in->from == INTAKE_PROVIDER) {
		in->has_result = dialect_end(in->dialect, &in->result, w) == 0;
		return in->has_result ? 0 : -1;
	}
	if (in->from != INTAKE_TEXT)
		return ndjson_end(&in->lines, line_fn(in), in, w);
	if (utf8_mend_end(&in->mend, &in->text) < 0)
		abort(); /* as above */
	give_text(in);
	return 0;
}
