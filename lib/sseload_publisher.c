/* SPDX-License-Identifier: MIT */
/* sseload_publisher: a process that publishes on schedule.
 *
 *	WAITING ──GO──→ PUBLISHING ──all taken──→ FLUSHING ──all acknowledged──→ WAITING
 *──PUBLISH──→ …
 */
#include "sseload_publisher.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "clock.h"
#include "msg.h"
#include "pace.h"
#include "ticker.h"

enum {
	TELL_MS = 100,
	PUTS_IN_TURN = 256, /* then replies have their turn */
	SLACK_NS = 1000,    /* of the kernel's wake-ups: its own is 50 us */
};

struct line {
	struct pace pace;
	uint64_t slots; /* to be taken in this round; pace.taken counts */
	bool late;      /* it had no room when its last slot was due: not our fault */
};

struct publisher {
	const struct publisher_conf *conf;
	struct shared *shared;
	struct loop *loop;
	const struct outlet_ops *ops;
	struct outlet *outlet;
	struct line *lines;
	uint32_t nlines;
	uint64_t round; /* messages of the rounds before, a line */
	struct buf message;
	char *stamp;
	int64_t end_ns, give_up_ns;
	uint64_t put, acked;
	bool publishing, told;
	struct watch orders;
	struct ticker ticker;
	struct timer tell;
	struct tally tally;
	int fd;
};

static void pump(struct publisher *p);

/* --- Messages */

static void put(struct publisher *p, uint32_t i, int64_t at_ns, int64_t now_ns)
{
	struct line *l = &p->lines[i];
	uint64_t lanes = p->shared->lanes, k = (p->round + l->pace.taken - 1) * p->nlines + i;
	struct audit_stamp s = {
	    .run = p->conf->run, .lane = (uint32_t)(k % lanes), .time_ns = at_ns};
	size_t size = (size_t)p->conf->load->size;

	s.seq = p->shared->sent[s.lane];
	audit_restamp(p->stamp, size, &s);
	__atomic_store_n(
	    &p->shared->lags_ns[shared_place(p->shared, &s)], now_ns - at_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&p->shared->sent[s.lane], s.seq + 1, __ATOMIC_RELAXED);
	(void)msg_begin(&p->message, "token"); /* this buffer has no cap */
	(void)msg_string(&p->message, "content", p->stamp, size);
	p->ops->put(p->outlet, i, s.lane, &p->message, s.seq);
	buf_clear(&p->message);
	p->put++;
	p->tally.posted++;
}

/* The schedule's slots that are due on a line with room. */
static int pump_line(struct publisher *p, uint32_t i, int64_t now_ns)
{
	struct line *l = &p->lines[i];
	int n = 0;

	while (l->pace.taken < l->slots && n < PUTS_IN_TURN) {
		if (!p->ops->has_room(p->outlet, i)) {
			l->late = true;
			break;
		}
		int64_t at = pace_take(&l->pace, now_ns, p->end_ns);
		if (at < 0)
			break;
		/* A slot that waited for the server is the server's delay, not ours. */
		p->tally.slots.late += !l->late && now_ns - at > PACE_LATE_NS;
		p->tally.slots.taken++;
		put(p, i, at, now_ns);
		n++;
	}
	if (l->pace.rate > 0 && pace_next(&l->pace, now_ns) > now_ns)
		l->late = false;
	return n;
}

/* Whether a line has slots left; *next is the earliest of those with room. */
static bool slots_left(struct publisher *p, int64_t now_ns, int64_t *next)
{
	bool left = false;

	*next = INT64_MAX;
	for (uint32_t i = 0; i < p->nlines; i++) {
		struct line *l = &p->lines[i];

		if (l->pace.taken == l->slots || pace_next(&l->pace, now_ns) >= p->end_ns)
			continue;
		left = true;
		if (p->ops->has_room(p->outlet, i)) {
			int64_t at = pace_next(&l->pace, now_ns);

			*next = at < *next ? at : *next;
		}
	}
	return left;
}

static void finish_round(struct publisher *p)
{
	uint32_t state = STATE_PUBLISHED;

	p->publishing = false;
	for (uint32_t i = 0; i < p->nlines; i++) {
		const struct line *l = &p->lines[i];

		if (l->pace.rate == 0)
			continue;
		p->tally.slots.intended += l->slots;
		p->tally.slots.unsent += l->slots - l->pace.taken;
	}
	tell(p->fd, TELL_STATE, &state, sizeof state, NULL);
}

static void pump(struct publisher *p)
{
	int64_t now_ns = clock_ns(), next;
	int n = 0;

	if (!p->publishing)
		return;
	bool over = now_ns >= p->give_up_ns;
	for (uint32_t i = 0; i < p->nlines && !over; i++)
		n += pump_line(p, i, now_ns);
	if (n > 0)
		p->ops->flush(p->outlet);
	if (!p->publishing) /* flush found that the server is gone */
		return;
	if (!over && slots_left(p, now_ns, &next))
		ticker_set(&p->ticker, next < p->give_up_ns ? next : p->give_up_ns);
	else if (p->acked == p->put || over)
		finish_round(p);
	else
		ticker_set(&p->ticker, p->give_up_ns);
}

