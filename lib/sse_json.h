/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SSE_JSON_H
#define SPOUT_SSE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "sse.h"
#include "why.h"

/* A message as a line of NDJSON, and as an event. */

/* Adds the message line[0..len) as an event: id from sp.id when that is an id of a log entry, event
 * from type when event_names. WHY_DATA when the line is not a JSON object; -2 when out is full. */
int sse_json_encode(struct buf *out, const char *line, size_t len, bool event_names, struct why *w);

/* Adds the event as a line, newline behind. Data that is a JSON object is that line (its own line
 * ends become spaces); other data becomes {"data":"…"} with event and id when the event has them;
 * with meta every event is wrapped so. What is not valid UTF-8 becomes U+FFFD. -2 when out is full.
 */
int sse_json_decode(struct buf *out, const struct sse_message *m, bool meta);

#endif
