/* SPDX-License-Identifier: MIT */
/* cursor: how far a reader has come, in a file that is replaced as a whole. */
#include "cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"

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
			cursor_set(f, name, NULL, id);
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

/* How name[, log] compares with the name of a line. */
static int compare(const char *line, const char *name, const char *log)
{
	size_t n = strlen(name);

	if (log == NULL)
		return strcmp(line, name);
	int r = strncmp(line, name, n);
	if (r != 0)
		return r;
	return line[n] == '\t' ? strcmp(line + n + 1, log) : (unsigned char)line[n] - '\t';
}

/* The first line that is not in front of name[, log]. */
static size_t place_of(const struct cursor_file *f, const char *name, const char *log)
{
	size_t low = 0, high = f->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare(f->cursors[mid].name, name, log) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_at(const struct cursor_file *f, size_t i, const char *name, const char *log)
{
	return i < f->n && compare(f->cursors[i].name, name, log) == 0;
}

bool cursor_find(const struct cursor_file *f, const char *name, bool only, struct id *id)
{
	size_t i = place_of(f, name, NULL);

	if (!is_at(f, i, name, NULL))
		i = 0;
	if (!is_at(f, i, name, NULL) && !(only && f->n == 1 && is_at(f, 0, "", NULL)))
		return false;
	*id = f->cursors[i].id;
	return true;
}

int cursor_next(
    const struct cursor_file *f, const char *pattern, size_t *i, const char **log, struct id *id)
{
	size_t n = strlen(pattern), at = *i > 0 ? *i : place_of(f, pattern, "");

	if (at == f->n || strncmp(f->cursors[at].name, pattern, n) != 0 ||
	    f->cursors[at].name[n] != '\t')
		return 0;
	*log = f->cursors[at].name + n + 1;
	*id = f->cursors[at].id;
	*i = at + 1;
	return 1;
}

void cursor_set(struct cursor_file *f, const char *name, const char *log, struct id id)
{
	size_t i = place_of(f, name, log), n = strlen(name) + (log != NULL ? strlen(log) + 1 : 0);

	if (!is_at(f, i, name, log)) {
		if (f->n == f->size) {
			f->size = f->size > 0 ? f->size * 2 : 4;
			f->cursors = xrealloc(f->cursors, f->size * sizeof *f->cursors);
		}
		struct cursor *c = &f->cursors[i];
		memmove(c + 1, c, (f->n++ - i) * sizeof *c);
		c->name = xmalloc(n + 1);
		(void)snprintf(c->name, n + 1, "%s%s%s", name, log != NULL ? "\t" : "",
		    log != NULL ? log : ""); /* measured */
	}
	f->cursors[i].id = id;
}

void cursor_drop(struct cursor_file *f, const char *name, const char *log)
{
	size_t i = place_of(f, name, log);

	if (!is_at(f, i, name, log))
		return;
	free(f->cursors[i].name);
	memmove(f->cursors + i, f->cursors + i + 1, (--f->n - i) * sizeof *f->cursors);
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
