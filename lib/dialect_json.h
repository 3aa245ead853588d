/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_DIALECT_JSON_H
#define SPOUT_DIALECT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"

/* JSON as a provider's event has it: known members out of objects, and the items of arrays. A null
 * counts as absent; of members with the same name the last one counts. */
struct dialect_name {
	const char *s;
	size_t len;
};
#define DIALECT_NAME(text)            \
	{                             \
		text, sizeof text - 1 \
	}

/* Sets values[i] to the member names[i] of the text. -1 when it is not one valid JSON object: then
 * the values mean nothing. */
int dialect_event(
    struct json_slice text, const struct dialect_name *names, size_t n, struct json_slice *values);

/* The same of an object within an event that is valid, which is not checked again. -1 when it is
 * absent or no object: then the values are absent. */
int dialect_members(struct json_slice object, const struct dialect_name *names, size_t n,
    struct json_slice *values);

/* One member of an object that is valid; absent too when the object is none. */
struct json_slice dialect_find(struct json_slice object, const char *name);

/* The items of an array, which must be valid JSON; none when it is absent or something else. */
struct dialect_items {
	const char *at, *end;
};
void dialect_items(struct dialect_items *it, struct json_slice array);
bool dialect_items_next(struct dialect_items *it, struct json_slice *item);

bool dialect_is_object(struct json_slice value);
bool dialect_is_empty(struct json_slice value); /* absent, {}, [], "", null or false */

/* Whether value is the string plain. */
bool dialect_is(struct json_slice value, const char *plain);

/* A number that is a whole one and not negative; -1 for anything else and above 10^18. */
long long dialect_count(struct json_slice value);

#endif
