/* SPDX-License-Identifier: MIT */
/* A line that is read as a receipt names a job by a REF and a token that are written back as the
 * same bytes; a spool's record of jobs that is read is written back as one that reads the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "receipt.h"
#include "xq_batch.h"
#include "xq_look.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

/* Only as many bytes as there are: a sanitizer sees a read beyond. */
static char *copy_of(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + (size == 0));

	if (copy == NULL)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

static void line(const char *s, size_t len)
{
	struct receipt r, again;
	struct why w;
	char text[100];

	if (receipt_read(&r, s, len, &w) < 0)
		return;
	check(r.token > 0 && strlen(r.ref) >= 4 && json_is_valid(s, len));
	check(r.result.s == NULL || json_is_valid(r.result.s, r.result.len));
	int n = snprintf(text, sizeof text, "%s/%llu", r.ref, (unsigned long long)r.token);
	check(receipt_parse(&again, text, (size_t)n) && again.token == r.token &&
	    strcmp(again.ref, r.ref) == 0);
}

static void record(const char *s, size_t len)
{
	static struct xq_batch b, again;
	struct buf out;

	buf_init(&b.text, SIZE_MAX / 2);
	buf_init(&again.text, SIZE_MAX / 2);
	buf_init(&out, SIZE_MAX / 2);
	if (xq_batch_read(&b, s, len)) {
		xq_batch_write(&out, b.run, b.number, b.jobs, b.n);
		check(xq_batch_read(&again, buf_head(&out), out.len));
		check(again.n == b.n && again.number == b.number);
		for (size_t i = 0; i < b.n; i++)
			check(again.jobs[i].len == b.jobs[i].len &&
			    memcmp(again.jobs[i].payload, b.jobs[i].payload, b.jobs[i].len) == 0);
	}
	buf_fini(&b.text);
	buf_fini(&again.text);
	buf_fini(&out);
}

static void answers(const char *s, size_t len)
{
	struct queue_job j = {0};
	struct xq_look look;
	struct buf out;

	if (queue_read_job(&j, s, len))
		check(j.ref.len > 0 && j.ref.len <= QUEUE_REF_MAX && j.id.len > 0);
	xq_look_read(&look, s, len);
	check(look.json.s == NULL || json_is_valid(look.json.s, look.json.len));
	buf_init(&out, SIZE_MAX / 2);
	/* A worker's name is valid UTF-8: Redis has only such. */
	if (look.state != XQ_RUNNING)
		xq_look_write(&out, "x", &look);
	check(out.len == 0 || json_is_valid(buf_head(&out), out.len));
	buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = copy_of(data, size);

	line(s, size);
	record(s, size);
	answers(s, size);
	free(s);
	return 0;
}
