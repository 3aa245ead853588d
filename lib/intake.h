/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_INTAKE_H
#define SPOUT_INTAKE_H

#include "buf.h"
#include "dialect.h"
#include "json.h"
#include "msg.h"
#include "ndjson.h"
#include "utf8.h"
#include "why.h"

/*
 * Bytes of a stream in, messages out: as text (what each read gives is a token), as lines (each
 * line is one, newline kept), as JSON (each line is a message), or as a model provider sends it
 * (dialect.h).
 */
enum intake_from { INTAKE_TEXT, INTAKE_LINES, INTAKE_JSON, INTAKE_PROVIDER };

enum intake_kind { INTAKE_PLAIN, INTAKE_DONE, INTAKE_ERROR };

/* raw is always the content of a JSON string: escaped, without quotes. */
struct intake_ops {
	/* One token's text. */
	void (*on_text)(void *arg, struct json_slice raw);
	/* Content of another type: "reasoning" or "refusal". */
	void (*on_other)(void *arg, const char *type, struct json_slice raw);
	void (*on_tool_call)(void *arg, const struct dialect_call *call);
	/* A whole message, open; `token` is its raw content when it is a token. Taken when this
	 * returns. */
	void (*on_message)(
	    void *arg, struct buf *open, enum intake_kind kind, struct json_slice token);
};

struct intake {
	enum intake_from from;
	struct msg_from who; /* for what JSON lines lack */
	const struct intake_ops *ops;
	void *arg;
	struct ndjson lines;
	struct dialect *dialect;
	bool has_result; /* of a provider, once the stream ended */
	struct dialect_result result;
	struct utf8_mend mend;
	struct buf text; /* mended */
	struct buf open; /* the message in hand */
	int64_t wall_us; /* of the bytes in hand */
	struct why *why;
};

/* kind: which provider's, for INTAKE_PROVIDER. */
void intake_init(struct intake *in, enum intake_from from, enum dialect_kind kind, size_t max_line,
    const struct msg_from *who, const struct intake_ops *ops, void *arg);
void intake_fini(struct intake *in);

/* Takes the next bytes, which came at wall_us. -1 with WHY_DATA, naming the line: what was in front
 * of it has been given. */
int intake_feed(struct intake *in, const char *bytes, size_t len, int64_t wall_us, struct why *w);

/* The end of the stream: gives what still waits, and of a provider fills in->result. */
int intake_end(struct intake *in, int64_t wall_us, struct why *w);

#endif
