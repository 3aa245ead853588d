/* SPDX-License-Identifier: MIT */
#include "strain.h"

#include "t.h"

static enum strain_level once(struct strain_facts facts)
{
	struct strain l = {0};

	return strain_update(&l, &facts, 0);
}

int main(void)
{
	struct strain l = {0};
	struct strain_facts calm = {0}, full = {.connections = 100, .max_connections = 100};

	ok(once(calm) == STRAIN_NORMAL, "nothing is normal");
	ok(once((struct strain_facts){.connections = 79, .max_connections = 100}) == STRAIN_NORMAL,
	    "79 %% of the connections are normal");
	ok(once((struct strain_facts){.connections = 80, .max_connections = 100}) == STRAIN_LIGHT,
	    "80 %% are light");
	ok(once((struct strain_facts){.connections = 99, .max_connections = 100}) == STRAIN_MEDIUM,
	    "99 %% are medium");
	ok(once(full) == STRAIN_HEAVY, "all of them are heavy");
	ok(once((struct strain_facts){.connections = UINT64_MAX, .max_connections = 3}) ==
		STRAIN_HEAVY,
	    "more than fits is heavy, and does not wrap");
	ok(once((struct strain_facts){.memory_bytes = 86, .max_memory_bytes = 100}) ==
		STRAIN_MEDIUM,
	    "memory counts by itself");
	ok(once((struct strain_facts){.late_ms = 1000}) == STRAIN_LIGHT,
	    "one late turn is only light");
	for (int i = 0; i < 40; i++)
		(void)strain_update(&l, &(struct strain_facts){.late_ms = 2000}, i);
	ok(l.level == STRAIN_HEAVY, "being late for long is heavy");
	ok(strain_update(&l, &calm, 1000) == STRAIN_HEAVY, "it does not flutter: calm must last");
	for (int64_t t = 1000; t < 1000 + 2 * STRAIN_CALM_MS + 400; t += 200)
		(void)strain_update(&l, &calm, t);
	ok(l.level == STRAIN_LIGHT || l.level == STRAIN_MEDIUM, "then it goes down level by level");
	for (int64_t t = 10000; t < 10000 + 4 * STRAIN_CALM_MS; t += 200)
		(void)strain_update(&l, &calm, t);
	ok(l.level == STRAIN_NORMAL, "down to normal");
	(void)strain_update(&l, &full, 50000);
	ok(l.level == STRAIN_HEAVY, "and up again at once");
	return t_done();
}
