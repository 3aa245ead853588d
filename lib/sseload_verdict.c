/* SPDX-License-Identifier: MIT */
/* sseload_verdict: what a load came to. */
#include "sseload_verdict.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "sseload_caller.h"

void verdict_init(struct verdict *v, const struct sseload_conf *conf)
{
	*v = (struct verdict){.conf = conf};
	for (int i = 0; i < TALLY_HISTS; i++)
		hist_init(&v->hists[i]);
	for (int i = 0; i < VERDICT_SECONDS; i++)
		hist_init(&v->seconds[i]);
	hist_init(&v->live);
}

void verdict_fini(struct verdict *v)
{
	for (int i = 0; i < TALLY_HISTS; i++)
		hist_fini(&v->hists[i]);
	for (int i = 0; i < VERDICT_SECONDS; i++)
		hist_fini(&v->seconds[i]);
	hist_fini(&v->live);
}

/* --- Meanwhile */

void verdict_second(struct verdict *v, int64_t second, const char *hist, size_t len)
{
	/* A process that is later than that is counted with the second that is open. */
	if (second < v->next)
		second = v->next;
	else if (second >= v->next + VERDICT_SECONDS)
		second = v->next + VERDICT_SECONDS - 1;
	(void)hist_unpack(&v->seconds[second % VERDICT_SECONDS], hist, len); /* our own packing */
}

void verdict_hists(struct verdict *v, const char *hists, size_t len)
{
	for (int i = 0; i < TALLY_HISTS; i++) {
		ptrdiff_t n = hist_unpack(&v->hists[i], hists, len);

		if (n <= 0)
			return;
		hists += n;
		len -= (size_t)n;
	}
}

static void tell_second(struct verdict *v, struct report *r, uint64_t errors)
{
	struct hist *h = &v->seconds[v->next % VERDICT_SECONDS];

	report_second(r, v->next, h->count, errors - v->errors_told, h);
	v->errors_told = errors;
	hist_clear(&v->live);
	hist_add(&v->live, h);
	hist_clear(h);
	v->next++;
}

void verdict_live(struct verdict *v, struct report *r, const struct tally *readers,
    const struct tally *publisher, int64_t left_ms)
{
	uint64_t errors = tally_errors(readers) + tally_errors(publisher);

	/* A process tells of a second within 100 ms; half a second more is for a busy machine. */
	if (v->go_ns > 0 && clock_ns() - v->go_ns > (v->next + 1) * 1000000000 + 600000000)
		tell_second(v, r, errors);
	struct report_live live = {.connections = readers->open,
	    .errors = errors,
	    .rate = (double)v->live.count,
	    .h = &v->live,
	    .left_ms = left_ms};
	if (v->go_ns == 0) {
		int64_t ns = clock_ns() - v->start_ns;

		live.rate = ns > 0 ? (double)readers->streams * 1e9 / (double)ns : 0;
	}
	report_live(r, &live);
}

/* --- Nothing to measure */

bool verdict_no_server(const struct sseload_conf *conf, const struct tally *t, struct why *w)
{
	static const char *const causes[SSELOAD_ERRORS] = {
	    [SSELOAD_REFUSED] = "nobody listens there: start the server, or check --url",
	    [SSELOAD_NO_PORT] = "no local port is left: give more addresses with --source",
	    [SSELOAD_UNREACHABLE] = "cannot connect: check the address in --url, and --source",
	    [SSELOAD_TIMEOUT] = "no answer within --answer-timeout: is it the right port?",
	    [SSELOAD_RESET] = "it closes each connection: is it the right port?",
	    [SSELOAD_CUT] = "it closes each connection without an answer: is it the right port?",
	};
	uint64_t failed = 0;
	int first = -1;

	for (int i = 0; i < SSELOAD_ERRORS; i++)
		if (t->errors[i] > 0 && causes[i] != NULL) {
			failed += t->errors[i];
			first = first < 0 ? i : first;
		}
	if (first < 0 || failed < t->attempts || t->streams > 0)
		return false;
	for (int i = 0; i < 600; i++)
		if (t->statuses[i] > 0)
			return false;
	(void)why_set(w, WHY_UNAVAILABLE, "%s: %s", conf->url, causes[first]); /* fills it */
	return true;
}

