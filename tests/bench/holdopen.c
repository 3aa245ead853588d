/* SPDX-License-Identifier: MIT */
/* holdopen: the least that holds a million readers: processes that share a listening socket, answer
 *each request with the head of a stream and one event, and keep the connection. What it costs is
 *the kernel's.
 *
 *	holdopen PROCESSES [PER-PROCESS]      prints `ready PORT`
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { PER_PROCESS = 19900, REQUEST_MAX = 4096 };

static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n"
    "Connection: close\r\n\r\nevent: connected\ndata: {}\n\n";

static int listen_somewhere(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof sin;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof sin) < 0 || listen(fd, 65535) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) < 0)
		err(69, "listen");
	printf("ready %u\n", ntohs(sin.sin_port));
	fflush(stdout);
	return fd;
}

static int answer(int fd)
{
	char request[REQUEST_MAX];
	ssize_t n = recv(fd, request, sizeof request, 0);

	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n <= 0 || send(fd, head, sizeof head - 1, MSG_NOSIGNAL) != (ssize_t)sizeof head - 1) {
		(void)close(fd); /* it left */
		return -1;
	}
	return 0;
}

/* Accepts until it is full; then the others do. The request has usually come with the connection.
 */
static void hold(int listener, int most)
{
	struct epoll_event events[256];
	struct epoll_event on_listener = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = listener};
	int epoll = epoll_create1(0), held = 0, batch = 64;

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &on_listener) < 0)
		err(70, "epoll");
	for (bool full = false;;) {
		int n = epoll_wait(epoll, events, 256, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd != listener) {
				held += answer(fd);
				continue;
			}
			for (int k = 0; k < batch && held < most; k++) {
				struct epoll_event e = {.events = EPOLLIN};

				fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
				if (fd < 0)
					break;
				e.data.fd = fd;
				if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0)
					err(70, "epoll");
				held++;
			}
		}
		if (full != (held >= most)) {
			full = !full;
			if (epoll_ctl(epoll, full ? EPOLL_CTL_DEL : EPOLL_CTL_ADD, listener,
				&on_listener) < 0)
				err(70, "epoll");
		}
	}
}

int main(int argc, char **argv)
{
	int processes = argc > 1 ? atoi(argv[1]) : 0;
	int most = argc > 2 ? atoi(argv[2]) : PER_PROCESS;

	if (processes < 1 || most < 1)
		errx(64, "usage: holdopen PROCESSES [PER-PROCESS]");
	int listener = listen_somewhere();
	pid_t parent = getpid();
	for (int i = 1; i < processes; i++)
		if (fork() == 0) {
			/* Gone with the parent, however that ends. */
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != parent)
				return 0;
			hold(listener, most);
		}
	hold(listener, most);
}
