/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SAY_H
#define SPOUT_SAY_H

#include "why.h"

/*
 * What a command tells its user on stderr: one line each, the tool's name in front, or with `json`
 * one object a line: {"time":…,"level":"…","tool":"…","message":"…"}.
 */
enum say_level { SAY_ERROR, SAY_NOTE, SAY_DETAIL };

struct say {
	const char *tool;  /* sp-pub */
	int quiet;         /* -q: errors only */
	int verbose;       /* -v: details too */
	int json;          /* --log=json: 1 */
	int syslog;        /* to syslog(3) instead: see say_to_syslog */
	const char *erase; /* goes in front of a line, while a live one stands there; NULL: none */
};

void say(const struct say *s, enum say_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* From now on to syslog(3), for when stderr belongs to somebody else. */
void say_to_syslog(struct say *s);

/* Prints the reason as an error (with the hint to --help when it is misuse); returns its exit
 * status. */
int say_why(const struct say *s, const struct why *w);

#endif
