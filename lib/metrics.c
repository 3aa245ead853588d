/* SPDX-License-Identifier: MIT */
/* metrics: what a server counts. */
#include "metrics.h"

#include <stdbool.h>
#include <sys/mman.h>

#include "clock.h"
#include "strain.h"
#include "opt.h"

/* WORST_MS is counted in milliseconds and told in seconds, Prometheus' unit. */
enum kind { COUNTER, GAUGE, WORST, WORST_MS };

static const struct {
	const char *name, *labels;
	enum kind kind;
	const char *help;
} table[] = {
#define METRICS_ROW(id, name, labels, kind, help) {name, labels, kind, help},
    METRICS(METRICS_ROW)
#undef METRICS_ROW
};

struct metrics_board *metrics_open(size_t n)
{
	size_t size = sizeof(struct metrics_board) + (n + 1) * sizeof(struct metrics);
	struct metrics_board *b =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (b == MAP_FAILED)
		return NULL;
	b->n = n;
	b->started_us = clock_wall_us();
	return b;
}

void metrics_bury(struct metrics *m)
{
	for (size_t id = 0; id < METRICS_COUNT; id++)
		if (table[id].kind != COUNTER)
			m->n[id] = 0;
	m->alive_ms = m->pid = 0;
}

uint64_t metrics_total(const struct metrics_board *b, enum metrics_id id)
{
	uint64_t total = 0;

	for (size_t i = 0; i <= b->n; i++) {
		uint64_t n = b->slots[i].n[id];

		if (table[id].kind == COUNTER || table[id].kind == GAUGE)
			total += n;
		else if (n > total)
			total = n;
	}
	return total;
}

static bool is_first(size_t id)
{
	return table[id].help[0] != '\0';
}

/* No cap on out, here and below. */
static void add_number(struct buf *out, const struct metrics_board *b, size_t id)
{
	unsigned long long n = metrics_total(b, (enum metrics_id)id);

	if (table[id].kind == WORST_MS)
		(void)buf_addf(out, "%llu.%03llu", n / 1000, n % 1000);
	else
		(void)buf_addu(out, n);
}

void metrics_text(struct buf *out, const struct metrics_board *b)
{
	for (size_t id = 0; id < METRICS_COUNT; id++) {
		const char *labels = table[id].labels;

		if (is_first(id))
			(void)buf_addf(out, "# HELP spout_%s %s.\n# TYPE spout_%s %s\n",
			    table[id].name, table[id].help, table[id].name,
			    table[id].kind == COUNTER ? "counter" : "gauge");
		(void)buf_addf(out, "spout_%s%s%s%s ", table[id].name, *labels ? "{" : "", labels,
		    *labels ? "}" : "");
		add_number(out, b, id);
		(void)buf_addc(out, '\n');
	}
	(void)buf_addf(out,
	    "# HELP spout_max_connections The limit.\n# TYPE spout_max_connections gauge\n"
	    "spout_max_connections %lld\n"
	    "# HELP spout_workers Processes that serve.\n# TYPE spout_workers gauge\n"
	    "spout_workers %zu\n"
	    "# HELP spout_start_time_seconds When the server started, since 1970.\n"
	    "# TYPE spout_start_time_seconds gauge\nspout_start_time_seconds %.3f\n"
	    "# HELP spout_build_info The version.\n# TYPE spout_build_info gauge\n"
	    "spout_build_info{version=\"" SPOUT_VERSION "\"} 1\n",
	    (long long)b->max_connections, b->n, (double)b->started_us / 1e6);
}

/* "refused_total" with limit="max-per-ip" is the member refused_total.max-per-ip of the object. */
static void add_label(struct buf *out, const char *labels)
{
	const char *quote = labels;

	while (*quote != '"')
		quote++;
	(void)buf_adds(out, quote);
}

void metrics_json(struct buf *out, const struct metrics_board *b)
{
	bool inside = false;

	(void)buf_addf(out,
	    "{\"version\":\"" SPOUT_VERSION "\",\"level\":\"%s\",\"redis\":\"%s\","
	    "\"uptime\":%.3f,\"workers\":%zu,\"max_connections\":%lld,\"max_memory\":%lld",
	    strain_name((enum strain_level)metrics_total(b, METRICS_LEVEL)),
	    metrics_total(b, METRICS_REDIS_UP) == b->n    ? "up"
		: metrics_total(b, METRICS_REDIS_UP) == 0 ? "down"
							  : "partly",
	    (double)(clock_wall_us() - b->started_us) / 1e6, b->n, (long long)b->max_connections,
	    (long long)b->max_memory_bytes);
	for (size_t id = 0; id < METRICS_COUNT; id++) {
		if (inside && is_first(id))
			(void)buf_adds(out, "}");
		if (table[id].labels[0] == '\0') {
			inside = false;
			(void)buf_addf(out, ",\"%s\":", table[id].name);
			add_number(out, b, id);
			continue;
		}
		if (is_first(id))
			(void)buf_addf(out, ",\"%s\":{", table[id].name);
		else
			(void)buf_adds(out, ",");
		inside = true;
		add_label(out, table[id].labels);
		(void)buf_addc(out, ':');
		add_number(out, b, id);
	}
	(void)buf_adds(out, inside ? "}}\n" : "}\n");
}
