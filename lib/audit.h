/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_AUDIT_H
#define SPOUT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/*
 * What a load's messages say of themselves, and whether all of them came. A stamp stands anywhere
 * in a message, as text that JSON, SSE and HTTP leave alone, numbers in lower-case hex:
 *
 *	spb1.CRC.RUN.LANE.SEQ.TIME.LENGTH.filler
 *	     8   8   8    12  16   8
 *
 * LENGTH is of the whole, filler included, up to the CRC-32C of everything behind "CRC.". SEQ
 * counts 0, 1, 2… within a run and lane (a channel of one publisher). TIME is when the message was
 * meant to be sent, in ns of CLOCK_MONOTONIC, which all processes of one machine share: latency
 * between machines cannot be had from it.
 */
enum {
	AUDIT_STAMP_MIN = 71, /* bytes of a stamp without filler */
	AUDIT_STAMP_MAX = 16 << 20,
	AUDIT_WINDOW = 1 << 16, /* seqs that an audit looks back, unless told otherwise */
	AUDIT_RUNS_MAX = 256,   /* per channel; the runs of further publishers are not audited */
};

struct audit_stamp {
	uint32_t run, lane;
	uint64_t seq;    /* below 2^48 */
	int64_t time_ns; /* intended */
};

/* Writes a stamp of exactly size bytes (AUDIT_STAMP_MIN to AUDIT_STAMP_MAX) to `to`. */
void audit_stamp(char *to, size_t size, const struct audit_stamp *s);

/* The same where the last call wrote one of the same size to the same place: the filler stays. */
void audit_restamp(char *to, size_t size, const struct audit_stamp *s);

/* Finds the stamp in a message. AUDIT_NONE: there is none, it may be somebody else's message.
 * AUDIT_DAMAGED: there is one, and what it says cannot be trusted. */
enum audit_found { AUDIT_NONE, AUDIT_GOOD, AUDIT_DAMAGED };
enum audit_found audit_find(const char *text, size_t len, struct audit_stamp *s);

/* CRC-32C (Castagnoli; RFC 3720, B.4) of p[0..len) behind what crc is of; 0 to begin. */
uint32_t audit_crc(uint32_t crc, const void *p, size_t len);

/* --- One sequence: 0, 1, 2… as it arrives. Small enough to have one for each of a million readers.
 */
struct audit_counts {
	uint64_t received;   /* with a good stamp, duplicates included */
	uint64_t lost;       /* never came */
	uint64_t duplicated; /* came again */
	uint64_t reordered;  /* came after a later one: one for two that were swapped */
	uint64_t corrupted;  /* came damaged */
	uint64_t stale;      /* so far behind that duplicated or reordered cannot be told */
};

struct audit_lane {
	uint64_t *bits; /* borrowed; NULL: `word` is the window */
	uint64_t word;
	uint32_t window; /* seqs: a power of two, 64 when bits is NULL */
	bool begun;
	uint64_t next; /* one above the largest seq that came */
	uint64_t low;  /* the first that is expected, later the lower edge of the window */
};

/* bits: window / 64 words, zeroed, or NULL. from_start: what is in front of the first message that
 * comes is lost too; else a reader that comes late has lost nothing. */
void audit_lane_init(struct audit_lane *l, uint64_t *bits, uint32_t window, bool from_start);

/* What comes behind the window and did not come is counted as lost when it leaves it. */
void audit_lane_take(struct audit_lane *l, struct audit_counts *c, uint64_t seq);

/* The end: what is missing in the window is lost, and all that follows up to `sent`, the number of
 * messages that were published (0: not known). */
void audit_lane_end(struct audit_lane *l, struct audit_counts *c, uint64_t sent);

/* Adds b to a. */
void audit_add(struct audit_counts *a, const struct audit_counts *b);

/* Whether everything came, once, in order and whole. */
bool audit_is_clean(const struct audit_counts *c);

/* --- Many channels, each with the sequences of all who publish on it. */
struct audit;

/* channels are numbered 0 to n - 1 by the caller. window: of each lane, a power of two, at least
 * 64. */
struct audit *audit_open(size_t channels, uint32_t window, bool from_start);
void audit_close(struct audit *a);

/* A message came on a channel. Returns what was found; *s is the stamp when that is AUDIT_GOOD. */
enum audit_found audit_take(
    struct audit *a, size_t channel, const char *text, size_t len, struct audit_stamp *s);

/* A message came that has no stamp, on a channel where every message should: counts as corrupted.
 */
void audit_damaged(struct audit *a, size_t channel);

/* The publisher says that run sent so many messages on lane; it was to be heard on channel. */
void audit_sent(struct audit *a, size_t channel, uint32_t run, uint32_t lane, uint64_t sent);

/* No more comes: call once, then the counts are final. A corrupted message counts as the one that
 * is missing on its channel, not as lost as well. */
void audit_end(struct audit *a);

const struct audit_counts *audit_channel(const struct audit *a, size_t channel);
struct audit_counts audit_total(const struct audit *a);

#endif
