/* SPDX-License-Identifier: MIT */
/* wire: messages as commands, kept until they are acknowledged. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

#include "resp.h"

/* clang-format off */
const char wire_script[] =
#include "append.lua.h"
    ;
static const char script_sha[] =
#include "append.sha.h"
    ;
/* clang-format on */

enum {
	BATCH_MESSAGES = 100, /* of one call: the script blocks the server for some 0.2 ms */
	BATCH_BYTES = 64 * 1024,
	DUE_LEAST_MS = 3600 * 1000,        /* outlives any reconnect, however short the log's ttl */
	DUE_DEFAULT_MS = 7 * 86400 * 1000, /* for logs that never expire */
};

/* One command. */
struct call {
	size_t bytes;
	size_t messages;
};

/* The buffers have no cap: the owner stops putting long before memory ends. */
void wire_init(struct wire *w, const struct wire_conf *conf)
{
	*w = (struct wire){.conf = *conf};
	buf_init(&w->head, SIZE_MAX / 2);
	buf_init(&w->batch, SIZE_MAX / 2);
	buf_init(&w->bytes, SIZE_MAX / 2);
	buf_init(&w->calls, SIZE_MAX / 2);
	(void)resp_array(&w->head, 3);                                   /* no cap */
	(void)resp_bulk(&w->head, "PUBLISH", 7);                         /* no cap */
	(void)resp_bulk(&w->head, conf->channel, strlen(conf->channel)); /* no cap */
}

void wire_fini(struct wire *w)
{
	buf_fini(&w->head);
	buf_fini(&w->batch);
	buf_fini(&w->bytes);
	buf_fini(&w->calls);
}

int64_t wire_due_ttl_ms(const struct wire *w)
{
	int64_t ttl = w->conf.ttl_ms;

	return ttl == 0 ? DUE_DEFAULT_MS : ttl < DUE_LEAST_MS ? DUE_LEAST_MS : ttl;
}

static void end_call(struct wire *w, size_t before, size_t messages)
{
	struct call c = {w->bytes.len - before, messages};

	(void)buf_add(&w->calls, &c, sizeof c); /* no cap */
}

static void add_arg(struct wire *w, const char *s)
{
	(void)resp_bulk(&w->bytes, s, strlen(s)); /* no cap */
}

static void add_number(struct wire *w, int64_t n)
{
	(void)resp_bulku(&w->bytes, (uint64_t)n); /* no cap */
}

static void make_command(struct wire *w, uint64_t first, bool keep_lease)
{
	char lease[80] = "";
	size_t before = w->bytes.len;
	bool opens = first == 0 ? w->conf.one_shot : w->after_end;

	if (w->conf.lease != NULL)
		(void)snprintf(lease, sizeof lease, "%s %lld", w->conf.run,
		    keep_lease ? (long long)w->conf.lease_ms : 0LL);                /* fits */
	(void)resp_array(&w->bytes, (w->conf.lease != NULL ? 16 : 15) + w->nbatch); /* no cap */
	add_arg(w, w->loaded ? "EVALSHA" : "EVAL");
	add_arg(w, w->loaded ? script_sha : wire_script);
	w->loaded = true;
	add_arg(w, w->conf.lease != NULL ? "4" : "3");
	add_arg(w, w->conf.log);
	add_arg(w, w->conf.due);
	add_arg(w, w->conf.runs);
	if (w->conf.lease != NULL)
		add_arg(w, w->conf.lease);
	add_arg(w, w->conf.channel);
	add_number(w, (int64_t)first);
	add_number(w, w->conf.maxlen);
	add_number(w, w->conf.ttl_ms);
	add_number(w, wire_due_ttl_ms(w));
	add_arg(w, opens ? "open" : first == 0 ? "run" : "");
	add_arg(w, w->batch_ends ? "1" : "");
	add_arg(w, w->conf.want_ids ? "1" : "");
	add_arg(w, lease);
	(void)buf_add(&w->bytes, buf_head(&w->batch), w->batch.len); /* no cap */
	end_call(w, before, w->nbatch);
	buf_clear(&w->batch);
	w->after_end = w->nbatch > 0 ? w->batch_ends : w->after_end;
	w->nbatch = 0;
	w->batch_ends = false;
}

void wire_put(struct wire *w, const char *msg, size_t len, uint64_t seq, bool is_end)
{
	if (w->conf.ephemeral) {
		size_t before = w->bytes.len;

		(void)buf_add(&w->bytes, buf_head(&w->head), w->head.len); /* no cap */
		(void)resp_bulk(&w->bytes, msg, len);                      /* no cap */
		end_call(w, before, 1);
		return;
	}
	(void)resp_bulk(&w->batch, msg, len); /* no cap */
	w->nbatch++;
	w->batch_ends = is_end;
	/* What follows an end begins a run again, and only a batch's first message can. */
	if (is_end || w->nbatch == BATCH_MESSAGES || w->batch.len >= BATCH_BYTES)
		make_command(w, seq + 1 - w->nbatch, true);
}

void wire_end_batch(struct wire *w, uint64_t next_seq)
{
	if (w->nbatch > 0)
		make_command(w, next_seq - w->nbatch, true);
}

void wire_lease(struct wire *w, uint64_t next_seq, bool keep)
{
	wire_end_batch(w, next_seq);
	make_command(w, next_seq, keep);
}

const char *wire_unsent(const struct wire *w, size_t *len)
{
	*len = w->bytes.len - w->sent;
	return buf_head(&w->bytes) + w->sent;
}

void wire_sent(struct wire *w, size_t n)
{
	w->sent += n;
}

void wire_rewind(struct wire *w)
{
	w->sent = 0;
}

ssize_t wire_acked(struct wire *w)
{
	struct call c;

	if (w->calls.len == 0)
		return -1;
	memcpy(&c, buf_head(&w->calls), sizeof c);
	if (c.bytes > w->sent)
		return -1; /* nothing can be answered before it is sent */
	buf_consume(&w->calls, sizeof c);
	buf_consume(&w->bytes, c.bytes);
	w->sent -= c.bytes;
	return (ssize_t)c.messages;
}

size_t wire_commands(const struct wire *w)
{
	return w->calls.len / sizeof(struct call);
}

size_t wire_size(const struct wire *w)
{
	return w->bytes.len + w->batch.len;
}
