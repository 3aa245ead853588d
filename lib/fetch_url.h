/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_FETCH_URL_H
#define SPOUT_FETCH_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "why.h"

/* An http:// or https:// URL (RFC 3986), taken apart. */
struct fetch_url {
	char host[256]; /* without brackets */
	uint16_t port;
	bool tls;
	char authority[264]; /* for Host: */
	const char *target;  /* path and query, borrowed from the text; may lack the first '/' */
	char shown[160];     /* for messages: without the query, which may hold a token */
};

/* WHY_USAGE for any other scheme, with a user name or a fragment, or with a byte to be encoded. */
int fetch_url(struct fetch_url *u, const char *text, struct why *w);

#endif
