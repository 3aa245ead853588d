/* SPDX-License-Identifier: MIT */
/* net: a byte stream over TCP or a Unix socket. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"

enum { NET_ADDRS = 8 }; /* addresses of one name that are tried */

struct net {
	int fd;
	socklen_t lens[NET_ADDRS];
	struct sockaddr_storage addrs[NET_ADDRS];
	int naddrs, next; /* next: the address to try after this one */
};

static void add_addr(struct net *net, const struct sockaddr *sa, socklen_t len)
{
	if (net->naddrs == NET_ADDRS)
		return;
	memcpy(&net->addrs[net->naddrs], sa, len);
	net->lens[net->naddrs++] = len;
}

static void add_ipv4(struct net *net, struct in_addr a, uint16_t port)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = a};

	add_addr(net, (struct sockaddr *)&sin, sizeof sin);
}

static void add_ipv6(struct net *net, struct in6_addr a, uint16_t port)
{
	struct sockaddr_in6 sin6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = a};

	add_addr(net, (struct sockaddr *)&sin6, sizeof sin6);
}

/* Numbers and localhost (RFC 6761, 6.3: always loopback) need no resolver, which costs a one-shot
 * publish a tenth of its time. */
static int resolve(struct net *net, const char *host, uint16_t port, struct why *w)
{
	struct in_addr a4;
	struct in6_addr a6;
	struct addrinfo *list, hints = {.ai_socktype = SOCK_STREAM};
	char service[6];

	if (inet_pton(AF_INET, host, &a4) == 1) {
		add_ipv4(net, a4, port);
		return 0;
	}
	if (inet_pton(AF_INET6, host, &a6) == 1) {
		add_ipv6(net, a6, port);
		return 0;
	}
	if (strcasecmp(host, "localhost") == 0) {
		add_ipv4(net, (struct in_addr){htonl(INADDR_LOOPBACK)}, port);
		add_ipv6(net, in6addr_loopback, port);
		return 0;
	}
	(void)snprintf(service, sizeof service, "%u", (unsigned)port); /* 5 digits */
	int r = getaddrinfo(host, service, &hints, &list);
	if (r != 0)
		return why_set(w, WHY_UNAVAILABLE, "host name %s: %s", host, gai_strerror(r));
	for (struct addrinfo *a = list; a != NULL; a = a->ai_next)
		add_addr(net, a->ai_addr, a->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

static int add_path(struct net *net, const char *path, struct why *w)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof sun.sun_path)
		return why_set(w, WHY_USAGE, "socket path %s: longer than %zu bytes", path,
		    sizeof sun.sun_path - 1);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	add_addr(net, (struct sockaddr *)&sun, sizeof sun);
	return 0;
}

static void set_options(int fd, sa_family_t family)
{
	int on = 1, idle_s = 60;

	/* Tuning: a connection without it is slower, not wrong. */
	if (family == AF_UNIX)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
#ifdef TCP_KEEPIDLE
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
#endif
}

/* Begins with the next address that does not fail at once. */
static int try_next(struct net *net, struct why *w)
{
	int saved = ECONNREFUSED;

	while (net->next < net->naddrs) {
		int i = net->next++;
		sa_family_t family = net->addrs[i].ss_family;
		int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0) {
			saved = errno;
			continue;
		}
		set_options(fd, family);
		if (connect(fd, (struct sockaddr *)&net->addrs[i], net->lens[i]) == 0 ||
		    errno == EINPROGRESS) {
			net->fd = fd;
			return 0;
		}
		saved = errno;
		(void)close(fd); /* nothing was sent */
	}
	errno = saved;
	return why_set(w, WHY_UNAVAILABLE, "%s", strerror(saved));
}

int net_open(struct net **out, const char *host, uint16_t port, const char *path, struct why *w)
{
	struct net *net = xcalloc(1, sizeof *net);

	net->fd = -1;
	int r = host != NULL ? resolve(net, host, port, w) : add_path(net, path, w);
	if (r < 0 || try_next(net, w) < 0) {
		free(net);
		return -1;
	}
	*out = net;
	return 0;
}

void net_close(struct net *net)
{
	if (net == NULL)
		return;
	if (net->fd >= 0)
		(void)close(net->fd); /* the stream is given up */
	free(net);
}

int net_fd(const struct net *net)
{
	return net->fd;
}

int net_connected(struct net *net, struct why *w)
{
	int error = 0;
	socklen_t len = sizeof error;
	struct sockaddr_storage peer;
	socklen_t peer_len = sizeof peer;

	if (getsockopt(net->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error == 0 && getpeername(net->fd, (struct sockaddr *)&peer, &peer_len) == 0)
		return 0;
	if (error == 0)
		return NET_AGAIN;
	if (net->next == net->naddrs)
		return why_set(w, WHY_UNAVAILABLE, "%s", strerror(error));
	/* The old one is closed last, so that the new one has another number: whoever waits on
	 * it sees the change. */
	int old = net->fd;
	net->fd = -1;
	int r = try_next(net, w) < 0 ? NET_ERROR : NET_AGAIN;
	(void)close(old); /* never connected */
	return r;
}

ssize_t net_read(struct net *net, void *p, size_t n, struct why *w)
{
	ssize_t got = recv(net->fd, p, n, 0);

	if (got >= 0)
		return got;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return NET_AGAIN;
	return why_set(w, WHY_UNAVAILABLE, "%s", strerror(errno));
}

ssize_t net_write(struct net *net, const void *p, size_t n, struct why *w)
{
	ssize_t put = send(net->fd, p, n, MSG_NOSIGNAL);

	if (put >= 0)
		return put;
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
		return NET_AGAIN;
	return why_set(w, WHY_UNAVAILABLE, "%s", strerror(errno));
}
