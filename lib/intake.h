/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_INTAKE_H
#define SPOUT_INTAKE_H

#include "buf.h"
#include "json.h"
#include "msg.h"
#include "ndjson.h"
#include "utf8.h"
#include "why.h"

/*
 * Bytes of a stream in, messages out: as text (what each read gives is a token), as lines (each
 * line is one, newline kept), or as JSON (each line is a message).
 */
enum intake_from { INTAKE_TEXT, INTAKE_LINES, INTAKE_JSON };

enum intake_kind { INTAKE_PLAIN, INTAKE_DONE, INTAKE_ERROR };

struct intake_ops {
	/* Text, as the raw content of a JSON string: one token. */
	void (*on_text)(void *arg, struct json_slice raw);
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
	struct utf8_mend mend;
	struct buf text; /* mended */
	struct buf open; /* the message in hand */
	int64_t wall_us; /* of the bytes in hand */
	struct why *why;
};

/* max_line counts for lines and JSON. */
void intake_init(struct intake *in, enum intake_from from, size_t max_line,
    const struct msg_from *who, const struct intake_ops *ops, void *arg);
void intake_fini(struct intake *in);

/* Takes the next bytes, which came at wall_us. -1 with WHY_DATA, naming the line: what was in front
 * of it has been given. */
int intake_feed(struct intake *in, const char *bytes, size_t len, int64_t wall_us, struct why *w);

/* The end of the stream: gives what still waits. */
int intake_end(struct intake *in, int64_t wall_us, struct why *w);

#endif
