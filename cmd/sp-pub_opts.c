/* SPDX-License-Identifier: MIT */
/* sp-pub_opts: the options of sp-pub, and what they come to. */
#include "sp-pub.h"

#include <string.h>
#include <unistd.h>

#include "chan.h"

enum { PROVIDER_MAX_LINE = 16 << 20 };

static const struct opt_tool about = {.name = "sp-pub",
    .summary = "Publish standard input, a command's output, or one message.",
    .usage = "sp-pub [options] (-c CHANNEL | -p PROJECT -s STAGE)\n"
	     "       [TYPE [key=value | key:=json ...] | -- COMMAND [ARG ...]]\n"
	     "sp-pub [options] (-c CHANNEL | -p PROJECT -s STAGE) --stop",
    .examples = "llm 'Tell me a story' | sp-pub -p 7 -s story\n"
		"sp-pub -p 7 -s story -- llm 'Tell me a story'\n"
		"sp-pub -p 7 -s story stage_update status=processing progress:=40\n"
		"tail -f events.ndjson | sp-pub -c events --from json --no-end",
    .operands = "token stage_update progress done error"};

enum opt_result pub_parse(struct pub *p, int argc, char **argv, struct opt_rest *rest)
{
	struct append_conf *a = &p->conf.append;
	const struct opt opts[] = {
	    {'c', "channel", "CHANNEL", OPT_STRING, &a->channel, "the channel, by its full name",
		NULL, 0, 0},
	    CLI_OPTS_NAMES(&p->cli),
	    {.kind = OPT_GROUP, .name = "Input"},
	    {'f', "from", "FORMAT", OPT_CHOICE, &p->from,
		"text: what each read gives is a token; lines: each line is; json: each line is a "
		"message; else a provider's raw stream, auto: whichever it is",
		"text|lines|json|openai|responses|anthropic|gemini|ollama|cohere|auto", 0, 0},
	    {0, "reasoning", NULL, OPT_FLAG, &p->conf.reasoning,
		"publish a provider's reasoning too, as type reasoning", NULL, 0, 0},
	    {'b', "batch", "N", OPT_NUMBER, &p->conf.batch,
		"join up to N tokens to one (1); the first goes at once", NULL, 1, 1000000},
	    {'l', "linger", "D", OPT_DURATION, &p->conf.linger_ms,
		"let a token wait at most D for others (0)", NULL, 0, 3600 * 1000},
	    {0, "max-line", "SIZE", OPT_SIZE, &p->max_line,
		"refuse longer lines (1m; 16m from providers)", NULL, 1, 512 << 20},
	    {'j', "jq", "FILTER", OPT_STRING, &p->filter_text,
		"publish what a jq filter makes of each message; no output drops it", NULL, 0, 0},
	    {0, "strict", NULL, OPT_FLAG, &p->strict,
		"end with 65 when the filter fails on a message", NULL, 0, 0},
	    {.kind = OPT_GROUP, .name = "Messages and their log"},
	    {0, "full-text", "WHEN", OPT_CHOICE, &p->full_text,
		"whether done, or each token, carries the whole text so far (done)",
		"none|done|each", 0, 0},
	    {'e', "ephemeral", NULL, OPT_FLAG, &a->ephemeral, "PUBLISH only: keep no log", NULL, 0,
		0},
	    {0, "maxlen", "N", OPT_NUMBER, &a->maxlen,
		"keep about N messages in the log (10000; 0: all)", NULL, 0, INT64_MAX},
	    {0, "ttl", "D", OPT_DURATION, &a->ttl_ms,
		"drop the log D after the last message (24h; 0: never)", NULL, 0, 0},
	    {0, "no-end", NULL, OPT_UNFLAG, &p->conf.end, "publish no done or error at the end",
		NULL, 0, 0},
	    {0, "exclusive", NULL, OPT_FLAG, &a->exclusive,
		"be the channel's only publisher, or end with 75", NULL, 0, 0},
	    {.kind = OPT_GROUP, .name = "While Redis is away"},
	    {0, "buffer", "SIZE", OPT_SIZE, &a->buffer_bytes,
		"keep up to SIZE, then stop reading (64m)", NULL, 1, 0},
	    {0, "spool", "FILE", OPT_STRING, &a->spool,
		"keep it in FILE too: the next start sends what a crash left", NULL, 0, 0},
	    {.kind = OPT_GROUP, .name = "Stopping"},
	    {0, "stop", NULL, OPT_FLAG, &p->stop,
		"ask the channel's running publisher to stop; 1 when there is none", NULL, 0, 0},
	    {0, "idle-stop", "D", OPT_DURATION, &p->idle_ms,
		"stop when nobody has been subscribed for D", NULL, 1, 0},
	    {.kind = OPT_GROUP, .name = "Output"},
	    {'t', "tee", NULL, OPT_FLAG, &p->tee, "write the input to standard output too", NULL, 0,
		0},
	    {'i', "ids", NULL, OPT_FLAG, &a->want_ids,
		"print each message's sp object once it is acknowledged", NULL, 0, 0},
	    CLI_OPTS_REDIS(&p->cli, "timeout"),
	    CLI_OPTS_LOG(&p->cli),
	    {.kind = OPT_GROUP},
	};
	struct opt_tool tool = about;

