/* SPDX-License-Identifier: MIT */
/* sseload_redis: the outlet that publishes through Redis, as sp-pub does: by its script, into the
 * log too, or by PUBLISH. One connection for all channels. */
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "link.h"
#include "log.h"
#include "msg.h"
#include "sseload_publisher.h"
#include "wire.h"

enum {
	WINDOW = 512, /* commands without an answer: enough to keep Redis busy */
	MAXLEN = 100000,
	TTL_MS = 3600 * 1000, /* a load's messages are of no use to anybody */
};

struct topic {
	char *channel, *log, *due, *runs; /* NULL until its first message */
	struct wire wire;
};

struct outlet {
	const struct sseload_conf *conf;
	struct outlet_owner owner;
	struct link link;
	struct topic *topics; /* of each channel that is published on */
	char run[MSG_RUN_LEN + 1];
	struct buf out;   /* commands that the connection did not take yet */
	struct buf order; /* uint32_t: whose answer comes next */
	size_t pending;   /* answers due */
	bool preamble;    /* the first answer is the script's */
	bool ready;
};

static struct topic *topic(struct outlet *o, uint32_t lane)
{
	struct topic *t = &o->topics[lane];
	struct buf name;
	char suffix[MSG_RUN_LEN + 8];

	if (t->channel != NULL)
		return t;
	buf_init(&name, SIZE_MAX / 2);
	target_expand(&name, o->conf->channel, lane);
	(void)buf_addc(&name, '\0'); /* no cap */
	t->channel = xstrdup(buf_head(&name));
	buf_fini(&name);
	t->log = chan_log(t->channel, strlen(t->channel));
	(void)snprintf(suffix, sizeof suffix, ":run:%s", o->run); /* fits */
	t->due = log_sibling(t->log, suffix);
	t->runs = log_sibling(t->log, ":runs");
	wire_init(&t->wire,
	    &(struct wire_conf){.channel = t->channel,
		.log = t->log,
		.due = t->due,
		.runs = t->runs,
		.ephemeral = !o->conf->durable,
		.maxlen = MAXLEN,
		.ttl_ms = TTL_MS});
	t->wire.loaded = true; /* once for all channels, in on_up */
	return t;
}

/* --- The connection */

static void on_up(void *arg)
{
	struct outlet *o = arg;

	o->preamble = o->conf->durable;
	o->ready = !o->preamble;
	if (o->preamble)
		redis_command(
		    o->link.redis, 3, (const char *const[]){"SCRIPT", "LOAD", wire_script}, NULL);
	else
		o->owner.on_room(o->owner.arg);
}

static void on_reply(void *arg, struct reply *reply)
{
	struct outlet *o = arg;
	uint32_t lane;

	if (reply->type == REPLY_ERROR) {
		link_refused(&o->link, o->conf->channel, reply);
		return;
	}
	if (o->preamble) {
		o->preamble = false;
		o->ready = true;
		o->owner.on_room(o->owner.arg);
		return;
	}
	if (o->pending == 0)
		return;
	memcpy(&lane, buf_head(&o->order), sizeof lane);
	buf_consume(&o->order, sizeof lane);
	o->pending--;
	(void)wire_acked(&o->topics[lane].wire); /* one message each */
	o->owner.on_acked(o->owner.arg, true);
}

static void push(struct outlet *o)
{
	while (o->out.len > 0) {
		size_t n = link_send(&o->link, buf_head(&o->out), o->out.len);

		if (n == 0)
			return;
		buf_consume(&o->out, n);
	}
}

static void on_idle(void *arg)
{
	struct outlet *o = arg;

	push(o);
	o->owner.on_room(o->owner.arg);
}

/* A load whose Redis goes away says nothing of the server: it ends here. */
static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct outlet *o = arg;

	(void)wait_ms;
	o->ready = false;
	link_close(&o->link);
	o->owner.on_dead(o->owner.arg, w);
}

static void on_dead(void *arg, const struct why *w)
{
	on_down(arg, w, 0);
}

/* --- The outlet */

static int open_it(struct outlet **out, struct loop *loop, const struct sseload_conf *conf,
    const struct target *target, const struct outlet_owner *owner, struct why *w)
{
	static const struct link_ops link_ops = {on_up, on_reply, on_idle, on_down, on_dead, NULL};
	struct outlet *o = xcalloc(1, sizeof *o);

	(void)target;
	(void)w;
	o->conf = conf;
	o->owner = *owner;
	o->topics = xcalloc((size_t)conf->streaming, sizeof *o->topics);
	msg_new_run(o->run);
	buf_init(&o->out, SIZE_MAX / 2);
	buf_init(&o->order, SIZE_MAX / 2);
	link_open(&o->link, loop, &conf->link, &link_ops, o);
	*out = o;
	return 0;
}

static void close_it(struct outlet *o)
{
	link_close(&o->link);
	for (int64_t i = 0; i < o->conf->streaming; i++) {
		struct topic *t = &o->topics[i];

		if (t->channel == NULL)
			continue;
		wire_fini(&t->wire);
		free(t->channel);
		free(t->log);
		free(t->due);
		free(t->runs);
	}
	free(o->topics);
	buf_fini(&o->out);
	buf_fini(&o->order);
	free(o);
}

static bool has_room(const struct outlet *o, uint32_t line)
{
	(void)line;
	return o->ready && o->pending < WINDOW;
}

static void put(struct outlet *o, uint32_t line, uint32_t lane, struct buf *open, uint64_t seq)
{
	struct topic *t = topic(o, lane);
	size_t len;

	(void)line;
	(void)msg_close(open, o->run, seq); /* no cap, here and below */
	wire_put(&t->wire, buf_head(open), open->len, seq, false);
	wire_end_batch(&t->wire, seq + 1);
	const char *p = wire_unsent(&t->wire, &len);
	(void)buf_add(&o->out, p, len);
	wire_sent(&t->wire, len);
	(void)buf_add(&o->order, &lane, sizeof lane);
	o->pending++;
	redis_expect(o->link.redis, 1);
}

static void flush(struct outlet *o)
{
	push(o);
}

const struct outlet_ops sseload_redis = {open_it, close_it, has_room, put, flush};
