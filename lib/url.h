/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_URL_H
#define SPOUT_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "why.h"

/*
 * Where Redis is. redis://[[user]:password@]host[:port][/db], rediss://… (?cafile= ?cert=&key=
 * ?verify=no), unix:///path[?db=N&user=…&password=…],
 * redis+sentinel://h1:26379,h2:26379/mymaster[/db]
 * (?sentinel_user= &sentinel_password=), redis+cluster://h1:7000,h2:7001. Percent-decoded in every
 * part; IPv6 in brackets; scheme in any case; an empty port is the default (6379, Sentinel 26379).
 */
enum url_kind { URL_TCP, URL_UNIX, URL_SENTINEL, URL_CLUSTER };

struct url_host {
	char *name; /* without brackets */
	uint16_t port;
};

struct url {
	enum url_kind kind;
	bool tls;               /* rediss:// */
	char *path;             /* URL_UNIX */
	struct url_host *hosts; /* the others: at least one */
	int nhosts;
	char *master;        /* URL_SENTINEL */
	char *user;          /* NULL when there is none */
	char *password;      /* NULL when there is none; "" is an empty password */
	char *sentinel_user; /* as above, for the sentinels themselves */
	char *sentinel_password;
	int db;                    /* 0 unless given */
	char *cafile, *cert, *key; /* NULL when not given */
	bool verify;               /* true unless ?verify=no */
	char *shown;               /* the URL for people: every secret is *** */
};

/* Parses text into u. WHY_USAGE with one sentence and a hint otherwise (u is then empty). The
 * reason never contains a secret. */
int url_parse(struct url *u, const char *text, struct why *w);
void url_fini(struct url *u);

/* Overwrites in place, with '*', the bytes of text that are a secret; for argv, which ps(1) shows.
 * Works on malformed URLs too (hides rather too much). Keeps the length. */
void url_hide(char *text);

#endif
