/* SPDX-License-Identifier: MIT */
/* bench: what the bench's programs share. They measure and print numbers; `run` makes the table. */
#ifndef SPOUT_BENCH_H
#define SPOUT_BENCH_H

#include <err.h>
#include <hiredis.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "resp.h"

/* A blocking connection to `where`: a socket's path, or a port of 127.0.0.1. */
static inline redisContext *bench_connect(const char *where)
{
	redisContext *c = strchr(where, '/') != NULL ? redisConnectUnix(where)
						     : redisConnect("127.0.0.1", atoi(where));

	if (c == NULL || c->err)
		errx(69, "%s: %s", where, c != NULL ? c->errstr : "out of memory");
	return c;
}

/* A command that must not fail; the caller frees the reply. */
static inline redisReply *bench_command(redisContext *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	redisReply *reply = redisvCommand(c, format, ap);
	va_end(ap);
	if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
		errx(69, "%s: %s", format, reply != NULL ? reply->str : c->errstr);
	return reply;
}

/* Loads a script; its SHA-1 on the heap. */
static inline char *bench_script(redisContext *c, const char *lua)
{
	redisReply *reply = bench_command(c, "SCRIPT LOAD %s", lua);
	char *sha = xstrdup(reply->str);

	freeReplyObject(reply);
	return sha;
}

static inline void bench_arg(struct buf *b, const char *s)
{
	if (resp_bulk(b, s, strlen(s)) < 0)
		errx(70, "too much to send");
}

static inline int bench_compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The value below which `percent` of v lie; sorts v. */
static inline int64_t bench_percentile(int64_t *v, size_t n, size_t percent)
{
	qsort(v, n, sizeof *v, bench_compare);
	return v[(n - 1) * percent / 100];
}

/* The arguments of an EVAL[SHA] of append.lua, as lib/append.c sends them, up to the messages. */
static inline void bench_append(
    struct buf *b, const char *sha, const char *channel, const char *run, uint64_t seq, size_t n)
{
	char key[200];

	(void)resp_array(b, 15 + n); /* bench_arg finds a full buffer, here and below */
	bench_arg(b, "EVALSHA");
	bench_arg(b, sha);
	bench_arg(b, "3");
	(void)snprintf(key, sizeof key, "%s:log", channel); /* cut is as good a key */
	bench_arg(b, key);
	(void)snprintf(key, sizeof key, "{%s:log}:run:%s", channel, run); /* as above */
	bench_arg(b, key);
	(void)snprintf(key, sizeof key, "{%s:log}:runs", channel); /* as above */
	bench_arg(b, key);
	bench_arg(b, channel);
	(void)resp_bulku(b, seq);
	bench_arg(b, "10000");    /* maxlen */
	bench_arg(b, "86400000"); /* ttl */
	bench_arg(b, "86400000"); /* of the due key */
	bench_arg(b, seq == 0 ? "run" : "");
	bench_arg(b, ""); /* is no end */
	bench_arg(b, ""); /* wants no ids */
	bench_arg(b, ""); /* holds no lease */
}

#endif
