/* SPDX-License-Identifier: MIT */
/* The patterns of a token against the obvious matcher. The input is four strings, a NUL behind each
 * but the last: patterns for a project and a stage (the first one also for a channel), and the
 * names that are asked for. */
#include "chan.h"
#include "claims.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { NOW = 1700000000, SHORT = 14 }; /* above, the obvious one takes too long */

static void must(bool good)
{
	if (!good)
		abort();
}

static bool naive(const char *pattern, const char *s)
{
	if (*pattern == '*')
		return naive(pattern + 1, s) || (*s != '\0' && naive(pattern, s + 1));
	if (*s == '\0' || *pattern == '\0')
		return *s == *pattern;
	return *pattern == *s && naive(pattern + 1, s + 1);
}

/* The list that a token with these grants has; claims is its text. false: they are no UTF-8. */
static bool parse(struct claims *c, struct buf *claims, struct buf *grants)
{
	struct why w;

	claims_encode(claims, NOW + 1, grants, NULL);
	return claims_parse(c, buf_head(claims), claims->len, NOW, &w) == 0;
}

static void check_stage(
    const char *project_pattern, const char *stage_pattern, const char *project, const char *stage)
{
	struct buf grants, text;
	struct claims c;
	bool one = strchr(project_pattern, '/') == NULL && strchr(stage_pattern, '/') == NULL &&
	    naive(project_pattern, project);

	buf_init(&grants, SIZE_MAX / 2);
	buf_init(&text, SIZE_MAX / 2);
	claims_add_stage(&grants, project_pattern, stage_pattern);
	if (parse(&c, &text, &grants)) {
		must(claims_grant_stage(c.sub, project, stage) ==
		    (one && naive(stage_pattern, stage)));
		must(claims_grant_stage(c.sub, project, NULL) ==
		    (one && strcmp(stage_pattern, "*") == 0));
		must(!claims_grant_stage(c.pub, project, stage));
		must(!claims_grant_channel(c.sub, project, strlen(project)));
	}
	buf_fini(&grants);
	buf_fini(&text);
}

static void check_channel(const char *pattern, const char *name)
{
	struct buf grants, text;
	struct chan_parts parts;
	struct claims c;
	size_t len = strlen(name);
	bool closed = chan_parse(name, len, &parts) || chan_is_own(name, len);

	buf_init(&grants, SIZE_MAX / 2);
	buf_init(&text, SIZE_MAX / 2);
	claims_add_channel(&grants, pattern);
	if (parse(&c, &text, &grants)) {
		must(claims_grant_channel(c.sub, name, len) == (!closed && naive(pattern, name)));
		must(!claims_grant_stage(c.sub, "7", "a") &&
		    !claims_grant_channel(c.pub, name, len));
	}
	buf_fini(&grants);
	buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = xstrndup((const char *)data, len), *part[4] = {text, text, text, text};
	size_t n = 1;

	for (size_t i = 0; i < len && n < 4; i++)
		if (text[i] == '\0')
			part[n++] = text + i + 1;
	bool is_short = n == 4;
	for (size_t i = 0; i < 4; i++)
		is_short = is_short && strlen(part[i]) <= SHORT;
	if (is_short && chan_part_is_legal(part[2], strlen(part[2])) &&
	    chan_part_is_legal(part[3], strlen(part[3])))
		check_stage(part[0], part[1], part[2], part[3]);
	if (is_short && part[2][0] != '\0')
		check_channel(part[0], part[2]);
	free(text);
	return 0;
}
