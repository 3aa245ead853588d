/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSELOAD_TARGET_H
#define SPOUT_SSELOAD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "buf.h"
#include "opt.h"
#include "why.h"

/*
 * Where a load goes, and from which addresses it comes. No name is looked up: a load tester's
 * resolver would be measured too.
 *
 *	http://127.0.0.1:8080/events/{n}      a number, or localhost, which is 127.0.0.1
 *	http://[::1]:8080/events
 *	unix:/run/sse.sock:/events/{n}        a Unix socket, as nginx writes it
 *
 * {n} becomes the channel's number, wherever it stands in the path or the query.
 */
struct target {
	char *text;       /* heap: the whole URL */
	const char *host; /* what Host: says; host_len bytes of text, or a constant */
	size_t host_len;
	const char *path; /* of text: the template behind the authority; "/" at least */
	struct sockaddr_storage addr;
	socklen_t addr_len;
};

/* WHY_USAGE. */
int target_parse(struct target *t, const char *url, struct why *w);
void target_fini(struct target *t);

/* Adds template with each {n} replaced. */
void target_expand(struct buf *out, const char *template, uint64_t n);

/* Source addresses: a set of ranges. */
struct source_range {
	uint32_t first, count; /* IPv4, host order */
};

struct sources {
	struct source_range *ranges; /* heap */
	int nranges;
	uint64_t count; /* of addresses; 0: the kernel chooses */
};

/* Reads "127.0.0.2,127.1.0.0/24,…". A network of /30 or larger leaves out its first and its last
 * address. WHY_USAGE. */
int sources_parse(struct sources *s, const char *text, struct why *w);
void sources_fini(struct sources *s);

/* The i-th address, in network order; i below count. */
uint32_t sources_at(const struct sources *s, uint64_t i);

/* Opens a non-blocking socket and begins to connect it from the i-th source, modulo their number.
 * The descriptor, or -1 with errno. */
int target_connect(const struct target *t, const struct sources *s, uint64_t i, int rcvbuf_bytes);

#endif
