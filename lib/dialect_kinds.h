/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_DIALECT_KINDS_H
#define SPOUT_DIALECT_KINDS_H

#include "dialect_facts.h"

/* Each dialect reads one event, a JSON text, into the facts. Nothing is read of an event that is
 * not one whole valid object. */
enum dialect_took {
	DIALECT_BROKEN = -1, /* it is no JSON object */
	DIALECT_UNKNOWN,     /* it is none of this dialect's events; nothing was read */
	DIALECT_TAKEN,
};

enum dialect_took dialect_openai(struct dialect_facts *f, struct json_slice event);
enum dialect_took dialect_responses(struct dialect_facts *f, struct json_slice event);
enum dialect_took dialect_anthropic(struct dialect_facts *f, struct json_slice event);
enum dialect_took dialect_gemini(struct dialect_facts *f, struct json_slice event);
enum dialect_took dialect_ollama(struct dialect_facts *f, struct json_slice event);
enum dialect_took dialect_cohere(struct dialect_facts *f, struct json_slice event);

/* The dialect that has such an event, or such an error; DIALECT_AUTO when none has, or several
 * have, or when it is no JSON object. */
enum dialect_kind dialect_tell(struct json_slice event);

#endif
