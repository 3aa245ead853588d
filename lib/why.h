/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_WHY_H
#define SPOUT_WHY_H

#include <stddef.h>

/*
 * Why something failed. The library never prints: a function that can fail takes a struct why,
 * returns -1 and leaves there the exit status and one sentence that names the object and the cause.
 * The command prints it once. Statuses are those of sysexits(3).
 */
enum why_status {
	WHY_ENDED = 1,        /* the stream ended with an error message; nothing matched */
	WHY_USAGE = 64,       /* a wrong option, URL or name */
	WHY_DATA = 65,        /* bad input data */
	WHY_NOINPUT = 66,     /* no such input file */
	WHY_UNAVAILABLE = 69, /* Redis is away: the one status that a caller may retry */
	WHY_BUG = 70,         /* our fault */
	WHY_CANTCREAT = 73,   /* cannot create a file or directory */
	WHY_IO = 74,          /* reading or writing failed */
	WHY_TIMEOUT = 75,     /* the time asked for is over */
	WHY_REFUSED = 77,     /* refused by Redis or by a token */
};

struct why {
	int status;     /* one of enum why_status, or of a child */
	char text[480]; /* cut, never overrun; no line end */
};

/* Fills w and returns -1, so that a failing function can `return why_set(…)`. */
int why_set(struct why *w, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As why_set, with ": " and the text of errno behind. */
int why_errno(struct why *w, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Copies at most size - 1 bytes of s[0..len) to dst, control bytes as '?', so that what came from
 * outside can stand in a message. Returns dst. */
char *why_quote(char *dst, size_t size, const char *s, size_t len);

#endif
