/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_RESP_QUICK_H
#define SPOUT_RESP_QUICK_H

#include <stddef.h>

#include "resp.h"

/*
 * The two replies that come by the million, read where they lie, without a copy: a message of a
 * channel, and an integer.
 *
 *	*3 CRLF $7 CRLF message CRLF $N CRLF channel CRLF $N CRLF text CRLF
 *	:N CRLF
 *
 * It knows them only whole and only as Redis writes them; of everything else the general reader
 * must decide.
 */
struct resp_quick {
	struct reply reply;
	struct reply elem[3]; /* of a message */
};

enum { RESP_QUICK_MAX = 1 << 20 }; /* of a string; what is longer is not worth a short cut */

/* The bytes of the reply that bytes[0..len) begin with; q->reply is that, with strings that point
 * into them. 0: it is none of the two, or not whole. */
size_t resp_quick(struct resp_quick *q, const char *bytes, size_t len);

#endif
