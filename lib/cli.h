/* SPDX-License-Identifier: MIT */
#ifndef SPOUT_CLI_H
#define SPOUT_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "id.h"
#include "link.h"
#include "opt.h"
#include "say.h"
#include "url.h"
#include "why.h"

/*
 * What every command has in common: where Redis is, how long to wait for it, whom to tell, what the
 * channels are called. Set it up with CLI_DEFAULTS, put CLI_OPTS(c) into the option table, then
 * call cli_redis.
 */
struct cli {
	struct say say;
	const char *url_text; /* -u */
	int64_t connect_ms, command_ms, give_up_ms;
	const char *namespace, *project, *stage;
	struct url url; /* after cli_redis, unless the private Redis is meant */
	bool has_url;
	bool down; /* told of a loss, not yet of the return */
};

#define CLI_DEFAULTS(name)                                                                        \
	{                                                                                         \
		.say = {.tool = (name)}, .connect_ms = 5000, .command_ms = 5000, .give_up_ms = -1 \
	}

#define CLI_OPTS_REDIS(c, command_timeout)                                                        \
	{.kind = OPT_GROUP, .name = "Redis"},                                                     \
	    {'u', "url", "URL", OPT_STRING, &(c)->url_text,                                       \
		"redis://, rediss://, unix://, or @FILE that holds one; else $REDIS_URL, else a " \
		"private server",                                                                 \
		NULL, 0, 0},                                                                      \
	    {0, "connect-timeout", "D", OPT_DURATION, &(c)->connect_ms,                           \
		"give up one attempt to connect after D (5s)", NULL, 1, 0},                       \
	    {0, command_timeout, "D", OPT_DURATION, &(c)->command_ms,                             \
		"count the connection as lost when no answer comes for D (5s)", NULL, 1, 0},      \
	{                                                                                         \
		0, "give-up", "D", OPT_DURATION, &(c)->give_up_ms,                                \
		    "end with 69 after D without a server", NULL, 0, 0                            \
	}

#define CLI_OPTS_NAMES(c)                                                                    \
	{'p', "project", "ID", OPT_STRING, &(c)->project, "the project's id", NULL, 0, 0},   \
	    {'s', "stage", "NAME", OPT_STRING, &(c)->stage, "the stage's name", NULL, 0, 0}, \
	{                                                                                    \
		0, "namespace", "NS", OPT_STRING, &(c)->namespace,                           \
		    "first part of project channels ($SP_NAMESPACE, else sp)", NULL, 0, 0    \
	}

#define CLI_OPTS_SAY(s)                                                                         \
	{.kind = OPT_GROUP, .name = "Messages"},                                                \
	    {'v', "verbose", NULL, OPT_COUNT, &(s)->verbose, "say more on stderr", NULL, 0, 0}, \
	    {'q', "quiet", NULL, OPT_COUNT, &(s)->quiet, "say only errors", NULL, 0, 0},        \
	{                                                                                       \
		0, "log", "FORMAT", OPT_CHOICE, &(s)->json,                                     \
		    "how to write them: json is one object a line", "text|json", 0, 0           \
	}

#define CLI_OPTS_LOG(c) CLI_OPTS_SAY(&(c)->say)

/* Finds the URL (hiding its secrets from argv) and checks namespace, project and stage. `one_shot`:
 * give up after the connect timeout unless --give-up says otherwise. Statuses: WHY_USAGE,
 * WHY_NOINPUT. */
int cli_redis(struct cli *c, bool one_shot, struct link_conf *conf, struct why *w);
void cli_fini(struct cli *c);

/* Says once that the connection is lost, and once that it is back. */
void cli_down(struct cli *c, const struct why *w, int64_t wait_ms);
void cli_up(struct cli *c);

/* Says that the private Redis was started. */
void cli_started(const struct cli *c, const char *path);

/* Reads a cursor: an id, or a bare millisecond (then sequence 0), as XRANGE takes them. */
bool cli_cursor(struct id *id, const char *s, size_t len);

#endif
