/* SPDX-License-Identifier: MIT */
/*
 * load_member: one publisher of a load.
 *
 *	slot ──time came, ring has room──→ sent (in the ring) ──answer──→ measured
 */
#include "load_member.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "msg.h"
#include "resp.h"

enum {
	LOG_MAXLEN = 10000,    /* sp-pub's default */
	LOG_TTL_MS = 60000,    /* a load's log is of no use for longer */
	OUT_BYTES = 64 * 1024, /* made in advance, at most */
	BUFFER_BYTES = 64 << 20,
	FRESH = 16, /* answers to a look at the clock: some 2 us of work */
};

/* --- One message */

/* {"type":"token","content":"STAMP"} in a PUBLISH, and where in it the stamp is. */
static void make_text(struct load *l, struct load_lane *lane)
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

static void put_plain(struct load_member *m, struct load_lane *lane, const struct audit_stamp *s)
{
	if (lane->text == NULL)
		make_text(m->load, lane);
	audit_restamp(lane->text + lane->stamp_at, m->load->stamp_size, s);
	(void)buf_add(&m->out, lane->text, lane->len); /* no cap */
}

static void put_durable(struct load_member *m, const struct audit_stamp *s)
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

static void put(struct load_member *m, int64_t intended_ns, int64_t now_ns)
{
	struct load *l = m->load;
	struct load_lane *lane = &m->lanes[m->lane];
	struct audit_stamp s = {l->conf.run, (uint32_t)(m - l->members), lane->seq++, intended_ns};

	m->lane = m->lane + 1 == m->nlanes ? 0 : m->lane + 1;
	if (m->append != NULL)
		put_durable(m, &s);
	else
		put_plain(m, lane, &s);
	size_t at = m->head + m->waiting++;
	m->ring[at < l->conf.pipeline ? at : at - l->conf.pipeline] =
	    (struct load_sent){intended_ns, now_ns};
	l->facts.sent++;
	int64_t since = m->free_ns > intended_ns ? m->free_ns : intended_ns;
	if (now_ns - since > PACE_LATE_NS)
		l->facts.slots.late++;
}

/* --- Sending */

static void flush(struct load_member *m)
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

static bool has_room(const struct load_member *m)
{
	return m->up && m->waiting < m->load->conf.pipeline && m->out.len < OUT_BYTES &&
	    (m->append == NULL || append_has_room(m->append));
}

void load_member_pump(struct load_member *m)
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

/* --- Answers */

static void measure(struct load_member *m, size_t n)
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
		const struct load_sent *s = &m->ring[m->head];

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
	struct load_member *m = arg;

	m->up = true;
	m->load->connected++;
	m->free_ns = clock_ns();
	load_member_pump(m);
}

static void on_reply(void *arg, struct reply *reply)
{
	struct load_member *m = arg;

	if (reply->type == REPLY_ERROR) {
		m->load->facts.errors++;
		link_refused(&m->link, m->load->conf.channel, reply);
		return;
	}
	measure(m, 1);
}

static void on_idle(void *arg)
{
	struct load_member *m = arg;

	m->fresh = 0;
	if (m->out.len >= OUT_BYTES)
		m->free_ns = clock_ns();
	flush(m);
	load_member_pump(m);
}

/* What waited for an answer may have been published or not: it is an error, and not sent again. */
static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct load_member *m = arg;
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
	struct load_member *m = arg;

	m->load->ops->on_dead(m->load->arg, w);
}

static void on_started(void *arg, const char *path)
{
	struct load_member *m = arg;

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
	struct load_member *m = arg;

	m->fresh = 0;
	measure(m, acked->n);
	load_member_pump(m);
}

static void on_full(void *arg, const struct why *w)
{
	(void)arg; /* there is no spool */
	(void)w;
}

static void on_room(void *arg)
{
	load_member_pump(arg);
}

static const struct append_ops append_ops = {.on_acked = on_acked,
    .on_down = on_down,
    .on_dead = on_dead,
    .on_started = on_started,
    .on_full = on_full,
    .on_room = on_room};

/* --- Life */

static void make_lanes(struct load *l, struct load_member *m, size_t i)
{
	size_t channels = l->conf.channels;

	m->nlanes = i < channels ? (channels - i + l->n - 1) / l->n : 1;
	m->lanes = xcalloc(m->nlanes, sizeof *m->lanes);
	for (size_t k = 0; k < m->nlanes; k++)
		m->lanes[k].channel = (i + k * l->n) % channels;
}

int load_member_open(struct load *l, size_t i, struct why *w)
{
	struct load_member *m = &l->members[i];
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

void load_member_close(struct load_member *m)
{
	link_close(&m->link);
	append_close(m->append);
	for (size_t k = 0; k < m->nlanes; k++)
		free(m->lanes[k].text);
	free(m->lanes);
	free(m->ring);
	buf_fini(&m->out);
}
