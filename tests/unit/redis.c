/* SPDX-License-Identifier: MIT */
/* redis: a connection, the other end of which is in our hand. */
#include "redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "t.h"

static char path[100];
static int server = -1;

static struct redis *connect_to_us(struct url *url)
{
	const struct redis_times at_once = {5000, 5000, 0};
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int door = socket(AF_UNIX, SOCK_STREAM, 0);
	struct redis *r;
	struct why w;

	(void)snprintf(path, sizeof path, "/tmp/spout-unit.%d", (int)getpid()); /* fits */
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);              /* fits */
	(void)unlink(path);
	*url = (struct url){.kind = URL_UNIX, .path = path, .shown = path};
	if (door < 0 || bind(door, (struct sockaddr *)&a, sizeof a) < 0 || listen(door, 1) < 0 ||
	    redis_open(&r, url, &at_once, &w) < 0 || (server = accept(door, NULL, NULL)) < 0)
		abort();
	(void)close(door);
	(void)unlink(path);
	return r;
}

static void say(const char *s)
{
	if (write(server, s, strlen(s)) != (ssize_t)strlen(s))
		abort();
}

/* The answer that the owner gets next; 0 for none. */
static long long next(struct redis *r)
{
	struct reply *reply;
	struct why w;

	if (redis_read(r, &w) < 0)
		abort();
	return redis_next(r, &reply, &w) == 1 ? reply->integer != 0 ? reply->integer : -1 : 0;
}

static void ping(struct redis *r)
{
	struct why w;

	if (redis_tick(r, clock_ms() + 10, &w) < 0)
		abort();
}

/* An error says that the server is there, too: MISCONF when it cannot save, NOPERM. */
static void test_health(struct redis *r)
{
	static const char *const pongs[] = {"+PONG\r\n", "-MISCONF no disk\r\n",
	    "-NOPERM no permissions to run the 'ping' command\r\n",
	    "*2\r\n$4\r\npong\r\n$0\r\n\r\n"};

	for (size_t i = 0; i < sizeof pongs / sizeof *pongs; i++) {
		ping(r);
		redis_command(r, 1, (const char *const[]){"ASK"}, NULL);
		say(pongs[i]);
		say(":7\r\n");
		ok(next(r) == 7 && next(r) == 0, "what answers a PING does not show (%zu)", i);
	}
}

int main(void)
{
	struct url url;
	struct redis *r = connect_to_us(&url);

	test_health(r);
	redis_close(r);
	(void)close(server);
	return t_done();
}
