/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_DIALECT_H
#define SPOUT_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"
#include "why.h"

/*
 * The stream of a language model's provider: the body of its answer in, as `curl -N` prints it, and
 * facts out. Pure and incremental: what is told does not depend on how the bytes are cut. Strict:
 * each event is a whole valid JSON object before any of it is told. Strings are never unescaped:
 * what is told is the content of the provider's own JSON string, ready to stand in another.
 *
 *	openai     chat and legacy completions of OpenAI and all that imitate them (SSE, `[DONE]`)
 *	responses  OpenAI's Responses (SSE, told apart by .type)
 *	anthropic  Messages (SSE, told apart by .type)
 *	gemini     streamGenerateContent, as SSE or as one JSON array
 *	ollama     chat and generate (a JSON object a line)
 *	cohere     chat, v2 (SSE) and v1 (a JSON object a line)
 *
 * Instead of a stream, or in its midst, a provider may send an error as JSON, over several lines.
 */
enum dialect_kind {
	DIALECT_AUTO, /* told from the first events that only one dialect has */
	DIALECT_OPENAI,
	DIALECT_RESPONSES,
	DIALECT_ANTHROPIC,
	DIALECT_GEMINI,
	DIALECT_OLLAMA,
	DIALECT_COHERE,
};

/* The name as above, or "auto"; and the kind of a name, -1 when there is none. */
const char *dialect_name(enum dialect_kind kind);
int dialect_by_name(const char *name);

/* A tool that the model wants called. */
struct dialect_call {
	unsigned index;             /* 0, 1, 2… in the order of the provider's indexes */
	struct json_slice id, name; /* contents of JSON strings; absent when not sent */
	struct json_slice arguments;
	bool is_json; /* arguments are a JSON value, as sent; else the content of a JSON string */
};

/* What is told as it comes; any may be NULL. Slices are borrowed for the call, never empty (but
 * those of a tool call may be), and valid contents of JSON strings. Of several choices only the
 * first is told; of several forms of the same reasoning only one. A tool call is told when it is
 * whole; of a stream that was cut or failed only if its arguments are. */
struct dialect_ops {
	void (*on_text)(void *arg, struct json_slice raw);
	void (*on_reasoning)(void *arg, struct json_slice raw);
	void (*on_refusal)(void *arg, struct json_slice raw);
	void (*on_tool_call)(void *arg, const struct dialect_call *call);
};

/* How the stream ended. */
enum dialect_end {
	DIALECT_OWN_END, /* an end marker or a finish reason, which may be that of a refusal */
	DIALECT_CUT,     /* neither of them came */
	DIALECT_ERROR,   /* the provider sent an error, whatever else it sent */
};

/* What is known at the end; borrowed until dialect_close. */
struct dialect_result {
	enum dialect_end end;
	enum dialect_kind kind;                 /* DIALECT_AUTO when it could not be told */
	struct json_slice model, finish_reason; /* contents of JSON strings; absent when not sent */
	struct json_slice usage; /* the provider's own object, as JSON; absent when not sent */
	long long tokens_used;   /* output tokens in it; -1 when unknown */
	struct json_slice error; /* the provider's own object or string, as JSON; or absent */
	const char *message;     /* after a cut or an error: one line for people; else "" */
};

/* A line, and an event of several lines, may have max_line bytes each; tool calls together as many,
 * and there are at most DIALECT_CALLS_MAX of them. Memory is a small multiple of that. */
enum { DIALECT_CALLS_MAX = 128 }; /* what OpenAI takes as tools in one request */

struct dialect *dialect_open(
    enum dialect_kind kind, const struct dialect_ops *ops, void *arg, size_t max_line);
void dialect_close(struct dialect *d);

/* Takes the next bytes. -1 with WHY_DATA, naming the line, when they are no provider's stream, not
 * that of the dialect asked for, or too large; what stood in front of it has been told, and d can
 * only be closed. */
int dialect_feed(struct dialect *d, const char *bytes, size_t len, struct why *w);

/* The end of the bytes: tells what still waits and fills r. -1 as above. To be called once. */
int dialect_end(struct dialect *d, struct dialect_result *r, struct why *w);

#endif
