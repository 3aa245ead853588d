/* SPDX-License-Identifier: MIT */
/* sseload: the parent of a load. It orders, listens, and reports. */
#include "sseload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "proc.h"
#include "sseload_publisher.h"
#include "sseload_team.h"
#include "sseload_verdict.h"
#include "sseload_worker.h"

enum {
	GO_MS = 50, /* in which all have the order */
	LIVE_MS = 100,
	END_MS = 30000, /* to say the last words */
	STOP_MS = 1000, /* for what is on its way, when a signal came */
	LATE_MS = 500,  /* in which a process has told what it knows */
	EACH = 1000,    /* connections from one source, before another one is taken */
};

enum phase { CONNECT, STEADY, DRAIN, AWAY, BEHIND, RETURN, END };

struct load {
	const struct sseload_conf *conf;
	struct report *report;
	const struct say *say;
	struct target target, publish_target;
	struct sources sources;
	struct shared shared;
	uint32_t run;
	int64_t start_ns;
	struct worker *workers; /* the readers', then the publisher */
	int nreaders, nworkers;
	struct loop *loop;
	struct signals signals;
	enum phase phase;
	struct timer deadline, live;
	struct verdict verdict;
	struct why why;
	bool dead, stopped; /* stopped: by a signal */
};

/* --- Checks */

int sseload_check(const struct sseload_conf *c, struct why *w)
{
	if (c->slow + c->stalled > c->connections)
		return why_set(w, WHY_USAGE, "--slow and --stalled are more than --connections");
	if (c->streaming > c->channels)
		return why_set(w, WHY_USAGE, "--streaming is more than --channels");
	if (c->channels > c->connections)
		return why_set(
		    w, WHY_USAGE, "--channels without a reader: more than --connections");
	if (c->storm && c->publish == SSELOAD_NONE)
		return why_set(
		    w, WHY_USAGE, "--storm must know what is to be caught up with: give --publish");
	if (c->publish == SSELOAD_POST && c->publish_url == NULL)
		return why_set(w, WHY_USAGE, "--publish post needs --publish-url");
	if (c->publish == SSELOAD_REDIS && c->channel == NULL)
		return why_set(
		    w, WHY_USAGE, "--publish %s needs --channel", c->durable ? "durable" : "redis");
	if (c->publish == SSELOAD_POST && c->streaming % c->publish_connections != 0)
		return why_set(w, WHY_USAGE,
		    "--publish-connections must divide the number of channels, so that each has "
		    "its own");
	for (int i = 0; i < c->headers.count; i++)
		if (strpbrk(c->headers.items[i], "\r\n") != NULL ||
		    strchr(c->headers.items[i], ':') == NULL)
			return why_set(w, WHY_USAGE, "--header wants \"Name: value\"");
	return 0;
}

/* --- Set-up */

/* The more ports of one address lead to one server, the longer connect(2) looks for a free one:
 * with 15,000 that was four fifths of this program's time, and 7,000 connects a second instead of
 * 20,000. On loopback there are addresses for all. */
static int find_sources(struct load *l, struct why *w)
{
	const struct sseload_conf *c = l->conf;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&l->target.addr;

	if (c->source != NULL) {
		if (l->target.addr.ss_family != AF_INET)
			return why_set(w, WHY_USAGE, "--source is for IPv4 targets");
		return sources_parse(&l->sources, c->source, w);
	}
	if (l->target.addr.ss_family != AF_INET || c->connections <= EACH ||
	    ntohl(sin->sin_addr.s_addr) >> 24 != 127)
		return 0;
	char range[sizeof "127.1.0.0/32"];
	int bits = 1;

	while (bits < 16 && c->connections >> bits > EACH)
		bits++;
	(void)snprintf(range, sizeof range, "127.1.0.0/%d", 32 - bits); /* fits */
	say(l->say, SAY_NOTE, "%lld connections: from %s", (long long)c->connections, range);
	return sources_parse(&l->sources, range, w);
}

static int64_t readers_needed(const struct sseload_conf *c)
{
	struct rlimit limit;
	int64_t most = SSELOAD_PER_PROCESS;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* then fewer for each */
		if (limit.rlim_cur < (rlim_t)SSELOAD_PER_PROCESS + 100)
			most = limit.rlim_cur > 200 ? (int64_t)limit.rlim_cur - 100 : 100;
	}
	int64_t needed = (c->connections + most - 1) / most;
	int64_t wanted = c->processes < c->connections ? c->processes : c->connections;
	return needed > wanted ? needed : wanted;
}

static void run_reader(void *arg, int fd)
{
	team_run(arg, fd);
}

