/* SPDX-License-Identifier: MIT */
/* run: what a generation's messages are made of. */
#include <stdlib.h>

#include "run.h"
#include "t.h"

static struct json_slice raw(const char *s)
{
	return (struct json_slice){s, strlen(s)};
}

/* Whether m is want, which it is cleared for. */
static int is(struct buf *m, const char *want)
{
	int same = t_eq(buf_head(m), m->len, want);

	buf_clear(m);
	return same;
}

static const struct msg_from nobody = {NULL, NULL};

static void test_tokens(struct buf *m)
{
	struct run r;

	run_init(&r, &nobody, RUN_FULL_DONE, 1000);
	ok(run_token(&r, m, raw("a\\n"), 1500000, 1010) == 0 &&
		is(m, "{\"type\":\"token\",\"content\":\"a\\n\",\"timestamp\":1.500000"),
	    "a token has its text as it came");
	run_note(&r, raw("\\u00e9"), 1020);
	ok(run_other(&r, m, "reasoning", raw("hm"), 0) == 0 &&
		is(m, "{\"type\":\"reasoning\",\"content\":\"hm\",\"timestamp\":0.000000"),
	    "reasoning is of its own type");
	struct dialect_result told = {.model = {"m", 1},
	    .finish_reason = {"stop", 4},
	    .usage = {"{\n}", 3},
	    .tokens_used = 7};
	ok(run_done(&r, m, &told, NULL, 0, 1030) == 0 &&
		is(m,
		    "{\"type\":\"done\",\"full_text\":\"a\\n\\u00e9\",\"metadata\":{\"latency_ms\":"
		    "30,"
		    "\"ttft_ms\":10,\"bytes\":4,\"model\":\"m\",\"finish_reason\":\"stop\","
		    "\"usage\":{ },\"tokens_used\":7},\"timestamp\":0.000000"),
	    "done has the tokens' text and no other, the times and the bytes that it means");
	ok(run_done(&r, m, &told, "stopped", 0, 1030) == 0 &&
		memmem(buf_head(m), m->len, "\"finish_reason\":\"stopped\"", 25) != NULL &&
		memmem(buf_head(m), m->len, "\"stop\"", 6) == NULL,
	    "a reason of our own stands in place of the provider's");
	buf_clear(m);
	run_fini(&r);
	run_init(&r, &nobody, RUN_FULL_NONE, 0);
	ok(run_token(&r, m, raw("a"), 0, 0) == 0, "a token at the time 0");
	buf_clear(m);
	ok(run_done(&r, m, NULL, NULL, 0, 5) == 0 &&
		memmem(buf_head(m), m->len, "full_text", 9) == NULL,
	    "without full_text there is none");
	buf_clear(m);
	run_fini(&r);
}

static void test_each(struct buf *m)
{
	struct run r;

	run_init(&r, &nobody, RUN_FULL_EACH, 0);
	(void)run_token(&r, m, raw("a"), 0, 1); /* m has room */
	buf_clear(m);
	ok(run_token(&r, m, raw("b"), 0, 1) == 0 &&
		is(m,
		    "{\"type\":\"token\",\"content\":\"b\",\"full_text\":\"ab\",\"timestamp\":0."
		    "000000"),
	    "each token may carry the text so far");
	run_fini(&r);
}

static void test_truncated(struct buf *m)
{
	struct run r;
	char *piece = xmalloc(1 << 20);
	size_t kept = 0;

	memset(piece, 'x', 1 << 20);
	memcpy(piece, "\\u00e9", 6);
	run_init(&r, &nobody, RUN_FULL_DONE, 0);
	for (int i = 0; i < 20; i++) {
		run_note(&r, (struct json_slice){piece, (1 << 20) - 1}, 0);
		kept = r.said.len;
	}
	ok(r.truncated && kept <= RUN_FULL_MAX && kept % ((1 << 20) - 1) == 0,
	    "a text beyond all bounds is cut, between two pieces");
	run_note(&r, raw("y"), 0);
	ok(r.said.len == kept, "and nothing smaller is added behind the hole");
	ok(run_done(&r, m, NULL, NULL, 0, 0) == 0 &&
		memmem(buf_head(m), m->len, "\"full_text_truncated\":true", 26) != NULL,
	    "done says that it was");
	buf_clear(m);
	run_fini(&r);
	free(piece);
}

