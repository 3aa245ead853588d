/* SPDX-License-Identifier: MIT */
/* sseload_team: a process that holds connections. */
#include "sseload_team.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "pace.h"
#include "sseload_caller.h"
#include "ticker.h"

enum {
	CHECK_MS = 100,
	OPENING_ALL = 2048, /* without a rate: those that have no answer yet, of all processes; the
			       kernel queues 4096 for a server, and what is more waits a second */
	OPENING_MAX = 256,  /* the same, of one process */
	OPENING_LEAST = 8,
	OPENS_IN_TURN = 64,
	TICK_MS = 1000,
};

struct team {
	const struct team_conf *conf;
	struct crew crew;
	struct caller *readers;
	uint64_t opened; /* of readers, in this round of connecting */
	struct pace pace;
	struct watch orders;
	struct ticker open; /* the loop's milliseconds would be half of a connect's latency */
	struct timer check, tick;
	int fd;
	int64_t go_ns; /* when publishing began; 0: not yet */
	int64_t second;
	bool told_connected, told_caught_up;
};

/* --- Telling */

static void tell_state(struct team *t, enum tell_state state)
{
	uint32_t n = state;

	tell(t->fd, TELL_STATE, &n, sizeof n, NULL);
}

static void tell_second(struct team *t)
{
	struct tell_second head = {.second = t->second, .tally = t->crew.tally};
	struct buf tail;

	buf_init(&tail, SIZE_MAX / 2);
	(void)hist_pack(&tail, &t->crew.second); /* no cap */
	tell(t->fd, TELL_SECOND, &head, sizeof head, &tail);
	buf_fini(&tail);
	hist_clear(&t->crew.second);
}

static void tell_progress(struct team *t)
{
	if (!t->told_connected && t->opened == t->conf->n && t->crew.unsettled == 0) {
		t->told_connected = true;
		tell_state(t, STATE_CONNECTED);
	}
	if (!t->told_caught_up && t->crew.complete && t->crew.behind == 0) {
		t->told_caught_up = true;
		tell_state(t, STATE_CAUGHT_UP);
	}
}

/* --- Connecting */

static bool is_full(const struct team *t)
{
	uint64_t most = OPENING_ALL / t->conf->members;

	most = most > OPENING_MAX ? OPENING_MAX : most < OPENING_LEAST ? OPENING_LEAST : most;
	return t->pace.rate == 0 && t->crew.opening >= most;
}

/* When there is no room, the crew tells when there is: behind all that has come in the loop's turn.
 */
static void open_some(void *arg)
{
	struct team *t = arg;
	int64_t now_ns = clock_ns();

	for (int i = 0; i < OPENS_IN_TURN && t->opened < t->conf->n; i++) {
		if (is_full(t))
			break;
		int64_t at = pace_take(&t->pace, now_ns, INT64_MAX);
		if (at < 0)
			break;
		if (t->pace.rate > 0) {
			t->crew.tally.slots.intended++;
			t->crew.tally.slots.taken++;
			t->crew.tally.slots.late += now_ns - at > PACE_LATE_NS;
		}
		caller_open(&t->readers[t->opened++], at);
	}
	if (t->opened == t->conf->n)
		return;
	/* Due slots are opened by the next turn of the loop, behind what has come meanwhile. */
	t->crew.wants_room = is_full(t);
	if (!t->crew.wants_room)
		ticker_set(&t->open, pace_next(&t->pace, now_ns));
}

static void begin_opening(struct team *t, int64_t at_ns, int64_t rate)
{
	t->opened = 0;
	t->pace = (struct pace){.start_ns = at_ns,
	    .rate = (uint64_t)rate,
	    .member = t->conf->member,
	    .members = t->conf->members};
	ticker_set(&t->open, at_ns);
}

/* --- Time */

static void on_check(void *arg)
{
	struct team *t = arg;
	int64_t now_ns = clock_ns();

	loop_timer(t->crew.loop, &t->check, loop_now(t->crew.loop) + CHECK_MS);
	for (uint64_t i = 0; i < t->conf->n; i++)
		caller_check(&t->readers[i], now_ns);
	if (t->go_ns > 0 && now_ns - t->go_ns >= (t->second + 1) * 1000000000) {
		tell_second(t);
		t->second = (now_ns - t->go_ns) / 1000000000;
	} else if (t->go_ns == 0) {
		tell_second(t);
	}
	tell_progress(t); /* behind the counts: who hears of a state knows them */
}

static void on_tick(void *arg)
{
	struct team *t = arg;

	loop_timer(t->crew.loop, &t->tick, loop_now(t->crew.loop) + TICK_MS);
	for (uint64_t i = 0; i < t->conf->n; i++)
		caller_tick(&t->readers[i]);
}

/* --- Orders */

static void set_complete(struct team *t)
{
	t->crew.complete = true;
	t->told_caught_up = false;
	crew_count_behind(&t->crew, t->readers, t->conf->n);
}

static void leave(struct team *t)
{
	for (uint64_t i = 0; i < t->conf->n; i++)
		if (t->readers[i].state != CALLER_OVER)
			caller_close(&t->readers[i]);
	t->crew.measuring = t->crew.complete = false;
	tell_state(t, STATE_AWAY);
}

