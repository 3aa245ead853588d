/* SPDX-License-Identifier: MIT */
/* rawsub: the least that reads a channel: SUBSCRIBE, and then the bytes, of which it looks at none.
 *
 *	rawsub REDIS-SOCKET CHANNEL MESSAGES BYTES
 *
 * Prints `ready`, and when MESSAGES of BYTES each have come, how many that were a second, from the
 * first to the last.
 */
#include <unistd.h>

#include "bench.h"

enum { READ_SIZE = 64 * 1024 };

int main(int argc, char **argv)
{
	static char bytes[READ_SIZE];
	size_t got = 0;
	int64_t begin = 0;

	if (argc != 5)
		errx(64, "usage: rawsub REDIS-SOCKET CHANNEL MESSAGES BYTES");
	size_t messages = strtoul(argv[3], NULL, 10), size = strtoul(argv[4], NULL, 10);
	/* *3 $7 message $N CHANNEL $SIZE TEXT */
	size_t each = (size_t)snprintf(bytes, sizeof bytes,
			  "*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$%zu\r\n\r\n", strlen(argv[2]),
			  argv[2], size) +
	    size;
	redisContext *c = bench_connect(argv[1]);
	freeReplyObject(bench_command(c, "SUBSCRIBE %s", argv[2]));
	printf("ready\n");
	fflush(stdout);
	while (got < messages * each) {
		ssize_t n = read(c->fd, bytes, sizeof bytes);

		if (n <= 0)
			errx(69, "the server closed the connection");
		if (begin == 0)
			begin = clock_ns();
		got += (size_t)n;
	}
	printf("%.0f\n", (double)messages / ((double)(clock_ns() - begin) / 1e9));
	return ferror(stdout) ? 74 : 0;
}