	tool.opts = opts;
	return opt_parse(&tool, argc, argv, rest, &p->why);
}

/* --- What to publish, and where */

static int find_channel(struct pub *p)
{
	struct cli *c = &p->cli;
	const char **channel = &p->conf.append.channel;

	if (*channel != NULL && c->project != NULL)
		return why_set(&p->why, WHY_USAGE, "-c and -p exclude each other");
	if (*channel != NULL)
		return chan_name_check(*channel, strlen(*channel), &p->why);
	if (c->project == NULL || c->stage == NULL)
		return why_set(
		    &p->why, WHY_USAGE, "where to? give -c CHANNEL, or -p PROJECT and -s STAGE");
	*channel = p->channel = chan_stage(c->namespace, c->project, c->stage);
	return 0;
}

/* What excludes what. */
static int check(struct pub *p, const struct opt_rest *rest, const bool closed[3])
{
	const struct append_conf *a = &p->conf.append;

	if (p->one_shot && p->has_command)
		return why_set(&p->why, WHY_USAGE, "a TYPE and a COMMAND exclude each other");
	if (p->conf.linger_ms > 0 && p->conf.batch <= 1)
		return why_set(
		    &p->why, WHY_USAGE, "--linger needs --batch: one token waits for no other");
	if (p->filter_text == NULL && p->strict)
		return why_set(&p->why, WHY_USAGE, "--strict needs -j");
	if (p->filter_text != NULL && p->one_shot)
		return why_set(
		    &p->why, WHY_USAGE, "-j is for a stream; a TYPE is published as it is");
	if (p->stop && (p->one_shot || p->has_command))
		return why_set(&p->why, WHY_USAGE, "--stop publishes nothing itself");
	if (p->has_command && rest->ncommand == 0)
		return why_set(&p->why, WHY_USAGE, "-- needs a COMMAND behind it");
	if (p->tee && a->want_ids)
		return why_set(&p->why, WHY_USAGE, "--tee and --ids both write to standard output");
	if (a->ephemeral && (a->exclusive || a->spool != NULL || p->idle_ms > 0))
		return why_set(&p->why, WHY_USAGE,
		    "--ephemeral goes with none of --exclusive, --spool, --idle-stop");
	if (a->want_ids && p->idle_ms > 0)
		return why_set(&p->why, WHY_USAGE, "--ids and --idle-stop exclude each other");
	if (closed[STDOUT_FILENO] && (p->tee || a->want_ids))
		return why_set(&p->why, WHY_IO, "standard output is closed");
	if (closed[STDIN_FILENO] && !p->one_shot && !p->has_command && !p->stop)
		return why_set(&p->why, WHY_IO, "standard input is closed: nothing to publish");
	return 0;
}

/* The choices of --from: the formats of our own, then the providers, `auto` last. */
static void set_format(struct pub *p)
{
	bool provider = p->from >= INTAKE_PROVIDER;
	int kind = p->from - INTAKE_PROVIDER + DIALECT_OPENAI;

	p->conf.format = provider ? INTAKE_PROVIDER : (enum intake_from)p->from;
	p->conf.provider = kind > DIALECT_COHERE ? DIALECT_AUTO : (enum dialect_kind)kind;
	if (p->max_line == 0)
		p->max_line = provider ? PROVIDER_MAX_LINE : NDJSON_MAX_LINE;
	p->conf.max_line = (size_t)p->max_line;
}

int pub_settle(struct pub *p, const struct opt_rest *rest, const bool closed[3])
{
	struct append_conf *a = &p->conf.append;

	p->one_shot = a->one_shot = rest->noperands > 0;
	p->has_command = rest->command != NULL;
	if (check(p, rest, closed) < 0 ||
	    cli_redis(&p->cli, p->one_shot || p->stop, &a->link, &p->why) < 0 ||
	    find_channel(p) < 0)
		return -1;
	p->conf.from = (struct msg_from){p->cli.project, p->cli.stage};
	set_format(p);
	p->conf.full_text = (enum run_full_text)p->full_text;
	p->conf.end = p->conf.end && !p->one_shot;
	return 0;
}
