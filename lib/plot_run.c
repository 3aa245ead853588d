/* SPDX-License-Identifier: MIT */
/* plot_run: a report read back. The JSON is checked as a whole first; then arrays are cut at their
 * commas. */
#include "plot_run.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* Walks the elements of a valid array. */
struct elements {
	const char *at, *end;
};

static bool begin_array(struct elements *e, struct json_slice array)
{
	if (array.s == NULL || array.len < 2 || array.s[0] != '[')
		return false;
	*e = (struct elements){array.s + 1, array.s + array.len - 1};
	return true;
}

static bool next_element(struct elements *e, struct json_slice *element)
{
	bool quoted = false;
	int depth = 0;

	while (e->at < e->end && strchr(" \t\r\n,", *e->at) != NULL)
		e->at++;
	const char *begin = e->at;
	for (; e->at < e->end; e->at++) {
		char c = *e->at;

		if (quoted && c == '\\')
			e->at++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || c == '{'))
			depth++;
		else if (!quoted && (c == ']' || c == '}'))
			depth--;
		else if (!quoted && depth == 0 && c == ',')
			break;
	}
	*element = (struct json_slice){begin, (size_t)(e->at - begin)};
	return element->len > 0;
}

/* A number that a chart can have; false for any other value. */
static bool number(struct json_slice s, double *n)
{
	char text[64], *end;

	if (s.s == NULL || s.len == 0 || s.len >= sizeof text ||
	    strchr("-0123456789", s.s[0]) == NULL)
		return false;
	memcpy(text, s.s, s.len);
	text[s.len] = '\0';
	*n = strtod(text, &end);
	return end > text && *n >= 0 && *n < 1e15;
}

static bool member(struct json_slice object, const char *name, double *n)
{
	return number(json_find(object.s, object.len, name), n);
}

static bool read_percentile(struct json_slice pair, struct plot_percentile *p)
{
	struct elements e;
	struct json_slice a, b;

	return begin_array(&e, pair) && next_element(&e, &a) && next_element(&e, &b) &&
	    number(a, &p->percent) && number(b, &p->us) && p->percent <= 100;
}

static bool read_second(struct json_slice object, struct plot_second *s)
{
	return member(object, "t", &s->t) && member(object, "done", &s->done) &&
	    member(object, "p50", &s->p50) && member(object, "p99", &s->p99);
}

static size_t count(struct json_slice array)
{
	struct elements e;
	struct json_slice one;
	size_t n = 0;

	if (begin_array(&e, array))
		while (n < PLOT_POINTS_MAX && next_element(&e, &one))
			n++;
	return n;
}

static int read_percentiles(struct plot_run *r, struct json_slice array, struct why *w)
{
	struct elements e;
	struct json_slice one;
	size_t n = count(array);

	if (!begin_array(&e, array))
		return why_set(w, WHY_DATA, "no percentiles in it: not a report of sp-bench");
	r->percentiles = xcalloc(n + 1, sizeof *r->percentiles);
	while (r->npercentiles < n && next_element(&e, &one))
		if (!read_percentile(one, &r->percentiles[r->npercentiles++]))
			return why_set(
			    w, WHY_DATA, "percentile %zu is no pair of numbers", r->npercentiles);
	return 0;
}

static int read_seconds(struct plot_run *r, struct json_slice array, double whole, struct why *w)
{
	struct elements e;
	struct json_slice one;
	size_t n = count(array), seen = 0;

	if (!begin_array(&e, array))
		return why_set(w, WHY_DATA, "no series in it: not a report of sp-bench");
	r->seconds = xcalloc(n + 1, sizeof *r->seconds);
	while (seen++ < n && next_element(&e, &one)) {
		struct plot_second *s = &r->seconds[r->nseconds];

		if (!read_second(one, s))
			return why_set(w, WHY_DATA, "second %zu of the series is none", seen);
		/* What came after the end is no whole second: it would look like a fall. */
		r->nseconds += s->t <= whole || r->nseconds == 0;
	}
	return 0;
}

int plot_run_read(struct plot_run *r, const char *text, size_t len, struct why *w)
{
	double duration_ms = 1e15;

	*r = (struct plot_run){.npercentiles = 0};
	if (!json_is_valid(text, len))
		return why_set(w, WHY_DATA, "not JSON");
	struct json_slice mode = json_string(json_find(text, len, "mode"));
	struct json_slice settings = json_find(text, len, "settings");
	if (mode.s == NULL || mode.len >= sizeof r->mode || memchr(mode.s, '\\', mode.len) != NULL)
		return why_set(w, WHY_DATA, "no mode in it: not a report of sp-bench");
	memcpy(r->mode, mode.s, mode.len);
	if (settings.s != NULL)
		(void)member(settings, "duration_ms", &duration_ms); /* else all of them */
	if (read_percentiles(r, json_find(text, len, "percentiles"), w) < 0 ||
	    read_seconds(r, json_find(text, len, "series"), duration_ms / 1000, w) < 0) {
		plot_run_fini(r);
		return -1;
	}
	return 0;
}

void plot_run_fini(struct plot_run *r)
{
	free(r->percentiles);
	free(r->seconds);
	*r = (struct plot_run){.npercentiles = 0};
}
