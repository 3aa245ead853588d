/* SPDX-License-Identifier: MIT */
/* resp_quick: messages and integers of RESP2, where they lie. */
#include "resp_quick.h"

#include <stdint.h>
#include <string.h>

enum { INTEGER_DIGITS = 18, LENGTH_DIGITS = 7 }; /* no more can overflow, or pass the maximum */

struct cursor {
	const char *at, *end;
};

/* Digits, without zeros in front, and a line's end. */
static bool take_number(struct cursor *c, int most, int64_t *n)
{
	const char *first = c->at;
	int64_t value = 0;

	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9' && c->at - first < most; c->at++)
		value = value * 10 + (*c->at - '0');
	if (c->at == first || (*first == '0' && c->at - first > 1) || c->end - c->at < 2 ||
	    c->at[0] != '\r' || c->at[1] != '\n')
		return false;
	c->at += 2;
	*n = value;
	return true;
}

static bool take_string(struct cursor *c, struct reply *r)
{
	int64_t n;

	if (c->at == c->end || *c->at++ != '$' || !take_number(c, LENGTH_DIGITS, &n) ||
	    n > RESP_QUICK_MAX || c->end - c->at < n + 2 || c->at[n] != '\r' ||
	    c->at[n + 1] != '\n')
		return false;
	r->type = REPLY_STRING;
	r->str = c->at;
	r->len = (size_t)n;
	c->at += n + 2;
	return true;
}

size_t resp_quick(struct resp_quick *q, const char *bytes, size_t len)
{
	static const char head[] = "*3\r\n$7\r\nmessage\r\n";
	enum { HEAD = sizeof head - 1, WORD = 8 }; /* where `message` stands in it */
	struct cursor c = {bytes, bytes + len};
	int64_t n;

	if (len > 0 && bytes[0] == ':') {
		c.at++;
		if (!take_number(&c, INTEGER_DIGITS, &n))
			return 0;
		q->reply = (struct reply){.type = REPLY_INTEGER, .integer = n};
		return (size_t)(c.at - bytes);
	}
	if (len < HEAD || memcmp(bytes, head, HEAD) != 0)
		return 0;
	c.at += HEAD;
	q->elem[0] = (struct reply){.type = REPLY_STRING, .str = bytes + WORD, .len = 7};
	if (!take_string(&c, &q->elem[1]) || !take_string(&c, &q->elem[2]))
		return 0;
	q->reply = (struct reply){.type = REPLY_ARRAY, .elem = q->elem, .n = 3};
	return (size_t)(c.at - bytes);
}
