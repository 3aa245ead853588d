/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_PEER_H
#define SPOUT_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "why.h"

/* Whoever is at the other end of a connection that we were given: a socket, or two pipes. */

/* Whether that can only be this machine: a pipe, a terminal, a Unix socket, a loopback address. */
bool peer_is_local(int fd);

/* Whether stderr is the same connection as standard input, as with classic inetd: what is said
 * there would reach the reader. */
bool peer_is_on_stderr(void);

/* The bytes that the kernel holds for the peer of a socket. It says that there is room only when a
 * third of its buffer is free, megabytes, for which a slow peer needs longer than a deadline:
 * looked at PEER_LOOKS times within that, this tells earlier whether the peer takes anything. */
int peer_queued(int fd);
enum { PEER_LOOKS = 4 };

/* Writes all of s to a socket, until the peer has taken nothing for wait_ms; anything else is
 * written as proc_write does. -1: WHY_IO. */
int peer_write(int fd, const char *s, size_t len, int64_t wait_ms, struct why *w);

/* After the last write: lets the peer take it (at most a second), and drops what it still sends.
 * Closing with unread bytes would reset the connection, and lose what is on its way. Nothing for a
 * pipe. */
void peer_linger(int fd);

#endif
