/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_URL_H
#define SPOUT_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "why.h"

/*
 * Where Redis is:
 *
 *	redis://[[user]:password@]host[:port][/db]
 *	rediss://…[?cafile=FILE&cert=FILE&key=FILE&verify=no]
 *	unix:///path[?db=N&user=…&password=…]
 *	redis+sentinel://[[user]:password@]h1[:port],h2/master[/db][?sentinel_user=…&sentinel_password=…]
 *	redis+cluster://[[user]:password@]h1[:port],h2
 *
 * Percent-decoded in every part but the parameters' names; IPv6 in brackets; scheme in any case; an
 * empty port is the default (6379, Sentinel 26379). In a Sentinel URL the credentials in front are
 * the data nodes'. "user:@" is an empty password; an empty user name is none.
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

/* u for people, as in u->shown: normalized, every secret "***", ASCII only. Heap; the caller frees.
 */
char *url_show(const struct url *u);

/* Overwrites in place, with '*', the bytes of text that are a secret; for argv, which ps(1) shows.
 * Of a malformed URL everything behind "://" is hidden: the secret may be anywhere. Keeps the
 * length; leaves "@FILE" alone. */
void url_hide(char *text);

#endif
