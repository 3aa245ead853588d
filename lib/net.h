/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_NET_H
#define SPOUT_NET_H

#include <stdint.h>
#include <sys/types.h>

#include "why.h"

/*
 * A byte stream to a server that never blocks, but for the name's resolution. What is above it
 * knows neither the address family nor, later, whether there is TLS below.
 *
 *	net_open → net_connected … 0 → net_read / net_write → net_close
 */
struct net;

enum net_result { NET_ERROR = -1, NET_AGAIN = -2 }; /* AGAIN: wait until the descriptor is ready */

/* Begins to connect to host:port, or with host NULL to the Unix socket path. WHY_UNAVAILABLE. */
int net_open(struct net **net, const char *host, uint16_t port, const char *path, struct why *w);
void net_close(struct net *net);

/* The descriptor to wait on; changes while several addresses are tried. */
int net_fd(const struct net *net);

/* Once writable: 0 connected, NET_AGAIN not yet (perhaps with another descriptor), NET_ERROR. */
int net_connected(struct net *net, struct why *w);

/* Bytes read (0: the other side closed), NET_AGAIN, NET_ERROR. */
ssize_t net_read(struct net *net, void *p, size_t n, struct why *w);

/* Bytes taken, NET_AGAIN, NET_ERROR. Never raises SIGPIPE. */
ssize_t net_write(struct net *net, const void *p, size_t n, struct why *w);

#endif
