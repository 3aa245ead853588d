/* SPDX-License-Identifier: MIT */
/* sendloop: the least that fans a channel out: for each message one send(2) to each reader, in a
 * loop. It parses nothing, limits nothing and waits for whoever is slow: the floor that a server is
 * measured against.
 *
 *	sendloop REDIS-SOCKET CHANNEL [PROCESSES]      prints `ready PORT`
 *
 * The processes share the listening socket, and each is subscribed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { READERS_MAX = 65536, REQUEST_MAX = 4096 };

static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    "Connection: close\r\n\r\nevent: connected\ndata: {}\n\n";

static int readers[READERS_MAX], nreaders;

static int listen_somewhere(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof sin) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) < 0)
		err(69, "listen");
	printf("ready %u\n", ntohs(sin.sin_port));
	fflush(stdout);
	return fd;
}

/* Waits for a reader that is slow: nothing is lost, nothing is kept. */
static int send_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		struct pollfd wait = {.fd = fd, .events = POLLOUT};

		if (n < 0 && errno == EAGAIN) {
			if (poll(&wait, 1, 10000) <= 0)
				return -1;
		} else if (n < 0) {
			return -1;
		} else {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static void fan_out(const char *message, size_t len)
{
	static struct buf event = {.max = SIZE_MAX / 2};

	buf_clear(&event);
	(void)buf_adds(&event, "data: "); /* no cap */
	(void)buf_add(&event, message, len);
	(void)buf_adds(&event, "\n\n");
	for (int i = 0; i < nreaders; i++)
		if (send_all(readers[i], buf_head(&event), event.len) < 0) {
			(void)close(readers[i]); /* it left */
			readers[i--] = readers[--nreaders];
		}
}

static void accept_all(int epoll, int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* tuning */
		if (nreaders == READERS_MAX || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
			errx(70, "too many readers");
	}
}

/* A request is one packet here; what it asks for is known. */
static void answer(int epoll, int fd)
{
	char request[REQUEST_MAX];
	ssize_t n = recv(fd, request, sizeof request, 0);

	(void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
	if (n <= 0 || send_all(fd, head, sizeof head - 1) < 0)
		(void)close(fd); /* it left */
	else
		readers[nreaders++] = fd;
}

static void drain(redisContext *c)
{
	redisReply *reply;

	if (redisBufferRead(c) != REDIS_OK)
		errx(69, "redis: %s", c->errstr);
	while (redisReaderGetReply(c->reader, (void **)&reply) == REDIS_OK && reply != NULL) {
		if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 &&
		    reply->element[2]->type == REDIS_REPLY_STRING)
			fan_out(reply->element[2]->str, reply->element[2]->len);
		freeReplyObject(reply);
	}
}

static void serve(const char *redis, const char *channel, int listener)
{
	struct epoll_event events[256];
	redisContext *c = bench_connect(redis);

	freeReplyObject(bench_command(c, "SUBSCRIBE %s", channel));
	int epoll = epoll_create1(0);
	struct epoll_event on_redis = {.events = EPOLLIN, .data.fd = c->fd};
	struct epoll_event on_listener = {.events = EPOLLIN, .data.fd = listener};
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &on_redis) < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &on_listener) < 0)
		err(70, "epoll");
	for (;;) {
		int n = epoll_wait(epoll, events, 256, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == c->fd)
				drain(c);
			else if (fd == listener)
				accept_all(epoll, listener);
			else
				answer(epoll, fd);
		}
	}
}

int main(int argc, char **argv)
{
	if (argc != 3 && argc != 4)
		errx(64, "usage: sendloop REDIS-SOCKET CHANNEL [PROCESSES]");
	int listener = listen_somewhere();
	for (int i = argc == 4 ? atoi(argv[3]) : 1; i > 1; i--) {
		pid_t pid = fork();

		if (pid < 0)
			err(71, "fork");
		if (pid == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* if not, it is left behind */
			break;
		}
	}
	serve(argv[1], argv[2], listener);
}
