/* SPDX-License-Identifier: MIT */
/*
 * load: the publishers of a load, each with its connection, its schedule and its ring of messages
 * that wait for an answer.
 *
 *	slot ──time came, ring has room──→ sent (in the ring) ──answer──→ measured
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "append.h"
#include "clock.h"
#include "msg.h"
#include "resp.h"
#include "ticker.h"

enum {
	LOG_MAXLEN = 10000,    /* sp-pub's default */
	LOG_TTL_MS = 60000,    /* a load's log is of no use for longer */
	OUT_BYTES = 64 * 1024, /* made in advance, at most */
	BUFFER_BYTES = 64 << 20,
	FRESH = 16, /* answers to a look at the clock: some 2 us of work */
};

struct sent {
	int64_t intended_ns, sent_ns;
};

/* One of a publisher's channels, and the next message for it ready but for its stamp. */
struct lane {
	size_t channel;
	uint64_t seq;
	char *text; /* RESP, or only the stamp when durable; NULL until it is used */
	size_t len, stamp_at;
};

struct member {
	struct load *load;
	struct link link;
	struct append *append;
	struct lane *lanes;
	size_t nlanes, lane; /* lane: whose turn it is */
	struct sent *ring;   /* load.conf.pipeline of them */
	int64_t now_ns;      /* the clock, for `fresh` more answers */
	unsigned fresh;
	size_t head, waiting;
	struct buf out; /* PUBLISHes that the stream did not take yet */
	struct pace pace;
	int64_t free_ns; /* since when it could have sent */
	bool up;
};

struct load {
	struct load_conf conf;
	const struct load_ops *ops;
	void *arg;
	struct loop *loop;
	struct member *members;
	size_t n, connected;
	struct ticker ticker;
	struct timer end;
	uint64_t slot; /* of all members: the next one whose time has not come */
	int64_t start_ns, end_ns, grace_ns;
	size_t stamp_size;
	struct buf message;
	struct load_facts facts;
	bool started, over;
};

static const struct link_ops link_ops;
static const struct append_ops append_ops;
static void on_tick(void *arg);
static void on_end(void *arg);

void load_channel(char name[LOAD_CHANNEL_NAME], const char *channel, size_t i)
{
	(void)snprintf(name, LOAD_CHANNEL_NAME, "%s:%zu", channel, i); /* checked by the command */
}

/* --- Life */

static void make_lanes(struct load *l, struct member *m, size_t i)
{
	size_t channels = l->conf.channels;

	m->nlanes = i < channels ? (channels - i + l->n - 1) / l->n : 1;
	m->lanes = xcalloc(m->nlanes, sizeof *m->lanes);
	for (size_t k = 0; k < m->nlanes; k++)
		m->lanes[k].channel = (i + k * l->n) % channels;
}

static int open_member(struct load *l, size_t i, struct why *w)
{
	struct member *m = &l->members[i];
	char name[LOAD_CHANNEL_NAME];

	m->load = l;
	m->ring = xcalloc(l->conf.pipeline, sizeof *m->ring);
	buf_init(&m->out, SIZE_MAX / 2);
	make_lanes(l, m, i);
	m->pace =
	    (struct pace){.rate = l->conf.rate, .member = (uint32_t)i, .members = (uint32_t)l->n};
	if (!l->conf.durable) {
		link_open(&m->link, l->loop, &l->conf.link, &link_ops, m);
		return 0;
	}
	load_channel(name, l->conf.channel, m->lanes[0].channel);
	const struct append_conf conf = {.link = l->conf.link,
	    .channel = xstrdup(name),
	    .maxlen = LOG_MAXLEN,
	    .ttl_ms = LOG_TTL_MS,
	    .buffer_bytes = BUFFER_BYTES};
	m->lanes[0].text = (char *)(uintptr_t)conf.channel; /* freed with the lane */
	m->up = true;
	l->connected++;
	return append_open(&m->append, l->loop, &conf, &append_ops, m, w);
}

