/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CHAN_H
#define SPOUT_CHAN_H

#include <stdbool.h>
#include <stddef.h>

#include "why.h"

/*
 * Channel names, and the log that belongs to each. NS:project:ID:stage:NAME is a stage's channel
 * and logs to NS:project:ID:log, together with the project's other stages; any other channel logs
 * to its name + ":log". Every name here is NUL-terminated and free of NUL inside.
 */
enum {
	/* In bytes; all are ours to choose: Redis allows 512 MB. */
	CHAN_PART_MAX = 128, /* a project id or stage name */
	CHAN_NAMESPACE_MAX = 512,
	CHAN_NAME_MAX = 1024, /* a whole name; any legal namespace, project and stage fit */
};

/* Whether s[0..len) may be a project id or a stage name: 1 to CHAN_PART_MAX bytes of valid UTF-8
 * without ':', '/', glob character (* ? [ ] \), space, C0 or C1 control, U+2028 or U+2029; not "."
 * or "..". */
bool chan_part_is_legal(const char *s, size_t len);

/* The same as 0 or -1, with a reason (WHY_USAGE) that names what ("project", "stage") and the
 * offending character. */
int chan_part_check(const char *what, const char *s, size_t len, struct why *w);

/* 0 when name[0..len) may be a channel: 1 to CHAN_NAME_MAX bytes without NUL, CR or LF. -1 and
 * WHY_USAGE if not. */
int chan_name_check(const char *name, size_t len, struct why *w);

/* 0 when ns may be a namespace: 1 to CHAN_NAMESPACE_MAX bytes of valid UTF-8 without glob
 * character, space or control character (as above); ':' and '/' may be in it. -1 and WHY_USAGE if
 * not. */
int chan_namespace_check(const char *ns, struct why *w);

/* NS:project:ID:stage:NAME, or with stage NULL the pattern NS:project:ID:stage:*. All parts must be
 * legal. Heap; the caller frees. */
char *chan_stage(const char *ns, const char *project, const char *stage);

/* The key of the log of channel[0..len). Heap; the caller frees. */
char *chan_log(const char *channel, size_t len);

/* The parts of a stage's channel, borrowed from channel; false when it is not of that form (with
 * legal ID and NAME, and a namespace that is not empty). The last ":project:ID:stage:NAME" counts.
 */
struct chan_parts {
	const char *project, *stage;
	size_t project_len, stage_len;
};
bool chan_parse(const char *channel, size_t len, struct chan_parts *parts);

/* Whether the name is not for outsiders to choose, although it is no stage's channel: it ends in
 * ":log" or ":ctl", which only Spout itself uses; or it is NS:project:ID or NS:project:ID:stage,
 * which with ":log" or ":ctl" behind would be the project's log or a stage's channel. */
bool chan_is_own(const char *channel, size_t len);

/* Whether s[0..len) matches the glob as Redis matches PSUBSCRIBE patterns (* ? [a-z] [^a] \x),
 * case-sensitive; also in its oddities: nothing but the empty pattern matches the empty string.
 * Takes at most (len + 1) * pattern_len steps. */
bool chan_glob(const char *pattern, size_t pattern_len, const char *s, size_t len);

#endif
