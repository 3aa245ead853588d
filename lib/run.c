/* SPDX-License-Identifier: MIT */
/* run: what one generation has said, and its messages. */
#include "run.h"

#include <string.h>

#include "utf8.h"

void run_init(struct run *r, const struct msg_from *from, enum run_full_text full, int64_t now_ms)
{
	*r = (struct run){.from = *from, .full_text = full, .start_ms = now_ms};
	buf_init(&r->said, RUN_FULL_MAX);
}

void run_fini(struct run *r)
{
	buf_fini(&r->said);
}

/* Escaped pieces are kept whole, so what stands in `said` is always a valid string. */
static void remember(struct run *r, const char *escaped, size_t len)
{
	if (r->full_text == RUN_FULL_NONE || r->truncated)
		return;
	if (buf_add(&r->said, escaped, len) < 0)
		r->truncated = true;
}

void run_note(struct run *r, struct json_slice raw, int64_t now_ms)
{
	if (r->first_ms == 0)
		r->first_ms = now_ms;
	r->bytes += json_meaning_len(raw);
	remember(r, raw.s, raw.len);
}

void run_recall(struct run *r, struct json_slice raw, bool whole)
{
	struct buf since = r->said;

	r->partial = false;
	r->bytes += json_meaning_len(raw);
	buf_init(&r->said, RUN_FULL_MAX);
	if (raw.len > 0)
		r->truncated |= !whole;
	else
		r->headless = !whole;
	if (buf_add(&r->said, raw.s, raw.len) < 0)
		r->truncated = true;
	else if ((whole || raw.len == 0) && buf_add(&r->said, buf_head(&since), since.len) < 0)
		r->truncated = true;
	buf_fini(&since);
}

static int add_full_text(struct run *r, struct buf *m)
{
	if (buf_adds(m, ",\"full_text\":\"") < 0 ||
	    buf_add(m, buf_head(&r->said), r->said.len) < 0 || buf_addc(m, '"') < 0)
		return -1;
	return r->truncated || r->headless || r->partial
	    ? buf_adds(m, ",\"full_text_truncated\":true")
	    : 0;
}

int run_token(struct run *r, struct buf *m, struct json_slice raw, int64_t wall_us, int64_t now_ms)
{
	run_note(r, raw, now_ms);
	if (msg_begin(m, "token") < 0 || buf_adds(m, ",\"content\":\"") < 0 ||
	    buf_add(m, raw.s, raw.len) < 0 || buf_addc(m, '"') < 0)
		return -1;
	if (r->full_text == RUN_FULL_EACH && add_full_text(r, m) < 0)
		return -1;
	return msg_stamp(m, &r->from, wall_us);
}

int run_other(
    struct run *r, struct buf *m, const char *type, struct json_slice raw, int64_t wall_us)
{
	if (msg_begin(m, type) < 0 || msg_raw(m, "content", raw) < 0)
		return -1;
	return msg_stamp(m, &r->from, wall_us);
}

int run_tool_call(struct run *r, struct buf *m, const struct dialect_call *call, int64_t wall_us)
{
	if (msg_begin(m, "tool_call") < 0 || buf_addf(m, ",\"index\":%u", call->index) < 0 ||
	    msg_raw(m, "call_id", call->id) < 0 || msg_raw(m, "name", call->name) < 0)
		return -1;
	int r2 = call->is_json ? msg_json_line(m, "arguments", call->arguments)
			       : msg_raw(m, "arguments", call->arguments);
	return r2 < 0 ? -1 : msg_stamp(m, &r->from, wall_us);
}

/* Adds, as members of the open object b, what a provider's stream told at its end. */
static int add_result(struct buf *b, const struct dialect_result *r, const char *reason)
{
	if (r != NULL && r->model.s != NULL && msg_raw(b, "model", r->model) < 0)
		return -1;
	if (reason != NULL && msg_string(b, "finish_reason", reason, strlen(reason)) < 0)
		return -1;
	if (reason == NULL && r != NULL && r->finish_reason.s != NULL &&
	    msg_raw(b, "finish_reason", r->finish_reason) < 0)
		return -1;
	if (r != NULL && r->usage.s != NULL && msg_json_line(b, "usage", r->usage) < 0)
		return -1;
	if (r == NULL || r->tokens_used < 0)
		return 0;
	return msg_json(b, "tokens_used", "", 0) < 0
	    ? -1
	    : buf_addu(b, (unsigned long long)r->tokens_used);
}

int run_done(struct run *r, struct buf *m, const struct dialect_result *result, const char *reason,
    int64_t wall_us, int64_t now_ms)
{
	if (msg_begin(m, "done") < 0)
		return -1;
	if (r->full_text != RUN_FULL_NONE && add_full_text(r, m) < 0)
		return -1;
	if (buf_addf(m, ",\"metadata\":{\"latency_ms\":%lld", (long long)(now_ms - r->start_ms)) <
	    0)
		return -1;
	if (r->first_ms > 0 &&
	    buf_addf(m, ",\"ttft_ms\":%lld", (long long)(r->first_ms - r->start_ms)) < 0)
		return -1;
	if (buf_addf(m, ",\"bytes\":%llu", (unsigned long long)r->bytes) < 0 ||
	    add_result(m, result, reason) < 0 || buf_addc(m, '}') < 0)
		return -1;
	return msg_stamp(m, &r->from, wall_us);
}

int run_provider_error(
    struct run *r, struct buf *m, const struct dialect_result *result, int64_t wall_us)
{
	if (msg_begin(m, "error") < 0 ||
	    msg_string(m, "error", result->message, strlen(result->message)) < 0 ||
	    msg_json(m, "metadata", "{", 1) < 0 || add_result(m, result, NULL) < 0 ||
	    buf_addc(m, '}') < 0)
		return -1;
	if (result->error.s != NULL && msg_json_line(m, "detail", result->error) < 0)
		return -1;
	return buf_adds(m, ",\"retry_count\":0") < 0 ? -1 : msg_stamp(m, &r->from, wall_us);
}

int run_error(struct run *r, struct buf *m, const char *error, const char *members, int64_t wall_us)
{
	if (msg_begin(m, "error") < 0 ||
	    msg_string(m, "error", error, utf8_valid(error, strlen(error))) < 0)
		return -1;
	if (members != NULL && members[0] != '\0' &&
	    (buf_addc(m, ',') < 0 || buf_adds(m, members) < 0))
		return -1;
	return buf_adds(m, ",\"retry_count\":0") < 0 ? -1 : msg_stamp(m, &r->from, wall_us);
}
