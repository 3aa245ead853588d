/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_DIAL_H
#define SPOUT_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tls.h"
#include "why.h"

/*
 * A byte stream to a server, plain or within TLS, that waits, with a deadline for each step: for
 * commands that have nothing else to do. Times are those of clock_ms.
 *
 *	dial_open → dial_write, dial_read → dial_close
 */
struct dial;

enum { DIAL_LATE = -2 }; /* the deadline passed; may be called again */

struct dial_to {
	const char *host; /* as for net_open */
	uint16_t port;
	bool tls;
	const char *cafile; /* as for tls_open */
};

/* How far it came: what to tell somebody whose dial_open failed. */
enum dial_step { DIAL_CONNECT, DIAL_SHAKE, DIAL_OPEN };

/* 0, or -1: w names the address and the cause, WHY_TIMEOUT when the deadline passed. */
int dial_open(struct dial **d, const struct dial_to *to, int64_t until_ms, enum dial_step *step,
    struct why *w);
void dial_close(struct dial *d);

/* NULL without TLS. */
const struct tls *dial_tls(const struct dial *d);

/* Writes all. -1; WHY_TIMEOUT when the deadline passed. */
int dial_write(struct dial *d, const void *p, size_t n, int64_t until_ms, struct why *w);

/* The next bytes: how many, 0 at the end, DIAL_LATE, -1. */
ssize_t dial_read(struct dial *d, void *p, size_t size, int64_t until_ms, struct why *w);

#endif
