/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_DIALECT_FACTS_H
#define SPOUT_DIALECT_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "dialect.h"
#include "json.h"

/* What is known of one stream so far. The dialects (dialect_kinds.h) write here, dialect.c reads;
 * values are JSON that dialect_members gave, and an absent one changes nothing. */
enum dialect_said { DIALECT_TEXT, DIALECT_REASONING, DIALECT_REFUSAL, DIALECT_SAID_COUNT };

struct dialect_calls {
	struct dialect_slot *slots; /* sorted by key; dialect_calls.c */
	size_t n, size;
	size_t told;  /* of the slots, from the first */
	size_t bytes; /* of all that are not told */
	unsigned index;
};

struct dialect_facts {
	enum dialect_kind kind;
	const struct dialect_ops *ops;
	void *arg;
	size_t max;
	/* A high surrogate, \ud83d, whose other half comes with the next delta. */
	char half[DIALECT_SAID_COUNT][6];
	bool has_half[DIALECT_SAID_COUNT];
	struct buf joined;
	struct buf model, finish, usage, error; /* empty until known */
	char message[400];                      /* the error, for people */
	struct dialect_calls calls;
	int reasoning_form;  /* of several in one stream, the one that came first; 0 before it */
	bool ended;          /* its own end marker came */
	const char *refused; /* a bound was reached: which one, a constant */
};

void dialect_facts_init(struct dialect_facts *f, enum dialect_kind kind,
    const struct dialect_ops *ops, void *arg, size_t max);
void dialect_facts_fini(struct dialect_facts *f);

/* What is in b; absent when it is empty. */
struct json_slice dialect_slice(const struct buf *b);

/* Tells the next piece, given as the content of a JSON string. */
void dialect_say(struct dialect_facts *f, enum dialect_said what, struct json_slice raw);

/* At the end: tells the halves that nothing followed. */
void dialect_say_end(struct dialect_facts *f);

/* The first model counts, the last finish reason, the last usage, the first error. What is no
 * string (no object, for usage) or empty changes nothing. */
void dialect_model(struct dialect_facts *f, struct json_slice value);
void dialect_finish(struct dialect_facts *f, struct json_slice value);
void dialect_usage(struct dialect_facts *f, struct json_slice value);
void dialect_error(struct dialect_facts *f, struct json_slice value);

/* An error that is no JSON: plain text. */
void dialect_error_text(struct dialect_facts *f, const char *text, size_t len);

/* Lays the members of value over those of the usage so far; a null covers nothing. */
void dialect_usage_over(struct dialect_facts *f, struct json_slice value);

/* The count of output tokens in the usage; -1 when there is none. */
long long dialect_tokens(const struct dialect_facts *f);

/* --- Tool calls (dialect_calls.c). A slot is a call that is being assembled. */

struct dialect_slot {
	long long key; /* the provider's index */
	struct buf id, name, arguments;
	bool is_json, whole;
};

/* The newest slot of the key, or a new one; NULL, with f->refused, when there are too many. The
 * pointer is good until the next slot is made. */
struct dialect_slot *dialect_slot(struct dialect_facts *f, long long key);
struct dialect_slot *dialect_slot_new(struct dialect_facts *f, long long key);

/* The last slot, in the order of keys, of those that are not told; NULL when there is none. */
struct dialect_slot *dialect_slot_last(struct dialect_facts *f);

/* The first id and the first name that are not empty count. */
void dialect_slot_names(struct dialect_facts *f, struct dialect_slot *slot, struct json_slice id,
    struct json_slice name);

/* Adds a piece of the arguments: the value is a string, or else all of them as JSON. */
void dialect_slot_add(struct dialect_facts *f, struct dialect_slot *slot, struct json_slice value);

/* The same, in place of what is there. */
void dialect_slot_set(struct dialect_facts *f, struct dialect_slot *slot, struct json_slice value);

/* Tells a call that came whole; absent arguments are {}. */
void dialect_call_whole(struct dialect_facts *f, struct json_slice id, struct json_slice name,
    struct json_slice arguments);

/* Tells the slots that are whole and have none in front that is not. */
void dialect_calls_tell(struct dialect_facts *f);

/* At the end: tells them all, or only those whose arguments are valid JSON. */
void dialect_calls_end(struct dialect_facts *f, bool only_valid);
void dialect_calls_fini(struct dialect_calls *c);

#endif