/* Those that are over stay so; the others come back in the order of their numbers. */
static void come_back(struct team *t, const struct order *o)
{
	t->crew.return_ns = o->at_ns;
	set_complete(t);
	for (uint64_t i = 0; i < t->conf->n; i++)
		if (t->readers[i].state == CALLER_IDLE) {
			t->readers[i].state = CALLER_WAITING;
			t->readers[i].since_ns = o->at_ns;
		}
	loop_timer(t->crew.loop, &t->check, 0);
}

static void end(struct team *t)
{
	struct buf tail;

	for (uint64_t i = 0; i < t->conf->n; i++) {
		struct caller *c = &t->readers[i];

		caller_settle(c);
		if (c->counts != NULL) {
			struct tell_channel channel = {c->channel, *c->counts};

			tell(t->fd, TELL_CHANNEL, &channel, sizeof channel, NULL);
		}
	}
	tell_second(t);
	buf_init(&tail, SIZE_MAX / 2);
	for (int i = 0; i < TALLY_HISTS; i++)
		(void)hist_pack(&tail, &t->crew.hists[i]); /* no cap */
	tell(t->fd, TELL_FINAL, &t->crew.tally, sizeof t->crew.tally, &tail);
	buf_fini(&tail);
	loop_stop(t->crew.loop);
}

static void on_order(void *arg, unsigned ready)
{
	struct team *t = arg;
	struct order o;

	(void)ready;
	if (!order_read(t->fd, &o)) {
		loop_stop(t->crew.loop);
		return;
	}
	switch ((enum order_kind)o.kind) {
	case ORDER_GO:
		t->go_ns = o.at_ns;
		t->second = 0;
		t->crew.measuring = true;
		hist_clear(&t->crew.second);
		break;
	case ORDER_SENT:
		set_complete(t);
		break;
	case ORDER_LEAVE:
		leave(t);
		break;
	case ORDER_RETURN:
		come_back(t, &o);
		break;
	case ORDER_END:
		end(t);
		break;
	case ORDER_PUBLISH: /* not for us */
	case ORDER_STOP:
		break;
	}
}

/* --- The process */

static enum caller_kind kind_of(const struct sseload_conf *load, uint64_t index)
{
	/* The last ones, so that --slow changes nothing for the others. */
	uint64_t fast = (uint64_t)(load->connections - load->slow - load->stalled);

	return index < fast                       ? CALLER_FAST
	    : index < fast + (uint64_t)load->slow ? CALLER_SLOW
						  : CALLER_STALLED;
}

static int set_up(struct team *t, const struct team_conf *conf, int fd, struct why *w)
{
	struct crew *crew = &t->crew;

	*t = (struct team){.conf = conf, .fd = fd, .second = -1};
	crew->conf = conf->load;
	crew->target = conf->target;
	crew->sources = conf->sources;
	crew->run = conf->run;
	crew->shared = conf->shared;
	crew->bytes = xmalloc(CREW_BYTES);
	crew->unsettled = conf->n;
	crew->room = (struct timer){.on_due = open_some, .arg = t};
	crew->measuring = conf->load->publish == SSELOAD_NONE;
	buf_init(&crew->request, SIZE_MAX / 2);
	for (int i = 0; i < TALLY_HISTS; i++)
		hist_init(&crew->hists[i]);
	hist_init(&crew->second);
	t->readers = xcalloc(conf->n, sizeof *t->readers);
	for (uint64_t i = 0; i < conf->n; i++)
		caller_init(&t->readers[i], crew, (uint32_t)(conf->first + i),
		    kind_of(conf->load, conf->first + i));
	if (loop_open(&crew->loop, w) < 0 || ticker_open(&t->open, crew->loop, open_some, t, w) < 0)
		return -1;
	t->orders = (struct watch){.fd = fd, .on_ready = on_order, .arg = t};
	t->check = (struct timer){.on_due = on_check, .arg = t};
	t->tick = (struct timer){.on_due = on_tick, .arg = t};
	loop_watch(crew->loop, &t->orders, LOOP_READ);
	loop_timer(crew->loop, &t->check, 0);
	loop_timer(crew->loop, &t->tick, 0);
	begin_opening(t, conf->start_ns, conf->load->rate);
	return 0;
}

static void tear_down(struct team *t)
{
	for (uint64_t i = 0; i < t->conf->n; i++) {
		caller_close(&t->readers[i]);
		free(t->readers[i].counts);
	}
	free(t->readers);
	free(t->crew.bytes);
	buf_fini(&t->crew.request);
	for (int i = 0; i < TALLY_HISTS; i++)
		hist_fini(&t->crew.hists[i]);
	hist_fini(&t->crew.second);
	ticker_close(&t->open);
	loop_cancel(t->crew.loop, &t->crew.room);
	loop_close(t->crew.loop);
}

void team_run(const struct team_conf *conf, int fd)
{
	struct team t;
	struct why w;

	if (set_up(&t, conf, fd, &w) < 0 || loop_run(t.crew.loop, &w) < 0)
		tell(fd, TELL_WHY, &w, sizeof w, NULL);
	tear_down(&t);
}
