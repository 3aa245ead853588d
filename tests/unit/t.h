/* SPDX-License-Identifier: MIT */
/* t: the smallest test harness that prints TAP. A unit test is one file with one main:
 *
 *	int main(void) { ok(1 + 1 == 2, "one and one are two"); return t_done(); }
 */
#ifndef SPOUT_T_H
#define SPOUT_T_H

#include <stdio.h>
#include <string.h>

static int t_count, t_failed;

#define ok(cond, ...) t_ok((cond) ? 1 : 0, __FILE__, __LINE__, #cond, __VA_ARGS__)

__attribute__((format(printf, 5, 6))) static inline void t_ok(
    int good, const char *file, int line, const char *cond, const char *fmt, ...)
{
	char title[400];
	__builtin_va_list ap;

	__builtin_va_start(ap, fmt);
	(void)vsnprintf(title, sizeof title, fmt, ap); /* a cut title is still a title */
	__builtin_va_end(ap);
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++t_count, title);
	if (!good) {
		t_failed++;
		printf("# %s:%d: %s\n", file, line, cond);
	}
	fflush(stdout);
}

/* s[0..len) is the string want. */
static inline int t_eq(const char *s, size_t len, const char *want)
{
	int same = len == strlen(want) && (len == 0 || memcmp(s, want, len) == 0);

	if (!same)
		printf("# got  <%.*s>\n# want <%s>\n", (int)len, s, want);
	return same;
}

static inline int t_done(void)
{
	printf("1..%d\n", t_count);
	return t_failed > 0;
}

#endif
