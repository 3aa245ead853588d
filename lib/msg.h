/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_MSG_H
#define SPOUT_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "id.h"
#include "json.h"
#include "why.h"

/*
 * Messages: JSON objects whose last member, when Spout published them, is
 *
 *	"sp":{"run":"RUN","seq":N,"id":"MS-SEQ"}
 *
 * (`id` only when the message is in a log). While a message is built it is "open": the closing
 * brace is missing, so that members can be added. In the log a message stands without its id, which
 * is the entry's own; readers put it back.
 *
 * To change the form of `sp`: 1. msg_close and msg_sp here; 2. lib/lua/append.lua, which adds the
 * id; 3. the table in spout(7).
 */
enum { MSG_RUN_LEN = 16 }; /* base32 of 80 random bits: unique without asking anyone */

/* Fills run with a new name and a NUL. */
void msg_new_run(char run[MSG_RUN_LEN + 1]);

/* Who a message is from; absent parts are NULL and not added. */
struct msg_from {
	const char *project, *stage;
};

/* Begins an open message: {"type":"TYPE" */
int msg_begin(struct buf *b, const char *type);

/* Add a member to an open message: a string (valid UTF-8, not yet escaped); text that is JSON
 * already. */
int msg_string(struct buf *b, const char *name, const char *s, size_t len);
int msg_json(struct buf *b, const char *name, const char *json, size_t len);

/* The same for the content of a JSON string that is escaped already, "" when absent; and for JSON
 * that may stand on several lines: its line ends become spaces, since a message is one line. */
int msg_raw(struct buf *b, const char *name, struct json_slice raw);
int msg_json_line(struct buf *b, const char *name, struct json_slice json);

/* Adds a member given as key=value (a string) or key:=json, as a command line has it. The known
 * number fields are numbers either way. WHY_USAGE when it is neither, or names a member that is
 * Spout's own. */
int msg_operand(struct buf *b, const char *operand, struct why *w);

/* Adds project_id, stage and timestamp. */
int msg_stamp(struct buf *b, const struct msg_from *from, int64_t wall_us);

/* What msg_open_line found in a line; slices of the line. */
struct msg_facts {
	struct json_slice type;    /* raw content of the string; absent when it is no string */
	struct json_slice content; /* the same, of a member `content` */
};

/* Adds the line as an open message: its bytes as they are, but without any member `sp`, and with
 * missing type ("message"), project_id, stage and timestamp behind them. WHY_DATA when the line is
 * not a JSON object (the reason has no line number: the caller knows it). -2 when b is full. */
int msg_open_line(struct buf *b, const char *line, size_t len, const struct msg_from *from,
    int64_t wall_us, struct msg_facts *facts, struct why *w);

/* Closes an open message: ,"sp":{"run":"RUN","seq":N}} */
int msg_close(struct buf *b, const char *run, uint64_t seq);

/* What a published message says of itself in its `sp`. */
struct msg_sp {
	const char *run; /* borrowed */
	size_t run_len;
	uint64_t seq;
	bool has_id;
	struct id id;
};

/* Reads the sp at the very end of msg; false when there is none of exactly Spout's form. */
bool msg_sp(const char *msg, size_t len, struct msg_sp *sp);

/* Adds a message as it stands in the log, with the entry's id put back. */
int msg_with_id(struct buf *b, const char *msg, size_t len, struct id id);

/* The raw content of the message's type; absent when it has none or is no JSON object. */
struct json_slice msg_type(const char *msg, size_t len);

/* Whether a type is that of an end: done or error. */
bool msg_type_is_end(struct json_slice type);

#endif