static void run_publisher(void *arg, int fd)
{
	publisher_run(arg, fd);
}

static int fork_all(struct load *l, struct why *w)
{
	const struct sseload_conf *c = l->conf;
	uint64_t n = (uint64_t)c->connections, members = (uint64_t)readers_needed(c);
	struct publisher_conf pub = {c, &l->publish_target, &l->shared, l->run};

	l->workers = xcalloc(members + 1, sizeof *l->workers);
	l->start_ns = clock_ns() + GO_MS * 1000000;
	for (uint64_t i = 0; i < members; i++) {
		struct team_conf conf = {.load = c,
		    .target = &l->target,
		    .sources = &l->sources,
		    .first = n * i / members,
		    .member = (uint32_t)i,
		    .members = (uint32_t)members,
		    .run = l->run,
		    .shared = &l->shared,
		    .start_ns = l->start_ns};

		conf.n = n * (i + 1) / members - conf.first;
		if (worker_fork(&l->workers[i], run_reader, &conf, l->workers, (int)i, w) < 0)
			return -1;
		l->nreaders = ++l->nworkers;
	}
	if (c->publish == SSELOAD_NONE)
		return 0;
	struct worker *p = &l->workers[l->nworkers];
	if (worker_fork(p, run_publisher, &pub, l->workers, l->nworkers, w) < 0)
		return -1;
	p->publishes = true;
	l->nworkers++;
	return 0;
}

static void total(const struct load *l, struct tally *readers, struct tally *publisher)
{
	memset(readers, 0, sizeof *readers);
	memset(publisher, 0, sizeof *publisher);
	for (int i = 0; i < l->nworkers; i++)
		tally_add(l->workers[i].publishes ? publisher : readers, &l->workers[i].tally);
}

/* --- Phases */

static void enter(struct load *l, enum phase phase);

static void order_all(struct load *l, enum order_kind kind, uint64_t n, int64_t at_ns)
{
	/* One that is gone is noticed by its watch. */
	for (int i = 0; i < l->nworkers; i++)
		if (!l->workers[i].final)
			(void)order_send(l->workers[i].watch.fd, kind, n, at_ns);
}

static void order_readers(struct load *l, enum order_kind kind, int64_t at_ns)
{
	for (int i = 0; i < l->nreaders; i++) {
		l->workers[i].states = 0;
		(void)order_send(l->workers[i].watch.fd, kind, 0, at_ns); /* as above */
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
		(void)order_send(l->workers[l->nworkers - 1].watch.fd, ORDER_PUBLISH,
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
	for (int i = 0; i < l->nreaders; i++)
		if ((l->workers[i].states & 1u << state) == 0)
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
	for (int i = 0; i < l->nworkers; i++)
		if (!l->workers[i].final)
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
		(void)order_send(l->workers[l->nworkers - 1].watch.fd, ORDER_STOP, 0,
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
	for (int i = 0; i < l->nworkers; i++)
		worker_watch(&l->workers[i], l->loop, &owner, l);
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

static int prepare(struct load *l, struct why *w)
{
	const struct sseload_conf *c = l->conf;

	if (sseload_check(c, w) < 0 || target_parse(&l->target, c->url, w) < 0 ||
	    find_sources(l, w) < 0)
		return -1;
	if (c->publish == SSELOAD_POST && target_parse(&l->publish_target, c->publish_url, w) < 0)
		return -1;
	return shared_open(&l->shared, (uint64_t)c->streaming, w);
}

int sseload_run(const struct sseload_conf *conf, struct report *report, const struct say *s,
    bool *failed, struct why *w)
{
	struct load l = {.conf = conf, .report = report, .say = s};
	struct tally readers, publisher;
	char text[300];

	l.run = (uint32_t)clock_random(UINT32_MAX);
	verdict_init(&l.verdict, conf);
	int r = prepare(&l, w);
	if (r == 0)
		r = fork_all(&l, w);
	l.verdict.start_ns = l.start_ns;
	l.verdict.processes = l.nreaders;
	if (r == 0)
		r = run(&l, w);
	if (r == 0) {
		total(&l, &readers, &publisher);
		*failed = verdict_report(&l.verdict, report, &readers, &publisher);
		if (verdict_no_stream(&readers, text, sizeof text))
			say(s, SAY_ERROR, "%s: no reader got a stream (%s)", conf->url, text);
	}
	for (int i = 0; i < l.nworkers; i++)
		worker_close(&l.workers[i]);
	free(l.workers);
	signals_close(&l.signals);
	loop_close(l.loop);
	verdict_fini(&l.verdict);
	sources_fini(&l.sources);
	target_fini(&l.target);
	target_fini(&l.publish_target);
	return r;
}
