/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CORS_H
#define SPOUT_CORS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "http.h"
#include "why.h"

/* Which web pages may read our answers: the CORS protocol (https://fetch.spec.whatwg.org/). */
struct cors {
	const char *const *origins; /* as browsers write them, or "*"; the caller's */
	size_t norigins;            /* 0: no other origin may */
};

/* Whether text can ever be an allowed origin: "*", "null", or scheme://host[:port] in lower case,
 * nothing behind it. WHY_USAGE if not: a wrong --cors would silently admit nobody. */
int cors_check(const char *text, struct why *w);

/* Whether the list has exactly this origin, or "*". */
bool cors_origin_allowed(const struct cors *c, const char *origin, size_t len);

/* Whether the request asks, before another one, if that would be allowed: answer it with 204 and
 * the headers of cors_add, without asking for a token (browsers send none). */
bool cors_is_preflight(const struct http *h);

/* Adds the header lines that this request's answer needs, refusals included: a page may read these
 * only with them. An origin that is listed is echoed and may use cookies; one that only "*" admits
 * gets "*", without. 0, or -1 when the buffer's cap is passed. */
int cors_add(struct buf *headers, const struct cors *c, const struct http *h);

#endif
