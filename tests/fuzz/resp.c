/* SPDX-License-Identifier: MIT */
/* What a server sends is hostile too: replies must be the same however the bytes are cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "resp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t digest(uint64_t h, const struct reply *r)
{
	h = h * 31 + (uint64_t)r->type;
	h = h * 31 + (uint64_t)r->integer;
	for (size_t i = 0; i < r->len; i++)
		h = h * 31 + (unsigned char)r->str[i];
	for (size_t i = 0; i < r->n; i++)
		h = digest(h, &r->elem[i]);
	return h;
}

static void read_as_log(const struct reply *r)
{
	struct log_entry e;
	struct log_run run;

	(void)log_run(r, &run);
	(void)log_only_id(r);
	(void)log_time(r);
	for (size_t i = 0; r->type == REPLY_ARRAY && i < r->n; i++)
		(void)log_entry(r, i, &e);
}

static uint64_t run(const char *s, size_t size, size_t step)
{
	struct resp *r = resp_open();
	struct reply *reply;
	struct why w;
	uint64_t h = 7;
	int got = 0;

	for (size_t at = 0; at < size && got >= 0; at += step) {
		resp_feed(r, s + at, size - at < step ? size - at : step);
		while ((got = resp_next(r, &reply, &w)) == 1) {
			h = digest(h, reply);
			read_as_log(reply);
		}
	}
	resp_close(r);
	return got < 0 ? h * 31 + 1 : h;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;

	if (size == 0)
		return 0;
	uint64_t whole = run(s, size, size);
	if (run(s, size, 1) != whole || run(s, size, 7) != whole)
		abort();
	return 0;
}
