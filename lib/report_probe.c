/* SPDX-License-Identifier: MIT */
/* report_probe: what the server is, and how far away. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "local.h"
#include "report.h"

enum { PROBE_PINGS = 100 };

static bool is_text(const struct reply *reply)
{
	return reply->type == REPLY_STRING;
}

/* The value behind "name:" in what INFO said, into text; false when it is not there. */
static bool info(const struct reply *reply, const char *name, char *text, size_t size)
{
	const char *at = is_text(reply) ? memmem(reply->str, reply->len, name, strlen(name)) : NULL;

	if (at == NULL)
		return false;
	at += strlen(name);
	size_t left = reply->len - (size_t)(at - reply->str), n = 0;
	while (n < left && at[n] != '\r' && at[n] != '\n')
		n++;
	(void)why_quote(text, size, at, n); /* returns text */
	return true;
}

static int ask(
    struct redis *r, int argc, const char *const *argv, struct reply **reply, struct why *w)
{
	redis_command(r, argc, argv, NULL);
	return redis_wait(r, reply, w);
}

/* The value of CONFIG GET name; false when the server refuses to tell. */
static int config(struct redis *r, const char *name, char *text, size_t size, struct why *w)
{
	struct reply *reply;

	if (ask(r, 3, (const char *const[]){"CONFIG", "GET", name}, &reply, w) < 0)
		return -1;
	if (reply->type != REPLY_ARRAY || reply->n != 2 || !is_text(&reply->elem[1]))
		return 0;
	(void)why_quote(text, size, reply->elem[1].str, reply->elem[1].len); /* returns text */
	return 1;
}

/* off | no | everysec | always | unknown */
static int find_fsync(struct redis *r, char fsync[32], struct why *w)
{
	char appendonly[32] = "";
	struct reply *reply;
	int got = config(r, "appendonly", appendonly, sizeof appendonly, w);

	(void)snprintf(fsync, 32, "unknown"); /* fits */
	if (got < 0)
		return -1;
	if (got == 0) {
		if (ask(r, 2, (const char *const[]){"INFO", "persistence"}, &reply, w) < 0)
			return -1;
		if (info(reply, "aof_enabled:", appendonly, sizeof appendonly) &&
		    strcmp(appendonly, "0") == 0)
			(void)snprintf(fsync, 32, "off"); /* fits */
		return 0;
	}
	if (strcmp(appendonly, "no") == 0) {
		(void)snprintf(fsync, 32, "off"); /* fits */
		return 0;
	}
	return config(r, "appendfsync", fsync, 32, w) < 0 ? -1 : 0;
}

static int find_round_trip(struct redis *r, double *us, struct why *w)
{
	struct reply *reply;
	struct hist h;
	int ok = 0;

	hist_init(&h);
	for (int i = 0; i < PROBE_PINGS && ok == 0; i++) {
		int64_t begin = clock_ns();

		ok = ask(r, 1, (const char *const[]){"PING"}, &reply, w);
		hist_record(&h, clock_ns() - begin);
	}
	*us = (double)hist_percentile(&h, 50) / 1e3;
	hist_fini(&h);
	return ok;
}

static int look(struct report *report, struct redis *r, struct why *w)
{
	char version[64] = "unknown", fsync[32];
	struct reply *reply;
	double us;

	if (ask(r, 2, (const char *const[]){"INFO", "server"}, &reply, w) < 0)
		return -1;
	if (reply->type == REPLY_ERROR && strncmp(reply->str, "NOAUTH", 6) == 0) {
		(void)redis_refusal("INFO", reply, w); /* fills w */
		return -1;
	}
	(void)info(reply, "redis_version:", version, sizeof version); /* else unknown */
	if (find_fsync(r, fsync, w) < 0 || find_round_trip(r, &us, w) < 0)
		return -1;
	(void)buf_adds(&report->redis, "\"version\":"); /* no cap */
	report_text(&report->redis, version);
	(void)buf_adds(&report->redis, ",\"fsync\":"); /* no cap */
	report_text(&report->redis, fsync);
	(void)buf_addf(&report->redis, ",\"round_trip_us\":%.3f", us); /* no cap */
	report_row(report, "redis", "%s, fsync %s, round trip %.1f us", version, fsync, us);
	return 0;
}

int report_probe(struct report *report, const struct link_conf *conf, struct why *w)
{
	struct url local;
	struct redis *r;
	bool started;

	if (conf == NULL)
		return 0;
	if (conf->url == NULL && local_start(&local, &started, false, w) < 0)
		return -1;
	const struct url *url = conf->url != NULL ? conf->url : &local;
	int ok = redis_open(&r, url, &conf->times, w);
	if (ok == 0) {
		ok = look(report, r, w);
		redis_close(r);
	}
	if (ok < 0) {
		struct why cause = *w;

		(void)why_set(w, cause.status, "%s: %s", url->shown, cause.text); /* fills w */
	}
	if (conf->url == NULL)
		url_fini(&local);
	return ok;
}
