/* SPDX-License-Identifier: MIT */
/* ping: how long a Redis keeps another client waiting: a PING a millisecond, until TERM; prints the
 * longest, p99 and p50, in microseconds.
 *
 *	ping SOCKET-OR-PORT */
#include <signal.h>
#include <time.h>

#include "bench.h"

enum { INTERVAL_NS = 1000000, PINGS_MAX = 1 << 20 };

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

int main(int argc, char **argv)
{
	int64_t *us = xcalloc(PINGS_MAX, sizeof *us);
	size_t n = 0;

	if (argc != 2)
		errx(64, "usage: ping SOCKET-OR-PORT");
	redisContext *c = bench_connect(argv[1]);
	const struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	(void)sigaction(SIGTERM, &action, NULL); /* cannot fail */
	while (!ended && n < PINGS_MAX) {
		int64_t begin = clock_ns();

		freeReplyObject(bench_command(c, "PING"));
		us[n] = (clock_ns() - begin) / 1000;
		int64_t rest = INTERVAL_NS - us[n++] * 1000;
		if (rest > 0)
			(void)nanosleep(
			    &(struct timespec){.tv_nsec = rest}, NULL); /* TERM ends it */
	}
	if (n == 0)
		errx(69, "not asked once");
	printf("%lld %lld %lld\n", (long long)bench_percentile(us, n, 100),
	    (long long)bench_percentile(us, n, 99), (long long)bench_percentile(us, n, 50));
	free(us);
	return ferror(stdout) ? 74 : 0;
}
