/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SUBS_TOPIC_H
#define SPOUT_SUBS_TOPIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"
#include "hub.h"
#include "ring.h"
#include "slab.h"

/*
 * What a process is subscribed to, by name, for the files of subs only.
 *
 *	NEW ──SUBSCRIBE──→ ASKED ──confirmed──→ ON ──survey──→ hub_begin
 *	 ↑                                      │
 *	 └──────────── connection lost ─────────┘
 */
enum topic_state { TOPIC_NEW, TOPIC_ASKED, TOPIC_ON };

struct topic {
	struct hub_topic hub;
	struct topic *next;      /* of the same bucket */
	struct ring subscribing; /* in a queue of what is to be subscribed, or of what is idle */
	struct question *survey; /* under way */
	int64_t idle_since_ms;
	uint32_t hash, len;
	uint16_t busy; /* questions waiting or under way, and commands: it must stay */
	uint8_t state : 2;
	bool is_pattern : 1;
	bool fits_wide : 1;    /* a project's pattern, which the wide one may stand for */
	bool narrow : 1;       /* a pattern: subscribed by itself, not only with the wide one */
	bool wants_survey : 1; /* in the queue of surveys */
	bool wants_page : 1;   /* and of pages */
	char name[];
};

enum { TOPIC_SIZES = 16, TOPIC_STEP = 16 }; /* bytes of names: longer ones are malloc'ed */

struct topics {
	struct topic **buckets;
	size_t size, count;
	struct hash_key key;
	struct topic *last; /* found */
	bool fixed;         /* does not grow now: somebody walks it */
	struct slab sizes[TOPIC_SIZES];
};

void topics_init(struct topics *t);
void topics_fini(struct topics *t); /* of the table only */

struct topic *topics_find(struct topics *t, const char *name, size_t len, bool is_pattern);
struct topic *topics_add(struct topics *t, const char *name, size_t len, bool is_pattern);
void topics_remove(struct topics *t, struct topic *topic); /* frees it */

/* All of them, in no order: NULL begins, and ends. */
struct topic *topics_next(const struct topics *t, const struct topic *topic);

#endif
