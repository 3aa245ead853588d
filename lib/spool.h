/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SPOOL_H
#define SPOUT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "msg.h"
#include "why.h"

/*
 * A run's messages in a file until they are acknowledged, so that a crash of the publisher loses
 * none. The file is append-only:
 *
 *	"spout spool 1\n"
 *	record: length (4 bytes, little-endian), CRC-32C of what follows (4 bytes), kind (1),
 *	        payload
 *	kind R: RUN, a space, CHANNEL: what the messages behind belong to; always the first record
 *	kind M: a message, closed (with its sp), in the order of seq
 *
 * A record that is cut or whose checksum is wrong ends the file: it was being written when the
 * publisher or the machine went down. What is written is safe from the death of the process at
 * once (it is in the page cache), and from the death of the machine after spool_sync, which the
 * owner calls once a second.
 *
 * To change the format: 1. the first line's number; 2. here and spool.c; 3. tests/fuzz/spool.c.
 */
enum { SPOOL_RECORD_MAX = 1 << 30 }; /* far above any line that --max-line admits */

struct spool;

/* Opens or creates path for this channel and locks it. WHY_CANTCREAT, WHY_IO; WHY_DATA: not a
 * spool, or another channel's; WHY_TIMEOUT: another process has it. */
int spool_open(struct spool **s, const char *path, const char *channel, struct why *w);
void spool_close(struct spool *s);

/* The run whose messages stand in the file; NULL when there is none. */
const char *spool_run(const struct spool *s);

/* The messages that stand in the file, one a call: 1, or 0 when there is none left. Borrowed until
 * the next call. */
int spool_next(struct spool *s, const char **msg, size_t *len);

/* Begins a file of this run: nothing else is in it then. */
int spool_begin(struct spool *s, const char *run, struct why *w);

/* Takes a message; spool_write brings all taken to the file. -1 with WHY_IO (a full disk): what was
 * taken stays taken, and the next spool_write tries again. */
void spool_add(struct spool *s, const char *msg, size_t len);
int spool_write(struct spool *s, struct why *w);

/* Everything is acknowledged: the file is emptied (with its run kept) once it is worth it, or when
 * `now`. */
int spool_reset(struct spool *s, bool now, struct why *w);

/* Whether all that was taken is in the file. */
bool spool_is_written(const struct spool *s);

/* Bytes in the file. */
size_t spool_size(const struct spool *s);

/* Makes what was written safe from the death of the machine. */
int spool_sync(struct spool *s, struct why *w);

/* --- The format, pure. Reads the record at bytes[0..len): its size with the header, 0 when it is
 * cut or damaged. */
size_t spool_record(
    const char *bytes, size_t len, char *kind, const char **payload, size_t *payload_len);

#endif
