/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_HTTP_QUERY_H
#define SPOUT_HTTP_QUERY_H

#include "http.h"
#include "why.h"

/* Percent-encoding (RFC 3986, 2.1) in paths and query strings. */

/* Decodes every %XX of s[0..len), once, into dst[0..size) and adds a NUL. '+' is an ordinary
 * character. WHY_DATA for a bad escape, a NUL (raw or encoded), or more than size - 1 bytes; the
 * reason quotes nothing. dst must not overlap s. */
int http_percent_decode(
    char *dst, size_t size, size_t *dst_len, const char *s, size_t len, struct why *w);

/* Finds name=value in a query string and decodes the value as above: 1, or 0 when there is none, or
 * -1. Names are compared decoded, with case; "name" alone has an empty value. Since "+" is no space
 * (RFC 3986; ids, durations and tokens have none), a token in plain Base64 survives. A name that is
 * there twice is an error: a proxy may have looked at the other one. */
int http_query_get(struct http_slice query, const char *name, char *dst, size_t size,
    size_t *dst_len, struct why *w);

#endif