static void test_calls_and_errors(struct buf *m)
{
	struct msg_from who = {"7", "s"};
	struct run r;

	run_init(&r, &who, RUN_FULL_DONE, 0);
	struct dialect_call call = {2, raw("id"), raw("f"), raw("{\\\"a\\\":1}"), false};
	ok(run_tool_call(&r, m, &call, 0) == 0 &&
		is(m,
		    "{\"type\":\"tool_call\",\"index\":2,\"call_id\":\"id\",\"name\":\"f\","
		    "\"arguments\":"
		    "\"{\\\"a\\\":1}\",\"project_id\":\"7\",\"stage\":\"s\",\"timestamp\":0."
		    "000000"),
	    "a tool call's arguments are a string");
	call = (struct dialect_call){0, {NULL, 0}, raw("f"), raw("{\"a\":\n1}"), true};
	ok(run_tool_call(&r, m, &call, 0) == 0 &&
		is(m,
		    "{\"type\":\"tool_call\",\"index\":0,\"call_id\":\"\",\"name\":\"f\","
		    "\"arguments\":"
		    "{\"a\": 1},\"project_id\":\"7\",\"stage\":\"s\",\"timestamp\":0.000000"),
	    "or an object, on one line; an id that is missing is empty");
	ok(run_error(&r, m, "no \"luck\"", "\"signal\":9", 0) == 0 &&
		is(m,
		    "{\"type\":\"error\",\"error\":\"no "
		    "\\\"luck\\\"\",\"signal\":9,\"retry_count\":0,"
		    "\"project_id\":\"7\",\"stage\":\"s\",\"timestamp\":0.000000"),
	    "an error has its reason and what else is known");
	struct dialect_result told = {.end = DIALECT_ERROR,
	    .model = {"m", 1},
	    .tokens_used = -1,
	    .error = {"{\"code\":1}", 10},
	    .message = "no luck"};
	ok(run_provider_error(&r, m, &told, 0) == 0 &&
		is(m,
		    "{\"type\":\"error\",\"error\":\"no luck\",\"metadata\":{\"model\":\"m\"},"
		    "\"detail\":{\"code\":1},\"retry_count\":0,\"project_id\":\"7\",\"stage\":"
		    "\"s\","
		    "\"timestamp\":0.000000"),
	    "a provider's error has what is known, and its own object");
	ok(run_error(&r, m, "cut \xc3", NULL, 0) == 0 &&
		memmem(buf_head(m), m->len, "\"cut \"", 6) != NULL,
	    "and is valid though its reason was cut within a character");
	buf_clear(m);
	run_fini(&r);
}

static void test_full(void)
{
	struct run r;
	struct buf m;
	int bad = 0;

	run_init(&r, &nobody, RUN_FULL_DONE, 0);
	for (size_t max = 0; max < 40; max++) {
		buf_init(&m, max);
		bad += run_token(&r, &m, raw("0123456789"), 0, 0) == 0 || m.len > max;
		buf_fini(&m);
	}
	ok(bad == 0, "a message that does not fit is told");
	run_fini(&r);
}

/* What an earlier process said, which is told before or behind what this one says. */
static void test_recall(struct buf *m)
{
	static const char cut[] = "\"full_text\":\"ab\",\"full_text_truncated\":true";
	struct run r;

	for (int late = 0; late < 2; late++) {
		run_init(&r, &nobody, RUN_FULL_DONE, 0);
		r.partial = true;
		run_note(&r, raw("a"), 0);
		if (late)
			run_note(&r, raw("b"), 0);
		run_recall(&r, raw(""), false);
		if (!late)
			run_note(&r, raw("b"), 0);
		ok(run_done(&r, m, NULL, NULL, 0, 0) == 0 &&
			memmem(buf_head(m), m->len, cut, sizeof cut - 1) != NULL,
		    "without its beginning a text still has what is said since (%d)", late);
		buf_clear(m);
		run_fini(&r);
	}
	run_init(&r, &nobody, RUN_FULL_DONE, 0);
	run_recall(&r, raw("ab"), false);
	run_note(&r, raw("c"), 0);
	ok(run_done(&r, m, NULL, NULL, 0, 0) == 0 &&
		memmem(buf_head(m), m->len, cut, sizeof cut - 1) != NULL,
	    "one that is cut has nothing behind the cut");
	buf_clear(m);
	run_fini(&r);
}

int main(void)
{
	struct buf m;

	buf_init(&m, 1 << 26);
	test_tokens(&m);
	test_each(&m);
	test_truncated(&m);
	test_calls_and_errors(&m);
	test_full();
	test_recall(&m);
	buf_fini(&m);
	return t_done();
}
