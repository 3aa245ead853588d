/* SPDX-License-Identifier: MIT */
/* play: print the text of a recorded Anthropic stream, delta by delta, at the pace of a model.
 *
 *	play answer.sse [DELTAS-A-SECOND]        # 15, about 40 tokens; 0: all at once */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "sse.h"

struct player {
	long rate; /* deltas a second; 0: no pause */
	struct buf text;
};

/* A recording has no times in it: each pause is between half and one and a half of the mean. */
static void wait_a_bit(const struct player *p)
{
	if (p->rate == 0)
		return;
	long mean_ns = 1000000000 / p->rate;
	long ns = mean_ns / 2 + (long)clock_random((uint64_t)mean_ns);
	(void)nanosleep(&(struct timespec){ns / 1000000000, ns % 1000000000}, NULL);
}

/* {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"…"}} */
static int on_event(void *arg, const struct sse_message *m, struct why *w)
{
	struct player *p = arg;
	struct json_slice delta = json_find(m->data, m->data_len, "delta");

	if (delta.s == NULL ||
	    !json_means(json_string(json_find(delta.s, delta.len, "type")), "text_delta"))
		return 0;
	struct json_slice text = json_string(json_find(delta.s, delta.len, "text"));
	buf_clear(&p->text);
	if (text.s == NULL || json_unescape(&p->text, text) < 0)
		return why_set(w, WHY_DATA, "event %llu has no text", m->number);
	wait_a_bit(p);
	/* Small enough for a pipe to take it whole. */
	if (write(STDOUT_FILENO, buf_head(&p->text), p->text.len) < 0)
		return why_errno(w, WHY_IO, "standard output");
	return 0;
}

int main(int argc, char **argv)
{
	struct player p = {.rate = argc == 3 ? atol(argv[2]) : 15};
	struct sse_decoder decoder;
	struct why w;
	char bytes[4096];
	ssize_t n;

	if (argc < 2 || argc > 3 || p.rate < 0)
		errx(WHY_USAGE, "usage: play FILE [DELTAS-A-SECOND]");
	int fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		err(WHY_NOINPUT, "%s", argv[1]);
	buf_init(&p.text, 1 << 20);
	sse_decoder_init(&decoder, 1 << 20);
	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		if (sse_feed(&decoder, bytes, (size_t)n, on_event, &p, &w) < 0)
			errx(w.status, "%s: %s", argv[1], w.text);
	if (n < 0)
		err(WHY_IO, "%s", argv[1]);
	sse_decoder_fini(&decoder);
	buf_fini(&p.text);
	(void)close(fd); /* only read */
	return 0;
}