/* per_line: messages; 0: as the schedule has them up to end_ns. */
static void begin_round(struct publisher *p, int64_t start_ns, uint64_t rate, uint64_t per_line)
{
	const struct sseload_conf *load = p->conf->load;

	if (p->lines[0].slots > 0)
		p->round += p->lines[0].pace.taken;
	p->end_ns = per_line > 0 ? INT64_MAX : start_ns + load->duration_ms * 1000000;
	p->give_up_ns = start_ns + (load->duration_ms + load->drain_ms) * 1000000;
	for (uint32_t i = 0; i < p->nlines; i++) {
		struct line *l = &p->lines[i];

		*l = (struct line){
		    .pace = {
			.start_ns = start_ns, .rate = rate, .member = i, .members = p->nlines}};
		l->slots = per_line > 0 ? per_line
		    : rate > 0          ? pace_slots(&l->pace, p->end_ns)
					: UINT64_MAX;
	}
	p->publishing = true;
	pump(p);
}

/* The slots that were still to come are none. */
static void stop_round(struct publisher *p)
{
	for (uint32_t i = 0; i < p->nlines; i++)
		p->lines[i].slots = p->lines[i].pace.taken;
	pump(p);
}

/* --- What the outlet says */

static void on_room(void *arg)
{
	pump(arg);
}

static void on_acked(void *arg, bool good)
{
	struct publisher *p = arg;

	p->acked++;
	p->tally.errors[SSELOAD_PUBLISH] += !good;
}

static void on_dead(void *arg, const struct why *w)
{
	struct publisher *p = arg;

	p->publishing = false;
	tell(p->fd, TELL_WHY, w, sizeof *w, NULL);
}

/* --- Events */

static void on_tell(void *arg)
{
	struct publisher *p = arg;
	struct tell_second head = {.second = -1, .tally = p->tally};

	tell(p->fd, TELL_SECOND, &head, sizeof head, NULL);
	loop_timer(p->loop, &p->tell, loop_now(p->loop) + TELL_MS);
}

static void on_order(void *arg, unsigned ready)
{
	struct publisher *p = arg;
	const struct sseload_conf *load = p->conf->load;
	struct order o;

	(void)ready;
	if (!order_read(p->fd, &o)) {
		loop_stop(p->loop);
		return;
	}
	switch ((enum order_kind)o.kind) {
	case ORDER_GO:
		begin_round(p, o.at_ns, (uint64_t)load->publish_rate,
		    ((uint64_t)load->publish_count + p->nlines - 1) / p->nlines);
		break;
	case ORDER_PUBLISH:
		begin_round(p, clock_ns(), 0, o.n * p->shared->lanes / p->nlines);
		break;
	case ORDER_STOP:
		stop_round(p);
		break;
	case ORDER_END:
		tell(p->fd, TELL_FINAL, &p->tally, sizeof p->tally, NULL);
		loop_stop(p->loop);
		break;
	case ORDER_SENT:
	case ORDER_LEAVE:
	case ORDER_RETURN:
		break; /* for readers */
	}
}

/* --- The process */

static int set_up(struct publisher *p, const struct publisher_conf *conf, int fd, struct why *w)
{
	const struct sseload_conf *load = conf->load;
	struct outlet_owner owner = {on_room, on_acked, on_dead, p};
	struct audit_stamp s = {.run = conf->run};

	*p = (struct publisher){.conf = conf, .shared = conf->shared, .fd = fd};
	p->ops = load->publish == SSELOAD_REDIS ? &sseload_redis : &sseload_post;
	p->nlines = load->publish == SSELOAD_REDIS ? 1 : (uint32_t)load->publish_connections;
	p->lines = xcalloc(p->nlines, sizeof *p->lines);
	p->stamp = xmalloc((size_t)load->size);
	audit_stamp(p->stamp, (size_t)load->size, &s);
	buf_init(&p->message, SIZE_MAX / 2);
	p->orders = (struct watch){.fd = fd, .on_ready = on_order, .arg = p};
	p->tell = (struct timer){.on_due = on_tell, .arg = p};
	if (loop_open(&p->loop, w) < 0)
		return -1;
	if (ticker_open(&p->ticker, p->loop, on_room, p, w) < 0)
		return -1;
	(void)prctl(PR_SET_TIMERSLACK, SLACK_NS); /* without it slots begin a little later */
	loop_watch(p->loop, &p->orders, LOOP_READ);
	loop_timer(p->loop, &p->tell, 0);
	return p->ops->open(&p->outlet, p->loop, load, conf->target, &owner, w);
}

static void tear_down(struct publisher *p)
{
	if (p->outlet != NULL)
		p->ops->close(p->outlet);
	ticker_close(&p->ticker);
	loop_close(p->loop);
	buf_fini(&p->message);
	free(p->stamp);
	free(p->lines);
}

void publisher_run(const struct publisher_conf *conf, int fd)
{
	struct publisher p = {.fd = fd};
	struct why w;

	if (set_up(&p, conf, fd, &w) < 0 || loop_run(p.loop, &w) < 0)
		tell(fd, TELL_WHY, &w, sizeof w, NULL);
	tear_down(&p);
}