/* "404: 5, 503: 2"; "" for none. */
static void name_statuses(const struct tally *t, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (int i = 0; i < 600; i++)
		if (t->statuses[i] > 0 && n < size - 40)
			n += (size_t)snprintf(text + n, size - n, "%s%d: %llu", n > 0 ? ", " : "",
			    i, (unsigned long long)t->statuses[i]); /* fits, by the look above */
}

static void name_errors(const struct tally *t, char *text, size_t size)
{
	size_t n = 0;

	text[0] = '\0';
	for (int i = 0; i < SSELOAD_ERRORS; i++)
		if (t->errors[i] > 0 && n < size - 40)
			n += (size_t)snprintf(text + n, size - n, "%s%s: %llu", n > 0 ? ", " : "",
			    sseload_error_names[i], (unsigned long long)t->errors[i]); /* fits */
}

bool verdict_no_stream(const struct tally *t, char *text, size_t size)
{
	if (t->streams > 0 || t->attempts == 0)
		return false;
	name_statuses(t, text, size);
	if (text[0] == '\0' || t->statuses[200] > 0)
		name_errors(t, text, size);
	if (text[0] == '\0')
		(void)snprintf(text, size, "no answer yet"); /* fits */
	return true;
}

/* --- At the end */

static void report_settings(const struct verdict *v, struct report *r)
{
	static const char *const how[] = {"none", "redis", "post"};
	const struct sseload_conf *c = v->conf;

	report_setting_text(r, "url", c->url);
	report_setting(r, "connections", c->connections);
	report_setting(r, "rate", c->rate);
	report_setting(r, "duration_ms", c->duration_ms);
	report_setting(r, "processes", v->processes);
	report_setting_text(r, "source", c->source != NULL ? c->source : "");
	report_setting(r, "channels", c->channels);
	report_setting(r, "streaming", c->streaming);
	report_setting_text(r, "publish", c->durable ? "durable" : how[c->publish]);
	report_setting(r, "publish_rate", c->publish_rate);
	report_setting(r, "count", c->publish_count);
	report_setting(r, "size", c->size);
	report_setting(r, "slow", c->slow);
	report_setting(r, "stalled", c->stalled);
	report_setting(r, "storm", c->storm);
	report_setting(r, "behind", c->storm ? c->behind : 0);
}

static void report_kinds(struct report *r, const struct tally *t)
{
	struct buf b;
	const char *comma = "";
	char text[300];

	buf_init(&b, SIZE_MAX / 2); /* no cap, below */
	(void)buf_addc(&b, '{');
	for (int i = 0; i < 600; i++)
		if (t->statuses[i] > 0) {
			(void)buf_addf(
			    &b, "%s\"%d\":%llu", comma, i, (unsigned long long)t->statuses[i]);
			comma = ",";
		}
	(void)buf_add(&b, "}", 2);
	report_raw(r, "statuses", buf_head(&b));
	buf_clear(&b);
	(void)buf_addc(&b, '{');
	for (int i = 0; i < SSELOAD_ERRORS; i++)
		(void)buf_addf(&b, "%s\"%s\":%llu", i > 0 ? "," : "", sseload_error_names[i],
		    (unsigned long long)t->errors[i]);
	(void)buf_add(&b, "}", 2);
	report_raw(r, "errors_by_kind", buf_head(&b));
	buf_fini(&b);
	name_statuses(t, text, sizeof text);
	report_row(r, "answers", "%14s", text);
	name_errors(t, text, sizeof text);
	if (text[0] != '\0')
		report_row(r, "of them", "%14s", text);
}

static double per_second(uint64_t n, int64_t from_ns, int64_t to_ns)
{
	return to_ns > from_ns ? (double)n * 1e9 / (double)(to_ns - from_ns) : 0;
}

