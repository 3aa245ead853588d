/* SPDX-License-Identifier: MIT */
/* subs_topic: a hash table of topics. */
#include "subs_topic.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum { BUCKETS_LEAST = 64 };

void topics_init(struct topics *t)
{
	*t = (struct topics){.size = BUCKETS_LEAST};
	t->buckets = xcalloc(t->size, sizeof *t->buckets);
	t->key = hash_key();
	for (size_t i = 0; i < TOPIC_SIZES; i++)
		slab_init(&t->sizes[i], offsetof(struct topic, name) + (i + 1) * TOPIC_STEP);
}

void topics_fini(struct topics *t)
{
	free(t->buckets);
	for (size_t i = 0; i < TOPIC_SIZES; i++)
		slab_fini(&t->sizes[i]);
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
	uint32_t h = hash_of(&t->key, name, len, is_pattern);
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
	o->hash = hash_of(&t->key, name, len, is_pattern);
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
