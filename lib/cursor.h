/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CURSOR_H
#define SPOUT_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "id.h"
#include "why.h"

/*
 * How far a reader has come, in a file: a line "ID NAME" for each channel or pattern that it
 * follows, and a line "ID PATTERN<tab>LOG" for each log of a pattern over several. A lone "ID"
 * stands for the only one. The file is replaced as a whole, by rename(2): a
 * reader killed at any time finds the old one or the new one. It is written after the output it
 * speaks of, so a kill between the two repeats that output and loses none; it is not synced, so
 * after a power cut it may be older.
 */
struct cursor {
	struct id id;
	char *name; /* "" for a lone id */
};

struct cursor_file {
	char *path;
	struct cursor *cursors; /* heap; by name */
	size_t n, size;
};

/* Reads path; a missing file has no cursors. WHY_DATA, naming the line, when it is not of that
 * form; WHY_NOINPUT. */
int cursor_open(struct cursor_file *f, const char *path, struct why *w);
void cursor_close(struct cursor_file *f);

/* The cursor of name; `only`: name is all there is, so a lone id counts. False when there is none.
 */
bool cursor_find(const struct cursor_file *f, const char *name, bool only, struct id *id);

/* Sets the cursor of name, or of a log of this pattern when log is not NULL. */
void cursor_set(struct cursor_file *f, const char *name, const char *log, struct id id);
void cursor_drop(struct cursor_file *f, const char *name, const char *log);

/* The cursors of a pattern's logs, from *i = 0 on: 1, or 0 when there is none left. *log is
 * borrowed. */
int cursor_next(
    const struct cursor_file *f, const char *pattern, size_t *i, const char **log, struct id *id);

/* Replaces the file. WHY_IO, WHY_CANTCREAT. */
int cursor_save(const struct cursor_file *f, struct why *w);

/* Reads text into f, whose path may be NULL: the pure part of cursor_open. */
int cursor_parse(struct cursor_file *f, const char *text, size_t len, struct why *w);

#endif
