/* SPDX-License-Identifier: MIT */
/* xrange: reads a whole stream by XRANGE, 1000 entries at a time; prints seconds and entries.
 *
 *	xrange SOCKET-OR-PORT KEY */
#include <stdio.h>

#include "bench.h"

int main(int argc, char **argv)
{
	char from[64] = "-";
	size_t entries = 0, n;

	if (argc != 3)
		errx(64, "usage: xrange SOCKET-OR-PORT KEY");
	int64_t start = clock_ns();
	redisContext *c = bench_connect(argv[1]);
	do {
		redisReply *page = bench_command(c, "XRANGE %s %s + COUNT 1000", argv[2], from);

		n = page->elements;
		entries += n;
		if (n > 0)
			(void)snprintf(from, sizeof from, "(%s",
			    page->element[n - 1]->element[0]->str); /* an id fits */
		freeReplyObject(page);
	} while (n == 1000);
	printf("%.6f %zu\n", (double)(clock_ns() - start) / 1e9, entries);
	redisFree(c);
	return 0;
}
