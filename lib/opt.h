/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_OPT_H
#define SPOUT_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "why.h"

/*
 * One table per command feeds parsing (getopt_long(3)), --help and the shells' completions, so that
 * the three cannot drift apart. Every option has a long name; --help, --version and
 * --completion=SHELL are added by opt_parse.
 */
enum opt_kind {
	OPT_FLAG,     /* bool *: set to true */
	OPT_UNFLAG,   /* bool *: set to false (for --no-end and its like) */
	OPT_COUNT,    /* int *: one more each time */
	OPT_STRING,   /* const char **: borrowed from argv */
	OPT_LIST,     /* struct opt_list *: may be given several times, in order */
	OPT_NUMBER,   /* int64_t *: decimal within [min, max] */
	OPT_DURATION, /* int64_t *: milliseconds: 250ms 5s 2m 1h 1d, bare = seconds, fractions
			 allowed */
	OPT_SIZE,     /* int64_t *: bytes: 64k 1m 2g, bare = bytes; powers of 1024 */
	OPT_CHOICE,   /* int *: the index in `choices`, which is "none|done|each" */
	OPT_GROUP,    /* no option: a heading in --help */
};

struct opt_list {
	const char **items; /* heap; freed by opt_list_fini */
	int count;
};

struct opt {
	char letter;      /* 0 when there is no short form */
	const char *name; /* without dashes */
	const char *arg;  /* what --help calls the argument: "N", "D", "FILE"; NULL for flags */
	enum opt_kind kind;
	void *where;         /* see opt_kind */
	const char *help;    /* one sentence, lower case, no full stop; wrapped by --help */
	const char *choices; /* OPT_CHOICE: "none|done|each" */
	int64_t min, max;    /* OPT_NUMBER, _DURATION, _SIZE; both 0 = no limit but >= 0 */
};

struct opt_tool {
	const char *name;       /* sp-pub */
	const char *summary;    /* what it does, in one line */
	const char *usage;      /* the synopsis, a line each, without "usage: " */
	const char *examples;   /* lines printed under "Examples:" */
	const struct opt *opts; /* ends with an entry whose kind is OPT_GROUP and name NULL */
	const char *operands;   /* completions of operands: words separated by spaces, or NULL */
};

struct opt_rest {
	char **operands; /* argv's operands in front of "--", in order */
	int noperands;
	char **command; /* what follows "--", NULL behind it; NULL without "--" */
	int ncommand;
};

enum opt_result { OPT_BAD = -1, OPT_RUN = 0, OPT_EXIT = 1 };

/* Parses argv. OPT_EXIT: --help, --version or --completion was printed to stdout (the status is 0
 * unless printing failed); OPT_BAD: w has WHY_USAGE and a sentence. Options may stand between
 * operands; "--" ends them. argv is permuted. */
enum opt_result opt_parse(
    const struct opt_tool *tool, int argc, char **argv, struct opt_rest *rest, struct why *w);

void opt_help(const struct opt_tool *tool, FILE *f);

/* Reads "250ms", "5s", "2m", "1h", "1d", "1.5s", "7" (seconds) as milliseconds; -1 when it is none
 * or overflows. */
int opt_duration(const char *s, int64_t *ms);

/* Reads "64k", "1m", "2g", "512" as bytes; -1 when it is none or overflows. */
int opt_size(const char *s, int64_t *bytes);

void opt_list_fini(struct opt_list *list);

#endif
