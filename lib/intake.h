/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_INTAKE_H
#define SPOUT_INTAKE_H

#include "buf.h"
#include "ndjson.h"
#include "run.h"
#include "utf8.h"
#include "why.h"

/*
 * Bytes of a stream in, messages out: as text (what each read gives is a token), as lines (each
 * line is one, newline kept), or as JSON (each line is a message).
 */
enum intake_from { INTAKE_TEXT, INTAKE_LINES, INTAKE_JSON };

/* Gets each open message. The type tells an end: done, error, or neither. The message is taken when
 * this returns. */
enum intake_kind { INTAKE_PLAIN, INTAKE_DONE, INTAKE_ERROR };
typedef void intake_message_fn(void *arg, struct buf *open, enum intake_kind kind);

struct intake {
	enum intake_from from;
	struct run *run; /* borrowed */
	intake_message_fn *on_message;
	void *arg;
	struct ndjson lines;
	struct utf8_mend mend;
	struct buf text;         /* mended */
	struct buf open;         /* the message in hand */
	int64_t wall_us, now_ms; /* of the bytes in hand */
	struct why *why;
};

/* max_line counts for lines and JSON. */
void intake_init(struct intake *in, enum intake_from from, size_t max_line, struct run *run,
    intake_message_fn *on_message, void *arg);
void intake_fini(struct intake *in);

/* Takes the next bytes, which came at the given time. -1 with WHY_DATA, naming the line: what was
 * in front of it has been given. */
int intake_feed(struct intake *in, const char *bytes, size_t len, int64_t wall_us, int64_t now_ms,
    struct why *w);

/* The end of the stream: gives what still waits. */
int intake_end(struct intake *in, int64_t wall_us, int64_t now_ms, struct why *w);

#endif
