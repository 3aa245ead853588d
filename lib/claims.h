/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CLAIMS_H
#define SPOUT_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "json.h"
#include "why.h"

/*
 * What a token says, once its signature is known to be right:
 *
 *	{"exp":1700000000,"nbf":1690000000,"sp":{"sub":["project/7/STAGE",
 *…],"pub":["channel/NAME"]}}
 *
 * exp is required; sub is what its bearer may read, pub what he may publish to and stop. Other
 * claims mean nothing; no name may be there twice in the claims or in sp.
 *
 * A pattern is project/ID/STAGE, three segments, where * stands for any run of characters within a
 * segment, or channel/NAME, where * stands for any run of characters. Everything else stands for
 * itself. What is neither grants nothing.
 */
struct claims {
	struct json_slice sub, pub; /* arrays of strings in the claims' text; absent: nothing */
};

/* Reads the claims text[0..len) and checks them against the time now_s, in seconds since 1970,
 * without leeway: nbf <= now < exp. WHY_REFUSED; the reason quotes nothing. */
int claims_parse(struct claims *c, const char *text, size_t len, int64_t now_s, struct why *w);

/* Whether one of the patterns in list (c->sub or c->pub) grants this stage; with stage NULL, all
 * stages, those to come too: for that the pattern's third segment must be a lone star. Names must
 * be legal (chan_part_check). */
bool claims_grant_stage(struct json_slice list, const char *project, const char *stage);

/* Whether one grants this channel. Never a stage's channel, nor one that is Spout's own
 * (chan_is_own): those have routes of their own. */
bool claims_grant_channel(struct json_slice list, const char *channel, size_t len);

/* Adds to a list that is being written, as the content of its array: project/ID/STAGE (stage NULL:
 * all), and channel/NAME. Stars in the names are those of patterns. */
void claims_add_stage(struct buf *list, const char *project, const char *stage);
void claims_add_channel(struct buf *list, const char *channel);

/* Adds the claims with this expiry. pub NULL: none. */
void claims_encode(struct buf *out, int64_t exp_s, const struct buf *sub, const struct buf *pub);

#endif
