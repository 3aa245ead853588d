/* SPDX-License-Identifier: MIT */
/* Replies are what hiredis's own reader makes of the same bytes, however these are cut: what takes
 * the short cut, what does not, and what looks as if it could. */
#include <hiredis/hiredis.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "resp.h"
#include "t.h"

enum { CUTS = 40, BIG = 100 * 1000, BIG_TURNS = 6000 };

static const char *const texts[] = {
    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nhello\r\n",
    "*3\r\n$7\r\nmessage\r\n$0\r\n\r\n$0\r\n\r\n",
    "*3\r\n$7\r\nmessage\r\n$3\r\na\r\n\r\n$12\r\n$5\r\nhello\r\n:1\r\n",
    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$-1\r\n",
    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n:7\r\n",
    "*3\r\n$7\r\nmessagE\r\n$1\r\nc\r\n$1\r\nx\r\n",
    "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n",
    "*4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$1\r\nc\r\n$2\r\nhi\r\n",
    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*2\r\n:1\r\n$-1\r\n",
    ":0\r\n",
    ":1\r\n",
    ":-12\r\n",
    ":999999999999999999\r\n",
    ":9223372036854775807\r\n",
    "+OK\r\n",
    "-ERR no\r\n",
    "$-1\r\n",
    "*-1\r\n",
    "*0\r\n",
    "$5\r\n:1\r\n.\r\n",
};

enum { TEXTS = sizeof texts / sizeof *texts };

static const char *const bad[] = {
    ":01\r\n",
    ":\r\n",
    ":1x\r\n",
    ":99999999999999999999\r\n",
    "*3\r\n$7\r\nmessage\r\n$01\r\nc\r\n$1\r\nx\r\n",
    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$99999999999999999999\r\nx\r\n",
    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$\r\nx\r\n",
    "x",
};

static uint32_t state = 7;

static uint32_t below(uint32_t n)
{
	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

static int same(const struct reply *a, const redisReply *b)
{
	static const int types[] = {[REPLY_STRING] = REDIS_REPLY_STRING,
	    [REPLY_STATUS] = REDIS_REPLY_STATUS,
	    [REPLY_ERROR] = REDIS_REPLY_ERROR,
	    [REPLY_INTEGER] = REDIS_REPLY_INTEGER,
	    [REPLY_NIL] = REDIS_REPLY_NIL,
	    [REPLY_ARRAY] = REDIS_REPLY_ARRAY};

	if (types[a->type] != b->type)
		return 0;
	if (a->type == REPLY_INTEGER)
		return a->integer == b->integer;
	if (a->type == REPLY_NIL)
		return 1;
	if (a->type != REPLY_ARRAY)
		return a->len == (size_t)b->len && memcmp(a->str, b->str, a->len) == 0;
	if (a->n != b->elements)
		return 0;
	for (size_t i = 0; i < a->n; i++)
		if (!same(&a->elem[i], b->element[i]))
			return 0;
	return 1;
}

/* Reads s[0..len) cut into pieces of `step` bytes, or with 0 of any size. */
static int reads_as_hiredis(const char *s, size_t len, size_t step)
{
	redisReader *theirs = redisReaderCreate();
	struct resp *ours = resp_open();
	struct reply *reply;
	void *want;
	struct why w;
	int good = 1, got = 0;

	(void)redisReaderFeed(theirs, s, len);
	for (size_t at = 0, n; at < len && good && got >= 0; at += n) {
		n = step > 0 ? step : 1 + below(200);
		n = n < len - at ? n : len - at;
		/* A buffer of its own, so that ASan sees who looks beyond it. */
		char *copy = memcpy(malloc(n), s + at, n);
		resp_feed(ours, copy, n);
		while (good && (got = resp_next(ours, &reply, &w)) == 1) {
			good = redisReaderGetReply(theirs, &want) == REDIS_OK && want != NULL &&
			    same(reply, want);
			freeReplyObject(want);
		}
		free(copy);
	}
	int r = redisReaderGetReply(theirs, &want);
	good = good && (got < 0 ? r == REDIS_ERR : r == REDIS_OK && want == NULL);
	redisReaderFree(theirs);
	resp_close(ours);
	return good;
}

static void test_each(void)
{
	for (size_t i = 0; i < TEXTS; i++)
		ok(reads_as_hiredis(texts[i], strlen(texts[i]), strlen(texts[i])) &&
			reads_as_hiredis(texts[i], strlen(texts[i]), 1),
		    "whole and byte by byte: text %zu", i);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ok(reads_as_hiredis(bad[i], strlen(bad[i]), strlen(bad[i])) &&
			reads_as_hiredis(bad[i], strlen(bad[i]), 1),
		    "what is none, whole and byte by byte: %zu", i);
}

/* Any of them in any order, more than one feed of the reader long. */
static void test_mixed(void)
{
	static char all[64 * 1024];
	size_t len = 0;
	int good = 1;

	for (int mostly = 0; mostly < 2; mostly++) {
		for (len = 0; len < sizeof all - 200;) {
			const char *t = texts[mostly && below(20) > 0 ? 0 : below(TEXTS)];

			memcpy(all + len, t, strlen(t));
			len += strlen(t);
		}
		good = reads_as_hiredis(all, len, len);
		for (int i = 0; good && i < CUTS; i++)
			good = reads_as_hiredis(all, len, i < 20 ? 0 : 37 * (size_t)i);
		ok(good, mostly ? "messages, and a few others between" : "all kinds in any order");
	}
}

/* What is longer than a read comes through the reader, and leaves nothing behind. */
static void test_big(void)
{
	struct resp *r = resp_open();
	char *text = malloc(BIG + 100);
	struct reply *reply;
	struct why w;
	int good = 1;

	memset(text, 'x', BIG + 100);
	int head = sprintf(text, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$%d\r\n", BIG);
	text[head] = 'x';
	memcpy(text + head + BIG, "\r\n", 2);
	size_t len = (size_t)head + BIG + 2, half = len / 2;
	for (int i = 0; good && i < BIG_TURNS; i++) {
		resp_feed(r, text, half);
		good = resp_next(r, &reply, &w) == 0;
		resp_feed(r, text + half, len - half);
		good = good && resp_next(r, &reply, &w) == 1 && reply->elem[2].len == BIG &&
		    resp_next(r, &reply, &w) == 0;
	}
	ok(good, "%d messages of 100 KB in two pieces each", BIG_TURNS);
	resp_close(r);
	free(text);
}

static void test_lies(void)
{
	struct resp *r = resp_open();
	const char *text = texts[0];
	struct reply *reply;
	struct why w;

	resp_feed(r, text, strlen(text));
	ok(resp_next(r, &reply, &w) == 1 && reply->elem[2].str >= text &&
		reply->elem[2].str < text + strlen(text),
	    "a message that is whole is not copied");
	resp_close(r);
}

int main(void)
{
	test_each();
	test_mixed();
	test_big();
	test_lies();
	return t_done();
}
