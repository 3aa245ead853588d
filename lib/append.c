/* SPDX-License-Identifier: MIT */
/*
 * append: a run's messages on their way into the log.
 *
 *	put → batch ──flush──→ wire: [ sent, not acknowledged | not sent ] ──reply──→ gone
 *
 * `wire` holds ready-made commands, and a command stays there until its reply has come. A new
 *connection sends it all again from the front, the same bytes: append.lua drops what an earlier
 *attempt appended, whether that attempt was answered or is still buffered in the server from the
 *old connection.
 */
#include "append.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "log.h"
#include "resp.h"

/* clang-format off */
static const char append_lua[] =
#include "append.lua.h"
    ;
static const char append_sha[] =
#include "append.sha.h"
    ;
static const char resume_lua[] =
#include "resume.lua.h"
    ;
/* clang-format on */

enum {
	BATCH_MESSAGES = 100, /* of one call: the script blocks the server for some 0.2 ms */
	BATCH_BYTES = 64 * 1024,
	WINDOW_BYTES = 4 << 20, /* unacknowledged while connected: keeps the server busy */
	WIRE_MAX = 1 << 30,     /* far above any buffer_bytes plus one message */
	DUE_LEAST_MS =
	    3600 * 1000, /* the due key outlives any reconnect, however short the log's ttl */
	DUE_DEFAULT_MS = 7 * 86400 * 1000, /* for logs that never expire */
};

/* One command in the wire. */
struct call {
	size_t bytes;
	size_t messages;
};

struct append {
	struct append_conf conf;
	const struct append_ops *ops;
	void *arg;
	struct link link;
	char run[MSG_RUN_LEN + 1];
	char *log, *due, *runs; /* keys */
	struct buf head;        /* ephemeral: the front of each PUBLISH; else unused */
	struct buf batch;       /* bulk strings of messages that are in no command yet */
	size_t nbatch;
	bool batch_ends, after_end; /* after_end: the batch in front of this one ended a run */
	struct buf wire, calls;     /* calls: struct call, in the order of the wire */
	size_t sent;                /* bytes of the wire that this connection has taken */
	uint64_t seq, acked;        /* next to put; next to be acknowledged */
	int preamble;               /* replies due to what on_up sent */
	bool loaded; /* an EVAL of the script, or its load, is in front of all EVALSHA */
	bool connected_before;
};

static const struct link_ops link_ops;

void append_open(struct append **out, struct loop *loop, const struct append_conf *conf,
    const struct append_ops *ops, void *arg)
{
	struct append *a = xcalloc(1, sizeof *a);
	char due[MSG_RUN_LEN + 8];

	a->conf = *conf;
	a->ops = ops;
	a->arg = arg;
	msg_new_run(a->run);
	a->log = chan_log(conf->channel, strlen(conf->channel));
	(void)snprintf(due, sizeof due, ":run:%s", a->run); /* fits */
	a->due = log_sibling(a->log, due);
	a->runs = log_sibling(a->log, ":runs");
	buf_init(&a->head, WIRE_MAX);
	buf_init(&a->batch, WIRE_MAX);
	buf_init(&a->wire, WIRE_MAX);
	buf_init(&a->calls, WIRE_MAX);
	if (conf->ephemeral) {
		(void)resp_array(&a->head, 3);                                   /* far from full */
		(void)resp_bulk(&a->head, "PUBLISH", 7);                         /* as above */
		(void)resp_bulk(&a->head, conf->channel, strlen(conf->channel)); /* as above */
	}
	link_open(&a->link, loop, &conf->link, &link_ops, a);
	*out = a;
}

void append_close(struct append *a)
{
	if (a == NULL)
		return;
	link_close(&a->link);
	free(a->log);
	free(a->due);
	free(a->runs);
	buf_fini(&a->head);
	buf_fini(&a->batch);
	buf_fini(&a->wire);
	buf_fini(&a->calls);
	free(a);
}

const char *append_run(const struct append *a)
{
	return a->run;
}

uint64_t append_seq(const struct append *a)
{
	return a->seq;
}

uint64_t append_pending(const struct append *a)
{
	return a->seq - a->acked;
}

/* --- Messages → batch → wire */

static void end_call(struct append *a, size_t bytes, size_t messages)
{
	struct call c = {bytes, messages};

	(void)buf_add(&a->calls, &c, sizeof c); /* never full before the wire is */
	if (a->link.up)
		redis_expect(a->link.redis, 1);
}

static void add_arg(struct append *a, const char *s)
{
	(void)resp_bulk(&a->wire, s, strlen(s)); /* WIRE_MAX is far above what has_room allows */
}

static void add_number(struct append *a, int64_t n)
{
	(void)resp_bulku(&a->wire, (uint64_t)n); /* as above */
}

static int64_t due_ttl_ms(const struct append *a)
{
	int64_t ttl = a->conf.ttl_ms;

	return ttl == 0 ? DUE_DEFAULT_MS : ttl < DUE_LEAST_MS ? DUE_LEAST_MS : ttl;
}

/* Makes one command of the batch. */
static void end_batch(struct append *a)
{
	size_t before = a->wire.len;
	uint64_t first = a->seq - a->nbatch;

	if (a->nbatch == 0)
		return;
	(void)resp_array(&a->wire, 14 + a->nbatch); /* WIRE_MAX, as above */
	add_arg(a, a->loaded ? "EVALSHA" : "EVAL");
	add_arg(a, a->loaded ? append_sha : append_lua);
	a->loaded = true;
	add_arg(a, "3");
	add_arg(a, a->log);
	add_arg(a, a->due);
	add_arg(a, a->runs);
	add_arg(a, a->conf.channel);
	add_number(a, (int64_t)first);
	add_number(a, a->conf.maxlen);
	add_number(a, a->conf.ttl_ms);
	add_number(a, due_ttl_ms(a));
	add_arg(a,
	    first == 0 && !a->conf.one_shot  ? "run"
		: first == 0 || a->after_end ? "open"
					     : "");
	add_arg(a, a->batch_ends ? "1" : "");
	add_arg(a, a->conf.want_ids ? "1" : "");
	(void)buf_add(&a->wire, buf_head(&a->batch), a->batch.len); /* as above */
	buf_clear(&a->batch);
	end_call(a, a->wire.len - before, a->nbatch);
	a->nbatch = 0;
	a->after_end = a->batch_ends;
	a->batch_ends = false;
}

