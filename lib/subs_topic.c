/* SPDX-License-Identifier: MIT */
/* subs_topic: a hash table of topics. */
#include "subs_topic.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "buf.h"

enum { BUCKETS_LEAST = 64 };

void topics_init(struct topics *t)
{
	*t = (struct topics){.size = BUCKETS_LEAST};
	t->buckets = xcalloc(t->size, sizeof *t->buckets);
	if (getrandom(t->seed, sizeof t->seed, 0) != (ssize_t)sizeof t->seed)
		abort(); /* getrandom(2) cannot fail for 16 bytes without a flag */
	for (size_t i = 0; i < TOPIC_SIZES; i++)
		slab_init(&t->sizes[i], offsetof(struct topic, name) + (i + 1) * TOPIC_STEP);
}

void topics_fini(struct topics *t)
{
	free(t->buckets);
	for (size_t i = 0; i < TOPIC_SIZES; i++)
		slab_fini(&t->sizes[i]);
}

/* Multiplies into 128 bits and folds, eight bytes at a time, as wyhash does
 * (https://github.com/wangyi-fudan/wyhash); the seed is secret. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash(const struct topics *t, const char *name, size_t len, bool is_pattern)
{
	uint64_t h = t->seed[0] ^ (len << 1 | is_pattern), word;

	for (; len >= sizeof word; name += sizeof word, len -= sizeof word) {
		memcpy(&word, name, sizeof word);
		h = fold(h ^ word, t->seed[1] | 1);
	}
	word = 0;
	memcpy(&word, name, len);
	h = fold(h ^ word, t->seed[1] | 1);
	return (uint32_t)(h ^ h >> 32);
}

static bool is_it(const struct topic *o, const char *name, size_t len, bool is_pattern)
{
	return o->len == len && o->is_pattern == is_pattern && memcmp(o->name, name, len) == 0;
}

struct topic *topics_find(struct topics *t, const char *name, size_t len, bool is_pattern)
{
	/* Under load the same channel comes many times in a row. */
	if (t->last != NULL && is_it(t->last, name, len, is_pattern))
		return t->last;
	uint32_t h = hash(t, name, len, is_pattern);
	struct topic *o = t->buckets[h & (t->size - 1)];
	while (o != NULL && !(o->hash == h && is_it(o, name, len, is_pattern)))
		o = o->next;
	if (o != NULL)
		t->last = o;
	return o;
}

static void put(struct topics *t, struct topic *o)
{
	struct topic **bucket = &t->buckets[o->hash & (t->size - 1)];

	o->next = *bucket;
	*bucket = o;
}

static void grow(struct topics *t)
{
	struct topic **old = t->buckets;
	size_t n = t->size;

	t->size *= 2;
	t->buckets = xcalloc(t->size, sizeof *t->buckets);
	for (size_t i = 0; i < n; i++)
		for (struct topic *o = old[i], *next; o != NULL; o = next) {
			next = o->next;
			put(t, o);
		}
	free(old);
}

/* Where a topic with a name of that length is; NULL: malloc'ed. */
static struct slab *slab_for(struct topics *t, size_t len)
{
	return len / TOPIC_STEP < TOPIC_SIZES ? &t->sizes[len / TOPIC_STEP] : NULL;
}

struct topic *topics_add(struct topics *t, const char *name, size_t len, bool is_pattern)
{
	struct slab *slab = slab_for(t, len);
	struct topic *o =
	    slab != NULL ? slab_get(slab) : xcalloc(1, offsetof(struct topic, name) + len + 1);

	memcpy(o->name, name, len);
	o->len = (uint32_t)len;
	o->is_pattern = is_pattern;
	o->hash = hash(t, name, len, is_pattern);
	if (t->count >= t->size && !t->fixed)
		grow(t);
	put(t, o);
	t->count++;
	return o;
}

void topics_remove(struct topics *t, struct topic *topic)
{
	struct topic **at = &t->buckets[topic->hash & (t->size - 1)];
	struct slab *slab = slab_for(t, topic->len);

	while (*at != topic)
		at = &(*at)->next;
	*at = topic->next;
	t->count--;
	t->last = NULL;
	if (slab != NULL)
		slab_put(slab, topic);
	else
		free(topic);
}

struct topic *topics_next(const struct topics *t, const struct topic *topic)
{
	size_t i = 0;

	if (topic != NULL) {
		if (topic->next != NULL)
			return topic->next;
		i = (topic->hash & (t->size - 1)) + 1;
	}
	while (i < t->size && t->buckets[i] == NULL)
		i++;
	return i < t->size ? t->buckets[i] : NULL;
}
