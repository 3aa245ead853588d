/* SPDX-License-Identifier: MIT */
/* workers: the server as a whole. */
#include "workers.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"
#include "handover.h"
#include "notify.h"
#include "proc.h"
#include "supervisor.h"

enum { DRAIN_EXTRA_MS = 5000 }; /* for workers to end, before they are killed */

struct master {
	const struct workers_conf *conf;
	struct serve_conf each; /* a worker's share */
	const struct say *say;
	struct listen listen;
	struct loop *loop;
	struct signals signals;
	struct metrics_board *board;
	bool supervises; /* else this process serves */
	struct supervisor workers;
	struct server server;
	struct handover handover;
	struct timer last, watchdog;
	char *binary;
	pid_t pid; /* the master's */
	bool draining, handed_over;
	int status;
};

/* --- A process that serves: a worker, or the only one */

static void on_over(void *arg)
{
	const struct master *m = arg;

	loop_stop(m->loop);
}

static void on_worker_signal(void *arg, int signo)
{
	struct master *m = arg;

	if (signo == SIGHUP) {
		serve_reload(&m->server);
		return;
	}
	serve_drain(&m->server, on_over, m);
	listen_shut(&m->listen);
}

/* What the parent has open is not ours, and its loop must not be touched. */
static int start_worker_loop(struct master *m, struct why *w)
{
	/* TERM may come from the master and from the service manager: it is no second one. INT is
	 * the terminal's way to tell the master. */
	static const int signos[] = {-SIGTERM, -SIGHUP, 0};

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a worker does not outlive its master … */
	if (getppid() != m->pid)
		_exit(0); /* … not even now */
	signals_forget(&m->signals);
	loop_close(m->loop);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGUSR2, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	m->loop = NULL;
	if (loop_open(&m->loop, w) < 0)
		return -1;
	return signals_open(&m->signals, m->loop, signos, on_worker_signal, m, w);
}

static int run_worker(void *arg, size_t index)
{
	struct master *m = arg;
	struct metrics *metrics = &m->board->slots[index];
	sigset_t none;
	struct why w;

	(void)sigemptyset(&none); /* cannot fail */
	int r = start_worker_loop(m, &w);
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail */
	metrics->pid = getpid();
	if (r == 0)
		r = serve_open(&m->server, m->loop, &m->each, &m->listen, m->board, metrics, &w);
	if (r == 0)
		r = loop_run(m->loop, &w);
	int status = r < 0 ? say_why(m->say, &w) : 0;
	serve_close(&m->server);
	return status;
}

/* --- Draining */

static void on_last(void *arg)
{
	struct master *m = arg;

	if (m->supervises)
		supervisor_tell(&m->workers, SIGKILL);
	loop_stop(m->loop);
}

static void drain(struct master *m)
{
	if (m->draining)
		return;
	m->draining = true;
	if (!m->handed_over) /* the service goes on */
		notify("STOPPING=1");
	if (m->supervises)
		supervisor_stop(&m->workers);
	else
		serve_drain(&m->server, on_over, m);
	listen_shut(&m->listen);
	loop_timer(m->loop, &m->last, clock_ms() + m->conf->serve.drain_ms + DRAIN_EXTRA_MS);
}

/* --- Another process takes over */

static void on_handed_over(void *arg, bool good)
{
	struct master *m = arg;
	char text[40];

	if (!good) {
		say(m->say, SAY_ERROR, "the new process did not get ready; this one goes on");
		return;
	}
	say(m->say, SAY_NOTE, "process %d has taken over", (int)m->handover.pid);
	(void)snprintf(text, sizeof text, "MAINPID=%d", (int)m->handover.pid); /* fits */
	notify(text);
	m->handed_over = true;
	drain(m);
}

static void hand_over(struct master *m)
{
	struct why w;

	if (m->draining || m->handover.pid != 0)
		return;
	if (handover_start(&m->handover, m->loop, &m->listen, m->binary, m->conf->argv,
		on_handed_over, m, &w) < 0)
		(void)say_why(m->say, &w); /* this one goes on */
}

static void reload(struct master *m)
{
	char text[80];

	(void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_ns() / 1000); /* fits */
	notify(text);
	if (m->supervises)
		supervisor_tell(&m->workers, SIGHUP);
	else
		serve_reload(&m->server);
	notify("READY=1");
}

static void on_signal(void *arg, int signo)
{
	struct master *m = arg;

	switch (signo) {
	case SIGCHLD:
		if (m->supervises)
			supervisor_reap(&m->workers);
		break;
	case SIGHUP:
		reload(m);
		break;
	case SIGUSR2:
		hand_over(m);
		break;
	default:
		drain(m);
	}
}

