/* SPDX-License-Identifier: MIT */
/* sp-sse: messages as Server-Sent Events: a filter, a decoder, a stream, or one HTTP exchange.
 *
 *	socat TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr EXEC:'sp-sse --inetd'
 *	curl -N http://127.0.0.1:8080/api/v1/sse/projects/7/stages/story/ */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "cli.h"
#include "doctor.h"
#include "feed.h"
#include "http.h"
#include "inetd.h"
#include "ndjson.h"
#include "peer.h"
#include "proc.h"
#include "serve_opts.h"
#include "stream.h"
#include "token.h"
#include "transcode.h"

struct sse {
	struct cli cli;
	struct link_conf link;
	struct serve_opts server;
	bool decode, meta, inetd, serves, event_names, insecure;
	int auth;
	struct opt_list allow, cors, keys;
	const char *since;
	int64_t max_line, max_header, header_ms, write_ms, heartbeat_ms, retry_ms;
	struct loop *loop; /* stream */
	struct stream *stream;
	struct signals signals;
	int status;
	struct why why;
};

static enum opt_result parse(struct sse *s, int argc, char **argv, struct opt_rest *rest);
static int check(struct sse *s, const struct opt_rest *rest);
static int run(struct sse *s);
static int stream(struct sse *s);
static int inetd(struct sse *s);
static int serve(struct sse *s);
static int report(struct sse *s);

int main(int argc, char **argv)
{
	struct sse s = {.cli = CLI_DEFAULTS("sp-sse"),
	    .max_line = NDJSON_MAX_LINE,
	    .max_header = HTTP_HEAD_MAX,
	    .header_ms = 10000,
	    .write_ms = 30000,
	    .heartbeat_ms = 15000,
	    .retry_ms = 2000,
	    .auth = -1,
	    .server = SERVE_OPTS_DEFAULTS};
	struct opt_rest rest;
	bool closed[3];

	proc_std(closed);
	if (argc > 1 && strcmp(argv[1], "token") == 0)
		return token_main(&s.cli.say, argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "doctor") == 0)
		return doctor_main(argc - 1, argv + 1);
	/* With classic inetd, what is said on stderr would reach the reader. */
	if (peer_is_on_stderr())
		say_to_syslog(&s.cli.say);
	s.server.conf.argv = serve_opts_argv(argc, argv);
	switch (parse(&s, argc, argv, &rest)) {
	case OPT_BAD:
	case OPT_EXIT:
		return report(&s);
	case OPT_RUN:
		break;
	}
	int r = check(&s, &rest);
	if (r == 0 && closed[STDOUT_FILENO] && !s.serves)
		r = why_set(&s.why, WHY_IO, "standard output is closed");
	if (r == 0 && closed[STDIN_FILENO] && s.cli.project == NULL && !s.serves)
		r = why_set(&s.why, WHY_IO, "standard input is closed");
	if (r == 0)
		r = run(&s);
	return report(&s);
}

static int run(struct sse *s)
{
	if (s->serves)
		return serve(s);
	if (s->inetd)
		return inetd(s);
	if (s->cli.project != NULL)
		return stream(s);
	return s->decode ? transcode_to_json((size_t)s->max_line, s->meta, &s->why)
			 : transcode_to_sse((size_t)s->max_line, s->event_names, &s->why);
}

/* --- Options */

static void complete_verbs(const struct opt_tool *tool, enum opt_shell shell)
{
	struct say say = {.tool = tool->name};
	char option[32], token[] = "token", doctor[] = "doctor";

	(void)snprintf(option, sizeof option, "--completion=%s", opt_shell_name(shell)); /* fits */
	(void)token_main(&say, 2, (char *[]){token, option, NULL}); /* stdout's error stays */
	(void)doctor_main(2, (char *[]){doctor, option, NULL});     /* the same */
}

static const struct opt_tool about = {.name = "sp-sse",
    .summary = "Turn messages into Server-Sent Events, and back.",
    .usage = "sp-sse [--event-names] < NDJSON > SSE\n"
	     "sp-sse -d [--meta] < SSE > NDJSON\n"
	     "sp-sse [options] -p PROJECT [-s STAGE]\n"
	     "sp-sse [options] --inetd\n"
	     "sp-sse [options] --listen ADDR\n"
	     "sp-sse token ...\n"
	     "sp-sse doctor [options] URL",
    .examples = "sp-sub -c chat:42 | sp-sse\n"
		"curl -sN http://127.0.0.1:8080/api/v1/sse/projects/7/ | sp-sse -d | jq .type\n"
		"sp-sse --listen 127.0.0.1:8080",
    .operands = "token doctor",
    .complete_verbs = complete_verbs};