static void report_connections(const struct verdict *v, struct report *r, const struct tally *t)
{
	report_count(r, "streams", "streams", t->streams);
	report_number(r, "connects_per_s", v->conf->storm ? NULL : "connects/s",
	    per_second(t->streams, v->start_ns, t->last_stream_ns));
	report_count(r, "attempts", NULL, t->attempts);
	report_count(r, "reconnects", "reconnects", t->reconnects);
	report_count(r, "ended", NULL, t->ended);
	report_count(r, "over", NULL, t->over);
	report_count(r, "chunked", NULL, t->chunked);
	report_count(r, "reused", NULL, t->reused);
	report_count(r, "client_bytes_per_connection", NULL, sizeof(struct caller));
}

static void report_messages(
    const struct verdict *v, struct report *r, const struct tally *t, const struct tally *p)
{
	if (v->conf->publish != SSELOAD_NONE)
		report_count(r, "published", "published", p->posted);
	report_count(r, "events", "events", t->events);
	report_count(r, "deliveries", "deliveries", t->stamped);
	report_number(r, "deliveries_per_s", v->conf->storm ? NULL : "deliveries/s",
	    v->go_ns > 0 ? per_second(t->stamped, v->go_ns, t->last_event_ns) : 0);
	report_count(r, "bytes", NULL, t->bytes);
	report_count(r, "foreign", NULL, t->foreign);
	if (v->conf->slow + v->conf->stalled > 0) {
		report_count(r, "slow_events", "events of slow readers", t->slow_events);
		report_count(r, "slow_dropped", "slow readers dropped", t->slow_dropped);
	}
}

static void report_latencies(const struct verdict *v, struct report *r)
{
	static const struct {
		const char *name, *label;
	} names[TALLY_HISTS] = {
	    [TALLY_DELIVERY] = {"corrected", "publish to receive"},
	    [TALLY_UNCORRECTED] = {"uncorrected", "the same, from the real sending"},
	    [TALLY_GAP] = {"gap", "between events"},
	    [TALLY_FIRST_BYTE] = {"first_byte", "connect to first byte"},
	    [TALLY_FIRST_EVENT] = {"first_event", "connect to first event"},
	    [TALLY_CAUGHT_UP] = {"caught_up", "storm to caught up"},
	};

	for (int i = 0; i < TALLY_HISTS; i++)
		if (v->hists[i].count > 0 || i == TALLY_DELIVERY)
			report_latency(r, names[i].name, names[i].label, &v->hists[i]);
}

bool verdict_report(
    struct verdict *v, struct report *r, const struct tally *readers, const struct tally *publisher)
{
	const struct sseload_conf *c = v->conf;
	struct tally both = *readers;
	bool failed = false;

	tally_add(&both, publisher);
	while (
	    v->next < VERDICT_SECONDS * 100000 && v->seconds[v->next % VERDICT_SECONDS].count > 0)
		tell_second(v, r, tally_errors(&both));
	report_settings(v, r);
	report_connections(v, r, readers);
	report_messages(v, r, readers, publisher);
	report_count(r, "errors", "errors", tally_errors(&both));
	report_kinds(r, &both);
	report_latencies(v, r);
	if (c->storm) {
		uint64_t fast = (uint64_t)(c->connections - c->slow - c->stalled);

		report_count(r, "caught_up", "caught up", readers->caught_up);
		report_number(r, "storm_s", "storm, all caught up (s)",
		    (double)v->hists[TALLY_CAUGHT_UP].max / 1e9);
		failed = readers->caught_up < (c->streaming == c->channels ? fast : 1);
	}
	report_audit(r, &readers->audit);
	/* Each schedule by itself: a million connects must not hide a thousand late messages. */
	report_slots(r, c->publish != SSELOAD_NONE ? &publisher->slots : &readers->slots);
	report_number(r, "connects_missed_percent", NULL, pace_missed(&readers->slots));
	failed |= pace_missed(&readers->slots) > PACE_MISSED_MAX;
	failed |= readers->streams < (uint64_t)c->connections;
	failed |= publisher->errors[SSELOAD_PUBLISH] > 0;
	return failed;
}
