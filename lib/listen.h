/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LISTEN_H
#define SPOUT_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "address.h"
#include "why.h"

/*
 * Sockets that a server accepts on: those of addresses as the command line has them, and those that
 * somebody handed over (LISTEN_FDS, sd_listen_fds(3)): systemd, or the process that this one
 * replaces.
 *
 *	127.0.0.1:8080  [::1]:8080  host:0  :8080 (all)  unix:/run/spout.sock
 */
struct listen_socket {
	int fd;           /* -1: closed */
	char *name;       /* as it is to be told: with the real port; heap */
	char *path;       /* of a Unix socket that was made here, and goes with us; else NULL */
	struct stat made; /* at that path */
	bool is_admin;    /* for /healthz, /readyz, /status and /metrics */
	bool is_unix;
	bool is_local;   /* only this machine can reach it */
	bool was_handed; /* over */
	bool was_asked;  /* an address of the command line stands for it */
};

struct listen {
	struct listen_socket *sockets; /* heap */
	size_t n;
	int64_t write_ms; /* sent and not acknowledged for so long: the peer is gone; 0: by the
			     kernel's rules. To be set first */
};

/* Takes over what $LISTEN_FDS hands to this process, and forgets the variables. Those that
 * $LISTEN_FDNAMES calls "admin" are. WHY_USAGE for one that does not listen. */
int listen_adopt(struct listen *l, struct why *w);

/* Listens on an address; a socket that was handed over for the same address is that one. A Unix
 * socket whose owner is gone is replaced; one that somebody listens on is not. Modes are mode
 * (0666 & ~umask by default: -1). WHY_USAGE for what is no address, WHY_CANTCREAT. */
int listen_add(struct listen *l, const char *address, bool is_admin, int mode, struct why *w);

/* Closes the sockets: who comes from now on is refused by the kernel. */
void listen_shut(struct listen *l);

/* Closes all; `remove`: the paths of Unix sockets that were made here go too, unless somebody has
 * put another one there. */
void listen_close(struct listen *l, bool remove);

/* accept(2): the descriptor, close-on-exec and not blocking, and who it is (none for a Unix
 * socket); -1: errno. */
int listen_accept(const struct listen_socket *s, struct address *peer);

#endif
