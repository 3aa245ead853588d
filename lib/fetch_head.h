/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_FETCH_HEAD_H
#define SPOUT_FETCH_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"
#include "why.h"

/* The head of an answer by HTTP/1.0 or 1.1 (RFC 9112), and how its body is framed. */
struct fetch_head {
	int status, minor; /* HTTP/1.minor */
	bool is_chunked, has_length;
	uint64_t length;
	struct http_slice fields; /* borrowed: the header lines */
};

/* How many bytes at the front of bytes[0..len) are a head, with the empty line behind it; 0: not
 * all of it is there. */
size_t fetch_head_bytes(const char *bytes, size_t len);

/* Reads a whole head. WHY_DATA when it is none, or when it does not tell where its body ends. */
int fetch_head_parse(struct fetch_head *h, const char *bytes, size_t len, struct why *w);

/* The first field of this name, compared without case. */
bool fetch_field(const struct fetch_head *h, const char *name, struct http_slice *value);

/* Whether one of the fields has the text in it, without case; enough for lists of tokens. */
bool fetch_field_has(const struct fetch_head *h, const char *name, const char *text);

#endif
