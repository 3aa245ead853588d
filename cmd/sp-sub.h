/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_SP_SUB_H
#define SPOUT_SP_SUB_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"
#include "cursor.h"
#include "feed.h"
#include "proc.h"
#include "show.h"

struct sub {
	struct cli cli;
	struct loop *loop;
	struct feed *feed;
	struct feed_conf conf;
	struct signals signals;
	struct timer silence;
	struct opt_list channels, patterns;
	struct feed_source *sources;
	struct feed_log *logs; /* theirs, from the cursor file */
	char *project_channel;
	const char *since_text, *until_text, *filter_text, *cursor_path, *command;
	int64_t most, silence_ms;     /* 0: no limit */
	bool follow, strict, newline; /* newline: the last text ended with one */
	struct show show;
	struct cursor_file cursor;
	bool moved;             /* the cursor is ahead of its file */
	int64_t count, last_ms; /* messages so far; when the last one came */
	int signo, status;
	struct why why;
};

/* Reads the command line; s->why tells of misuse. */
enum opt_result sub_parse(struct sub *s, int argc, char **argv, struct opt_rest *rest);

/* What is to be followed, from where to where; -1 with s->why when that makes no sense. */
int sub_settle(struct sub *s, const struct opt_rest *rest);

#endif
