/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_TRANSCODE_H
#define SPOUT_TRANSCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "why.h"

/* Standard input to standard output: lines of JSON to Server-Sent Events, and back. What is in
 * front of a failure is written. -1: WHY_DATA, naming the line or the event; WHY_IO. */
int transcode_to_sse(size_t max_line, bool event_names, struct why *w);
int transcode_to_json(size_t max_event, bool meta, struct why *w);

#endif
