/* SPDX-License-Identifier: MIT */
/* ndjson: lines out of a stream of bytes; lines that arrive whole are not copied. */
#include "ndjson.h"

#include <string.h>

enum { BOM_LEN = 3 };
static const char bom[] = "\xef\xbb\xbf";

void ndjson_init(struct ndjson *n, size_t max_line, bool raw)
{
	*n = (struct ndjson){.max_line = max_line, .raw = raw};
	buf_init(&n->part, max_line + BOM_LEN + 1);
}

void ndjson_fini(struct ndjson *n)
{
	buf_fini(&n->part);
}

static bool is_blank(const char *s, size_t len)
{
	while (len > 0 && (*s == ' ' || *s == '\t' || *s == '\r'))
		s++, len--;
	return len == 0;
}

/* len includes the newline when there is one. */
static int give(
    struct ndjson *n, const char *s, size_t len, ndjson_line_fn *on_line, void *arg, struct why *w)
{
	bool ended = len > 0 && s[len - 1] == '\n';

	n->line++;
	if (!n->started) {
		n->started = true;
		if (len >= BOM_LEN && memcmp(s, bom, BOM_LEN) == 0)
			s += BOM_LEN, len -= BOM_LEN;
	}
	size_t content = len - (ended ? 1 : 0);
	if (content > n->max_line)
		return why_set(w, WHY_DATA, "line %llu: longer than %zu bytes (see --max-line)",
		    (unsigned long long)n->line, n->max_line);
	if (n->raw)
		return len > 0 ? on_line(arg, s, len) : 0;
	return is_blank(s, content) ? 0 : on_line(arg, s, content);
}

/* Keeps the beginning of a line for later; too long a beginning is refused now. */
static int keep(struct ndjson *n, const char *s, size_t len, struct why *w)
{
	if (buf_add(&n->part, s, len) == 0)
		return 0;
	return why_set(w, WHY_DATA, "line %llu: longer than %zu bytes (see --max-line)",
	    (unsigned long long)++n->line, n->max_line);
}

int ndjson_feed(
    struct ndjson *n, const char *s, size_t len, ndjson_line_fn *on_line, void *arg, struct why *w)
{
	const char *end = s + len;

	while (s < end) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		int r;

		if (nl == NULL)
			return keep(n, s, (size_t)(end - s), w);
		size_t size = (size_t)(nl - s) + 1;
		if (n->part.len == 0) {
			r = give(n, s, size, on_line, arg, w);
		} else {
			if (keep(n, s, size, w) < 0)
				return -1;
			r = give(n, buf_head(&n->part), n->part.len, on_line, arg, w);
			buf_clear(&n->part);
		}
		if (r != 0)
			return r;
		s = nl + 1;
	}
	return 0;
}

int ndjson_end(struct ndjson *n, ndjson_line_fn *on_line, void *arg, struct why *w)
{
	if (n->part.len == 0)
		return 0;
	int r = give(n, buf_head(&n->part), n->part.len, on_line, arg, w);
	buf_clear(&n->part);
	return r;
}
