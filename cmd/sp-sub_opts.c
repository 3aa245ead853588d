/* SPDX-License-Identifier: MIT */
/* sp-sub_opts: the options of sp-sub, and what they come to. */
#include "sp-sub.h"

#include <string.h>

#include "chan.h"

enum opt_result sub_parse(struct sub *s, int argc, char **argv, struct opt_rest *rest)
{
	const struct opt opts[] = {
	    {'c', "channel", "CHANNEL", OPT_LIST, &s->channels,
		"a channel, by its full name; may be repeated", NULL, 0, 0},
	    {'P', "pattern", "PATTERN", OPT_LIST, &s->patterns,
		"channels that match, as PSUBSCRIBE has it", NULL, 0, 0},
	    CLI_OPTS_NAMES(&s->cli),
	    {.kind = OPT_GROUP, .name = "From where to where"},
	    {0, "since", "WHEN", OPT_STRING, &s->since_text,
		"run: the latest run from its start (default with one stage); now (default "
		"otherwise); "
		"0: all of the log; an id: what follows it; a duration: the last 5m",
		NULL, 0, 0},
	    {'n', "count", "N", OPT_NUMBER, &s->most, "stop after N messages", NULL, 1, INT64_MAX},
	    {'w', "timeout", "D", OPT_DURATION, &s->silence_ms,
		"stop with 75 after D without a message", NULL, 1, 0},
	    {0, "until", "TYPE[,TYPE]", OPT_STRING, &s->until_text,
		"stop after a message of this type (done,error with one stage); 1 after an error",
		NULL, 0, 0},
	    {'F', "follow", NULL, OPT_FLAG, &s->follow, "never stop by itself", NULL, 0, 0},
	    {.kind = OPT_GROUP, .name = "Output"},
	    {'x', "text", NULL, OPT_FLAG, &s->show.text, "print only the text of tokens", NULL, 0,
		0},
	    {'j', "jq", "FILTER", OPT_STRING, &s->filter_text,
		"print what a jq filter makes of each message", NULL, 0, 0},
	    {'r', "raw", NULL, OPT_FLAG, &s->show.raw, "with -j: print strings without quotes",
		NULL, 0, 0},
	    {0, "strict", NULL, OPT_FLAG, &s->strict,
		"end with 65 when the filter fails on a message", NULL, 0, 0},
	    {0, "cursor", "FILE", OPT_STRING, &s->cursor_path,
		"begin behind the id in FILE, and keep it current", NULL, 0, 0},
	    {0, "exec", "CMD", OPT_STRING, &s->command,
		"run CMD for each message instead, the message on its input", NULL, 0, 0},
	    CLI_OPTS_REDIS(&s->cli, "command-timeout"),
	    CLI_OPTS_LOG(&s->cli),
	    {.kind = OPT_GROUP},
	};
	const struct opt_tool tool = {.name = "sp-sub",
	    .summary = "Follow channels: one message a line on standard output.",
	    .usage = "sp-sub [options] (-c CHANNEL)... | -P PATTERN | -p PROJECT [-s STAGE]",
	    .examples = "sp-sub -p 7 -s story --text\n"
			"sp-sub -p 7 --since 5m\n"
			"sp-sub -c chat:42 --since 1732100000123-0 -j .content -r\n"
			"sp-sub -c events --cursor ~/.events.cursor --exec './handle-event'",
	    .opts = opts};

	return opt_parse(&tool, argc, argv, rest, &s->why);
}

/* --- What to follow */

/* What is named twice is followed once. */
static int drop_twins(struct feed_source *to, int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		int twin = 0;

		while (twin < kept &&
		    (to[twin].is_pattern != to[i].is_pattern ||
			strcmp(to[twin].name, to[i].name) != 0))
			twin++;
		if (twin == kept)
			to[kept++] = to[i];
	}
	return kept;
}

