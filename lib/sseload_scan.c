/* SPDX-License-Identifier: MIT */
/* sseload_scan: a light scan of Server-Sent Events.
 *
 * Lines are looked at where they lie, whole: only what is cut by the end of a read is copied, into
 * memory that goes with the line's end. Reads hold hundreds of lines, so few are. */
#include "sseload_scan.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

void scan_init(struct scan *s)
{
	memset(s, 0, sizeof *s);
}

static void drop_line(struct scan *s)
{
	free(s->line);
	s->line = NULL;
	s->nline = s->size = 0;
}

void scan_restart(struct scan *s)
{
	drop_line(s);
	s->found = AUDIT_NONE;
	s->has_data = s->after_cr = s->begun = false;
	memcpy(s->next, s->id, sizeof s->next);
	s->next_len = s->id_len;
}

/* --- Whole lines */

static void take_id(struct scan *s, const char *v, size_t len)
{
	if (memchr(v, '\0', len) != NULL)
		return; /* as browsers do */
	if (len > sizeof s->next) {
		s->long_ids = true;
		return;
	}
	memcpy(s->next, v, len);
	s->next_len = (uint8_t)len;
}

static void take_data(struct scan *s, const char *v, size_t len)
{
	struct audit_stamp stamp;
	enum audit_found found = audit_find(v, len, &stamp);

	s->has_data = true;
	if (found == AUDIT_NONE || s->found == AUDIT_DAMAGED)
		return;
	s->found = (uint8_t)found;
	s->stamp = stamp;
}

/* The value when line is the field `name`; NULL if not. */
static const char *value(const char *line, size_t *len, const char *name, size_t n)
{
	const char *v = line + n;
	size_t left = *len - n;

	if (*len < n || memcmp(line, name, n) != 0 || (left > 0 && *v != ':'))
		return NULL;
	if (left > 0) {
		v++;
		left--;
	}
	if (left > 0 && *v == ' ') {
		v++;
		left--;
	}
	*len = left;
	return v;
}

static void take_line(struct scan *s, const char *line, size_t len)
{
	const char *v;

	if (!s->begun && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
		line += 3;
		len -= 3;
	}
	s->begun = true;
	if (len >= 4 && (v = value(line, &len, "data", 4)) != NULL)
		take_data(s, v, len);
	else if (len >= 2 && (v = value(line, &len, "id", 2)) != NULL)
		take_id(s, v, len);
}

/* The empty line. Whether it ends an event that has data: the others are none. */
static bool end_event(struct scan *s, enum audit_found *found, struct audit_stamp *stamp)
{
	bool has_data = s->has_data;

	memcpy(s->id, s->next, s->next_len);
	s->id_len = s->next_len;
	*found = (enum audit_found)s->found;
	*stamp = s->stamp;
	s->found = AUDIT_NONE;
	s->has_data = false;
	return has_data;
}

/* --- Bytes */

static bool keep(struct scan *s, const char *p, size_t len)
{
	if (len > SCAN_LINE_MAX - s->nline)
		return false;
	if (s->nline + len > s->size) {
		size_t size = s->size == 0 ? 256 : s->size;

		while (size < s->nline + len)
			size *= 2;
		s->line = xrealloc(s->line, size);
		s->size = (uint32_t)size;
	}
	memcpy(s->line + s->nline, p, len);
	s->nline += (uint32_t)len;
	return true;
}

/* Where the line that begins at p ends; NULL when that has not come. A stream of ours has no CR:
 * looking for one costs a second pass over the line, in which the cache has it. */
static const char *line_end(const char *p, size_t len)
{
	const char *lf = memchr(p, '\n', len);
	const char *cr = memchr(p, '\r', lf != NULL ? (size_t)(lf - p) : len);

	return cr != NULL ? cr : lf;
}

enum scan_step scan_next(
    struct scan *s, const char **p, size_t *len, enum audit_found *found, struct audit_stamp *stamp)
{
	while (*len > 0) {
		const char *at = *p;

		if (s->after_cr) {
			s->after_cr = false;
			if (*at == '\n') {
				++*p;
				--*len;
				continue;
			}
		}
		const char *end = line_end(at, *len);
		size_t n = end != NULL ? (size_t)(end - at) : *len;
		bool empty = n == 0 && s->nline == 0;
		if ((end == NULL || s->nline > 0) && !keep(s, at, n))
			return SCAN_LONG;
		n += end != NULL;
		*p += n;
		*len -= n;
		if (end == NULL)
			return SCAN_MORE;
		s->after_cr = *end == '\r';
		if (s->nline > 0)
			take_line(s, s->line, s->nline);
		else if (!empty)
			take_line(s, at, n - 1);
		drop_line(s);
		if (empty) {
			s->begun = true;
			if (end_event(s, found, stamp))
				return SCAN_EVENT;
		}
	}
	return SCAN_MORE;
}
