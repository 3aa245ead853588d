/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_OPT_H
#define SPOUT_OPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "why.h"

#define SPOUT_VERSION "0.1.0"

/*
 * One table per command feeds parsing (getopt_long(3)), --help and the shells' completions, so that
 * the three cannot drift apart. Every option has a long name, which may be abbreviated; -h, --help,
 * --version and --completion=bash|zsh|fish are added by opt_parse, so 'h' is taken.
 */
enum opt_kind {
	OPT_FLAG,     /* bool *: set to true */
	OPT_UNFLAG,   /* bool *: set to false (for --no-end and its like) */
	OPT_COUNT,    /* int *: one more each time */
	OPT_STRING,   /* const char **: borrowed from argv */
	OPT_LIST,     /* struct opt_list *: may be given several times, in order */
	OPT_NUMBER,   /* int64_t *: decimal within [min, max] */
	OPT_DURATION, /* int64_t *: milliseconds, as opt_duration reads them */
	OPT_SIZE,     /* int64_t *: bytes, as opt_size reads them */
	OPT_CHOICE,   /* int *: the index in choices */
	OPT_GROUP,    /* no option: name is a heading in --help, which adds the colon */
};

struct opt_list {
	const char **items; /* heap; freed by opt_list_fini */
	int count;
};

struct opt {
	char letter;      /* 0 when there is no short form */
	const char *name; /* without dashes */
	const char *arg;  /* what --help calls the value: "N", "D"; "FILE" and "DIR" are completed;
			   * NULL for flags, and where the choices tell enough */
	enum opt_kind kind;
	void *where;      /* see opt_kind; never NULL but for OPT_GROUP */
	const char *help; /* one sentence, lower case, no full stop; wrapped by --help; NULL hides
			   * the option from --help and completions */
	const char *choices; /* OPT_CHOICE: "none|done|each" */
	int64_t min, max;    /* OPT_NUMBER, _DURATION, _SIZE: the limits, inclusive; max 0 with min
			      * >= 0 is none above */
};

enum opt_shell { OPT_BASH, OPT_ZSH, OPT_FISH };

struct opt_tool {
	const char *name;       /* sp-pub; "sp-xq add" for a command of a tool */
	const char *summary;    /* what it does, in one line */
	const char *usage;      /* the synopsis, a line each, without "usage: " */
	const char *examples;   /* lines printed under "Examples:" */
	const struct opt *opts; /* ends with an entry whose kind is OPT_GROUP and name NULL */
	const char *operands;   /* completions of operands: words separated by spaces, or NULL */
	/* The operands are commands with options of their own: prints to stdout what
	 * opt_completion makes of each. NULL: they are not. */
	void (*complete_verbs)(const struct opt_tool *tool, enum opt_shell shell);
};

struct opt_rest {
	char **operands; /* the operands in front of "--", in order, NULL behind them */
	int noperands;
	char **command; /* what follows "--", NULL behind it; NULL without "--" */
	int ncommand;
};

enum opt_result { OPT_BAD = -1, OPT_RUN = 0, OPT_EXIT = 1 };

/* Parses argv. OPT_EXIT: --help, --version or --completion was printed to stdout, the status is 0;
 * OPT_BAD: w has WHY_USAGE and a sentence (WHY_IO when printing failed). Options may stand between
 * operands; "--" ends them. The pointers in argv are rearranged, the strings are not touched. What
 * options stored before a bad one stays stored. */
enum opt_result opt_parse(
    const struct opt_tool *tool, int argc, char **argv, struct opt_rest *rest, struct why *w);

void opt_help(const struct opt_tool *tool, FILE *f);

/* Prints a script that completes the tool's command line; of a command of a tool, the part of its
 * tool's script that it is. */
void opt_completion(const struct opt_tool *tool, enum opt_shell shell, FILE *f);

/* The i-th entry of the tool's table, headings too, then those that every tool has; NULL behind the
 * last. */
const struct opt *opt_at(const struct opt_tool *tool, int i);

/* What a shell is called: the value of --completion. */
const char *opt_shell_name(enum opt_shell shell);

bool opt_takes_arg(const struct opt *o);

/* What an option's value is called; only for one that takes one. */
const char *opt_arg_name(const struct opt *o);

/* Reads "250ms", "5s", "2m", "1h", "1d", "1.5s", "7" (seconds) as milliseconds, a fraction of one
 * counting as one; -1 when it is none or overflows. */
int opt_duration(const char *s, int64_t *ms);

/* Reads "64k", "1m", "2g" (powers of 1024), "512" as bytes; -1 when it is none or overflows. */
int opt_size(const char *s, int64_t *bytes);

void opt_list_fini(struct opt_list *list);

#endif
