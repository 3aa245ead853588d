/* SPDX-License-Identifier: MIT */
/* sseload: the parent of a load. It orders, listens, and reports. */
#include "sseload.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "proc.h"
#include "sseload_muster.h"
#include "sseload_verdict.h"

enum {
	GO_MS = 50, /* in which all have the order */
	LIVE_MS = 100,
	END_MS = 30000, /* to say the last words */
	STOP_MS = 1000, /* for what is on its way, when a signal came */
	LATE_MS = 500,  /* in which a process has told what it knows */
};

enum phase { CONNECT, STEADY, DRAIN, AWAY, BEHIND, RETURN, END };

struct load {
	const struct sseload_conf *conf;
	struct report *report;
	const struct say *say;
	struct muster muster;
	struct loop *loop;
	struct signals signals;
	enum phase phase;
	struct timer deadline, live;
	struct verdict verdict;
	struct why why;
	bool dead, stopped; /* stopped: by a signal */
};

static void total(const struct load *l, struct tally *readers, struct tally *publisher)
{
	memset(readers, 0, sizeof *readers);
	memset(publisher, 0, sizeof *publisher);
	for (int i = 0; i < l->muster.nworkers; i++)
		tally_add(l->muster.workers[i].publishes ? publisher : readers,
		    &l->muster.workers[i].tally);
}

/* --- Phases */

static void enter(struct load *l, enum phase phase);

static void order_all(struct load *l, enum order_kind kind, uint64_t n, int64_t at_ns)
{
	/* One that is gone is noticed by its watch. */
	for (int i = 0; i < l->muster.nworkers; i++)
		if (!l->muster.workers[i].final)
			(void)order_send(l->muster.workers[i].watch.fd, kind, n, at_ns);
}

static void order_readers(struct load *l, enum order_kind kind, int64_t at_ns)
{
	for (int i = 0; i < l->muster.nreaders; i++) {
		l->muster.workers[i].states = 0;
		(void)order_send(l->muster.workers[i].watch.fd, kind, 0, at_ns); /* as above */
	}
}

static void set_deadline(struct load *l, int64_t ms)
{
	loop_timer(l->loop, &l->deadline, clock_ms() + ms);
}

static int64_t connect_ms(const struct sseload_conf *c)
{
	/* Without a rate, a server that takes fewer than 1,000 a second is late. */
	return LATE_MS + c->timeout_ms + c->connections * 1000 / (c->rate > 0 ? c->rate : 1000);
}

static void go(struct load *l)
{
	const struct sseload_conf *c = l->conf;
	int64_t at_ns = clock_ns() + GO_MS * 1000000;

	l->verdict.go_ns = at_ns;
	order_all(l, ORDER_GO, 0, at_ns);
	/* The publisher ends by itself; this is for one that hangs. */
	set_deadline(l,
	    GO_MS + c->duration_ms +
		(c->publish != SSELOAD_NONE ? c->drain_ms + c->timeout_ms : 0));
}

static void enter(struct load *l, enum phase phase)
{
	const struct sseload_conf *c = l->conf;

	l->phase = phase;
	switch (phase) {
	case CONNECT:
		set_deadline(l, connect_ms(c));
		break;
	case STEADY:
		go(l);
		break;
	case DRAIN:
		order_readers(l, ORDER_SENT, 0);
		set_deadline(l, l->stopped ? STOP_MS : c->drain_ms);
		break;
	case AWAY:
		order_readers(l, ORDER_LEAVE, 0);
		set_deadline(l, c->timeout_ms);
		break;
	case BEHIND:
		(void)order_send(l->muster.workers[l->muster.nworkers - 1].watch.fd, ORDER_PUBLISH,
		    (uint64_t)c->behind, 0); /* its watch notices that it is gone */
		set_deadline(l, c->duration_ms + c->drain_ms + c->timeout_ms);
		break;
	case RETURN:
		l->verdict.return_ns = clock_ns();
		order_readers(l, ORDER_RETURN, l->verdict.return_ns);
		set_deadline(l, c->timeout_ms + c->drain_ms);
		break;
	case END:
		order_all(l, ORDER_END, 0, 0);
		set_deadline(l, END_MS);
		break;
	}
}

static void next_phase(struct load *l)
{
	const struct sseload_conf *c = l->conf;
	struct tally readers, publisher;

	switch (l->phase) {
	case CONNECT:
		/* Nobody to publish for: the report is about that. */
		total(l, &readers, &publisher);
		enter(l, readers.streams > 0 ? STEADY : END);
		break;
	case STEADY:
		enter(l, c->publish != SSELOAD_NONE ? DRAIN : END);
		break;
	case DRAIN:
		enter(l, c->storm && !l->stopped ? AWAY : END);
		break;
	case AWAY:
		enter(l, c->behind > 0 ? BEHIND : RETURN);
		break;
	case BEHIND:
		enter(l, RETURN);
		break;
	case RETURN:
		enter(l, END);
		break;
	case END:
		loop_stop(l->loop);
		break;
	}
}

static bool all_told(const struct load *l, enum tell_state state)
{
	for (int i = 0; i < l->muster.nreaders; i++)
		if ((l->muster.workers[i].states & 1u << state) == 0)
			return false;
	return true;
}

