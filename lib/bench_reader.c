/* SPDX-License-Identifier: MIT */
/* bench_reader: one reader of sp-bench sub, from the intended time in a message to its arrival. */
#include "bench_reader.h"

#include "chan.h"
#include "clock.h"
#include "number.h"

enum {
	WINDOWS_SEQS = 1 << 26, /* of all lanes together: 8 MB of bits */
	WINDOW_LEAST = 1024,
	FRESH = 16, /* messages to a look at the clock: some 4 us of work */
};

/* --- Messages in */

static void take(struct bench_reader *r, size_t channel, const char *text, size_t len)
{
	struct bench_sub *s = r->sub;
	struct audit_stamp stamp;

	if (s->enough)
		return; /* the rest of what had been read */
	/* Messages that came together: a look at the clock for each would be a tenth of all work.
	 */
	if (r->fresh-- == 0) {
		r->now_ns = clock_ns();
		r->fresh = FRESH - 1;
	}
	int64_t now = r->now_ns;
	switch (audit_take(r->audit, channel, text, len, &stamp)) {
	case AUDIT_NONE:
		/* On channels that have our own publisher only, nothing else can be. */
		if (s->loader.pid > 0)
			audit_damaged(r->audit, channel);
		s->foreign++;
		return;
	case AUDIT_DAMAGED:
		return;
	case AUDIT_GOOD:
		break;
	}
	hist_record(&s->second, now - stamp.time_ns);
	s->done++;
	s->bytes += len;
	s->last_ns = now;
	s->enough = s->b->count > 0 && s->done >= (uint64_t)s->b->count;
	if (s->enough)
		loop_stop(s->b->loop);
}

/* The number behind "CHANNEL:"; -1 when it is none of ours. */
static int64_t channel_of(const struct bench_sub *s, const char *name, size_t len)
{
	size_t at = s->prefix + 1;
	uint64_t n;

	if (len <= at || !number_parse(name + at, len - at, INT64_MAX, &n))
		return -1;
	return n < s->conf.channels ? (int64_t)n : -1;
}

static void now_ready(struct bench_reader *r)
{
	struct bench_sub *s = r->sub;

	if (r->ready)
		return;
	r->ready = true;
	s->nready++;
	if (s->nready == s->n)
		loop_timer(s->b->loop, &s->look, 0);
}

/* --- Plain readers */

static void on_up(void *arg)
{
	struct bench_reader *r = arg;
	char name[LOAD_CHANNEL_NAME];

	r->confirmed = 0;
	for (size_t i = 0; i < r->sub->conf.channels; i++) {
		load_channel(name, r->sub->conf.channel, i);
		redis_command(r->link.redis, 2, (const char *const[]){"SUBSCRIBE", name}, NULL);
	}
	redis_subscribing(r->link.redis);
}

static void on_reply(void *arg, struct reply *reply)
{
	struct bench_reader *r = arg;

	if (reply->type == REPLY_ERROR) {
		link_refused(&r->link, r->sub->conf.channel, reply);
	} else if (redis_is_push(reply)) {
		const struct reply *name = &reply->elem[1], *text = &reply->elem[2];
		int64_t channel = channel_of(r->sub, name->str, name->len);

		if (channel >= 0 && text->type == REPLY_STRING)
			take(r, (size_t)channel, text->str, text->len);
	} else if (++r->confirmed == r->sub->conf.channels) {
		cli_up(&r->sub->b->cli);
		now_ready(r);
	}
}

static void on_idle(void *arg)
{
	struct bench_reader *r = arg;

	r->fresh = 0;
}

/* What is published until the connection is back is lost, and the audit will say so. */
static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct bench_reader *r = arg;

	r->sub->errors += r->ready;
	cli_down(&r->sub->b->cli, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct bench_reader *r = arg;

	bench_die(r->sub->b, w);
}

static void on_started(void *arg, const char *path)
{
	struct bench_reader *r = arg;

	cli_started(&r->sub->b->cli, path);
}

static const struct link_ops link_ops = {.on_up = on_up,
    .on_reply = on_reply,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started};

/* --- Durable readers */

static void on_start(void *arg, int source, struct id cursor, const struct log_run *run)
{
	struct bench_reader *r = arg;

	(void)source;
	(void)cursor;
	(void)run;
	if (++r->confirmed == r->sub->conf.channels)
		now_ready(r);
}

static void on_message(void *arg, const struct feed_message *m)
{
	struct bench_reader *r = arg;

	take(r, (size_t)m->source, m->text, m->len);
}

static void on_gap(void *arg, int source, struct id after, struct id before)
{
	struct bench_reader *r = arg;

	(void)source; /* the audit counts what is missing */
	(void)after;
	(void)before;
	r->sub->errors++;
}

static const struct feed_ops feed_ops = {.on_start = on_start,
    .on_message = on_message,
    .on_gap = on_gap,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started};

/* --- Life */

int bench_reader_open(struct bench_sub *s, struct bench_reader *r)
{
	uint32_t window = AUDIT_WINDOW;

	while (window > WINDOW_LEAST && window > WINDOWS_SEQS / (s->conf.channels * s->n))
		window /= 2;
	r->sub = s;
	r->audit = audit_open(s->conf.channels, window, s->loader.pid > 0);
	if (!s->conf.durable) {
		link_open(&r->link, s->b->loop, &s->b->link, &link_ops, r);
		return 0;
	}
	const struct feed_conf conf = {.link = s->b->link,
	    .sources = s->sources,
	    .nsources = (int)s->conf.channels,
	    .start = {.since = FEED_NOW}};
	return feed_open(&r->feed, s->b->loop, &conf, &feed_ops, r, &s->b->why);
}

void bench_reader_close(struct bench_reader *r)
{
	link_close(&r->link);
	feed_close(r->feed);
	audit_close(r->audit);
}
