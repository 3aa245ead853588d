/* SPDX-License-Identifier: MIT */
/* beanstalk: beanstalkd(1) at its fastest: commands of one connection in batches, the next batch
 * sent when the last is answered; prints jobs a second put, and then reserved and deleted.
 *
 *	beanstalk PORT JOBS */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../bench.h"

enum { BATCH = 400, REPLY_MAX = 512 };

static const char job[] = "{\"n\":1000000,\"text\":\"a job                                        "
			  "                               \"}";

struct peer {
	FILE *in, *out;
};

static struct peer dial(int port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&sin, sizeof sin) < 0)
		err(69, "127.0.0.1:%d", port);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* tuning */
	struct peer p = {.in = fdopen(fd, "r"), .out = fdopen(dup(fd), "w")};
	if (p.in == NULL || p.out == NULL)
		err(70, "fdopen");
	return p;
}

static void send_all(struct peer *p)
{
	if (fflush(p->out) != 0)
		err(69, "beanstalkd");
}

static void expect(struct peer *p, const char *word, char line[REPLY_MAX])
{
	if (fgets(line, REPLY_MAX, p->in) == NULL || strncmp(line, word, strlen(word)) != 0)
		errx(69, "beanstalkd: %s where %s is due", line, word);
}

static void put(struct peer *p, size_t jobs)
{
	char line[REPLY_MAX];

	for (size_t n = 0; n < jobs; n += BATCH) {
		for (int i = 0; i < BATCH; i++)
			fprintf(p->out, "put 0 0 60 %zu\r\n%s\r\n", sizeof job - 1, job);
		send_all(p);
		for (int i = 0; i < BATCH; i++)
			expect(p, "INSERTED ", line);
	}
}

/* What is reserved is deleted with the next batch. */
static void work(struct peer *p, size_t jobs)
{
	char line[REPLY_MAX];
	unsigned long long ids[BATCH] = {0};

	for (size_t n = 0; n <= jobs; n += BATCH) {
		for (int i = 0; i < BATCH && n > 0; i++)
			fprintf(p->out, "delete %llu\r\n", ids[i]);
		for (int i = 0; i < BATCH && n < jobs; i++)
			fputs("reserve\r\n", p->out);
		send_all(p);
		for (int i = 0; i < BATCH && n > 0; i++)
			expect(p, "DELETED", line);
		for (int i = 0; i < BATCH && n < jobs; i++) {
			expect(p, "RESERVED ", line);
			ids[i] = strtoull(line + strlen("RESERVED "), NULL, 10);
			expect(p, "{", line); /* the job, which has no line end in it */
		}
	}
}

int main(int argc, char **argv)
{
	size_t jobs = argc == 3 ? strtoul(argv[2], NULL, 10) / BATCH * BATCH : 0;

	if (jobs == 0)
		errx(64, "usage: beanstalk PORT JOBS (at least %d)", BATCH);
	struct peer p = dial(atoi(argv[1]));
	int64_t begin = clock_ns();
	put(&p, jobs);
	int64_t middle = clock_ns();
	work(&p, jobs);
	int64_t end = clock_ns();
	printf("%.1f %.1f\n", (double)jobs * 1e9 / (double)(middle - begin),
	    (double)jobs * 1e9 / (double)(end - middle));
	return ferror(stdout) ? 74 : 0;
}
