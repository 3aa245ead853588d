/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_JOURNAL_H
#define SPOUT_JOURNAL_H

#include <stdint.h>

#include "address.h"
#include "buf.h"
#include "http.h"
#include "why.h"

/*
 * The access log: a JSON object a line for each request that was answered.
 *
 *	{"time":"2026-11-20T18:00:00.123Z","client":"192.0.2.1","method":"GET","path":"/api/…",
 *	 "query":"since=0","status":200,"bytes":4711,"ms":15003.250}
 *
 * Several processes may write to one file: each line is one write(2).
 */
struct journal {
	const char *path; /* borrowed; NULL: there is none; "-": standard error */
	int fd;
	struct buf lines; /* that were not written yet */
};

/* WHY_CANTCREAT. */
int journal_open(struct journal *j, const char *path, struct why *w);
void journal_close(struct journal *j);

/* Opens the file again, for whoever moved it away; the old one stays in use when that fails. */
int journal_reopen(struct journal *j, struct why *w);

/* Begins a line about a request in out: whatever of the query is, or might be, a token is left out.
 */
void journal_begin(
    struct buf *out, const struct http *h, const struct address *client, int64_t wall_us);

/* Takes such a line with how it ended. */
void journal_end(
    struct journal *j, const char *line, size_t len, int status, uint64_t bytes, int64_t took_us);

/* Writes what is waiting. What cannot be written is lost: a full disk stops no reader. */
void journal_flush(struct journal *j);

#endif
