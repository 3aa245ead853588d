/* SPDX-License-Identifier: MIT */
/* sseload_muster: what a load needs before it can begin: checks, addresses, processes. */
#include "sseload_muster.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "sseload_publisher.h"
#include "sseload_team.h"

enum {
	GO_MS = 50,  /* in which all have the order */
	EACH = 1000, /* connections from one source, before another one is taken */
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
static int find_sources(struct muster *m, const struct say *s, struct why *w)
{
	const struct sseload_conf *c = m->conf;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&m->target.addr;

	if (c->source != NULL) {
		if (m->target.addr.ss_family != AF_INET)
			return why_set(w, WHY_USAGE, "--source is for IPv4 targets");
		return sources_parse(&m->sources, c->source, w);
	}
	if (m->target.addr.ss_family != AF_INET || c->connections <= EACH ||
	    ntohl(sin->sin_addr.s_addr) >> 24 != 127)
		return 0;
	char range[sizeof "127.1.0.0/32"];
	int bits = 1;

	while (bits < 16 && c->connections >> bits > EACH)
		bits++;
	(void)snprintf(range, sizeof range, "127.1.0.0/%d", 32 - bits); /* fits */
	say(s, SAY_NOTE, "%lld connections: from %s", (long long)c->connections, range);
	return sources_parse(&m->sources, range, w);
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

static int fork_all(struct muster *m, struct why *w)
{
	const struct sseload_conf *c = m->conf;
	uint64_t n = (uint64_t)c->connections, members = (uint64_t)readers_needed(c);
	struct publisher_conf pub = {c, &m->publish_target, &m->shared, m->run};

	m->workers = xcalloc(members + 1, sizeof *m->workers);
	m->start_ns = clock_ns() + GO_MS * 1000000;
	for (uint64_t i = 0; i < members; i++) {
		struct team_conf conf = {.load = c,
		    .target = &m->target,
		    .sources = &m->sources,
		    .first = n * i / members,
		    .member = (uint32_t)i,
		    .members = (uint32_t)members,
		    .run = m->run,
		    .shared = &m->shared,
		    .start_ns = m->start_ns};

		conf.n = n * (i + 1) / members - conf.first;
		if (worker_fork(&m->workers[i], run_reader, &conf, m->workers, (int)i, w) < 0)
			return -1;
		m->nreaders = ++m->nworkers;
	}
	if (c->publish == SSELOAD_NONE)
		return 0;
	struct worker *p = &m->workers[m->nworkers];
	if (worker_fork(p, run_publisher, &pub, m->workers, m->nworkers, w) < 0)
		return -1;
	p->publishes = true;
	m->nworkers++;
	return 0;
}

static int prepare(struct muster *m, const struct say *s, struct why *w)
{
	const struct sseload_conf *c = m->conf;

	if (sseload_check(c, w) < 0 || target_parse(&m->target, c->url, w) < 0 ||
	    find_sources(m, s, w) < 0)
		return -1;
	if (c->publish == SSELOAD_POST && target_parse(&m->publish_target, c->publish_url, w) < 0)
		return -1;
	return shared_open(&m->shared, (uint64_t)c->streaming, w);
}

int muster_open(
    struct muster *m, const struct sseload_conf *conf, const struct say *s, struct why *w)
{
	*m = (struct muster){.conf = conf, .run = (uint32_t)clock_random(UINT32_MAX)};
	return prepare(m, s, w) < 0 ? -1 : fork_all(m, w);
}

void muster_close(struct muster *m)
{
	for (int i = 0; i < m->nworkers; i++)
		worker_close(&m->workers[i]);
	free(m->workers);
	sources_fini(&m->sources);
	target_fini(&m->target);
	target_fini(&m->publish_target);
}
