/* SPDX-License-Identifier: MIT */
/* strain: levels of degradation. */
#include "strain.h"

enum { LIGHT, MEDIUM, HEAVY };

/* Where each level begins: percent of a limit, milliseconds late. Connections are heavy only at the
 * limit itself: up to there each one was promised. */
static const uint64_t connection_percent[] = {80, 90, 100}, memory_percent[] = {70, 85, 95};
static const int64_t late[] = {100, 400, 1500};

static int at_level(uint64_t n, uint64_t max, const uint64_t percent[3])
{
	int level = STRAIN_NORMAL;

	for (int i = LIGHT; i <= HEAVY && max > 0; i++)
		if (n / max > 0 || n * 100 / max >= percent[i])
			level = i + 1;
	return level;
}

static enum strain_level level_of(const struct strain_facts *f, int64_t late_ms)
{
	int level = at_level(f->connections, f->max_connections, connection_percent);
	int memory = at_level(f->memory_bytes, f->max_memory_bytes, memory_percent);

	if (memory > level)
		level = memory;
	for (int i = LIGHT; i <= HEAVY; i++)
		if (late_ms >= late[i] && level < i + 1)
			level = i + 1;
	return (enum strain_level)level;
}

enum strain_level strain_update(struct strain *l, const struct strain_facts *facts, int64_t now_ms)
{
	l->late_ms = (l->late_ms * 3 + facts->late_ms) / 4;
	enum strain_level level = level_of(facts, l->late_ms);

	if (level > l->level) {
		l->level = level;
		l->calm_at_ms = 0;
	} else if (level == l->level) {
		l->calm_at_ms = 0;
	} else if (l->calm_at_ms == 0) {
		l->calm_at_ms = now_ms;
	} else if (now_ms - l->calm_at_ms >= STRAIN_CALM_MS) {
		l->level--; /* one at a time */
		l->calm_at_ms = now_ms;
	}
	return l->level;
}

const char *strain_name(enum strain_level level)
{
	switch (level) {
	case STRAIN_NORMAL:
		return "normal";
	case STRAIN_LIGHT:
		return "light";
	case STRAIN_MEDIUM:
		return "medium";
	case STRAIN_HEAVY:
		return "heavy";
	}
	return "";
}
