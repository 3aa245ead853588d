/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_DIALECT_FRAME_H
#define SPOUT_DIALECT_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "json.h"
#include "why.h"

/*
 * A provider's bytes into events, whatever their frame: Server-Sent Events, JSON objects one after
 * the other, on a line each or over several, and the items of a JSON array. All of them may follow
 * each other in one stream. Lines end with LF, CR or CRLF.
 *
 *	data: {…}       an event of its own when it is valid JSON; else one with the data lines
 *	                behind it, up to an empty line
 *	data: [DONE]    the end marker; other text is ignored
 *	event: error    makes the next data an error; the value of error: is one too
 *	{…              JSON, up to the bracket that closes it; [ , and ] may stand between
 */
enum dialect_frame_what { DIALECT_FRAME_JSON, DIALECT_FRAME_ERROR, DIALECT_FRAME_DONE };

struct dialect_frame_event {
	enum dialect_frame_what what;
	struct json_slice text;  /* trimmed; begins with { unless what is an error */
	unsigned long long line; /* its first, from 1 */
	bool is_bare;            /* it did not stand in a field */
};

/* 0; 1 when the text is no valid JSON, with the reason in w->text: more lines may make it valid; -1
 * to stop, with w filled. */
typedef int dialect_on_event(void *arg, const struct dialect_frame_event *e, struct why *w);

struct dialect_frame {
	dialect_on_event *on_event;
	void *arg;
	size_t max_line;
	struct buf line;  /* the beginning of a line whose end has not come */
	struct buf event; /* the lines of an event whose end has not come */
	enum { DIALECT_BETWEEN, DIALECT_IN_DATA, DIALECT_IN_JSON } within;
	unsigned long long lines, event_line;
	size_t depth; /* of brackets, in JSON */
	bool in_string, escaped;
	bool in_array, after_cr, started;
	bool is_sse;                 /* there was an event in a data line */
	bool is_lines;               /* there was a JSON object alone on its line */
	bool is_error;               /* event: error */
	bool is_torn;                /* the last line of all is no whole one */
	unsigned long long odd_line; /* the first whose data was ignored; 0 without one */
	char odd[64];
};

void dialect_frame_init(
    struct dialect_frame *f, size_t max_line, dialect_on_event *on_event, void *arg);
void dialect_frame_fini(struct dialect_frame *f);

/* -1 with WHY_DATA, naming the line, or when on_event returned it; then f can only be finished. */
int dialect_frame_feed(struct dialect_frame *f, const char *bytes, size_t len, struct why *w);

/* At the end: gives what still waits, if it is whole; else the stream was cut, and f->is_torn. */
int dialect_frame_end(struct dialect_frame *f, struct why *w);

#endif
