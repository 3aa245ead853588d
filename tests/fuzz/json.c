/* SPDX-License-Identifier: MIT */
/* A line becomes a message: whatever comes in, what goes out is one strict JSON object whose sp is
 * ours. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "msg.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void check_message(const struct buf *b)
{
	struct json_walk w;
	struct json_member m;
	struct msg_sp sp;
	int r, nsp = 0;

	json_walk(&w, buf_head(b), b->len);
	while ((r = json_next(&w, &m)) == 1)
		nsp += json_means(m.key, "sp");
	check(r == 0 && nsp == 1);
	check(
	    memchr(buf_head(b), '\0', b->len) == NULL && utf8_valid(buf_head(b), b->len) == b->len);
	check(msg_sp(buf_head(b), b->len, &sp) && sp.run_len == 3 && sp.seq == 7 && !sp.has_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct msg_from from = {"p", "s"};
	struct msg_facts facts;
	struct msg_sp sp;
	struct buf b, text;
	struct why w;
	const char *s = (const char *)data;

	buf_init(&b, size * 2 + 400);
	buf_init(&text, size * 7 + 16);
	bool valid = json_is_valid(s, size);
	int r = msg_open_line(&b, s, size, &from, 1, &facts, &w);
	check(r != -2);
	check(valid || r == -1);
	if (r == 0) {
		check(msg_close(&b, "run", 7) == 0);
		check_message(&b);
	}
	(void)msg_sp(s, size, &sp); /* must not read beyond its end */
	(void)msg_type(s, size);    /* as above */
	size_t good = utf8_valid(s, size);
	check(json_escape(&text, s, good) == 0);
	buf_clear(&b);
	check(json_unescape(&b, (struct json_slice){buf_head(&text), text.len}) == 0);
	check(b.len == good && (good == 0 || memcmp(buf_head(&b), s, good) == 0));
	buf_fini(&b);
	buf_fini(&text);
	return 0;
}