int load_open(struct load **out, struct loop *loop, const struct load_conf *conf,
    const struct load_ops *ops, void *arg, struct why *w)
{
	struct load *l = xcalloc(1, sizeof *l);
	bool each = conf->durable && conf->channels > conf->connections;
	int r = 0;

	*l = (struct load){.conf = *conf, .ops = ops, .arg = arg, .loop = loop};
	l->n = each ? conf->channels : conf->connections;
	l->members = xcalloc(l->n, sizeof *l->members);
	l->stamp_size = conf->size - (LOAD_SIZE_MIN - AUDIT_STAMP_MIN);
	l->end = (struct timer){.on_due = on_end, .arg = l};
	buf_init(&l->message, SIZE_MAX / 2);
	hist_init(&l->facts.corrected);
	hist_init(&l->facts.uncorrected);
	hist_init(&l->facts.second);
	r = ticker_open(&l->ticker, loop, on_tick, l, w);
	for (size_t i = 0; i < l->n && r == 0; i++)
		r = open_member(l, i, w);
	if (r < 0) {
		load_close(l);
		return -1;
	}
	*out = l;
	return 0;
}

void load_close(struct load *l)
{
	if (l == NULL)
		return;
	ticker_close(&l->ticker);
	loop_cancel(l->loop, &l->end);
	for (size_t i = 0; i < l->n; i++) {
		struct member *m = &l->members[i];

		link_close(&m->link);
		append_close(m->append);
		for (size_t k = 0; k < m->nlanes; k++)
			free(m->lanes[k].text);
		free(m->lanes);
		free(m->ring);
		buf_fini(&m->out);
	}
	free(l->members);
	buf_fini(&l->message);
	hist_fini(&l->facts.corrected);
	hist_fini(&l->facts.uncorrected);
	hist_fini(&l->facts.second);
	free(l);
}

/* --- One message */

/* {"type":"token","content":"STAMP"} in a PUBLISH, and where in it the stamp is. */
static void make_text(struct load *l, struct lane *lane)
{
	static const char head[] = "{\"type\":\"token\",\"content\":\"", tail[] = "\"}";
	char name[LOAD_CHANNEL_NAME];
	struct buf message, b;
	char *stamp;

	buf_init(&message, SIZE_MAX / 2);
	buf_init(&b, SIZE_MAX / 2);
	(void)buf_adds(&message, head); /* no cap, here and below */
	stamp = buf_room(&message, l->stamp_size);
	audit_stamp(stamp, l->stamp_size, &(struct audit_stamp){0});
	message.len += l->stamp_size;
	(void)buf_adds(&message, tail);
	load_channel(name, l->conf.channel, lane->channel);
	(void)resp_array(&b, 3);
	(void)resp_bulk(&b, "PUBLISH", 7);
	(void)resp_bulk(&b, name, strlen(name));
	(void)resp_bulk(&b, buf_head(&message), message.len);
	lane->len = b.len;
	lane->stamp_at = b.len - 2 - strlen(tail) - l->stamp_size;
	lane->text = xmalloc(b.len);
	memcpy(lane->text, buf_head(&b), b.len);
	buf_fini(&message);
	buf_fini(&b);
}

static void put_plain(struct member *m, struct lane *lane, const struct audit_stamp *s)
{
	if (lane->text == NULL)
		make_text(m->load, lane);
	audit_restamp(lane->text + lane->stamp_at, m->load->stamp_size, s);
	(void)buf_add(&m->out, lane->text, lane->len); /* no cap */
}

static void put_durable(struct member *m, const struct audit_stamp *s)
{
	struct load *l = m->load;
	struct buf *b = &l->message;

	(void)msg_begin(b, "token"); /* no cap, here and below */
	(void)buf_adds(b, ",\"content\":\"");
	char *stamp = buf_room(b, l->stamp_size);
	audit_stamp(stamp, l->stamp_size, s);
	b->len += l->stamp_size;
	(void)buf_addc(b, '"');
	append_put(m->append, b, false);
}

