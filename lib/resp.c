/* SPDX-License-Identifier: MIT */
/*
 * resp: hiredis's reader with replies in an arena, and a formatter; in front of the reader the
 * short cut for what comes by the million.
 *
 * Between two replies the reader may have bytes that it has not looked at: always the last that it
 * was given, so that they stand in front of `in`, and can be taken back.
 */
#include "resp.h"

#include <hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "number.h"
#include "resp_quick.h"

enum {
	/* hiredis 0.14 moves what it has buffered once per reply: 64 KiB at a time cost 357 ns
	 * for each 2 KB message, 4 KiB 85 ns. */
	FEED_SIZE = 4 * 1024,
	REPLY_MAX = 512 << 20,  /* Redis's own limit of one string */
	ELEMENTS_MAX = 1 << 20, /* of one array: more than any page we ask for */
};

struct resp {
	redisReader *reader;
	struct arena arena;
	const char *begin, *in; /* the owner's bytes; what the reader was not given yet */
	size_t left;
	struct resp_quick quick;
};

/* hiredis calls these; children are placed in their parent's array. */

static struct reply *place(const redisReadTask *task, enum reply_type type)
{
	struct resp *r = task->privdata;
	struct reply *reply;

	if (task->parent != NULL)
		reply = &((struct reply *)task->parent->obj)->elem[task->idx];
	else
		reply = arena_take(&r->arena, sizeof *reply);
	if (reply != NULL)
		*reply = (struct reply){.type = type};
	return reply;
}

static void *on_string(const redisReadTask *task, char *s, size_t len)
{
	struct resp *r = task->privdata;
	enum reply_type type = task->type == REDIS_REPLY_ERROR ? REPLY_ERROR
	    : task->type == REDIS_REPLY_STATUS                 ? REPLY_STATUS
							       : REPLY_STRING;
	struct reply *reply = place(task, type);
	char *copy = arena_take(&r->arena, len + 1);

	if (reply == NULL || copy == NULL)
		return NULL;
	memcpy(copy, s, len);
	copy[len] = '\0';
	reply->str = copy;
	reply->len = len;
	return reply;
}

#if HIREDIS_MAJOR >= 1
static void *on_array(const redisReadTask *task, size_t n)
#else
static void *on_array(const redisReadTask *task, int n)
#endif
{
	struct resp *r = task->privdata;
	struct reply *reply = place(task, REPLY_ARRAY);

	if (reply == NULL || n < 0 || n > ELEMENTS_MAX)
		return NULL;
	reply->n = (size_t)n;
	reply->elem = arena_take(&r->arena, reply->n * sizeof *reply->elem);
	return reply->elem != NULL ? reply : NULL;
}

static void *on_integer(const redisReadTask *task, long long n)
{
	struct reply *reply = place(task, REPLY_INTEGER);

	if (reply != NULL)
		reply->integer = n;
	return reply;
}

static void *on_nil(const redisReadTask *task)
{
	return place(task, REPLY_NIL);
}

static void on_free(void *obj)
{
	(void)obj; /* the arena's */
}

static redisReplyObjectFunctions functions = {
    .createString = on_string,
    .createArray = on_array,
    .createInteger = on_integer,
    .createNil = on_nil,
    .freeObject = on_free,
};

struct resp *resp_open(void)
{
	struct resp *r = xcalloc(1, sizeof *r);

	r->reader = redisReaderCreateWithFunctions(&functions);
	if (r->reader == NULL)
		abort(); /* out of memory */
	r->reader->privdata = r;
	r->begin = r->in = "";
	arena_init(&r->arena, REPLY_MAX);
	return r;
}

void resp_close(struct resp *r)
{
	redisReaderFree(r->reader);
	arena_fini(&r->arena);
	free(r);
}

void resp_feed(struct resp *r, const char *bytes, size_t len)
{
	r->begin = r->in = bytes;
	r->left = len;
}

bool resp_has_bytes(const struct resp *r)
{
	return r->left > 0;
}

/* Between two replies: whether the next one is whole, and one that resp_quick knows. */
static bool next_quick(struct resp *r, struct reply **reply)
{
	redisReader *reader = r->reader;
	size_t ahead = reader->len - reader->pos;

	if (ahead > (size_t)(r->in - r->begin))
		return false;
	size_t n = resp_quick(&r->quick, r->in - ahead, r->left + ahead);
	if (n == 0)
		return false;
	reader->pos = reader->len;
	r->in = r->in - ahead + n;
	r->left = r->left + ahead - n;
	*reply = &r->quick.reply;
	return true;
}

int resp_next(struct resp *r, struct reply **reply, struct why *w)
{
	void *got = NULL;

	if (r->reader->ridx < 0) { /* no reply is half read */
		arena_reset(&r->arena);
		if (next_quick(r, reply))
			return 1;
		/* The reader would count a reply as begun of which it has nothing. */
		if (r->left == 0 && r->reader->pos == r->reader->len)
			return 0;
	}
	for (;;) {
		if (redisReaderGetReply(r->reader, &got) != REDIS_OK)
			break;
		if (got != NULL) {
			*reply = got;
			return 1;
		}
		if (r->left == 0)
			return 0;
		size_t n = r->left < FEED_SIZE ? r->left : FEED_SIZE;
		if (redisReaderFeed(r->reader, r->in, n) != REDIS_OK)
			break;
		r->in += n;
		r->left -= n;
	}
	char text[128];
	why_quote(text, sizeof text, r->reader->errstr, strlen(r->reader->errstr));
	return why_set(w, WHY_UNAVAILABLE, "not a Redis server (%s)", text);
}

bool resp_number(const struct reply *reply, uint64_t *n)
{
	if (reply->type == REPLY_STRING)
		return number_parse(reply->str, reply->len, INT64_MAX, n);
	if (reply->type != REPLY_INTEGER || reply->integer < 0)
		return false;
	*n = (uint64_t)reply->integer;
	return true;
}

int resp_array(struct buf *b, size_t n)
{
	return buf_addc(b, '*') < 0 || buf_addu(b, n) < 0 ? -1 : buf_add(b, "\r\n", 2);
}

int resp_bulk(struct buf *b, const char *s, size_t len)
{
	if (buf_addc(b, '$') < 0 || buf_addu(b, len) < 0 || buf_add(b, "\r\n", 2) < 0 ||
	    buf_add(b, s, len) < 0)
		return -1;
	return buf_add(b, "\r\n", 2);
}

int resp_bulku(struct buf *b, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);

	return resp_bulk(b, digits, (size_t)len);
}

/* By hand: hiredis prints each length, measures first and allocates; that was two fifths of what a
 * reader of a channel of its own cost. */
int resp_command(struct buf *out, int argc, const char *const *argv, const size_t *lens)
{
	size_t before = out->len;
	int r = resp_array(out, (size_t)argc);

	for (int i = 0; i < argc && r == 0; i++)
		r = resp_bulk(out, argv[i], lens != NULL ? lens[i] : strlen(argv[i]));
	if (r < 0)
		out->len = before;
	return r;
}
