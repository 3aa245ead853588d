/* SPDX-License-Identifier: MIT */
/* live: a line that is drawn in place, with the codes that every terminal since the VT100 has. */
#include "live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"

enum { EVERY_NS = 100 * 1000 * 1000, COLUMNS = 80, COLUMNS_MAX = 1000 };

static const char clear[] =
    "\r\033[J"; /* to the end of the screen: the line may have been broken */

bool live_is_due(const struct live *l)
{
	const char *term = getenv("TERM");

	return !l->say->quiet && !l->say->json && isatty(STDERR_FILENO) &&
	    (term == NULL || strcmp(term, "dumb") != 0) &&
	    (!l->shown || clock_ns() - l->drawn_ns >= EVERY_NS);
}

static size_t columns(void)
{
	struct winsize size = {.ws_col = 0};
	const char *text = getenv("COLUMNS");

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	/* A terminal that does not say: a shell's word for it, or what all have. */
	long n = text != NULL ? strtol(text, NULL, 10) : 0;
	return n > 0 && n <= COLUMNS_MAX ? (size_t)n : COLUMNS;
}

/* Of the parts at least as important as rank, with two spaces in between. */
static size_t width(const struct live_part *parts, size_t n, int rank)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (parts[i].rank >= rank)
			sum += strlen(parts[i].text) + (sum > 0 ? 2 : 0);
	return sum;
}

/* The next more important rank than this; the same when there is none. */
static int next_rank(const struct live_part *parts, size_t n, int rank)
{
	int next = rank;

	for (size_t i = 0; i < n; i++)
		if (parts[i].rank > rank && (next == rank || parts[i].rank < next))
			next = parts[i].rank;
	return next;
}

void live_draw(struct live *l, const struct live_part *parts, size_t n)
{
	size_t room = columns() - 1; /* a full line may wrap */
	int rank = 0;
	struct buf b;

	while (width(parts, n, rank) > room && next_rank(parts, n, rank) != rank)
		rank = next_rank(parts, n, rank);
	buf_init(&b, SIZE_MAX / 2);
	(void)buf_adds(&b, clear); /* no cap, here and below */
	size_t begin = b.len;
	for (size_t i = 0; i < n; i++)
		if (parts[i].rank >= rank)
			(void)buf_addf(&b, "%s%s", b.len > begin ? "  " : "", parts[i].text);
	b.len = b.len - begin > room ? begin + room : b.len;
	(void)buf_addc(&b, '\r');
	(void)!write(STDERR_FILENO, buf_head(&b), b.len); /* nobody misses one */
	buf_fini(&b);
	l->drawn_ns = clock_ns();
	l->shown = true;
	l->say->erase = clear;
}

void live_clear(struct live *l)
{
	if (!l->shown)
		return;
	(void)!write(STDERR_FILENO, clear, sizeof clear - 1); /* as above */
	l->shown = false;
	l->say->erase = NULL;
}