static void on_watchdog(void *arg)
{
	struct master *m = arg;

	notify("WATCHDOG=1");
	loop_timer(m->loop, &m->watchdog, clock_ms() + notify_watchdog_ms());
}

/* --- Starting */

static int open_sockets(struct master *m, struct why *w)
{
	const struct workers_conf *c = m->conf;
	size_t doors = 0;

	m->listen.write_ms = c->serve.write_ms;
	if (listen_adopt(&m->listen, w) < 0)
		return -1;
	for (int i = 0; i < c->listen.count; i++)
		if (listen_add(&m->listen, c->listen.items[i], false, c->mode, w) < 0)
			return -1;
	for (int i = 0; i < c->admin.count; i++)
		if (listen_add(&m->listen, c->admin.items[i], true, c->mode, w) < 0)
			return -1;
	for (size_t i = 0; i < m->listen.n; i++) {
		const struct listen_socket *s = &m->listen.sockets[i];

		doors += !s->is_admin;
		m->each.has_admin |= s->is_admin;
		if (c->is_open && !s->is_local)
			return why_set(w, WHY_USAGE,
			    "%s: without authentication only loopback addresses and Unix sockets "
			    "are served (--insecure serves all)",
			    s->name);
	}
	return doors > 0 ? 0 : why_set(w, WHY_USAGE, "there is no socket to serve: --listen ADDR");
}

/* A worker's share of what is meant for all. */
static void share(struct master *m)
{
	struct serve_conf *e = &m->each;
	int64_t n = m->conf->workers;

	if (e->max_connections == 0)
		e->max_connections = serve_room();
	else
		e->max_connections = (e->max_connections + n - 1) / n;
	if (e->max_connections > serve_room()) {
		e->max_connections = serve_room();
		say(m->say, SAY_NOTE,
		    "--max-connections: cut to %lld for each process by its limit of open files",
		    (long long)e->max_connections);
	}
	e->max_accept_rate = (e->max_accept_rate + n - 1) / n;
	m->board->max_memory_bytes = e->memory;
	e->memory /= n;
	m->board->max_connections = e->max_connections * n;
}

static int start_workers(struct master *m, struct why *w)
{
	const struct supervisor_conf conf = {.n = (size_t)m->conf->workers,
	    .hang_ms = m->conf->hang_ms,
	    .body = run_worker,
	    .on_gone = on_over,
	    .arg = m};

	m->supervises = true;
	return supervisor_start(&m->workers, &conf, m->loop, m->board, m->say, w);
}

static int start(struct master *m, struct why *w)
{
	static const int signos[] = {SIGINT, SIGTERM, -SIGHUP, -SIGUSR2, SIGCHLD, 0};

	if (open_sockets(m, w) < 0)
		return -1;
	m->board = metrics_open((size_t)m->conf->workers);
	if (m->board == NULL)
		return why_errno(w, WHY_BUG, "shared memory");
	share(m);
	if (loop_open(&m->loop, w) < 0 ||
	    signals_open(&m->signals, m->loop, signos, on_signal, m, w) < 0)
		return -1;
	if (m->conf->workers > 1)
		return start_workers(m, w);
	m->board->slots[0].pid = getpid();
	return serve_open(
	    &m->server, m->loop, &m->each, &m->listen, m->board, &m->board->slots[0], w);
}

static void tell_ready(struct master *m)
{
	for (size_t i = 0; i < m->listen.n; i++)
		say(m->say, SAY_NOTE, "%s %s", m->listen.sockets[i].is_admin ? "admin" : "ready",
		    m->listen.sockets[i].name);
	handover_ready();
	notify("READY=1");
	if (notify_watchdog_ms() > 0)
		loop_timer(m->loop, &m->watchdog, clock_ms());
}

static void finish(struct master *m)
{
	handover_cancel(&m->handover);
	supervisor_close(&m->workers);
	serve_close(&m->server);
	signals_close(&m->signals);
	loop_close(m->loop);
	listen_close(&m->listen, !m->handed_over);
	free(m->binary);
}

int workers_run(const struct workers_conf *conf)
{
	struct master m = {.conf = conf,
	    .each = conf->serve,
	    .say = conf->serve.say,
	    .binary = handover_binary(),
	    .pid = getpid()};
	struct why w;

	m.last = (struct timer){.on_due = on_last, .arg = &m};
	m.watchdog = (struct timer){.on_due = on_watchdog, .arg = &m};
	int r = start(&m, &w);
	if (r == 0) {
		tell_ready(&m);
		r = loop_run(m.loop, &w);
	}
	if (r < 0)
		m.status = say_why(m.say, &w);
	finish(&m);
	return m.status;
}
