/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RESP_H
#define SPOUT_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "why.h"

/*
 * The codec of RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/): hiredis reads
 * and checks; commands are written by hand, without its allocations.
 */
enum reply_type { REPLY_STRING, REPLY_STATUS, REPLY_ERROR, REPLY_INTEGER, REPLY_NIL, REPLY_ARRAY };

/* Valid until the next resp_next of the same reader. */
struct reply {
	enum reply_type type;
	long long integer;
	const char *str; /* STRING, STATUS, ERROR; not NUL-terminated */
	size_t len;
	struct reply *elem; /* ARRAY */
	size_t n;
};

struct resp;

struct resp *resp_open(void);
void resp_close(struct resp *r);

/* Takes bytes from the server, borrowed until resp_next has returned 0: only then the next may
 * come. */
void resp_feed(struct resp *r, const char *bytes, size_t len);

/* Whether bytes are left that resp_next did not use up. */
bool resp_has_bytes(const struct resp *r);

/* 1: *reply is the next one; 0: bytes are missing; -1: what comes is no RESP, or larger than any
 * answer that we ask for (WHY_UNAVAILABLE). */
int resp_next(struct resp *r, struct reply **reply, struct why *w);

/* The number that a reply is, as an integer or as digits; false when it is none from 0 to 2^63 - 1.
 */
bool resp_number(const struct reply *reply, uint64_t *n);

/* Adds a command of argc arguments; lens NULL means C strings. -1 when out is full. */
int resp_command(struct buf *out, int argc, const char *const *argv, const size_t *lens);

/* The same by hand: an array of n bulk strings, then each of them. */
int resp_array(struct buf *out, size_t n);
int resp_bulk(struct buf *out, const char *s, size_t len);
int resp_bulku(struct buf *out, uint64_t n);

#endif
