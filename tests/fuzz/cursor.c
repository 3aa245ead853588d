/* SPDX-License-Identifier: MIT */
/* A cursor file may hold anything: it is read or refused; and what was read, saved and read again,
 * is the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *path(void)
{
	static char text[64];

	(void)snprintf(text, sizeof text, "/tmp/spout-fuzz-cursor.%ld", (long)getpid()); /* fits */
	return text;
}

/* A lone id has no name yet: it is not saved. */
static size_t named(const struct cursor_file *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->cursors[i].name[0] != '\0';
	return n;
}

static void check(const struct cursor_file *f, const struct cursor_file *again)
{
	struct id id;

	if (again->n != named(f))
		abort();
	for (size_t i = 0; i < f->n; i++) {
		const struct cursor *c = &f->cursors[i];

		if (c->name[0] != '\0' &&
		    (!cursor_find(again, c->name, false, &id) || id_cmp(id, c->id) != 0))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor_file f = {0}, again;
	struct why w = {0};
	char *text = malloc(size + (size == 0)); /* so that a sanitizer sees a read beyond */

	if (text == NULL)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	int r = cursor_parse(&f, text, size, &w);
	free(text);
	if (r < 0) {
		if (w.status != WHY_DATA || strstr(w.text, "line ") == NULL)
			abort();
		cursor_close(&f);
		return 0;
	}
	if (named(&f) == 0) { /* nothing is saved before a channel has its cursor */
		cursor_close(&f);
		return 0;
	}
	f.path = xstrdup(path());
	if (cursor_save(&f, &w) < 0 || cursor_open(&again, f.path, &w) < 0)
		abort();
	check(&f, &again);
	(void)unlink(f.path); /* the next one's */
	cursor_close(&again);
	cursor_close(&f);
	return 0;
}
