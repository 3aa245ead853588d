/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_INETD_H
#define SPOUT_INETD_H

#include <stdbool.h>
#include <stdint.h>

#include "access.h"
#include "cors.h"
#include "link.h"
#include "say.h"
#include "why.h"

/*
 * One HTTP exchange on standard input and output, as inetd (nowait), systemd (Accept=yes),
 * tcpserver and socat hand it over: a socket on both, or two pipes. Then it is over: no keep-alive.
 */
struct inetd_conf {
	struct link_conf link;
	const struct say *say;
	const char *namespace;
	struct cors cors;
	const char *const *allow; /* globs of channels that the channel route serves */
	int nallow;
	bool insecure; /* serve without authentication on any address */
	const struct access
	    *access; /* NULL: no tokens; else they decide, allow and insecure do not */
	bool event_names;
	int64_t max_header; /* bytes */
	int64_t header_ms;  /* until the head must be complete */
	int64_t write_ms;   /* who takes nothing for so long is gone */
	int64_t heartbeat_ms, retry_ms;
	void (*on_down)(void *arg, const struct why *w, int64_t wait_ms);
	void *arg;
};

/* Serves and returns the exit status: 0 whatever the answer was, WHY_… when there was nobody to
 * answer to. */
int inetd_serve(const struct inetd_conf *conf);

#endif