static enum opt_result parse(struct sse *s, int argc, char **argv, struct opt_rest *rest)
{
	const struct opt opts[] = {
	    {'d', "decode", NULL, OPT_FLAG, &s->decode, "read events, write a line each", NULL, 0,
		0},
	    {0, "meta", NULL, OPT_FLAG, &s->meta,
		"with -d: wrap each event as {\"id\",\"event\",\"data\"}", NULL, 0, 0},
	    {0, "inetd", NULL, OPT_FLAG, &s->inetd,
		"serve one HTTP exchange on standard input and output", NULL, 0, 0},
	    CLI_OPTS_NAMES(&s->cli),
	    {0, "since", "WHEN", OPT_STRING, &s->since,
		"with -p: run, now, 0, an id or a duration, as for sp-sub", NULL, 0, 0},
	    SERVE_OPTS_SOCKETS(&s->server),
	    {.kind = OPT_GROUP, .name = "Events"},
	    {0, "event-names", NULL, OPT_FLAG, &s->event_names,
		"add event: from each message's type", NULL, 0, 0},
	    {0, "heartbeat", "D", OPT_DURATION, &s->heartbeat_ms,
		"send a comment after D of silence (15s)", NULL, 1, 0},
	    {0, "retry", "D", OPT_DURATION, &s->retry_ms,
		"tell readers to come back D after a loss (2s)", NULL, 1, 0},
	    {0, "max-line", "SIZE", OPT_SIZE, &s->max_line, "refuse longer lines and events (1m)",
		NULL, 1, 512 << 20},
	    {.kind = OPT_GROUP, .name = "Access"},
	    {0, "auth", "HOW", OPT_CHOICE, &s->auth,
		"none: everybody may read, from this machine only", "none", 0, 0},
	    {0, "insecure", NULL, OPT_FLAG, &s->insecure, "with --auth none: from any machine",
		NULL, 0, 0},
	    {0, "key", "FILE", OPT_LIST, &s->keys,
		"serve those whose token this key has signed: a public key in PEM, or a secret; "
		"may be repeated",
		NULL, 0, 0},
	    {0, "allow", "GLOB", OPT_LIST, &s->allow,
		"serve channels that match on the channel route; may be repeated", NULL, 0, 0},
	    {0, "cors", "ORIGIN", OPT_LIST, &s->cors,
		"let pages from this origin read; may be repeated", NULL, 0, 0},
	    {.kind = OPT_GROUP, .name = "Limits"},
	    {0, "max-header", "SIZE", OPT_SIZE, &s->max_header, "of a request head (8k)", NULL, 64,
		1 << 20},
	    {0, "header-timeout", "D", OPT_DURATION, &s->header_ms,
		"for the request head to come (10s)", NULL, 1, 0},
	    {0, "write-timeout", "D", OPT_DURATION, &s->write_ms,
		"leave a reader that takes nothing for D (30s)", NULL, 1, INT32_MAX},
	    SERVE_OPTS_LIMITS(&s->server),
	    CLI_OPTS_REDIS(&s->cli, "timeout"),
	    CLI_OPTS_LOG(&s->cli),
	    {.kind = OPT_GROUP},
	};
	struct opt_tool tool = about;

	tool.opts = opts;
	return opt_parse(&tool, argc, argv, rest, &s->why);
}

static int check(struct sse *s, const struct opt_rest *rest)
{
	if (rest->noperands > 0 || rest->command != NULL)
		return why_set(&s->why, WHY_USAGE, "unexpected argument %s",
		    rest->noperands > 0 ? rest->operands[0] : "--");
	if (s->keys.count > 0 && (s->auth >= 0 || s->allow.count > 0 || s->insecure))
		return why_set(&s->why, WHY_USAGE,
		    "--key: tokens decide; --auth none, --allow and --insecure are for serving "
		    "without them");
	/* A socket that systemd passes means a server, unless something else is asked for. */
	s->serves = serve_opts_given(&s->server) &&
	    (s->server.conf.listen.count > 0 ||
		(!s->inetd && !s->decode && s->cli.project == NULL));
	if (s->keys.count > 0 && !s->inetd && !s->serves)
		return why_set(&s->why, WHY_USAGE, "--key needs --inetd or --listen");
	if (s->inetd + s->decode + s->serves + (s->cli.project != NULL) > 1)
		return why_set(
		    &s->why, WHY_USAGE, "--listen, --inetd, -d and -p exclude each other");
	if (!s->serves && serve_opts_only(&s->server))
		return why_set(&s->why, WHY_USAGE, "an option of a server needs --listen");
	if (s->since != NULL && s->cli.project == NULL)
		return why_set(
		    &s->why, WHY_USAGE, "--since needs -p; a reader of a server asks with ?since=");
	if (s->meta && !s->decode)
		return why_set(&s->why, WHY_USAGE, "--meta needs -d");
	for (int i = 0; i < s->cors.count; i++)
		if (cors_check(s->cors.items[i], &s->why) < 0)
			return -1;
	if (serve_opts_check(&s->server, &s->why) < 0)
		return -1;
	if (!s->inetd && !s->serves && s->cli.project == NULL)
		return s->cli.stage != NULL ? why_set(&s->why, WHY_USAGE, "-s needs -p PROJECT")
					    : 0;
	return cli_redis(&s->cli, false, &s->link, &s->why);
}

