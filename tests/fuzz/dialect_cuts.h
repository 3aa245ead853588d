/* SPDX-License-Identifier: MIT */
/* Any bytes as a provider's stream, of the dialect that a fuzz target names: what is told does not
 * depend on how they are cut, and every slice of it is what dialect.h says it is. */
#ifndef SPOUT_DIALECT_CUTS_H
#define SPOUT_DIALECT_CUTS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dialect.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool good)
{
	if (!good)
		abort();
}

static void must_be_json(struct json_slice s, bool is_string)
{
	struct buf b;

	buf_init(&b, s.len + 2);
	must(!is_string || buf_addc(&b, '"') == 0);
	must(buf_add(&b, s.s, s.len) == 0);
	must(!is_string || buf_addc(&b, '"') == 0);
	must(json_is_valid(buf_head(&b), b.len));
	buf_fini(&b);
}

static void record(struct buf *b, char what, struct json_slice s, bool is_string)
{
	if (s.s == NULL)
		return;
	must_be_json(s, is_string);
	must(buf_addf(b, "%c%zu:", what, s.len) == 0 && buf_add(b, s.s, s.len) == 0);
}

static void on_text(void *arg, struct json_slice raw)
{
	must(raw.len > 0);
	record(arg, 't', raw, true);
}

static void on_reasoning(void *arg, struct json_slice raw)
{
	must(raw.len > 0);
	record(arg, 'r', raw, true);
}

static void on_refusal(void *arg, struct json_slice raw)
{
	must(raw.len > 0);
	record(arg, 'f', raw, true);
}

static void on_tool_call(void *arg, const struct dialect_call *call)
{
	must(buf_addf(arg, "call %u", call->index) == 0);
	record(arg, 'i', call->id, true);
	record(arg, 'n', call->name, true);
	record(arg, 'a', call->arguments, !call->is_json);
}

static void record_result(struct buf *b, const struct dialect_result *r)
{
	must(r->tokens_used >= -1);
	must((r->end == DIALECT_OWN_END) == (r->message[0] == '\0'));
	must((r->end == DIALECT_ERROR) == (r->error.s != NULL));
	must(utf8_valid(r->message, strlen(r->message)) == strlen(r->message));
	record(b, 'm', r->model, true);
	record(b, 'F', r->finish_reason, true);
	record(b, 'u', r->usage, false);
	record(b, 'e', r->error, false);
	must(buf_addf(b, "%d %d %lld %s", r->end, r->kind, r->tokens_used, r->message) == 0);
}

static void read_stream(
    struct buf *b, enum dialect_kind kind, const char *s, size_t len, size_t step, size_t max_line)
{
	const struct dialect_ops ops = {on_text, on_reasoning, on_refusal, on_tool_call};
	struct dialect *d = dialect_open(kind, &ops, b, max_line);
	struct dialect_result result;
	struct why w = {.status = 0};
	int r = 0;

	for (size_t at = 0, n; at < len && r == 0; at += n) {
		n = len - at < step ? len - at : step;
		char *copy = malloc(n); /* a read beyond n is seen */

		memcpy(copy, s + at, n);
		r = dialect_feed(d, copy, n, &w);
		free(copy);
	}
	if (r == 0 && (r = dialect_end(d, &result, &w)) == 0)
		record_result(b, &result);
	must(r == 0 || (r == -1 && w.status == WHY_DATA && strncmp(w.text, "line ", 5) == 0));
	must(buf_addf(b, "|%s", w.text) == 0);
	dialect_close(d);
}

/* The first byte chooses the bound: a small one is reached more often. */
static int cut_anywhere(enum dialect_kind kind, const uint8_t *data, size_t len)
{
	static const size_t steps[] = {1, 2, 3, 7, 64};

	if (len == 0)
		return 0;
	const char *s = (const char *)data + 1;
	size_t max_line = data[0] >= 'a' ? 1 << 20 : (size_t)data[0] * 4 + 1;
	struct buf whole, cut;
	buf_init(&whole, (size_t)1 << 28);
	buf_init(&cut, (size_t)1 << 28);
	read_stream(&whole, kind, s, len - 1, len, max_line);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		buf_clear(&cut);
		read_stream(&cut, kind, s, len - 1, steps[i], max_line);
		must(
		    cut.len == whole.len && memcmp(buf_head(&cut), buf_head(&whole), cut.len) == 0);
	}
	buf_fini(&whole);
	buf_fini(&cut);
	return 0;
}

#endif
