/* SPDX-License-Identifier: MIT */
/* peer: whoever is at the other end of a connection that we were given. */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"

enum {
	LINGER_MS = 1000, /* for the peer to take the rest before we close */
	LINGER_BYTES = 1 << 20,
};

static bool is_loopback(const struct sockaddr_storage *a)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)a;

	switch (a->ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(sin->sin_addr.s_addr) >> 24 == 127;
	case AF_INET6:
		return IN6_IS_ADDR_LOOPBACK(&sin6->sin6_addr) ||
		    (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr) && sin6->sin6_addr.s6_addr[12] == 127);
	default:
		return false;
	}
}

bool peer_is_local(int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof a;

	if (getsockname(fd, (struct sockaddr *)&a, &len) == 0)
		return is_loopback(&a);
	return errno == ENOTSOCK;
}

bool peer_is_on_stderr(void)
{
	struct stat in, err;

	return fstat(STDIN_FILENO, &in) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	    S_ISSOCK(err.st_mode) && in.st_dev == err.st_dev && in.st_ino == err.st_ino;
}

void peer_linger(int fd)
{
	char junk[4096];
	size_t got = 0;
	int64_t until = clock_ms() + LINGER_MS;

	if (shutdown(fd, SHUT_WR) < 0)
		return; /* no socket, or gone */
	while (got < LINGER_BYTES && clock_ms() < until) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, (int)(until - clock_ms())) <= 0)
			return;
		ssize_t n = recv(fd, junk, sizeof junk, MSG_DONTWAIT);
		if (n <= 0)
			return;
		got += (size_t)n;
	}
}

int peer_queued(int fd)
{
	int queued = 0;

	return ioctl(fd, SIOCOUTQ, &queued) == 0 ? queued : 0;
}

/* As poll(2) for POLLOUT, for wait_ms since the peer took something last. */
static int wait_writable(int fd, int64_t wait_ms)
{
	int64_t moved_ms = clock_ms(), slice_ms = wait_ms / PEER_LOOKS + 1;
	int queued = peer_queued(fd), ready, now;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};

		ready = poll(&p, 1, slice_ms > INT_MAX ? INT_MAX : (int)slice_ms);
		if (ready != 0)
			return ready;
		if ((now = peer_queued(fd)) < queued)
			moved_ms = clock_ms();
		else if (clock_ms() - moved_ms >= wait_ms)
			return 0;
		queued = now;
	}
}

int peer_write(int fd, const char *s, size_t len, int64_t wait_ms, struct why *w)
{
	while (len > 0) {
		ssize_t n = send(fd, s, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == ENOTSOCK)
			return proc_write(fd, "standard output", s, len, w);
		if (n >= 0) {
			s += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return why_errno(w, WHY_IO, "the reader");
		int ready = wait_writable(fd, wait_ms);
		if (ready == 0)
			return why_set(
			    w, WHY_IO, "the reader took nothing for %lld ms", (long long)wait_ms);
		if (ready < 0)
			return why_errno(w, WHY_IO, "the reader"); /* a signal: we are to stop */
	}
	return 0;
}