void append_put(struct append *a, struct buf *m, bool is_end)
{
	(void)msg_close(m, a->run, a->seq++); /* the caller's cap leaves room for sp */
	if (a->conf.ephemeral) {
		size_t before = a->wire.len;

		(void)buf_add(&a->wire, buf_head(&a->head), a->head.len); /* WIRE_MAX, as above */
		(void)resp_bulk(&a->wire, buf_head(m), m->len);           /* as above */
		end_call(a, a->wire.len - before, 1);
	} else {
		(void)resp_bulk(&a->batch, buf_head(m), m->len); /* as above */
		a->nbatch++;
		a->batch_ends = is_end;
		/* What follows an end begins a run again, and only a batch's first message can. */
		if (is_end || a->nbatch == BATCH_MESSAGES || a->batch.len >= BATCH_BYTES)
			end_batch(a);
	}
	buf_clear(m);
}

static void send_wire(struct append *a)
{
	while (a->sent < a->wire.len) {
		size_t n = link_send(&a->link, buf_head(&a->wire) + a->sent, a->wire.len - a->sent);

		if (n == 0)
			break;
		a->sent += n;
	}
}

void append_flush(struct append *a)
{
	end_batch(a);
	send_wire(a);
}

bool append_has_room(const struct append *a)
{
	size_t most = a->link.up ? (size_t)WINDOW_BYTES : (size_t)a->conf.buffer_bytes;

	return a->wire.len + a->batch.len < most;
}

/* --- The connection */

static void on_up(void *arg)
{
	struct append *a = arg;

	a->sent = 0;
	a->preamble = 0;
	if (a->connected_before && !a->conf.ephemeral) {
		char seq[24], ttl[24];

		(void)snprintf(seq, sizeof seq, "%llu", (unsigned long long)a->acked); /* fits */
		(void)snprintf(ttl, sizeof ttl, "%lld", (long long)due_ttl_ms(a));     /* fits */
		redis_command(
		    a->link.redis, 3, (const char *const[]){"SCRIPT", "LOAD", append_lua}, NULL);
		redis_command(a->link.redis, 6,
		    (const char *const[]){"EVAL", resume_lua, "1", a->due, seq, ttl}, NULL);
		a->preamble = 2;
	}
	a->connected_before = true;
	redis_expect(a->link.redis, a->calls.len / sizeof(struct call));
}

static void on_error(struct append *a, const struct reply *reply)
{
	char object[CHAN_NAME_MAX + 16];
	struct why w;

	/* The scripts were flushed, or messages in front of these are missing: begin again. */
	if ((reply->len >= 8 && memcmp(reply->str, "NOSCRIPT", 8) == 0) ||
	    (reply->len >= 5 && memcmp(reply->str, "SPGAP", 5) == 0)) {
		char text[160];

		(void)why_set(&w, WHY_UNAVAILABLE, "%s",
		    why_quote(text, sizeof text, reply->str, reply->len)); /* fills w */
		link_fault(&a->link, &w);
		return;
	}
	(void)snprintf(object, sizeof object, a->conf.ephemeral ? "channel %s" : "log %s",
	    a->conf.ephemeral ? a->conf.channel : a->log); /* a cut name is still a name */
	link_refused(&a->link, object, reply);
}

/* The ids of a call's messages; zero where there is none. The caller frees. */
static struct id *read_ids(const struct reply *reply, size_t n)
{
	struct id *ids = xcalloc(n, sizeof *ids);

	for (size_t i = 0; i < n && i < reply->n; i++) {
		const struct reply *e = &reply->elem[i];

		if (e->type == REPLY_STRING && !id_parse(&ids[i], e->str, e->len))
			ids[i] = (struct id){0, 0};
	}
	return ids;
}

static void on_reply(void *arg, struct reply *reply)
{
	struct append *a = arg;
	struct call c;

	if (reply->type == REPLY_ERROR) {
		on_error(a, reply);
		return;
	}
	if (a->preamble > 0) {
		a->preamble--;
		return;
	}
	if (a->calls.len == 0)
		return; /* an answer to nothing: a server that talks too much does no harm */
	memcpy(&c, buf_head(&a->calls), sizeof c);
	buf_consume(&a->calls, sizeof c);
	buf_consume(&a->wire, c.bytes);
	a->sent -= c.bytes;
	uint64_t first = a->acked;
	a->acked += c.messages;
	struct id *ids = reply->type == REPLY_ARRAY ? read_ids(reply, c.messages) : NULL;
	a->ops->on_acked(a->arg, first, c.messages, ids);
	free(ids);
}

static void on_idle(void *arg)
{
	send_wire(arg);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct append *a = arg;

	a->sent = 0;
	a->ops->on_down(a->arg, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct append *a = arg;

	a->ops->on_dead(a->arg, w);
}

static void on_started(void *arg, const char *path)
{
	struct append *a = arg;

	a->ops->on_started(a->arg, path);
}

static const struct link_ops link_ops = {
    .on_up = on_up,
    .on_reply = on_reply,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
};
