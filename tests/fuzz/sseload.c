/* SPDX-License-Identifier: MIT */
/* Any bytes as an answer with events: what a load makes of it does not depend on how it is cut. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sseload_answer.h"
#include "sseload_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool good)
{
	if (!good)
		abort();
}

struct run {
	struct answer answer;
	struct scan scan;
	struct buf heard;
};

static void take_body(struct run *r, const struct answer_bytes *body)
{
	const char *p = body->p;
	size_t len = body->len;
	enum audit_found found;
	struct audit_stamp s = {0};

	must(len > 0);
	while (scan_next(&r->scan, &p, &len, &found, &s) == SCAN_EVENT) {
		must(r->scan.id_len <= SCAN_ID_MAX);
		must(memchr(r->scan.id, '\n', r->scan.id_len) == NULL);
		must(memchr(r->scan.id, '\r', r->scan.id_len) == NULL);
		(void)buf_addf(&r->heard, "%d %llu %.*s;", found,
		    found == AUDIT_GOOD ? (unsigned long long)s.seq : 0, r->scan.id_len,
		    r->scan.id);
	}
	must(len == 0);
}

static void read_cut(struct run *r, const char *s, size_t len, size_t step)
{
	enum answer_step got = ANSWER_MORE;
	struct answer_bytes body;

	answer_init(&r->answer);
	scan_init(&r->scan);
	buf_init(&r->heard, (size_t)1 << 26);
	for (size_t at = 0, n; at < len && got != ANSWER_END && got != ANSWER_BAD; at += n) {
		n = len - at < step ? len - at : step;
		char *copy = malloc(n); /* a read beyond n is seen */
		const char *p = copy;
		size_t left = n;

		memcpy(copy, s + at, n);
		while ((got = answer_next(&r->answer, &p, &left, &body)) == ANSWER_HEAD ||
		    got == ANSWER_BODY)
			if (got == ANSWER_BODY)
				take_body(r, &body);
		free(copy);
	}
	must(r->answer.status < 600 && r->answer.head_bytes <= 2 * ANSWER_HEAD_MAX);
	(void)buf_addf(&r->heard, "%u %d %d %d %d", r->answer.status, got == ANSWER_BAD,
	    got == ANSWER_END, r->answer.is_stream, answer_eof(&r->answer));
	scan_restart(&r->scan);
	must(r->scan.line == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *s = (const char *)data + 1;
	struct run whole, cut;

	if (len < 2)
		return 0;
	read_cut(&whole, s, len - 1, len - 1);
	for (size_t step = 1; step <= 1 + data[0] % 8u; step++) {
		read_cut(&cut, s, len - 1, step);
		must(cut.heard.len == whole.heard.len &&
		    memcmp(buf_head(&cut.heard), buf_head(&whole.heard), cut.heard.len) == 0);
		buf_fini(&cut.heard);
	}
	buf_fini(&whole.heard);
	return 0;
}