/* --- A stream on standard output */

static void on_end(void *arg, enum stream_end end, const struct why *w)
{
	struct sse *s = arg;

	if (end == STREAM_ERROR)
		s->status = WHY_ENDED;
	else if (w != NULL)
		s->why = *w;
	loop_stop(s->loop);
}

static void on_down(void *arg, const struct why *w, int64_t wait_ms)
{
	struct sse *s = arg;

	cli_down(&s->cli, w, wait_ms);
}

static void on_started(void *arg, const char *path)
{
	struct sse *s = arg;

	cli_started(&s->cli, path);
}

static void on_signal(void *arg, int signo)
{
	struct sse *s = arg;

	s->status = 128 + signo;
	loop_stop(s->loop);
}

static int stream(struct sse *s)
{
	static const int signos[] = {SIGINT, SIGTERM, SIGHUP, 0};
	static const struct stream_ops ops = {NULL, on_end, on_down, on_started};
	char *channel = chan_stage(s->cli.namespace, s->cli.project, s->cli.stage);
	struct stream_conf conf = {.link = s->link,
	    .source = {.name = channel, .is_pattern = s->cli.stage == NULL},
	    .start = {.since = s->cli.stage != NULL ? FEED_RUN : FEED_NOW},
	    .from = {s->cli.project, s->cli.stage},
	    .ends = s->cli.stage != NULL,
	    .event_names = s->event_names,
	    .heartbeat_ms = s->heartbeat_ms,
	    .retry_ms = s->retry_ms,
	    .write_ms = s->write_ms,
	    .fd = STDOUT_FILENO};

	if ((s->since == NULL || feed_parse_since(&conf.start, s->since, &s->why) == 0) &&
	    loop_open(&s->loop, &s->why) == 0 &&
	    signals_open(&s->signals, s->loop, signos, on_signal, s, &s->why) == 0 &&
	    stream_open(&s->stream, s->loop, &conf, &ops, s, &s->why) == 0)
		(void)loop_run(s->loop, &s->why); /* s->why tells */
	stream_close(s->stream);
	signals_close(&s->signals);
	loop_close(s->loop);
	free(channel);
	return s->why.status == 0 ? 0 : -1;
}

static int inetd(struct sse *s)
{
	struct access *access = NULL;

	if (s->keys.count > 0 &&
	    access_open(&access, s->keys.items, s->keys.count, &s->cli.say, &s->why) < 0)
		return -1;
	const struct inetd_conf conf = {.link = s->link,
	    .say = &s->cli.say,
	    .namespace = s->cli.namespace,
	    .cors = {s->cors.items, (size_t)s->cors.count},
	    .allow = s->allow.items,
	    .nallow = s->allow.count,
	    .insecure = s->insecure,
	    .access = access,
	    .event_names = s->event_names,
	    .max_header = s->max_header,
	    .header_ms = s->header_ms,
	    .write_ms = s->write_ms,
	    .heartbeat_ms = s->heartbeat_ms,
	    .retry_ms = s->retry_ms,
	    .on_down = on_down,
	    .arg = s};

	s->status = inetd_serve(&conf);
	access_close(access);
	return 0;
}

static int serve(struct sse *s)
{
	struct workers_conf *c = &s->server.conf;

	/* Wrong keys are told here, once; each worker opens them for itself, as after HUP. */
	if (s->keys.count > 0) {
		struct access *access;

		if (access_open(&access, s->keys.items, s->keys.count, &s->cli.say, &s->why) < 0)
			return -1;
		access_close(access);
	}
	c->is_open = !s->insecure && s->keys.count == 0;
	c->serve.keys = s->keys.items;
	c->serve.nkeys = s->keys.count;
	c->serve.link = s->link;
	c->serve.say = &s->cli.say;
	c->serve.gate = (struct gate_conf){.namespace = s->cli.namespace,
	    .cors = {s->cors.items, (size_t)s->cors.count},
	    .allow = s->allow.items,
	    .nallow = s->allow.count,
	    .insecure = s->insecure};
	c->serve.event_names = s->event_names;
	c->serve.max_header = s->max_header;
	c->serve.header_ms = s->header_ms;
	c->serve.write_ms = s->write_ms;
	c->serve.heartbeat_ms = s->heartbeat_ms;
	c->serve.retry_ms = s->retry_ms;
	s->status = workers_run(c);
	return 0;
}

static int report(struct sse *s)
{
	if (proc_stop_signal() != 0 && !s->serves)
		s->status = 128 + proc_stop_signal();
	else if (s->why.status != 0 && !proc_output_is_gone())
		s->status = say_why(&s->cli.say, &s->why);
	serve_opts_fini(&s->server);
	opt_list_fini(&s->allow);
	opt_list_fini(&s->cors);
	opt_list_fini(&s->keys);
	cli_fini(&s->cli);
	if (proc_output_is_gone())
		proc_die_of_pipe();
	return s->status;
}
