/* SPDX-License-Identifier: MIT */
/* report_end: what was collected, as JSON, as a table, and as a verdict. */
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"
#include "opt.h"
#include "proc.h"
#include "report.h"

static void add_object(
    struct buf *to, const char *name, const struct buf *members, const char *ends)
{
	(void)buf_addf(to, ",\"%s\":%c", name, ends[0]);    /* no cap */
	(void)buf_add(to, buf_head(members), members->len); /* no cap */
	(void)buf_addc(to, ends[1]);                        /* no cap */
}

static void add_head(struct report *r, struct buf *b)
{
	char when[32];
	time_t s = (time_t)(r->started_us / 1000000);
	struct tm tm;

	(void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&s, &tm)); /* fits */
	(void)buf_addf(b,
	    "{\"tool\":\"sp-bench\",\"version\":\"%s\",\"mode\":\"%s\",\"started\":\"%s\"",
	    SPOUT_VERSION, r->mode, when); /* no cap */
}

static void make_json(struct report *r, struct buf *b, int status)
{
	struct machine m;

	add_head(r, b);
	add_object(b, "settings", &r->settings, "{}");
	machine_look(&m);
	(void)buf_addf(b, ",\"machine\":{\"cores\":%ld,\"cpu\":", m.cores); /* no cap */
	report_text(b, m.cpu);
	(void)buf_adds(b, ",\"kernel\":"); /* no cap */
	report_text(b, m.kernel);
	(void)buf_addc(b, '}'); /* no cap */
	if (r->redis.len > 0)
		add_object(b, "redis", &r->redis, "{}");
	else
		(void)buf_adds(b, ",\"redis\":null"); /* no cap */
	add_object(b, "result", &r->result, "{}");
	if (r->has_slots)
		(void)buf_addf(b,
		    ",\"slots\":{\"intended\":%llu,\"taken\":%llu,\"late\":%llu,\"unsent\":%llu,"
		    "\"missed_percent\":%.4f}",
		    (unsigned long long)r->slots.intended, (unsigned long long)r->slots.taken,
		    (unsigned long long)r->slots.late, (unsigned long long)r->slots.unsent,
		    pace_missed(&r->slots)); /* no cap */
	add_object(b, "latency_us", &r->latency, "{}");
	add_object(b, "percentiles", &r->percentiles, "[]");
	if (r->has_audit) {
		(void)buf_adds(b, ",\"audit\":{"); /* no cap */
		report_counts(b, &r->counts);
		add_object(b, "channels", &r->audit, "[]");
		(void)buf_addc(b, '}'); /* no cap */
	}
	add_object(b, "series", &r->series, "[]");
	(void)buf_addf(b, ",\"status\":%d}\n", status); /* no cap */
}

static void make_table(struct report *r, struct buf *b)
{
	const struct audit_counts *c = &r->counts;
	struct machine m;

	(void)buf_addf(b, "sp-bench %s\n", r->mode);         /* no cap */
	(void)buf_add(b, buf_head(&r->table), r->table.len); /* no cap */
	if (r->has_slots)
		(void)buf_addf(b, "  %-*s%llu intended, %llu late, %llu not sent: %.2f%% missed\n",
		    REPORT_LABEL_WIDTH, "slots", (unsigned long long)r->slots.intended,
		    (unsigned long long)r->slots.late, (unsigned long long)r->slots.unsent,
		    pace_missed(&r->slots)); /* no cap */
	if (r->has_audit)
		(void)buf_addf(b,
		    "  %-*s%llu lost, %llu duplicated, %llu reordered, %llu corrupted, %llu "
		    "stale\n",
		    REPORT_LABEL_WIDTH, "audit", (unsigned long long)c->lost,
		    (unsigned long long)c->duplicated, (unsigned long long)c->reordered,
		    (unsigned long long)c->corrupted, (unsigned long long)c->stale); /* no cap */
	(void)buf_addf(b, "  %-*s%10s %10s %10s %10s %10s\n", REPORT_LABEL_WIDTH, "latency", "p50",
	    "p90", "p99", "p99.9", "max");                 /* no cap */
	(void)buf_add(b, buf_head(&r->rows), r->rows.len); /* no cap */
	machine_look(&m);
	(void)buf_addf(b, "  %-*s%ld cores, %s, %s\n", REPORT_LABEL_WIDTH, "machine", m.cores,
	    m.cpu, m.kernel); /* no cap */
}

static int write_hgrm(struct report *r, struct why *w)
{
	struct buf b;

	if (r->hgrm == NULL)
		return 0;
	int fd = open(r->hgrm, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return why_errno(w, WHY_CANTCREAT, "--hgrm %s", r->hgrm);
	buf_init(&b, SIZE_MAX / 2);
	(void)hist_text(&b, &r->first); /* no cap */
	int ok = proc_write(fd, r->hgrm, buf_head(&b), b.len, w);
	if (close(fd) < 0 && ok == 0)
		ok = why_errno(w, WHY_IO, "%s", r->hgrm);
	buf_fini(&b);
	return ok;
}

/* Says what makes the status 1. */
static bool judge(const struct report *r)
{
	const struct audit_counts *c = &r->counts;
	bool dirty = r->has_audit && !audit_is_clean(c);
	bool missed = r->has_slots && pace_missed(&r->slots) > PACE_MISSED_MAX;

	if (dirty)
		say(r->say, SAY_ERROR,
		    "audit: %llu lost, %llu duplicated, %llu reordered, %llu corrupted, %llu stale",
		    (unsigned long long)c->lost, (unsigned long long)c->duplicated,
		    (unsigned long long)c->reordered, (unsigned long long)c->corrupted,
		    (unsigned long long)c->stale);
	if (missed)
		say(r->say, SAY_ERROR,
		    "%.2f%% of the slots were missed: the load itself was the bottleneck (a lower "
		    "--rate, or more --pipeline or --connections)",
		    pace_missed(&r->slots));
	return dirty || missed;
}

int report_end(struct report *r, bool failed, struct why *w)
{
	struct buf b;
	int ok = 0;

	live_clear(&r->live);
	buf_init(&b, SIZE_MAX / 2);
	if (!r->say->quiet) {
		make_table(r, &b);
		(void)!write(STDERR_FILENO, buf_head(&b), b.len); /* stdout has the same */
		buf_clear(&b);
	}
	int status = judge(r) || failed ? WHY_ENDED : 0;
	if (r->json || !isatty(STDOUT_FILENO)) {
		make_json(r, &b, status);
		ok = proc_write(STDOUT_FILENO, "standard output", buf_head(&b), b.len, w);
	}
	buf_fini(&b);
	if (write_hgrm(r, w) < 0 || ok < 0)
		return -1;
	return status;
}
