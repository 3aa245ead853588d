/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CURSOR_H
#define SPOUT_CURSOR_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "id.h"
#include "why.h"

/*
 * How far a reader has come, in a file: a line "ID NAME" for each channel or pattern that it
 * follows. A lone "ID" stands for the only one. The file is replaced as a whole, by rename(2): a
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
	struct cursor *cursors; /* heap */
	size_t n;
};

/* Reads path; a missing file has no cursors. WHY_DATA, naming the line, when it is not of that
 * form; WHY_NOINPUT. */
int cursor_open(struct cursor_file *f, const char *path, struct why *w);
void cursor_close(struct cursor_file *f);

/* The cursor of name; `only`: name is all there is, so a lone id counts. False when there is none.
 */
bool cursor_find(const struct cursor_file *f, const char *name, bool only, struct id *id);

/* Sets the cursor of name. */
void cursor_set(struct cursor_file *f, const char *name, struct id id);

/* Replaces the file. WHY_IO, WHY_CANTCREAT. */
int cursor_save(const struct cursor_file *f, struct why *w);

/* Reads text into f, whose path may be NULL: the pure part of cursor_open. */
int cursor_parse(struct cursor_file *f, const char *text, size_t len, struct why *w);

#endif