static int find_sources(struct sub *s)
{
	struct feed_source *to =
	    xcalloc((size_t)(s->channels.count + s->patterns.count + 1), sizeof *to);
	int n = 0;

	s->sources = to;
	for (int i = 0; i < s->channels.count; i++, n++) {
		to[n] = (struct feed_source){.name = s->channels.items[i]};
		if (chan_name_check(to[n].name, strlen(to[n].name), &s->why) < 0)
			return -1;
	}
	for (int i = 0; i < s->patterns.count; i++, n++) {
		to[n] = (struct feed_source){.name = s->patterns.items[i], .is_pattern = true};
		if (chan_name_check(to[n].name, strlen(to[n].name), &s->why) < 0)
			return -1;
	}
	if (s->cli.project != NULL) {
		s->project_channel = chan_stage(s->cli.namespace, s->cli.project, s->cli.stage);
		to[n++] = (struct feed_source){
		    .name = s->project_channel, .is_pattern = s->cli.stage == NULL};
	}
	s->conf.sources = to;
	s->conf.nsources = drop_twins(to, n);
	if (n == 0)
		return why_set(&s->why, WHY_USAGE,
		    "what to follow? give -c CHANNEL, -P PATTERN, or -p PROJECT");
	return 0;
}

/* Whether all there is to follow is one stage: then its run's end is our end. */
static bool is_one_stage(const struct sub *s)
{
	const struct feed_source *only = &s->sources[0];
	struct chan_parts parts;

	return s->conf.nsources == 1 && !only->is_pattern &&
	    chan_parse(only->name, strlen(only->name), &parts);
}

/* Each source begins behind its cursor, if the file has one; and so does each log of a pattern over
 * several. */
static int read_cursors(struct sub *s)
{
	size_t n = 0;

	if (s->cursor_path == NULL)
		return 0;
	if (cursor_open(&s->cursor, s->cursor_path, &s->why) < 0)
		return -1;
	s->logs = xcalloc(s->cursor.n * (size_t)s->conf.nsources + 1, sizeof *s->logs);
	for (int i = 0; i < s->conf.nsources; i++) {
		struct feed_source *to = &s->sources[i];
		size_t at = 0;

		to->resumes = cursor_find(&s->cursor, to->name, s->conf.nsources == 1, &to->after);
		to->logs = s->logs + n;
		while (to->is_pattern &&
		    cursor_next(&s->cursor, to->name, &at, &s->logs[n].log, &s->logs[n].after) > 0)
			n++;
		to->nlogs = (size_t)(s->logs + n - to->logs);
	}
	return 0;
}

static int check(struct sub *s, const struct opt_rest *rest)
{
	if (rest->noperands > 0 || rest->command != NULL)
		return why_set(&s->why, WHY_USAGE, "unexpected argument %s",
		    rest->noperands > 0 ? rest->operands[0] : "--");
	if (s->command != NULL && (s->show.text || s->filter_text != NULL))
		return why_set(
		    &s->why, WHY_USAGE, "--exec prints nothing: it excludes --text and -j");
	if ((s->show.raw || s->strict) && s->filter_text == NULL)
		return why_set(&s->why, WHY_USAGE, "%s needs -j", s->strict ? "--strict" : "-r");
	if (s->filter_text != NULL && filter_open(&s->show.filter, s->filter_text, &s->why) < 0)
		return -1;
	return 0;
}

int sub_settle(struct sub *s, const struct opt_rest *rest)
{
	if (check(s, rest) < 0 || cli_redis(&s->cli, false, &s->conf.link, &s->why) < 0 ||
	    find_sources(s) < 0 || read_cursors(s) < 0)
		return -1;
	bool stage = is_one_stage(s);
	if (s->since_text == NULL)
		s->conf.start.since = stage ? FEED_RUN : FEED_NOW;
	else if (feed_parse_since(&s->conf.start, s->since_text, &s->why) < 0)
		return -1;
	if (s->until_text == NULL && stage)
		s->until_text = "done,error";
	if (s->follow)
		s->until_text = NULL;
	return 0;
}
