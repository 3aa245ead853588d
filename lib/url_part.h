/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_URL_PART_H
#define SPOUT_URL_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "why.h"

/* For url.c only: a piece of a URL's text, still encoded; s is NULL when the URL has none. */
struct url_part {
	const char *s;
	size_t len;
};

/* Fills w (WHY_USAGE) with "the Redis URL " and what, which quotes nothing of the URL. Returns -1.
 */
int url_bad(struct why *w, const char *what);

/* Takes what stands in front of the first c off *rest, c too; all of it when there is no c, *rest
 * being none then. */
struct url_part url_part_cut(struct url_part *rest, char c);

/* Whether they are the same, in any case. */
bool url_part_is(struct url_part a, const char *s);

/* Percent-decodes to *out, on the heap; the caller frees. Refuses bad escapes and %00. */
int url_part_decode(struct url_part in, char **out, struct why *w);

/* The decimal number that in decodes to, within [least, most]; else the reason is no. */
int url_part_number(
    struct url_part in, long least, long most, long *n, struct why *w, const char *no);

#endif
