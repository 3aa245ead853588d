/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_STRAIN_H
#define SPOUT_STRAIN_H

#include <stdint.h>

/*
 * How hard a server has it, in four levels, and so what it leaves out:
 *
 *	normal   nothing
 *	light    heartbeats at half the rate, the state route's answers kept longer
 *	medium   new connections are let in slowly; readers that lag jump to the latest
 *	heavy    new readers are asked to come back
 *
 * Up at once, down only after STRAIN_CALM_MS below the level, so that it does not flutter.
 */
enum strain_level { STRAIN_NORMAL, STRAIN_LIGHT, STRAIN_MEDIUM, STRAIN_HEAVY };

enum { STRAIN_CALM_MS = 3000 };

struct strain_facts {
	uint64_t connections, max_connections; /* max 0: no limit, here and below */
	uint64_t memory_bytes, max_memory_bytes;
	int64_t late_ms; /* the loop behind its clock: everybody waits that long */
};

struct strain {
	enum strain_level level;
	int64_t late_ms;    /* smoothed */
	int64_t calm_at_ms; /* since when it could be lower; 0: not */
};

/* Takes the facts of now, several times a second; returns the level. */
enum strain_level strain_update(struct strain *l, const struct strain_facts *facts, int64_t now_ms);

const char *strain_name(enum strain_level level);

#endif
