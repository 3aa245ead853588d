/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_ADDRESS_H
#define SPOUT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "why.h"

/* Internet addresses of clients: IPv6, with IPv4 mapped into it (RFC 4291, 2.5.5.2). All zeros is
 * none: a client of a Unix socket. */
struct address {
	unsigned char bytes[16];
};

enum { ADDRESS_TEXT_MAX = 46 }; /* with NUL */

/* Reads an address as it stands in a header or on a command line: 192.0.2.1, 2001:db8::1, with a
 * port behind (192.0.2.1:80, [2001:db8::1]:80), or in brackets. */
bool address_parse(struct address *a, const char *s, size_t len);

/* Writes it as text; "unix" for none. Returns text. */
const char *address_format(const struct address *a, char text[ADDRESS_TEXT_MAX]);

bool address_is_none(const struct address *a);
bool address_is_loopback(const struct address *a);

/* What a limit per address counts by: an IPv4 address, an IPv6 network of 64 bits, since a client
 * has all addresses of one. */
struct address address_owner(const struct address *a);

/* A network: 10.0.0.0/8, 2001:db8::/32, an address alone, or "unix": all Unix sockets. */
struct address_net {
	struct address base;
	int bits; /* of the 128 that count; -1: unix */
};

/* WHY_USAGE when it is none. */
int address_net_parse(struct address_net *net, const char *text, struct why *w);

/* Whether one of them has it. */
bool address_is_in(const struct address *a, const struct address_net *nets, size_t n);

/* Whom a chain of proxies forwards for: list is the X-Forwarded-For: header, to which each proxy
 * adds whom it heard from. Read from its end, the first address that is no proxy of ours is the
 * client; what stands before it anybody may have written. peer stays when it is no such proxy. */
struct address address_forwarded(const struct address *peer, const char *list, size_t len,
    const struct address_net *proxies, size_t nproxies);

#endif