/* --- What the processes tell */

static void on_state(void *arg, struct worker *w, enum tell_state state)
{
	struct load *l = arg;
	bool over = false;

	if (w->publishes)
		over = state == STATE_PUBLISHED && (l->phase == STEADY || l->phase == BEHIND);
	else if (state == STATE_CONNECTED)
		over = l->phase == CONNECT && all_told(l, state);
	else if (state == STATE_AWAY)
		over = l->phase == AWAY && all_told(l, state);
	else if (state == STATE_CAUGHT_UP)
		over = (l->phase == DRAIN || l->phase == RETURN) && all_told(l, state);
	if (over)
		next_phase(l);
}

static void on_second(void *arg, struct worker *w, int64_t second, const char *hist, size_t len)
{
	struct load *l = arg;
	struct tally readers, publisher;

	if (!w->publishes && second >= 0)
		verdict_second(&l->verdict, second, hist, len);
	if (l->phase != CONNECT)
		return;
	total(l, &readers, &publisher);
	l->dead = verdict_no_server(l->conf, &readers, &l->why);
	if (l->dead)
		loop_stop(l->loop);
}

static void on_channel(void *arg, const struct tell_channel *channel)
{
	struct load *l = arg;
	char name[24];

	(void)snprintf(name, sizeof name, "%llu", (unsigned long long)channel->channel); /* fits */
	report_audit_channel(l->report, name, &channel->counts);
}

static void on_final(void *arg, struct worker *w, const char *hists, size_t len)
{
	struct load *l = arg;

	if (!w->publishes)
		verdict_hists(&l->verdict, hists, len);
	for (int i = 0; i < l->muster.nworkers; i++)
		if (!l->muster.workers[i].final)
			return;
	loop_stop(l->loop);
}

static void on_failure(void *arg, struct worker *w, const struct why *why)
{
	struct load *l = arg;

	(void)w;
	l->why = *why;
	l->dead = true;
	loop_stop(l->loop);
}

/* --- Time and signals */

static void on_deadline(void *arg)
{
	struct load *l = arg;

	if (l->phase == CONNECT)
		say(l->say, SAY_NOTE, "not all readers are connected; going on without them");
	else if (l->phase == DRAIN || l->phase == RETURN)
		say(l->say, SAY_NOTE, "not all readers have got everything in time");
	next_phase(l);
}

static void on_live(void *arg)
{
	struct load *l = arg;
	struct tally readers, publisher;

	loop_timer(l->loop, &l->live, clock_ms() + LIVE_MS);
	total(l, &readers, &publisher);
	int64_t left_ms = l->phase != STEADY
	    ? -1
	    : l->conf->duration_ms - (clock_ns() - l->verdict.go_ns) / 1000000;
	verdict_live(&l->verdict, l->report, &readers, &publisher, left_ms);
}

static void on_signal(void *arg, int signo)
{
	struct load *l = arg;

	(void)signo;
	if (l->phase == END) {
		loop_stop(l->loop); /* with what is told already */
	} else if (l->phase == STEADY && l->conf->publish != SSELOAD_NONE && !l->stopped) {
		/* What is sent arrives, and then it ends. */
		l->stopped = true;
		(void)order_send(l->muster.workers[l->muster.nworkers - 1].watch.fd, ORDER_STOP, 0,
		    0); /* its watch notices that it is gone */
		set_deadline(l, STOP_MS);
	} else {
		enter(l, END);
	}
}

static int run(struct load *l, struct why *w)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, 0};
	static const struct worker_owner owner = {
	    on_state, on_second, on_channel, on_final, on_failure};

	if (loop_open(&l->loop, w) < 0 ||
	    signals_open(&l->signals, l->loop, signos, on_signal, l, w) < 0)
		return -1;
	l->deadline = (struct timer){.on_due = on_deadline, .arg = l};
	l->live = (struct timer){.on_due = on_live, .arg = l};
	for (int i = 0; i < l->muster.nworkers; i++)
		worker_watch(&l->muster.workers[i], l->loop, &owner, l);
	loop_timer(l->loop, &l->live, clock_ms() + LIVE_MS);
	enter(l, CONNECT);
	if (loop_run(l->loop, w) < 0)
		return -1;
	if (l->dead) {
		*w = l->why;
		return -1;
	}
	return 0;
}

int sseload_run(const struct sseload_conf *conf, struct report *report, const struct say *s,
    bool *failed, struct why *w)
{
	struct load l = {.conf = conf, .report = report, .say = s};
	struct tally readers, publisher;
	char text[300];

	verdict_init(&l.verdict, conf);
	int r = muster_open(&l.muster, conf, s, w);
	l.verdict.start_ns = l.muster.start_ns;
	l.verdict.processes = l.muster.nreaders;
	if (r == 0)
		r = run(&l, w);
	if (r == 0) {
		total(&l, &readers, &publisher);
		*failed = verdict_report(&l.verdict, report, &readers, &publisher);
		if (verdict_no_stream(&readers, text, sizeof text))
			say(s, SAY_ERROR, "%s: no reader got a stream (%s)", conf->url, text);
	}
	muster_close(&l.muster);
	signals_close(&l.signals);
	loop_close(l.loop);
	verdict_fini(&l.verdict);
	return r;
}
