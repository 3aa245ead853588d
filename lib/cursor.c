/* SPDX-License-Identifier: MIT */
/* cursor: how far a reader has come, in a file that is replaced as a whole. */
#include "cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 16 << 20 };

int cursor_parse(struct cursor_file *f, const char *text, size_t len, struct why *w)
{
	const char *end = text + len;
	int line = 0;

	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *eol = nl != NULL ? nl : end;
		const char *space = memchr(text, ' ', (size_t)(eol - text));
		const char *id_end = space != NULL ? space : eol;
		struct id id;

		line++;
		if (eol > text) {
			if (!id_parse(&id, text, (size_t)(id_end - text)) || space == eol - 1 ||
			    memchr(text, '\0', (size_t)(eol - text)) != NULL)
				return why_set(w, WHY_DATA,
				    "cursor file%s%s, line %d: not of the form ID NAME",
				    f->path != NULL ? " " : "", f->path != NULL ? f->path : "",
				    line);
			char *name = space != NULL ? xstrndup(space + 1, (size_t)(eol - space) - 1)
						   : xstrdup("");
			cursor_set(f, name, id);
			free(name);
		}
		text = eol + 1;
	}
	return 0;
}

int cursor_open(struct cursor_file *f, const char *path, struct why *w)
{
	struct buf b;
	ssize_t n = 1;
	int r = 0;

	*f = (struct cursor_file){.path = xstrdup(path)};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : why_errno(w, WHY_NOINPUT, "cursor file %s", path);
	buf_init(&b, FILE_MAX);
	while (r == 0 && n > 0) {
		char *room = buf_room(&b, 4096);

		n = room != NULL ? read(fd, room, 4096) : -1;
		if (n < 0)
			r = room == NULL ? why_set(w, WHY_DATA, "cursor file %s: too large", path)
					 : why_errno(w, WHY_NOINPUT, "cursor file %s", path);
		else
			b.len += (size_t)n;
	}
	(void)close(fd); /* only read */
	if (r == 0)
		r = cursor_parse(f, buf_head(&b), b.len, w);
	buf_fini(&b);
	return r;
}

void cursor_close(struct cursor_file *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->cursors[i].name);
	free(f->cursors);
	free(f->path);
	*f = (struct cursor_file){0};
}

bool cursor_find(const struct cursor_file *f, const char *name, bool only, struct id *id)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->cursors[i].name, name) == 0 ||
		    (only && f->n == 1 && f->cursors[i].name[0] == '\0')) {
			*id = f->cursors[i].id;
			return true;
		}
	return false;
}

void cursor_set(struct cursor_file *f, const char *name, struct id id)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->cursors[i].name, name) == 0) {
			f->cursors[i].id = id;
			return;
		}
	f->cursors = xrealloc(f->cursors, (f->n + 1) * sizeof *f->cursors);
	f->cursors[f->n++] = (struct cursor){id, xstrdup(name)};
}

int cursor_save(const struct cursor_file *f, struct why *w)
{
	struct buf b;
	char id[ID_TEXT_MAX + 1];
	size_t n = strlen(f->path) + sizeof ".new";
	char *temp = xmalloc(n);
	int r = 0;

	(void)snprintf(temp, n, "%s.new", f->path); /* measured */
	buf_init(&b, SIZE_MAX / 2);
	for (size_t i = 0; i < f->n; i++) {
		if (f->cursors[i].name[0] == '\0')
			continue;                      /* the lone id has a name by now */
		(void)id_format(f->cursors[i].id, id); /* the length does not matter */
		(void)buf_addf(&b, "%s %s\n", id, f->cursors[i].name); /* no cap */
	}
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		r = why_errno(w, WHY_CANTCREAT, "cursor file %s", temp);
	if (r == 0 && write(fd, buf_head(&b), b.len) != (ssize_t)b.len)
		r = why_errno(w, WHY_IO, "cursor file %s", temp);
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = why_errno(w, WHY_IO, "cursor file %s", temp);
	if (r == 0 && rename(temp, f->path) < 0)
		r = why_errno(w, WHY_IO, "cursor file %s", f->path);
	buf_fini(&b);
	free(temp);
	return r;
}
