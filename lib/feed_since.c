/* SPDX-License-Identifier: MIT */
/* feed_since: where reading begins, as people write it. */
#include <string.h>

#include "cli.h"
#include "feed.h"
#include "opt.h"

int feed_parse_since(struct feed_start *start, const char *text, struct why *w)
{
	size_t len = strlen(text);
	bool digits = strspn(text, "0123456789") == len;

	*start = (struct feed_start){.since = FEED_AFTER};
	if (strcmp(text, "run") == 0)
		start->since = FEED_RUN;
	else if (strcmp(text, "now") == 0)
		start->since = FEED_NOW;
	else if (strcmp(text, "0") == 0)
		start->since = FEED_ALL;
	else if (!digits && strchr(text, '-') == NULL && opt_duration(text, &start->ago_ms) == 0)
		start->since = FEED_AGO;
	else if (digits && len < 12 && opt_duration(text, &start->ago_ms) == 0)
		start->since = FEED_AGO;
	else if (!cli_cursor(&start->after, text, len))
		return why_set(
		    w, WHY_USAGE, "since \"%s\": neither run, now, 0, an id, nor a duration", text);
	return 0;
}