static void put(struct member *m, int64_t intended_ns, int64_t now_ns)
{
	struct load *l = m->load;
	struct lane *lane = &m->lanes[m->lane];
	struct audit_stamp s = {l->conf.run, (uint32_t)(m - l->members), lane->seq++, intended_ns};

	m->lane = m->lane + 1 == m->nlanes ? 0 : m->lane + 1;
	if (m->append != NULL)
		put_durable(m, &s);
	else
		put_plain(m, lane, &s);
	size_t at = m->head + m->waiting++;
	m->ring[at < l->conf.pipeline ? at : at - l->conf.pipeline] =
	    (struct sent){intended_ns, now_ns};
	l->facts.sent++;
	int64_t since = m->free_ns > intended_ns ? m->free_ns : intended_ns;
	if (now_ns - since > PACE_LATE_NS)
		l->facts.slots.late++;
}

/* --- Sending */

static void flush(struct member *m)
{
	if (m->append != NULL) {
		append_flush(m->append);
		return;
	}
	while (m->up && m->out.len > 0) {
		size_t n = link_send(&m->link, buf_head(&m->out), m->out.len);

		if (n == 0)
			break;
		buf_consume(&m->out, n);
	}
}

static bool has_room(const struct member *m)
{
	return m->up && m->waiting < m->load->conf.pipeline && m->out.len < OUT_BYTES &&
	    (m->append == NULL || append_has_room(m->append));
}

/* Serves the slots whose time has come, as far as there is room. */
static void pump(struct member *m)
{
	struct load *l = m->load;
	size_t before = m->waiting;

	if (!l->started || l->over || !has_room(m))
		return;
	/* Flat out, half a pipeline at once: fewer, larger writes, and fewer wake-ups of the
	 * server. */
	if (l->conf.rate == 0 && m->waiting > l->conf.pipeline / 2)
		return;
	int64_t now = clock_ns();
	if (l->conf.rate == 0 && now >= l->end_ns)
		return;
	for (int64_t at; has_room(m) && (at = pace_take(&m->pace, now, l->end_ns)) >= 0;)
		put(m, at, now);
	if (m->waiting == before)
		return;
	if (m->append == NULL)
		redis_expect(m->link.redis, m->waiting - before);
	flush(m);
}

/* The slots go round the members: only those whose time has come are looked at. */
static void on_tick(void *arg)
{
	struct load *l = arg;
	int64_t now = clock_ns();
	struct pace all = {.start_ns = l->start_ns, .rate = l->conf.rate, .members = 1};
	size_t pumped = 0;

	for (; now >= pace_at(&all, l->slot) && pace_at(&all, l->slot) < l->end_ns; l->slot++)
		if (pumped++ < l->n)
			pump(&l->members[(size_t)(l->slot % l->n)]);
	if (pace_at(&all, l->slot) < l->end_ns)
		ticker_set(&l->ticker, pace_at(&all, l->slot));
}

static uint64_t waiting(const struct load *l)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += l->members[i].waiting;
	return n;
}

static void finish(struct load *l)
{
	struct pace_slots *s = &l->facts.slots;

	if (l->over)
		return;
	l->over = true;
	for (size_t i = 0; i < l->n; i++) {
		struct pace *p = &l->members[i].pace;

		s->intended += pace_slots(p, l->end_ns);
		s->taken += p->taken;
	}
	s->unsent = s->intended - s->taken;
	l->facts.errors += waiting(l);
	l->ops->on_over(l->arg);
}

/* From the end on: whether anything is left that is worth waiting for. */
static void on_end(void *arg)
{
	struct load *l = arg;
	int64_t now = clock_ns();
	bool backlog = false;

	for (size_t i = 0; l->conf.rate > 0 && i < l->n; i++)
		backlog = backlog || pace_next(&l->members[i].pace, now) < l->end_ns;
	if (l->over)
		return;
	if ((!backlog && waiting(l) == 0) || now > l->end_ns + l->grace_ns)
		finish(l);
	else
		loop_timer(l->loop, &l->end, clock_ms() + 2);
}

