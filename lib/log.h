/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_LOG_H
#define SPOUT_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "id.h"
#include "redis.h"

/*
 * Reading a log: the commands, and what their replies mean. A log is a stream whose entries have
 * one field each, named by the channel and holding the message without its id; {LOG}:runs tells
 * where each channel's latest run starts and ends. lib/lua/append.lua writes both.
 */

/* A key that lives in the same Cluster slot as the log: {LOG} or LOG, the suffix behind. Heap; the
 * caller frees. ":runs" is the hash of runs. */
char *log_sibling(const char *log, const char *suffix);

/* Ask for: the latest run of a channel; the first and the last entry; up to count entries after an
 * id, and up to another; the server's time. */
void log_ask_run(struct redis *r, const char *runs_key, const char *channel);
void log_ask_first(struct redis *r, const char *log);
void log_ask_last(struct redis *r, const char *log);
void log_ask_page(struct redis *r, const char *log, struct id from, bool inclusive, unsigned count);
void log_ask_page_until(
    struct redis *r, const char *log, struct id from, bool inclusive, struct id to, unsigned count);
void log_ask_time(struct redis *r);

/* The answer to log_ask_run: false when there is no run; else where it starts, and where it ended
 * (zero: not yet). */
struct log_run {
	struct id start, end;
};
bool log_run(const struct reply *reply, struct log_run *run);

/* The id of the only entry of an answer to log_ask_first or _last; zero when the log is empty or
 * absent. */
struct id log_only_id(const struct reply *reply);

/* The answer to log_ask_time in milliseconds since 1970; 0 when it is none. */
uint64_t log_time(const struct reply *reply);

/* One entry of a page. False when somebody else wrote it in another form: then only its id counts.
 */
struct log_entry {
	struct id id;
	const char *channel, *message; /* borrowed from the reply */
	size_t channel_len, message_len;
};
bool log_entry(const struct reply *page, size_t i, struct log_entry *e);

/* The largest id below id; zero stays zero. */
struct id log_just_before(struct id id);

#endif