void load_start(struct load *l, int64_t start_ns, int64_t end_ns, int64_t grace_ms)
{
	l->started = true;
	l->start_ns = start_ns;
	l->end_ns = end_ns;
	l->grace_ns = grace_ms * 1000000;
	for (size_t i = 0; i < l->n; i++) {
		l->members[i].pace.start_ns = start_ns;
		l->members[i].free_ns = start_ns;
	}
	loop_timer(l->loop, &l->end, end_ns / 1000000 + 1);
	if (l->conf.rate > 0) {
		ticker_set(&l->ticker, start_ns);
		return;
	}
	for (size_t i = 0; i < l->n; i++)
		pump(&l->members[i]);
}

void load_stop(struct load *l, int64_t grace_ms)
{
	int64_t now = clock_ns();

	l->end_ns = now < l->end_ns ? now : l->end_ns;
	l->grace_ns = grace_ms * 1000000;
	if (l->started && grace_ms > 0)
		on_end(l);
	else
		finish(l);
}

/* --- Answers */

static void measure(struct member *m, size_t n)
{
	struct load *l = m->load;

	/* Answers that came together: the clock would be a tenth of all work. */
	if (m->fresh-- == 0) {
		m->now_ns = clock_ns();
		m->fresh = FRESH - 1;
	}
	int64_t now = m->now_ns;
	if (m->waiting >= l->conf.pipeline)
		m->free_ns = now;
	for (; n > 0 && m->waiting > 0; n--, m->waiting--) {
		const struct sent *s = &m->ring[m->head];

		hist_record(&l->facts.second, now - s->intended_ns);
		hist_record(&l->facts.uncorrected, now - s->sent_ns);
		l->facts.acked++;
		l->facts.bytes += l->conf.size;
		m->head = m->head + 1 == l->conf.pipeline ? 0 : m->head + 1;
	}
	l->facts.last_ns = now;
}

static void on_up(void *arg)
{
	struct member *m = arg;

	m->up = true;
	m->load->connected++;
	m->free_ns = clock_ns();
	pump(m);
}

static void on_reply(void *arg, struct reply *reply)
{
	struct member *m = arg;

	if (reply->type == REPLY_ERROR) {
		m->load->facts.errors++;
		link_refused(&m->link, m->load->conf.channel, reply);
		return;
	}
	measure(m, 1);
}

static void on_idle(void *arg)
{
	struct member *m = arg;

	m->fresh = 0;
	if (m->out.len >= OUT_BYTES)
		m->free_ns = clock_ns();
	flush(m);
	pump(m);
}

/* What waited for an answer may have been published or not: it is an error, and not sent again. */
static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct member *m = arg;
	struct load *l = m->load;

	if (m->append == NULL) {
		l->connected -= m->up;
		l->facts.errors += m->waiting;
		m->up = false;
		m->waiting = 0;
		buf_clear(&m->out);
	}
	l->ops->on_down(l->arg, w, wait_ms);
}

static void on_dead(void *arg, const struct why *w)
{
	struct member *m = arg;

	m->load->ops->on_dead(m->load->arg, w);
}

static void on_started(void *arg, const char *path)
{
	struct member *m = arg;

	m->load->ops->on_started(m->load->arg, path);
}

static const struct link_ops link_ops = {.on_up = on_up,
    .on_reply = on_reply,
    .on_idle = on_idle,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started};

static void on_acked(void *arg, const struct append_acked *acked)
{
	struct member *m = arg;

	m->fresh = 0;
	measure(m, acked->n);
	pump(m);
}

static void on_full(void *arg, const struct why *w)
{
	(void)arg; /* there is no spool */
	(void)w;
}

static void on_room(void *arg)
{
	pump(arg);
}

static const struct append_ops append_ops = {.on_acked = on_acked,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
    .on_full = on_full,
    .on_room = on_room};

/* --- Facts */

struct load_facts *load_facts(struct load *l)
{
	return &l->facts;
}

size_t load_connected(const struct load *l)
{
	return l->connected;
}

void load_lanes(const struct load *l,
    void (*on_lane)(void *arg, size_t channel, uint32_t run, uint32_t lane, uint64_t sent),
    void *arg)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->members[i].nlanes; k++)
			on_lane(arg, l->members[i].lanes[k].channel, l->conf.run, (uint32_t)i,
			    l->members[i].lanes[k].seq);
}
